"""What every form of file is read as: rows of texts with their line numbers, within bounds.

They come in blocks, of which a reader knows no more than which lines they hold: what is left to do
can be done by another process.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, NamedTuple, NoReturn, Protocol, Self

import pyarrow as pa

from app.errors import BadInput
from app.ingest.arrow import Array

Row = tuple[int, list[str]]
Rows = Iterator[Row]


class Block(Protocol):
    """Some rows, one after the other."""

    def rows(self) -> Rows:
        """Each with the line it starts on; `BadInput` at one that is longer than any of ours."""

    def table(self, width: int) -> "Table | None":
        """The same by columns; None where a row may have another width, or be longer than ours.

        A row that holds nothing may have any width.
        """


class Table(NamedTuple):
    """The texts of rows by column, and the lines that they start on."""

    lines: Sequence[int]
    columns: Sequence[Array]

    @classmethod
    def of(cls, rows: Sequence[Row], width: int) -> Self:
        """Rows of that width."""
        columns = zip(*[fields for _, fields in rows], strict=True) if rows else [()] * width
        return cls([line for line, _ in rows], [pa.array(c, pa.string()) for c in columns])

    def row(self, place: int) -> Row:
        """The row at a place, from 0."""
        return self.lines[place], [column[place].as_py() for column in self.columns]


Blocks = Iterator[Block]
ReadBlocks = Callable[[BinaryIO], Blocks]

# No row of ours has a tenth of it. The importer holds some blocks, so these bound its memory.
LONGEST_ROW = 10_000
MOST_FIELDS = 500
_ROWS_A_BLOCK = 2_000


@dataclass(frozen=True, slots=True)
class Parsed:
    """A block whose rows are read already."""

    parsed: list[Row]

    def rows(self) -> Rows:
        """As they were read."""
        return iter(self.parsed)

    def table(self, width: int) -> Table | None:
        """None: the rows are no columns yet."""


def in_blocks(rows: Rows) -> Blocks:
    """Rows as blocks, within bounds."""
    rows = within_bounds(rows)
    while parsed := list(islice(rows, _ROWS_A_BLOCK)):
        yield Parsed(parsed)


def within_bounds(rows: Rows) -> Rows:
    """The rows; `BadInput` at one that is longer than any of ours."""
    for line, fields in rows:
        if sum(map(len, fields)) > LONGEST_ROW:
            refuse_long(line)
        refuse_wide(line, fields)
        yield line, fields


def refuse_wide(line: int, fields: list[str]) -> None:
    """`BadInput` where a row has more fields than any of ours."""
    if len(fields) > MOST_FIELDS:
        refuse_long(line)


def refuse_long(line: int) -> NoReturn:
    """`BadInput`."""
    raise BadInput(
        f"The row on line {line} has more than {LONGEST_ROW:,} characters or {MOST_FIELDS} fields; "
        "leave out the columns that are not asked for."
    )
