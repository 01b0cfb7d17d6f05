"""Values as COPY's binary format has them; those of many rows by Arrow, column by column."""

import struct
import sys
from array import array
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, cast

import pyarrow as pa

from app.ingest.arrow import Array, compute, held, where

_START = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = struct.pack(">h", -1)
_LENGTH_OF_NULL = -1
_FIRST_DAY = date(2000, 1, 1)
_FIRST_DAY_BY_ARROW = (_FIRST_DAY - date(1970, 1, 1)).days
_TYPE_OF_TEXT = 25  # its number, the same in every database


def copy_field(value: object) -> bytes:
    """One value: its length, then what stands for it.

    An int is for an integer column, a str for one of text or an enum, a list for text[].
    """
    if value is None:
        return _integer(_LENGTH_OF_NULL)
    content = _CONTENTS[type(value)](value)
    return _integer(len(content)) + content


def copy_rows(columns: Sequence[Array], rest: Array, width: int) -> Array:
    """Rows of so many fields: one of each column, then the `rest` of the row, by `copy_field`.

    A column holds what `copy_field` takes, but lists.
    """
    parts: list[object] = [pa.scalar(struct.pack(">h", width))]
    for column in columns:
        content = _content(column)
        length = compute.fill_null(compute.binary_length(content), _LENGTH_OF_NULL)
        parts += [_integers(length), compute.fill_null(content, b"")]
    rows: Array = compute.binary_join_element_wise(*parts, rest, b"")
    return rows


def copy_data(rows: Array) -> bytes:
    """What COPY reads."""
    return b"".join([_START, held(rows), _END]) if len(rows) else b""


def _integer(value: int) -> bytes:
    return struct.pack(">i", value)


def _of_date(value: date) -> bytes:
    return _integer((value - _FIRST_DAY).days)


def _of_list(values: Sequence[str]) -> bytes:
    """One dimension, that begins at 1; or none."""
    start = struct.pack(">iii", bool(values), 0, _TYPE_OF_TEXT)
    bounds = struct.pack(">ii", len(values), 1) if values else b""
    return b"".join([start, bounds, *map(copy_field, values)])


class _ByType(dict[type, Callable[[Any], bytes]]):
    def __missing__(self, kind: type) -> Callable[[Any], bytes]:
        self[kind] = next(self[base] for base in kind.__mro__[1:] if base in self)
        return self[kind]


_CONTENTS: Mapping[type, Callable[[Any], bytes]] = _ByType(
    {str: str.encode, int: _integer, bytes: bytes, date: _of_date, list: _of_list}
)


def _content(column: Array) -> Array:
    if pa.types.is_date(column.type):
        column = compute.subtract(column.cast(pa.int32()), _FIRST_DAY_BY_ARROW)
    elif not pa.types.is_integer(column.type):
        return column.cast(pa.binary())
    return where(column.is_valid(), _integers(column))


def _integers(column: Array) -> Array:
    """Each in four bytes, the most significant first; something for null."""
    column = column.cast(pa.int32())
    every = memoryview(cast(pa.Buffer, column.buffers()[1])).cast("B")
    numbers = array("i")
    numbers.frombytes(every[4 * column.offset : 4 * (column.offset + len(column))])
    if sys.byteorder == "little":
        numbers.byteswap()
    fixed = pa.Array.from_buffers(pa.binary(4), len(column), [None, pa.py_buffer(numbers)])
    return fixed.cast(pa.binary())
