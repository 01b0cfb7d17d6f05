"""A layout met with a file's header: the texts of rows to staged records."""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar, cast

from app.ingest.columnwise import Columnwise
from app.ingest.layout import Column, Convert, Header, Layout, Record
from app.ingest.refusals import Refusal, RefusalCode, RefusedError
from app.ingest.source import rows_of
from app.ingest.sources.rows import Block, Row, Table

Made = TypeVar("Made")
_ReadAll = Callable[[Sequence[int], Sequence[Sequence[str]]], Sequence[Made | None]]
_ReadOne = Callable[[int, list[str]], Made]

_REMEMBERED = 50_000
_ROWS_AT_HAND = 1_000  # as many as the processor's cache holds


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
        self._by_table = bool(layout.own)

    def chunk(self, rows: Iterable[Row]) -> tuple[list[Record], list[Refusal]]:
        """The records and the refusals of rows (line, fields), each in the order of the rows.

        Rows are read column by column where they are plainly right; `record` and `refusal` decide
        about each of the others. Give the rows as they are read: then they are still at hand.
        """
        return self._converted(rows, self._columnwise.records, self.record)

    def copy_chunk(self, rows: Iterable[Row]) -> tuple[list[str], list[Refusal]]:
        """As `chunk`, with lines for COPY in place of the records."""
        return self._converted(rows, self._columnwise.copy_lines, self._copy_line)

    def copy_block(self, block: Block) -> tuple[list[str], list[Refusal]]:
        """As `copy_chunk` of the rows of a block, in whichever order."""
        table = block.table(self._width) if self._by_table else None
        if table is None:
            return self.copy_chunk(rows_of(block))
        with _no_collection():
            return self._copy_table(table)

    def _copy_table(self, table: Table) -> tuple[list[str], list[Refusal]]:
        count = len(table.columns[0])
        lines = range(table.line, table.line + count)
        read = self._columnwise.copy_table(lines, self._pick([*table.columns, None]))
        made = list(filter(None, read))
        refusals: list[Refusal] = []
        if len(made) < count:
            rows = [table.row(place) for place, one in enumerate(read) if one is None]
            rows = [(line, fields) for line, fields in rows if any(fields)]
            self._judge(rows, [None] * len(rows), self._copy_line, made, refusals)
        return made, refusals

    def _copy_line(self, line: int, fields: list[str]) -> str:
        return self._columnwise.copy_line(self.record(line, fields))

    def _converted(
        self, rows: Iterable[Row], read_all: _ReadAll[Made], read_one: _ReadOne[Made]
    ) -> tuple[list[Made], list[Refusal]]:
        made: list[Made] = []
        refusals: list[Refusal] = []
        rows = iter(rows)
        with _no_collection():
            while at_hand := list(islice(rows, _ROWS_AT_HAND)):
                read = self._read(at_hand, read_all)
                if all(read):
                    made.extend(cast(list[Made], read))
                else:
                    self._judge(at_hand, read, read_one, made, refusals)
        return made, refusals

    def _judge(
        self,
        rows: Sequence[Row],
        read: Sequence[Made | None],
        read_one: _ReadOne[Made],
        made: list[Made],
        refusals: list[Refusal],
    ) -> None:
        for (line, fields), one in zip(rows, read, strict=True):
            try:
                made.append(one or read_one(line, fields))
            except RefusedError as refused:
                refusals.append(self.refusal(line, fields, refused))

    def _read(self, rows: Sequence[Row], read_all: _ReadAll[Made]) -> Sequence[Made | None]:
        whole = [row for row in rows if len(row[1]) == self._width]
        if not whole:
            return [None] * len(rows)
        lines = [line for line, _ in whole]
        texts = self._pick([*zip(*[fields for _, fields in whole], strict=True), [""] * len(whole)])
        made = read_all(lines, texts)
        if len(whole) == len(rows):
            return made
        read = iter(made)
        return [next(read) if len(fields) == self._width else None for _, fields in rows]

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
