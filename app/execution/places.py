"""Where a value stands in the answer: a path that is only spelled out for who asks for it."""

from typing import Any

from graphql.pyutils import Path

# What it is in, its key or index, and the type that has the field; as `Path`, which takes three
# times as long to make.
Place = tuple[Any, str | int, str | None]


def path_of(place: Place) -> Path:
    """As graphql-core has it."""
    above, key, type_name = place
    return Path(None if above is None else path_of(above), key, type_name)
