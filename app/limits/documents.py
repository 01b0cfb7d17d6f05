"""Texts that were read before: parsed, measured, validated and costed once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationType,
    parse,
    validate,
)

from app.errors import AllowancesError
from app.limits.cost import operation_costs
from app.limits.cost_table import CostTable
from app.limits.limits import Limits
from app.limits.operation_cost import OperationCost
from app.limits.refusal import Code, number, refusal
from app.limits.shape import name_of, operations, shape_errors

_KEPT_DOCUMENTS = 1000
_LONGEST_KEPT = 50_000  # characters; so that nobody's thousand documents fill the memory
_TOO_MANY_TOKENS = "Document contains more than"


class UnresolvedOperation(AllowancesError):
    """No telling which operation of a document is meant."""

    code = "OPERATION_RESOLUTION_FAILURE"


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it may be run, or the errors why not."""

    node: DocumentNode
    errors: Sequence[GraphQLError]
    types: Mapping[str | None, OperationType]
    costs: Mapping[str | None, OperationCost]

    def operation_type(self, operation_name: str | None) -> OperationType | None:
        """What kind of operation a request runs; None where none would run.

        `UnresolvedOperation` where the name is of none, or lacks while there are several.
        """
        if self.errors:
            return None
        if operation_name is None and len(self.types) > 1:
            raise UnresolvedOperation(
                "operationName: expected a name, since the document has several operations."
            )
        if operation_name is not None and operation_name not in self.types:
            raise UnresolvedOperation("operationName: the document has no operation of this name.")
        return self.types.get(self.name_of(operation_name))

    def name_of(self, operation_name: str | None) -> str | None:
        """The name of the operation that a request runs: as given, else that of the first."""
        return next(iter(self.types), None) if operation_name is None else operation_name

    def cost(self, operation_name: str | None, variables: Mapping[str, Any] | None) -> int:
        """What an operation costs with these variables; 0 where there is no such operation."""
        if operation_name is None and len(self.costs) == 1:
            (cost,) = self.costs.values()
            return cost.of(variables)
        named = self.costs.get(operation_name)
        return 0 if named is None else named.of(variables)


class Documents:
    """Reads texts against one schema, and keeps the last thousand."""

    def __init__(
        self,
        schema: GraphQLSchema,
        costs: CostTable,
        limits: Limits,
        rules: Sequence[type[ASTValidationRule]],
        *,
        suggestions: bool,
    ) -> None:
        """`rules`: those of the language; `suggestions`: whether errors may name other fields."""
        self._schema = schema
        self._costs = costs
        self._limits = limits
        self._rules = rules
        self._suggestions = suggestions
        self._kept = lru_cache(_KEPT_DOCUMENTS)(self._read)

    def read(self, text: str) -> Document:
        """The document of a text; `GraphQLError` where it is none or has too many tokens."""
        return self._kept(text) if len(text) <= _LONGEST_KEPT else self._read(text)

    def _read(self, text: str) -> Document:
        node = self._parse(text)
        # The limits first: what is over them is not worth validating.
        errors = shape_errors(node, self._limits) or self._validate(node)
        types = {name_of(each): each.operation for each in operations(node)}
        costs = {} if errors else operation_costs(self._schema, self._costs, node)
        return Document(node, errors, types, costs)

    def _parse(self, text: str) -> DocumentNode:
        limit = self._limits.max_tokens
        try:
            return parse(text, max_lexical_tokens=limit, max_comments=limit)
        except GraphQLSyntaxError as error:
            if _TOO_MANY_TOKENS not in error.message:
                raise
        raise refusal(Code.TOKENS, f"Tokens: at most {number(limit)}, found more.")

    def _validate(self, node: DocumentNode) -> list[GraphQLError]:
        return validate(self._schema, node, self._rules, hide_suggestions=not self._suggestions)


def cost_error(cost: int, limit: int) -> GraphQLError:
    """The refusal of an operation that costs more than its caller may spend."""
    return refusal(
        Code.COST,
        f"Cost: at most {number(limit)}, found {number(cost)}. Ask for less at once: a smaller "
        "`first`, fewer representations, fewer fields that hold objects.",
    )
