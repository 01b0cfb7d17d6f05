"""How leaf values are written: shortcuts for the values that need no look, the type's own else."""

import math
from collections.abc import Callable
from dataclasses import dataclass
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

Serialize = Callable[[Any], Any]

LARGEST_INT = 2**31
_REMEMBERED = 1000  # values of an enum; more than there are names only where values are computed


class Names(dict[Any, Any]):
    """An enum's names by its values, each from the first time that it is asked for."""

    def __init__(self, slowly: Serialize) -> None:
        super().__init__()
        self._slowly = slowly

    def __missing__(self, value: Any) -> Any:
        name = self._slowly(value)
        # Equal values of other types are other values to an enum: 1, 1.0 and True.
        if len(self) < _REMEMBERED and not isinstance(value, int | float):
            self[value] = name
        return name


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A leaf type: how any value is written, and what is known of how it is written.

    `as_it_is`: the Python expression under which `value` is written as it is. `names`: those of an
    enum. Of another type `coerce` writes what is there, where it gives something.
    """

    serialize: Serialize
    coerce: Serialize
    as_it_is: str | None = None
    names: Names | None = None


def leaf_of(type_: GraphQLLeafType) -> Leaf:
    """`serialize` gives what the type's `coerce_output_value` does, or graphql-core's error."""

    def slowly(value: Any) -> Any:
        coerced = type_.coerce_output_value(value)
        if coerced is None or coerced is Undefined:
            raise TypeError(
                f"Expected `{inspect(type_)}.coerce_output_value({inspect(value)})` to return"
                f" non-nullable value, returned: {inspect(coerced)}"
            )
        return coerced

    coerce: Serialize = type_.coerce_output_value
    if isinstance(type_, GraphQLEnumType):
        names = Names(slowly)
        return Leaf(_by_name(names, slowly), coerce, names=names)
    shortcut = _SHORTCUTS.get(type_.name)
    if shortcut is None or shortcut[0] is not type_:
        return Leaf(slowly, coerce)
    return Leaf(shortcut[1](slowly), coerce, as_it_is=shortcut[2])


def _by_name(names: Names, slowly: Serialize) -> Serialize:
    def write(value: Any) -> Any:
        try:
            return names[value]
        except TypeError:  # not hashable
            return slowly(value)

    return write


def _text(slowly: Serialize) -> Serialize:
    def write(value: Any) -> Any:
        return value if value.__class__ is str else slowly(value)

    return write


def _int(slowly: Serialize) -> Serialize:
    def write(value: Any) -> Any:
        if value.__class__ is int and -LARGEST_INT <= value < LARGEST_INT:
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


_IS_TEXT = "value.__class__ is str"
_IS_INT = f"value.__class__ is int and {-LARGEST_INT} <= value < {LARGEST_INT}"
_SHORTCUTS = {
    "String": (GraphQLString, _text, _IS_TEXT),
    "ID": (GraphQLID, _text, _IS_TEXT),
    "Int": (GraphQLInt, _int, _IS_INT),
    "Boolean": (GraphQLBoolean, _boolean, "value.__class__ is bool"),
    # What is smaller than infinity and equal to itself is finite.
    "Float": (GraphQLFloat, _float, "value.__class__ is float and -inf < value < inf"),
}
