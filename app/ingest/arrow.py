"""Arrow's columns, whose functions take more kinds of them than their stubs know."""

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    Array = pa.Array[Any]
else:  # which is generic for its stubs alone
    Array = pa.Array

compute: Any = pc


def held(column: Array) -> memoryview:
    """The texts or bytes of a column, one behind the other."""
    _, offsets, data = column.buffers()
    if offsets is None or data is None:
        return memoryview(b"")
    places = memoryview(offsets).cast("i")
    first, end = places[column.offset], places[column.offset + len(column)]
    return memoryview(data)[first:end]
