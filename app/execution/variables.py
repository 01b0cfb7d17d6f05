"""An operation's variables, where they are of the simplest types: as graphql-core coerces them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLID,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    VariableDefinitionNode,
)
from graphql.execution.get_variable_signature import (
    GraphQLVariableSignature,
    get_variable_signature,
)
from graphql.execution.values import (
    VariableValues,
    VariableValueSource,
    get_variable_values,
)

from app.execution.leaves import LARGEST_INT


def _is_int(value: Any) -> bool:
    return value.__class__ is int and -LARGEST_INT <= value < LARGEST_INT


def _is_text(value: Any) -> bool:
    return value.__class__ is str


def _is_boolean(value: Any) -> bool:
    return value.__class__ is bool


_FITS: dict[str, tuple[GraphQLScalarType, Callable[[Any], bool]]] = {
    "Int": (GraphQLInt, _is_int),
    "String": (GraphQLString, _is_text),
    "ID": (GraphQLID, _is_text),
    "Boolean": (GraphQLBoolean, _is_boolean),
}


@dataclass(frozen=True, slots=True)
class _Variable:
    """One variable; `fits`: what it may be as it stands."""

    signature: GraphQLVariableSignature
    fits: Callable[[Any], bool]
    nullable: bool
    default: Any
    unsaid: VariableValueSource


class Variables:
    """The variables of an operation, each looked at once."""

    def __init__(
        self, schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]
    ) -> None:
        found = [_variable(schema, each) for each in definitions]
        self._variables = [each for each in found if each is not None]
        self._all = len(self._variables) == len(found)

    def of(self, given: Mapping[str, Any]) -> VariableValues | None:
        """Their values; None where graphql-core has to look closer, or to say what is wrong."""
        if not self._all:
            return None
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for each in self._variables:
            name = each.signature.name
            value = given.get(name, Undefined)
            if value is Undefined:
                sources[name] = each.unsaid
                value = each.default
                if value is Undefined and each.nullable and not each.signature.default:
                    continue
            else:
                sources[name] = VariableValueSource(each.signature, value)
            if not (each.fits(value) or (value is None and each.nullable)):
                return None
            coerced[name] = value
        return VariableValues(sources, coerced)


def _variable(schema: GraphQLSchema, definition: VariableDefinitionNode) -> _Variable | None:
    signature = get_variable_signature(schema, definition)
    if not isinstance(signature, GraphQLVariableSignature):
        return None
    type_: Any = signature.type
    nullable = not isinstance(type_, GraphQLNonNull)
    named = type_ if nullable else type_.of_type
    simple, fits = _FITS.get(getattr(named, "name", ""), (None, None))
    if fits is None or named is not simple:
        return None
    unsaid = get_variable_values(schema, [definition], {})
    coerced = unsaid.coerced if isinstance(unsaid, VariableValues) else {}
    default = coerced.get(signature.name, Undefined)
    return _Variable(signature, fits, nullable, default, VariableValueSource(signature))
