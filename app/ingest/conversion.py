"""What becomes of the rows of a file before they are staged, block by block."""

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from app.ingest.context import Context
from app.ingest.converter import RowConverter
from app.ingest.copy_text import copy_data
from app.ingest.kinds import KINDS
from app.ingest.layout import Header, Record
from app.ingest.refusals import Refusal
from app.ingest.report import ImportKind
from app.ingest.source import rows_of
from app.ingest.sources.rows import Block


@dataclass(frozen=True, slots=True)
class Chunk:
    """What was taken of some rows, and the refusals of the others.

    `data` are the rows as COPY reads them; `records` instead, where they are not complete yet.
    """

    rows: int
    refusals: Sequence[Refusal]
    data: bytes = b""
    records: Sequence[Record] = ()


Convert = Callable[[Block], Chunk]


@dataclass(frozen=True, slots=True)
class Conversion:
    """How one file is converted."""

    kind: ImportKind
    context: Context
    header: Header

    def here(self) -> Convert:
        """In this process."""
        converter = RowConverter(KINDS[self.kind].layout(self.context), self.header)
        convert = _to_records if self.kind is ImportKind.CITIZENS else _to_data
        return partial(convert, converter)

    def anywhere(self) -> Convert:
        """In whichever process it is called; each remembers what it has read."""
        return partial(_convert, pickle.dumps(self))


@lru_cache(maxsize=1)
def _bound(pickled: bytes) -> Convert:
    conversion: Conversion = pickle.loads(pickled)  # noqa: S301 - of the process that started this
    return conversion.here()


def _convert(pickled: bytes, block: Block) -> Chunk:
    return _bound(pickled)(block)


def _to_data(converter: RowConverter, block: Block) -> Chunk:
    lines, refusals = converter.copy_block(block)
    return Chunk(len(lines) + len(refusals), refusals, copy_data(lines))


def _to_records(converter: RowConverter, block: Block) -> Chunk:
    records, refusals = converter.chunk(rows_of(block))
    return Chunk(len(records) + len(refusals), refusals, records=records)
