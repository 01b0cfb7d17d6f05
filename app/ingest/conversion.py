"""What becomes of the rows of a file before they are staged, block by block."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

from app.ingest.context import Context
from app.ingest.converter import Chunk, RowConverter
from app.ingest.kinds import KINDS
from app.ingest.layout import Header
from app.ingest.report import ImportKind
from app.ingest.sources.rows import Block

Convert = Callable[[Block], Chunk]


@dataclass(frozen=True, slots=True)
class Conversion:
    """How one file is converted."""

    kind: ImportKind
    context: Context
    header: Header

    def here(self) -> Convert:
        """In this process."""
        return RowConverter(KINDS[self.kind].layout(self.context), self.header).block

    def anywhere(self) -> Convert:
        """In whichever process it is called; each remembers what it has read."""
        return partial(_convert, pickle.dumps(self))


@lru_cache(maxsize=1)
def _bound(pickled: bytes) -> Convert:
    conversion: Conversion = pickle.loads(pickled)  # noqa: S301 - of the process that started this
    return conversion.here()


def _convert(pickled: bytes, block: Block) -> Chunk:
    return _bound(pickled)(block)
