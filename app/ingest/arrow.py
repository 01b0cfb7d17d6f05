"""Arrow's columns, whose functions take more kinds of them than their stubs know."""

from array import array
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    Array = pa.Array[Any]
else:  # which is generic for its stubs alone
    Array = pa.Array

compute: Any = pc


def is_utf_8(data: bytes, end: int) -> bool:
    """Whether the bytes up to an end are; four times as fast as to decode them."""
    offsets = pa.py_buffer(array("i", [0, end]))
    text = pa.StringArray.from_buffers(1, offsets, pa.py_buffer(data))
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def where(given: Array, column: Array) -> Array:
    """A column, null where it is not given."""
    kept: Array = compute.if_else(given, column, pa.scalar(None, column.type))
    return kept


def held(column: Array) -> memoryview:
    """The texts or bytes of a column, one behind the other."""
    _, offsets, data = column.buffers()
    if offsets is None or data is None:
        return memoryview(b"")
    places = memoryview(offsets).cast("i")
    first, end = places[column.offset], places[column.offset + len(column)]
    return memoryview(data)[first:end]
