"""Values that are there: neither null, nor errors, nor awaited; told by their class."""

from types import GeneratorType, NoneType
from typing import Any, TypeVar

from graphql import Undefined

Kind = TypeVar("Kind", bound=type)

_KNOWN_CLASSES = 10_000

PLAIN: set[type] = set()
_OTHER: set[type] = {NoneType, type(Undefined)}


def never_plain(kind: Kind) -> Kind:
    """Marks a class of values that have to be looked at."""
    _OTHER.add(kind)
    return kind


def is_plain(value: Any) -> bool:
    kind = value.__class__
    if kind in PLAIN or kind in _OTHER:
        return kind in PLAIN
    plain = not (
        issubclass(kind, BaseException | GeneratorType)
        or hasattr(kind, "__await__")
        or hasattr(kind, "__aiter__")
    )
    known = PLAIN if plain else _OTHER
    if len(known) < _KNOWN_CLASSES:
        known.add(kind)
    return plain
