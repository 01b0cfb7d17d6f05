"""Where graphql-core's executor hands over: a plan runs what it can, graphql-core what is left."""

from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.executor import Executor
from graphql.execution.values import VariableValues, get_variable_values

from app.execution.collector import NotCompiled
from app.execution.compiler import Compiler, Shortcuts
from app.execution.plan import Plan
from app.execution.run import Run
from app.execution.variables import Variables

_KEPT_PLANS = 500  # of the longest documents each takes a megabyte, written out
_MOST_ERRORS = 50  # of variables, as graphql-core's executor has it


class Plans:
    """The plans of a schema's operations, the last 500; and how often each way was taken."""

    def __init__(self, schema: GraphQLSchema, shortcuts: Shortcuts) -> None:
        self._compiler = Compiler(schema, shortcuts)
        self._kept: OrderedDict[int, tuple[OperationDefinitionNode, Plan | str]] = OrderedDict()
        self._bare: OrderedDict[tuple[int, str | None], tuple[DocumentNode, CompiledExecution]] = (
            OrderedDict()
        )
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

    def bare(self, document: DocumentNode, name: str | None) -> "CompiledExecution | None":
        """The executor of an operation that was kept, for `CompiledExecution.dressed`."""
        known = self._bare.get((id(document), name))  # the document is kept, as an operation is
        return None if known is None else known[1]

    def keep_bare(
        self, document: DocumentNode, name: str | None, executor: "CompiledExecution"
    ) -> None:
        """Keep what does not change from request to request, where nobody asks for more."""
        plan = self._kept.get(id(executor.operation), (None, ""))[1]
        if isinstance(plan, str) or plan.root.placed:
            return
        self._bare[id(document), name] = document, executor.undressed()
        if len(self._bare) > _KEPT_PLANS:
            self._bare.popitem(last=False)

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

    operation_extensions: Any = None
    variables: Variables  # of one that is kept bare

    def plans(self) -> Plans:
        """The plans of this executor's schema."""
        raise NotImplementedError

    def called_info(self) -> Any:
        """What a `Call` gets as info: the same for every field and object."""
        raise NotImplementedError

    def told(self, asked: frozenset[str] | None) -> None:
        """Before a run: the schema coordinates of all fields that the operation may ask, or None
        where graphql-core runs it, who looks no further than a field."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        if self.operation.operation is OperationType.SUBSCRIPTION:
            self.plans().left["first step of a subscription"] += 1

    def undressed(self) -> "CompiledExecution":
        """A copy without anything of its request."""
        copy = self._with(None, None, VariableValues({}, {}), None)
        copy.variables = Variables(self.schema, self.operation.variable_definitions or ())
        return copy

    def dressed(
        self,
        root_value: Any,
        context_value: Any,
        variables: dict[str, Any] | None,
        operation_extensions: Any,
    ) -> "CompiledExecution | list[GraphQLError]":
        """A copy for a request, or what is wrong with its variables; as `build`, but what it takes
        from the document is there."""
        values: VariableValues | list[GraphQLError] | None
        values = self.variables.of(variables or {})
        if values is None:
            values = get_variable_values(
                self.schema,
                self.operation.variable_definitions or (),
                variables or {},
                max_errors=_MOST_ERRORS,
                hide_suggestions=self.hide_suggestions,
            )
        if isinstance(values, list):
            return values
        return self._with(root_value, context_value, values, operation_extensions)

    def _with(
        self, root_value: Any, context_value: Any, values: VariableValues, extensions: Any
    ) -> "CompiledExecution":
        copy = object.__new__(type(self))
        copy.__dict__ = vars(self).copy()
        # Methods of the one that it was built as: they would keep it, and serve it alone.
        vars(copy).pop("async_helpers", None)
        copy.root_value, copy.context_value = root_value, context_value
        copy.variable_values, copy.operation_extensions = values, extensions
        return copy

    def execute_operation(self, serially: bool | None = None) -> Any:
        """The answer, or an awaitable of it; of an event of a subscription too."""
        why = self._never_compiled(serially)
        if why is not None:
            self.plans().left[why] += 1
        plan = self.plans().of(self.operation, self.fragments) if why is None else None
        if plan is None:
            self.told(None)
            return super().execute_operation(serially)
        self.told(plan.asked)
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
