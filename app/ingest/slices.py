"""The slices of a file: applied side by side on several connections, committed in their order."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from app.ingest.context import Citizens
from app.ingest.shelf import Shelf
from app.ingest.staging import OF_CITIZEN

Apply = Callable[[asyncpg.Connection], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows after a key and through another. `earlier`: all slices before it are committed."""

    after: bytes | None
    through: bytes
    earlier: asyncio.Event
    committed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def citizens(self) -> Citizens | None:
        """Within whom the rows lie, where each is of somebody known."""
        if not self.through.startswith(OF_CITIZEN):
            return None
        first = UUID(bytes=self.after[len(OF_CITIZEN) :]) if self.after else UUID(int=0)
        return Citizens(first, UUID(bytes=self.through[len(OF_CITIZEN) :]))


class Cutter:
    """Cuts the rows of a shelf into slices, from a key on."""

    def __init__(self, shelf: Shelf, after: bytes | None, rows_a_slice: int) -> None:
        self._shelf, self._after, self._rows = shelf, after, rows_a_slice
        self._cutting = asyncio.Lock()
        self._last = asyncio.Event()
        self._last.set()

    async def next(self, connection: asyncpg.Connection) -> Slice | None:
        """The next slice; None when none is left."""
        async with self._cutting:
            through = await self._shelf.bound(connection, self._after, self._rows)
            if through is None:
                return None
            cut = Slice(self._after, through, self._last)
            self._after, self._last = through, cut.committed
            return cut


async def side_by_side(connections: Sequence[asyncpg.Connection], apply: Apply) -> None:
    """Call `apply` on each connection until it says false; the first error ends them all."""
    try:
        async with asyncio.TaskGroup() as group:
            for connection in connections:
                group.create_task(_until_done(connection, apply))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def _until_done(connection: asyncpg.Connection, apply: Apply) -> None:
    while await apply(connection):
        pass
