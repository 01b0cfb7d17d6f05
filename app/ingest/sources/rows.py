"""What every form of file is read as: rows of texts with their line numbers, within bounds."""

from collections.abc import Callable, Iterator
from typing import BinaryIO, NoReturn

from app.errors import BadInput

Rows = Iterator[tuple[int, list[str]]]
ReadRows = Callable[[BinaryIO], Rows]

# No row of ours has a tenth of it. The importer holds 10,000 rows, so these bound its memory.
LONGEST_ROW = 10_000
MOST_FIELDS = 500


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
