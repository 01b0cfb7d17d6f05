"""What other processes announce: LISTEN on one connection that is held, and made anew when lost."""

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Any

import asyncpg

_log = logging.getLogger("allowances.announcements")

_KEEPALIVE_SECONDS = 20.0  # a connection cut off in between says nothing by itself
_ANSWER_SECONDS = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0

STILL_THERE = "select"

Heard = Callable[[int], None]


async def listen(dsn: str, channel: str, newest: str, heard: Heard) -> None:
    """Hear a channel of numbers until cancelled. `heard` gets each, and whenever the connection has
    just been made what the statement `newest` says: what was announced meanwhile is lost."""
    pause = _FIRST_PAUSE
    while True:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                connection = await asyncpg.connect(dsn)
            pause = _FIRST_PAUSE
            await _hear(connection, channel, newest, heard)
        except Exception as error:  # whatever it is, the streams wait for the next connection
            _log.warning("announcements can not be heard: %s", type(error).__name__)
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        pause = min(2 * pause, _LONGEST_PAUSE)


async def _hear(connection: asyncpg.Connection, channel: str, newest: str, heard: Heard) -> None:
    """Until the connection is lost: raises whatever it was lost by."""
    lost = asyncio.Event()

    def announced(_connection: Any, _pid: int, _channel: str, payload: object) -> None:
        heard(int(str(payload)))

    connection.add_termination_listener(lambda _connection: lost.set())
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            await connection.add_listener(channel, announced)
            number = await connection.fetchval(newest)
        heard(int(number))
        while not await _is_set_within(lost, _KEEPALIVE_SECONDS):
            async with asyncio.timeout(_ANSWER_SECONDS):
                await connection.execute(STILL_THERE)
        raise ConnectionError(channel)
    finally:
        connection.terminate()


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
