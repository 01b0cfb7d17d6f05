"""A layout met with a file's header: the texts of rows to staged records."""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import pyarrow as pa

from app.ingest.columnwise import Columnwise
from app.ingest.layout import Column, Convert, Header, Layout, Record
from app.ingest.refusals import Refusal, RefusalCode, RefusedError
from app.ingest.source import rows_of
from app.ingest.sources.rows import Block, Row, Table

_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Chunk:
    """What was taken of so many rows, and the refusals of the others, in their order.

    Of the rows taken, `data` are those that COPY can read, `records` the others.
    """

    rows: int
    data: bytes
    records: Sequence[Record]
    refusals: Sequence[Refusal]


class RowConverter:
    """A layout bound to a header."""

    def __init__(self, layout: Layout, header: Header) -> None:
        self._record = layout.record
        self._columns = layout.columns
        self._width = len(header.names)
        self._converters = [_converter(column) for column in layout.columns]
        places = {name: place for place, name in enumerate(header.names)}
        # An absent column reads the empty text that is put behind every row.
        self._pick = itemgetter(*(places.get(c.name, self._width) for c in layout.columns))
        self._counted_by = [layout.place_of(name) for name in layout.counted_by]
        self._columnwise = Columnwise(layout, self._converters)
        self._copies = bool(layout.own)

    def block(self, block: Block) -> Chunk:
        """The rows of a block.

        They are read column by column where they are plainly right; `record` and `refusal` decide
        about each of the others. A row without any text is left out.
        """
        with _no_collection():
            table = block.table(self._width)
            if table is not None:
                return self._chunk(table, [])
            return self.chunk(rows_of(block))

    def chunk(self, rows: Iterable[Row]) -> Chunk:
        """As `block`, of rows (line, fields)."""
        whole, odd = _parted(rows, self._width)
        return self._chunk(Table.of(whole, self._width), odd)

    def _chunk(self, table: Table, odd: Sequence[Row]) -> Chunk:
        count = len(table.lines)
        texts = self._pick([*table.columns, pa.repeat("", count)])
        data, records = b"", list[Record]()
        if self._copies:
            data, doubtful = self._columnwise.copied(table.lines, texts)
        else:
            records, doubtful = self._columnwise.records(table.lines, texts)
        rows = sorted(filter(_any_text, [*odd, *map(table.row, doubtful)]))
        taken, refusals = self._one_by_one(rows)
        return Chunk(count - len(doubtful) + len(rows), data, [*records, *taken], refusals)

    def _one_by_one(self, rows: Iterable[Row]) -> tuple[list[Record], list[Refusal]]:
        records: list[Record] = []
        refusals: list[Refusal] = []
        for line, fields in rows:
            try:
                records.append(self.record(line, fields))
            except RefusedError as refused:
                refusals.append(self.refusal(line, fields, refused))
        return records, refusals

    def record(self, line: int, fields: list[str]) -> Record:
        """The staged record of a row; `RefusedError` where it has none."""
        if len(fields) != self._width:
            raise RefusedError(
                RefusalCode.WRONG_COLUMN_COUNT,
                f"The row has {len(fields)} fields, the header {self._width}; "
                "a field that holds a comma needs double quotes.",
            )
        texts = self._texts(fields)
        return self._record(line, *[c(t) for c, t in zip(self._converters, texts, strict=True)])

    def refusal(self, line: int, fields: list[str], refused: RefusedError) -> Refusal:
        """Why `record` refused a row: the field at fault, and what the row counts to."""
        if refused.code is RefusalCode.WRONG_COLUMN_COUNT:
            return Refusal(line, "", refused.code, refused.sentence)
        texts = self._texts(fields)
        field = refused.field or self._at_fault(texts)
        counted: list[Any] = [self._value(place, texts) for place in self._counted_by]
        return Refusal(line, field, refused.code, refused.sentence, *counted)

    def _texts(self, fields: list[str]) -> Sequence[str]:
        texts: Sequence[str] = self._pick([*fields, ""])
        return texts

    def _at_fault(self, texts: Sequence[str]) -> str:
        for column, convert, text in zip(self._columns, self._converters, texts, strict=True):
            try:
                convert(text)
            except RefusedError:
                return column.name
        return ""

    def _value(self, place: int, texts: Sequence[str]) -> object:
        try:
            return self._converters[place](texts[place])
        except RefusedError:
            return None


def _parted(rows: Iterable[Row], width: int) -> tuple[list[Row], list[Row]]:
    """The rows of a width, and the others."""
    parts: tuple[list[Row], list[Row]] = [], []
    for row in rows:
        parts[len(row[1]) != width].append(row)
    return parts


def _any_text(row: Row) -> bool:
    return any(row[1])


@contextmanager
def _no_collection() -> Iterator[None]:
    """Rows make no cycles, but so many tuples that Python would search them for some all the time.

    Afterwards they count as old, or the next search would begin with them.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.freeze()
            gc.unfreeze()
            gc.enable()


class _Remembered(dict[str, object]):
    """Text to value, worked out once for each distinct text."""

    def __init__(self, convert: Convert) -> None:
        super().__init__()
        self._convert = convert

    def __missing__(self, text: str) -> object:
        value = self._convert(text)
        if len(self) < _REMEMBERED:
            self[text] = value
        return value


def _converter(column: Column) -> Convert:
    def read(text: str) -> object:
        text = text.strip()
        if text:
            return column.convert(text)
        if column.required:
            raise RefusedError(RefusalCode.MISSING_VALUE, "A value is required here.")
        return column.default

    return read if column.seldom_repeats else _Remembered(read).__getitem__
