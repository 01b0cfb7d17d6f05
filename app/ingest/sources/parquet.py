"""Parquet, in batches of some rows; the names of the columns count as line 1."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as kinds

from app.errors import BadInput
from app.ingest.sources.rows import MOST_FIELDS, ReadRows, Rows
from app.ingest.sources.values import number_text, truth_text

_ROWS_AT_ONCE = 2_000
_BUFFER = 1 << 20
_LARGEST_CHUNK = 256 << 20
_BANGKOK = pa.scalar(timedelta(hours=7))  # from UTC, all year
# What Arrow can read without spelling out each repeated text.
_REPEATING = {"PLAIN", "PLAIN_DICTIONARY", "RLE", "RLE_DICTIONARY", "BIT_PACKED"}
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


def examine(raw: BinaryIO) -> ReadRows:
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
    return partial(_rows, _repeating(metadata, schema))


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


def _repeating(metadata: pq.FileMetaData, schema: pa.Schema) -> list[str]:
    """The columns of text that can be read as each distinct text and where it stands."""
    other = {
        place for place, chunk in _chunks(metadata) if not _REPEATING.issuperset(chunk.encodings)
    }
    return [
        field.name
        for place, field in enumerate(schema)
        if place not in other and any(is_kind(field.type) for is_kind in _TEXT_LIKE[:4])
    ]


def _chunks(metadata: pq.FileMetaData) -> Iterator[tuple[int, Any]]:
    for group in range(metadata.num_row_groups):
        for place in range(metadata.num_columns):
            yield place, metadata.row_group(group).column(place)


def _rows(repeating: list[str], raw: BinaryIO) -> Rows:
    with _clear_errors():
        file = pq.ParquetFile(raw, read_dictionary=repeating, buffer_size=_BUFFER)
        yield 1, list(file.schema_arrow.names)
        readers = [_Column() for _ in file.schema_arrow]
        line = 2
        for batch in file.iter_batches(_ROWS_AT_ONCE, use_threads=False):
            columns = [r.texts(c) for r, c in zip(readers, batch.columns, strict=True)]
            for fields in zip(*columns, strict=True):
                yield line, list(fields)
                line += 1


class _Column:
    """One column; a dictionary that stays the same from batch to batch is read once."""

    def __init__(self) -> None:
        self._dictionary: pa.Array[Any] | None = None
        self._texts: list[str] = []

    def texts(self, column: "pa.Array[Any]") -> list[str]:
        """The texts of a part of the column; none is empty."""
        if not isinstance(column, pa.DictionaryArray):
            return _texts(column)
        if self._dictionary is None or not column.dictionary.equals(self._dictionary):
            self._dictionary = column.dictionary
            self._texts = _texts(column.dictionary)
        texts = self._texts
        return ["" if at is None else texts[at] for at in column.indices.to_pylist()]


def _texts(column: Any) -> list[str]:
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
    except (pa.ArrowException, OSError, ValueError, OverflowError):
        raise BadInput("The Parquet file is damaged or incomplete.") from None
