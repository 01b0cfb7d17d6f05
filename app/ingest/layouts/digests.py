"""Digests of a column."""

from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa

from app.ingest.arrow import Array, compute


def digests(make: Callable[[Iterable[str]], list[bytes]], texts: Array) -> Array:
    """What `make` gives for the texts of a column; null stays null."""
    given: list[Any] = texts.drop_null().to_pylist()
    made: Array = pa.array(make(given), pa.binary())
    nothing = pa.nulls(len(texts), pa.binary())
    column: Array = compute.replace_with_mask(nothing, texts.is_valid(), made)
    return column
