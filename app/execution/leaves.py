"""How leaf values are written: shortcuts for the values that need no look, the type's own else."""

import math
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    Undefined,
)
from graphql.pyutils import inspect

from app.execution.plan import Serialize

_LARGEST_INT = 2**31
_REMEMBERED = 1000  # values of an enum; more than there are names only where values are computed


def serializer(leaf: GraphQLLeafType) -> Serialize:
    """What the type's `coerce_output_value` gives, or the error that graphql-core raises."""

    def slowly(value: Any) -> Any:
        coerced = leaf.coerce_output_value(value)
        if coerced is None or coerced is Undefined:
            raise TypeError(
                f"Expected `{inspect(leaf)}.coerce_output_value({inspect(value)})` to return"
                f" non-nullable value, returned: {inspect(coerced)}"
            )
        return coerced

    if isinstance(leaf, GraphQLEnumType):
        return _enum(slowly)
    shortcut = _SHORTCUTS.get(leaf.name)
    if shortcut is None or shortcut[0] is not leaf:
        return slowly
    return shortcut[1](slowly)


def _enum(slowly: Serialize) -> Serialize:
    known: dict[Any, Any] = {}

    def write(value: Any) -> Any:
        try:
            return known[value]
        except KeyError:
            pass
        except TypeError:  # not hashable
            return slowly(value)
        name = slowly(value)
        # Equal values of other types are other values to an enum: 1, 1.0 and True.
        if len(known) < _REMEMBERED and not isinstance(value, int | float):
            known[value] = name
        return name

    return write


def _text(slowly: Serialize) -> Serialize:
    def write(value: Any) -> Any:
        return value if value.__class__ is str else slowly(value)

    return write


def _int(slowly: Serialize) -> Serialize:
    def write(value: Any) -> Any:
        if value.__class__ is int and -_LARGEST_INT <= value < _LARGEST_INT:
            return value
        return slowly(value)

    return write


def _boolean(slowly: Serialize) -> Serialize:
    def write(value: Any) -> Any:
        return value if value.__class__ is bool else slowly(value)

    return write


def _float(slowly: Serialize) -> Serialize:
    def write(value: Any) -> Any:
        return value if value.__class__ is float and math.isfinite(value) else slowly(value)

    return write


_SHORTCUTS = {
    "String": (GraphQLString, _text),
    "ID": (GraphQLID, _text),
    "Int": (GraphQLInt, _int),
    "Boolean": (GraphQLBoolean, _boolean),
    "Float": (GraphQLFloat, _float),
}
