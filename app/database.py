"""The pool, and the one way to ask it. No SQL here."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from typing import Any, cast

import asyncpg

from app.errors import TooSlow, Unavailable
from app.limits.deadline import time_left

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


class Database:
    """A pool of connections; `fetch` is one statement, one round trip."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", statement_timeout: float) -> None:
        self._pool = pool
        self._timeout = statement_timeout
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
        await self._pool.close()

    async def fetch(self, statement: str, *arguments: object) -> Sequence[Any]:
        """The rows of one statement; `Unavailable` when it can't be asked, `TooSlow` when it takes
        too long."""
        for recording in self._recordings:
            recording.append(statement)
        try:
            # The wait for a connection counts too. The pool's own time-out is for a statement whose
            # cancelling got lost on its way: the connection is given up then, or it would be
            # waited for as long as the statement runs.
            async with (
                asyncio.timeout(time_left(self._timeout)),
                self._pool.acquire(timeout=self._timeout) as connection,
            ):
                return await connection.fetch(statement, *arguments)
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
            async with (
                asyncio.timeout(time_left(self._timeout)),
                self._pool.acquire(timeout=self._timeout) as connection,
            ):
                with ExitStack() as noting:
                    for recording in self._recordings:
                        note = partial(_note, recording)
                        noting.enter_context(connection.query_logger(note))
                    yield cast(asyncpg.Connection, connection)  # a proxy of the pool's
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
