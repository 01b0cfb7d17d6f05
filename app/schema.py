"""The schema: gathers the types, guards `_entities`, prints the SDL."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

import strawberry.federation
from graphql import (
    DocumentNode,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    OperationType,
    specified_rules,
)
from strawberry.exceptions import MissingQueryError
from strawberry.execution import optimized_is_awaitable
from strawberry.extensions import SchemaExtension
from strawberry.federation.schema import FederationAny
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.schema.schema import (
    DEFAULT_ALLOWED_OPERATION_TYPES,
    StrawberryGraphQLCoreExecutionContext,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types import ExecutionResult, Info
from strawberry.types.graphql import OperationType as StrawberryOperationType

import resolvers.enums  # noqa: F401 - registers the enums
from app.errors import BadInput
from app.execution.executor import CompiledExecution, Plans
from app.field_calls import ContextInfo, FieldCalls
from app.limits.cost_table import CostTable
from app.limits.documents import Document, Documents
from app.limits.guard import Guard
from app.limits.limits import Limits
from app.limits.trusted import TrustedDocuments
from app.presentable import forget_frames, make_presentable
from resolvers.accountability import Accountability, begun, settle
from resolvers.citizen import Citizen
from resolvers.context import Context
from resolvers.entities import entities
from resolvers.mutation import Mutation
from resolvers.paging import MAX_PAGE_SIZE
from resolvers.query import Query
from resolvers.scalars import SCALARS
from resolvers.subscription import Subscription

FEDERATION_VERSION: Final = "2.9"  # the newest that every composer accepts
_SUGGESTION = " Did you mean"
_KINDS = {each: StrawberryOperationType(each.value) for each in OperationType}
_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)


class Schema(strawberry.federation.Schema):
    """The federation schema, with `_entities` resolved by our own guard."""

    guard: Guard
    plans: Plans

    def operation_type(self, text: str, operation_name: str | None) -> OperationType | None:
        """What kind of operation would run; None where the text is no document.

        `UnresolvedOperation` where the name is of none, or lacks while there are several.
        """
        try:
            return self.guard.documents.read(text).operation_type(operation_name)
        except GraphQLError:
            return None

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any = None,
        root_value: Any = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[StrawberryOperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """As Strawberry's, without its runner of extensions, which took a tenth of a request.

        Ours are two, and what they do is done here. Streams go by the runner.
        """
        if not query:
            raise MissingQueryError
        try:
            document = self.guard.read(query, context_value.admission)
            name = document.name_of(operation_name)
            errors = self.guard.judge(document, name, variable_values, context_value.admission)
            if errors:
                return self._refused(errors)
            _refuse_other_kinds(document, name, allowed_operation_types)
            context = begun(context_value)
            executor = self._executor(
                document.node, name, root_value, context, variable_values, operation_extensions
            )
            if isinstance(executor, list):
                result = self._refused(executor)
            else:
                result = await self._run(executor, document.node, name)
            if context.reads is not None:
                await settle(context, query, name, result)
        except (CannotGetOperationTypeError, InvalidOperationTypeError):
            raise
        except Exception as error:  # of what happens before the execution, and so of no field
            return self._refused([_as_graphql(error)])
        return result

    def _refused(self, errors: list[GraphQLError]) -> ExecutionResult:
        self.process_errors(errors)
        return ExecutionResult(data=None, errors=errors)

    async def _run(
        self, executor: CompiledExecution, document: DocumentNode, name: str | None
    ) -> ExecutionResult:
        try:
            result: Any = executor.execute_operation()
            if "async_helpers" in vars(executor):  # it was built, and not found bare
                self.plans.keep_bare(document, name, executor)
            if optimized_is_awaitable(result):
                result = await result
        finally:
            # These are methods of the executor: a circle, in which all that was read for the answer
            # would stay until the next search for cycles.
            vars(executor).pop("async_helpers", None)
        if result.errors:
            self.process_errors(result.errors)
        return ExecutionResult(data=result.data, errors=result.errors)

    def _executor(
        self,
        document: DocumentNode,
        name: str | None,
        root_value: Any,
        context: Context,
        variables: dict[str, Any] | None,
        extensions: dict[str, Any] | None,
    ) -> CompiledExecution | list[GraphQLError]:
        bare = self.plans.bare(document, name)
        if bare is not None:
            return bare.dressed(root_value, context, variables, extensions)
        built: Any = self.execution_context_class.build(
            self._schema,
            document,
            root_value,
            context,
            variables,
            name,
            is_awaitable=cast(Any, optimized_is_awaitable),
            operation_extensions=extensions,
        )
        return cast("CompiledExecution | list[GraphQLError]", built)

    def entities_resolver(
        self, info: Info, representations: list[FederationAny]
    ) -> list[FederationAny]:
        """A value, an error or an awaitable per representation, each at its own position."""
        limit = info.context.max_representations
        if len(representations) > limit:
            raise BadInput(
                f"representations: expected at most {limit}, got {len(representations)}."
            )
        found: Any = entities(info.context, representations)  # which is awaited
        return found  # type: ignore[no-any-return]

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:  # noqa: ARG002 - the library's signature
        """Every error of every transport passes here on its way out."""
        for error in errors:
            make_presentable(error)
            if self.config.disable_field_suggestions:
                error.message = error.message.partition(_SUGGESTION)[0]
        forget_frames(errors)


class Execution(CompiledExecution, StrawberryGraphQLCoreExecutionContext):
    """The compiled executor, with what Strawberry tells its resolvers."""

    def plans(self) -> Plans:
        schema: Schema = self.schema._strawberry_schema  # type: ignore[attr-defined]
        return schema.plans

    def called_info(self) -> ContextInfo:
        return ContextInfo(self.context_value)

    def told(self, asked: frozenset[str] | None) -> None:
        if isinstance(self.context_value, Context):
            self.context_value.note_asked(asked)


def _refuse_other_kinds(
    document: Document,
    name: str | None,
    allowed: Iterable[StrawberryOperationType] | None,
) -> None:
    kind = document.types.get(name)
    if kind is None:
        raise CannotGetOperationTypeError(name)
    if _KINDS[kind] not in (allowed or DEFAULT_ALLOWED_OPERATION_TYPES):
        raise InvalidOperationTypeError(_KINDS[kind])


def _as_graphql(error: Exception) -> GraphQLError:
    if isinstance(error, GraphQLError):
        return error
    return GraphQLError(str(error), original_error=error)


class Guarded(SchemaExtension):
    """The guard, as Strawberry asks it for a stream."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._document: Document | None = None

    def on_parse(self) -> Iterator[None]:
        execution = self.execution_context
        if execution.query:
            self._document = self._guard.read(execution.query, execution.context.admission)
            execution.graphql_document = self._document.node
        yield

    def on_validate(self) -> Iterator[None]:
        execution, document = self.execution_context, self._document
        if document is not None:
            execution.pre_execution_errors = self._guard.judge(
                document,
                execution.operation_name,
                execution.variables,
                execution.context.admission,
            )
        yield


def build_schema(
    *,
    introspection: bool = True,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    trusted: TrustedDocuments | None = None,
    subscription: type = Subscription,
) -> Schema:
    """The schema of the service. Without introspection no one can ask what fields there are, and
    no error tells. `trusted`: the only documents that callers without more rights may run."""
    schema = Schema(
        query=Query,
        mutation=Mutation,
        subscription=subscription,
        types=[Citizen],
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=not introspection),
        extensions=[Accountability, lambda: Guarded(schema.guard)],
        execution_context_class=Execution,
        federation_version=FEDERATION_VERSION,
    )
    calls = FieldCalls(schema.config, schema.schema_converter.scalar_registry)
    schema.plans = Plans(schema._schema, calls)
    documents = Documents(
        schema._schema,
        CostTable.of(print_schema(schema), MAX_PAGE_SIZE),
        limits,
        _RULES if introspection else (*_RULES, NoSchemaIntrospectionCustomRule),
        suggestions=introspection,
    )
    schema.guard = Guard(documents, trusted)
    return schema


def sdl() -> str:
    """The schema in the Schema Definition Language, as schema.graphql has it."""
    return print_schema(build_schema()) + "\n"
