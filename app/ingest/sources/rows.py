"""What every form of file is read as: rows of texts with their line numbers, within bounds."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

Rows = Iterator[tuple[int, list[str]]]
ReadRows = Callable[[BinaryIO], Rows]

# No row of ours has a tenth of it. The importer holds 10,000 rows, so these bound its memory.
LONGEST_ROW = 10_000
MOST_FIELDS = 500
