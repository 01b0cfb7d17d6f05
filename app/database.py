"""The pool, and the one way to ask it. No SQL here."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from typing import Any, cast

import asyncpg

from app.errors import TooSlow, Unavailable
from app.limits.deadline import time_left

Record = asyncpg.Record  # what a row comes as, made by the driver; a class of ours may add names

_OUT_OF_REACH = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what the driver makes of a connection cut off between messages
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
)
_UNREADABLE = "The data can not be read just now. Try again later."


async def _keep_session_state(_connection: object) -> None:
    """No statement of ours sets session state, so a release has nothing to reset."""


def _note(recording: list[str], sent: Any) -> None:
    recording.append(sent.query)


def _is_open(connection: Any) -> bool:
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:  # it was lost, and the pool has taken it back
        return False


class Database:
    """A pool of connections; `fetch` is one statement, one round trip."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", statement_timeout: float) -> None:
        self._pool = pool
        self._timeout = statement_timeout
        # The pool's own way in and out takes as long as half a statement: what comes back is kept
        # here, unless somebody waits for it.
        self._idle: list[Any] = []
        self._waiting = 0
        self._closing = False
        self._recordings: list[list[str]] = []

    @classmethod
    async def connect(
        cls, dsn: str, *, size: int, statement_cache_size: int, statement_timeout: float
    ) -> "Database":
        """Open the pool; `Unavailable` when the server does not answer. Time-out in seconds."""
        try:
            pool = await asyncpg.create_pool(
                dsn,
                min_size=min(2, size),
                max_size=size,
                statement_cache_size=statement_cache_size,
                reset=_keep_session_state,
            )
        except (*_OUT_OF_REACH, asyncpg.PostgresError) as error:
            raise Unavailable(f"The database does not answer ({type(error).__name__}).") from error
        return cls(pool, statement_timeout)

    async def close(self) -> None:
        """Close the pool; what is under way ends first."""
        self._closing = True
        while self._idle:
            await self._pool.release(self._idle.pop())
        await self._pool.close()

    async def _take(self) -> Any:
        """A connection that is free. The pool's own time-out is for a statement whose cancelling
        got lost on its way: the connection is given up then, or it would be waited for as long as
        the statement runs."""
        while self._idle:
            connection = self._idle.pop()
            if _is_open(connection):
                return connection
            await self._pool.release(connection)
        self._waiting += 1
        try:
            return await self._pool.acquire(timeout=self._timeout)
        finally:
            self._waiting -= 1

    async def _give_back(self, connection: Any, *, whole: bool) -> None:
        """Back from whoever had it; `whole` where it is as it was, and nothing is under way."""
        kept = whole and not self._waiting and not self._closing
        if kept and _is_open(connection):
            self._idle.append(connection)
        else:
            await self._pool.release(connection)

    async def fetch(
        self, statement: str, *arguments: object, row: type[Record] = Record
    ) -> Sequence[Any]:
        """The rows of one statement, made as objects of `row`; `Unavailable` when it can't be
        asked, `TooSlow` when it takes too long."""
        for recording in self._recordings:
            recording.append(statement)
        try:
            async with asyncio.timeout(time_left(self._timeout)):  # the wait for a connection too
                connection, whole = await self._take(), False
                try:
                    rows = await connection.fetch(statement, *arguments, record_class=row)
                    whole = True
                finally:
                    await self._give_back(connection, whole=whole)
                return cast(Sequence[Any], rows)
        except TimeoutError as error:
            raise TooSlow(_UNREADABLE) from error
        except _OUT_OF_REACH as error:
            raise Unavailable(_UNREADABLE) from error

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection to hold, for a transaction; the time-out is for all that is done with it.

        `Unavailable` as from `fetch`, also for what is asked inside.
        """
        try:
            async with asyncio.timeout(time_left(self._timeout)):
                connection = await self._take()
                try:
                    with ExitStack() as noting:
                        for recording in self._recordings:
                            note = partial(_note, recording)
                            noting.enter_context(connection.query_logger(note))
                        yield cast(asyncpg.Connection, connection)  # a proxy of the pool's
                finally:
                    await self._give_back(connection, whole=False)
        except _OUT_OF_REACH as error:
            raise Unavailable("The database does not answer just now. Try again later.") from error

    @contextmanager
    def recording(self) -> Iterator[list[str]]:
        """Every statement sent while inside, in order."""
        statements: list[str] = []
        self._recordings.append(statements)
        try:
            yield statements
        finally:
            self._recordings.remove(statements)
