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
from strawberry.types import ExecutionContext, ExecutionResult, Info
from strawberry.types.graphql import OperationType as StrawberryOperationType

import resolvers.enums  # noqa: F401 - registers the enums
from app.errors import BadInput
from app.execution.executor import CompiledExecution, Plans
from app.field_calls import ContextInfo, FieldCalls
from app.limits.cost_table import CostTable
from app.limits.documents import Document, Documents, cost_error
from app.limits.limits import Limits
from app.limits.trusted import TrustedDocuments, UntrustedDocument
from app.presentable import forget_frames, make_presentable
from resolvers.accountability import Accountability
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

    documents: Documents
    plans: Plans
    trusted: TrustedDocuments | None

    def operation_type(self, text: str, operation_name: str | None) -> OperationType | None:
        """What kind of operation would run; None where the text is no document.

        `UnresolvedOperation` where the name is of none, or lacks while there are several.
        """
        try:
            return self.documents.read(text).operation_type(operation_name)
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

        Ours are two, and called by name. Streams go by the runner.
        """
        operation = self._create_execution_context(
            query=query,
            allowed_operation_types=allowed_operation_types or DEFAULT_ALLOWED_OPERATION_TYPES,
            variable_values=variable_values,
            context_value=context_value,
            root_value=root_value,
            operation_name=operation_name,
            operation_extensions=operation_extensions,
        )
        try:
            return await self._guarded(operation)
        except (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError):
            raise
        except Exception as error:  # of what happens before the execution, and so of no field
            return self._refused([_as_graphql(error)], operation)

    async def _guarded(self, operation: ExecutionContext) -> ExecutionResult:
        guard, accountability = Guard(self.documents, self.trusted), Accountability()
        guard.execution_context = accountability.execution_context = operation
        if not operation.query:
            raise MissingQueryError
        document, name = guard.read(), operation.operation_name
        _refuse_other_kinds(operation, document, name)
        if errors := guard.judge():
            return self._refused(errors, operation)
        accountability.begin()
        result = await self._run(operation, document.node, name)
        if result.errors:
            self._process_errors(result.errors, operation)
        await accountability.settle(result)
        return result

    def _refused(self, errors: list[GraphQLError], operation: ExecutionContext) -> ExecutionResult:
        self._process_errors(errors, operation)
        return ExecutionResult(data=None, errors=errors)

    async def _run(
        self, operation: ExecutionContext, document: DocumentNode, name: str | None
    ) -> ExecutionResult:
        executor = self._executor(operation, document, name)
        if isinstance(executor, list):
            return ExecutionResult(data=None, errors=executor)
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
        return ExecutionResult(data=result.data, errors=result.errors)

    def _executor(
        self, operation: ExecutionContext, document: DocumentNode, name: str | None
    ) -> CompiledExecution | list[GraphQLError]:
        bare = self.plans.bare(document, name)
        if bare is not None:
            return bare.dressed(
                operation.root_value,
                operation.context,
                operation.variables,
                operation.operation_extensions,
            )
        built: Any = self.execution_context_class.build(
            self._schema,
            document,
            operation.root_value,
            operation.context,
            operation.variables,
            name,
            is_awaitable=cast(Any, optimized_is_awaitable),
            operation_extensions=operation.operation_extensions,
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


def _refuse_other_kinds(operation: ExecutionContext, document: Document, name: str | None) -> None:
    kind = document.types.get(name)
    if kind is None:
        raise CannotGetOperationTypeError(name)
    if _KINDS[kind] not in operation.allowed_operations:
        raise InvalidOperationTypeError(_KINDS[kind])


def _as_graphql(error: Exception) -> GraphQLError:
    if isinstance(error, GraphQLError):
        return error
    return GraphQLError(str(error), original_error=error)


class Guard(SchemaExtension):
    """Lets a document run if its caller may send it, and if it is within the limits."""

    def __init__(self, documents: Documents, trusted: TrustedDocuments | None) -> None:
        self._documents = documents
        self._trusted = trusted
        self._document: Document | None = None

    def on_parse(self) -> Iterator[None]:
        if self.execution_context.query:
            self.read()
        yield

    def on_validate(self) -> Iterator[None]:
        if self._document is not None:
            self.execution_context.pre_execution_errors = self.judge()
        yield

    def read(self) -> Document:
        """The document of the operation, if its caller may send it."""
        context = self.execution_context
        text = context.query or ""
        if self._trusted is not None and not context.context.admission.any_document:
            self._must_be_trusted(text, self._trusted)
        self._document = document = self._documents.read(text)
        context.graphql_document = document.node
        return document

    def judge(self) -> list[GraphQLError]:
        """Why the document that was read must not run; empty where it may."""
        document = self._document
        return [] if document is None else list(document.errors) or self._cost_errors()

    def _must_be_trusted(self, text: str, trusted: TrustedDocuments) -> None:
        if text not in trusted:
            raise UntrustedDocument(
                "This document is none of those that are shipped. Send one of them, by its "
                "documentId or its exact text."
            )

    def _cost_errors(self) -> list[GraphQLError]:
        context, document = self.execution_context, self._document
        if document is None:
            return []
        limit = context.context.admission.max_cost
        cost = document.cost(context.operation_name, context.variables)
        return [cost_error(cost, limit)] if cost > limit else []


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
        extensions=[Accountability, lambda: Guard(documents, trusted)],
        execution_context_class=Execution,
        federation_version=FEDERATION_VERSION,
    )
    calls = FieldCalls(schema.config, schema.schema_converter.scalar_registry)
    schema.plans = Plans(schema._schema, calls)
    schema.trusted = trusted
    documents = schema.documents = Documents(
        schema._schema,
        CostTable.of(print_schema(schema), MAX_PAGE_SIZE),
        limits,
        _RULES if introspection else (*_RULES, NoSchemaIntrospectionCustomRule),
        suggestions=introspection,
    )
    return schema


def sdl() -> str:
    """The schema in the Schema Definition Language, as schema.graphql has it."""
    return print_schema(build_schema()) + "\n"
