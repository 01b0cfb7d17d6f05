"""Parquet, in batches of some rows; the names of the columns count as line 1."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as kinds

from app.errors import BadInput
from app.ingest.sources.rows import LONGEST_ROW, MOST_FIELDS, Blocks, ReadBlocks, Rows, in_blocks
from app.ingest.sources.values import number_text, truth_text

_ROWS_AT_ONCE = 2_000
_BUFFER = 1 << 20
_LARGEST_CHUNK = 256 << 20
_BANGKOK = pa.scalar(timedelta(hours=7))  # from UTC, all year
_LONGEST_TEXT = 4 * LONGEST_ROW  # bytes
# The encodings of a column that Arrow can read without spelling out its texts.
_STORES_ONCE = {"PLAIN", "PLAIN_DICTIONARY", "RLE", "RLE_DICTIONARY", "BIT_PACKED"}
_SURE_DIGITS = {16: 3, 32: 7, 64: 15}
_TEXT_LIKE = (
    kinds.is_string,
    kinds.is_large_string,
    kinds.is_binary,
    kinds.is_large_binary,
    kinds.is_fixed_size_binary,
)
_READABLE = (
    *_TEXT_LIKE,
    kinds.is_integer,
    kinds.is_floating,
    kinds.is_decimal,
    kinds.is_boolean,
    kinds.is_date,
    kinds.is_timestamp,
    kinds.is_null,
)


def examine(raw: BinaryIO) -> ReadBlocks:
    """The reader of a Parquet file; `BadInput` where a column holds more than single values."""
    with _clear_errors():
        metadata = pq.read_metadata(raw)
        schema = metadata.schema.to_arrow_schema()
    if len(schema) > MOST_FIELDS:
        raise BadInput(f"The file has more than {MOST_FIELDS} columns.")
    for place, field in enumerate(schema, 1):
        if not _readable(field.type):
            raise BadInput(
                f"Column {place} holds no texts, numbers, dates or truth values; "
                "write it as text, or leave it out."
            )
    _refuse_large(metadata)
    with _clear_errors():
        _refuse_long_texts(raw, metadata)
    return _blocks


def _readable(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.DictionaryType):
        kind = kind.value_type
    return any(is_kind(kind) for is_kind in _READABLE)


def _refuse_large(metadata: pq.FileMetaData) -> None:
    """A page is unpacked as a whole, and can be as large as its part of the column."""
    if any(chunk.total_uncompressed_size > _LARGEST_CHUNK for _, chunk in _chunks(metadata)):
        raise BadInput(
            "A column of a row group has more than 256 MiB; write smaller row groups, "
            "as of 1,000,000 rows."
        )


def _refuse_long_texts(raw: BinaryIO, metadata: pq.FileMetaData) -> None:
    """A text stored once can stand in every row: spelled out, it would fill the memory."""
    once = {chunk.path_in_schema for _, chunk in _chunks(metadata) if _stores_once(chunk)}
    file = pq.ParquetFile(raw, read_dictionary=sorted(once), buffer_size=_BUFFER)
    names = [f.name for f in file.schema_arrow if isinstance(f.type, pa.DictionaryType)]
    for group in range(metadata.num_row_groups):
        for batch in islice(file.iter_batches(1, [group], names, use_threads=False), 1):
            for column in batch.columns:
                _refuse_long(column)


def _stores_once(chunk: Any) -> bool:
    return chunk.physical_type == "BYTE_ARRAY" and _STORES_ONCE.issuperset(chunk.encodings)


def _refuse_long(column: Any) -> None:
    texts = column.dictionary
    if any(is_kind(texts.type) for is_kind in _TEXT_LIKE[:4]):
        longest = pc.max(pc.binary_length(texts)).as_py()
        if longest and longest > _LONGEST_TEXT:
            raise BadInput(f"A text of the file has more than {LONGEST_ROW:,} characters.")


def _chunks(metadata: pq.FileMetaData) -> Iterator[tuple[int, Any]]:
    for group in range(metadata.num_row_groups):
        for place in range(metadata.num_columns):
            yield place, metadata.row_group(group).column(place)


def _blocks(raw: BinaryIO) -> Blocks:
    return in_blocks(_read(raw))


def _read(raw: BinaryIO) -> Rows:
    with _clear_errors():
        file = pq.ParquetFile(raw, buffer_size=_BUFFER)
        yield 1, list(file.schema_arrow.names)
        line = 2
        for batch in file.iter_batches(_ROWS_AT_ONCE, use_threads=False):
            for fields in zip(*map(_texts, batch.columns), strict=True):
                yield line, list(fields)
                line += 1


def _texts(column: Any) -> list[str]:
    if isinstance(column, pa.DictionaryArray):
        column = column.dictionary_decode()
    kind = column.type
    if kinds.is_boolean(kind):
        return _each(truth_text, column)
    if kinds.is_decimal(kind):
        return _each(number_text, column)
    if kinds.is_floating(kind):
        return _each(partial(number_text, digits=_SURE_DIGITS[kind.bit_width]), column)
    if kinds.is_timestamp(kind):
        column = _local_days(column)
    if kinds.is_fixed_size_binary(kind):
        column = column.cast(pa.binary())
    if not kinds.is_string(kind) and not kinds.is_large_string(kind):
        column = column.cast(pa.string())
    return [text or "" for text in column.to_pylist()]


def _each(text: Any, column: Any) -> list[str]:
    return ["" if value is None else text(value) for value in column.to_pylist()]


def _local_days(column: Any) -> Any:
    """The days of timestamps, in Bangkok where they name a zone."""
    kind = column.type
    if kind.tz is not None:
        column = pc.add(column.cast(pa.timestamp(kind.unit)), _BANGKOK.cast(pa.duration(kind.unit)))
    return pc.floor_temporal(column, unit="day").cast(pa.date32())


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError:
        raise BadInput(
            "A text of the Parquet file is not UTF-8; write its texts in UTF-8."
        ) from None
    except (pa.ArrowException, OSError, ValueError, OverflowError, KeyError):
        raise BadInput("The Parquet file is damaged or incomplete.") from None
