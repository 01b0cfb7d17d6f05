"""Where graphql-core's executor hands over: a plan runs what it can, graphql-core what is left."""

from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Any

from graphql import GraphQLSchema, OperationDefinitionNode, OperationType
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.executor import Executor

from app.execution.collector import NotCompiled
from app.execution.compiler import Compiler, Shortcuts
from app.execution.plan import Plan
from app.execution.run import Run

_KEPT_PLANS = 1000


class Plans:
    """The plans of a schema's operations, the last thousand; and how often each way was taken."""

    def __init__(self, schema: GraphQLSchema, shortcuts: Shortcuts) -> None:
        self._compiler = Compiler(schema, shortcuts)
        self._kept: OrderedDict[int, tuple[OperationDefinitionNode, Plan | str]] = OrderedDict()
        self.compiled = 0
        self.left: Counter[str] = Counter()  # to graphql-core, by why

    def of(
        self, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDetails]
    ) -> Plan | None:
        """The plan of an operation; None where graphql-core has to execute it."""
        key = id(operation)  # the node is kept beside its plan, so no other can have this id
        known = self._kept.get(key)
        if known is None:
            known = operation, self._plan(operation, fragments)
            self._kept[key] = known
            if len(self._kept) > _KEPT_PLANS:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        plan = known[1]
        if isinstance(plan, str):
            self.left[plan] += 1
            return None
        self.compiled += 1
        return plan

    def _plan(
        self, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDetails]
    ) -> Plan | str:
        try:
            return self._compiler.compile(operation, fragments)
        except NotCompiled as why:
            return str(why)
        except RecursionError:
            return "nested too deeply"


class CompiledExecution(Executor[Any]):
    """An executor that runs plans; give it to `execute` as `executor_class`."""

    def plans(self) -> Plans:
        """The plans of this executor's schema."""
        raise NotImplementedError

    def called_info(self) -> Any:
        """What a `Call` gets as info: the same for every field and object."""
        raise NotImplementedError

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        if self.operation.operation is OperationType.SUBSCRIPTION:
            self.plans().left["first step of a subscription"] += 1

    def execute_operation(self, serially: bool | None = None) -> Any:
        """The answer, or an awaitable of it; of an event of a subscription too."""
        why = self._never_compiled(serially)
        if why is not None:
            self.plans().left[why] += 1
            return super().execute_operation(serially)
        plan = self.plans().of(self.operation, self.fragments)
        if plan is None:
            return super().execute_operation(serially)
        return Run(self, plan).result()

    def _never_compiled(self, serially: bool | None) -> str | None:
        """Why this run can not be a plan's, whatever its document says."""
        if self.abort_signal is not None:
            return "abort signal"
        if self.middleware_manager is not None and self.middleware_manager.middlewares:
            return "middleware"
        if serially not in (None, self.operation.operation is OperationType.MUTATION):
            return "order of another kind of operation"
        return None
