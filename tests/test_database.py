"""The pool: a time-out that counts the wait, errors that say unavailable, a refresh anew."""

import asyncio
import contextlib

import asyncpg
import pytest

from app.database import Database
from app.errors import Unavailable
from app.service import Service, _keep_fresh


async def pool(url: str, *, seconds: float) -> Database:
    return await Database.connect(url, size=1, statement_cache_size=0, statement_timeout=seconds)


async def test_a_statement_that_takes_too_long_is_cut_and_the_pool_lives(database_url: str) -> None:
    database = await pool(database_url, seconds=0.3)
    with pytest.raises(Unavailable):
        await database.fetch("select pg_sleep(5)")
    assert [tuple(row) for row in await database.fetch("select 1")] == [(1,)]
    await database.close()


async def test_the_wait_for_a_connection_counts(database_url: str) -> None:
    database = await pool(database_url, seconds=0.5)
    held = asyncio.create_task(database.fetch("select pg_sleep(0.45)"))
    await asyncio.sleep(0.05)
    waiting = [asyncio.create_task(database.fetch("select pg_sleep(0.3)")) for _ in range(5)]
    done = await asyncio.gather(held, *waiting, return_exceptions=True)
    assert not isinstance(done[0], BaseException)
    assert sum(isinstance(result, Unavailable) for result in done) >= 4
    assert await database.fetch("select 1")
    await database.close()


async def test_a_server_that_hangs_up_is_unavailable(database_url: str) -> None:
    database = await pool(database_url, seconds=5)
    (row,) = await database.fetch("select pg_backend_pid() as pid")
    waiting = asyncio.create_task(database.fetch("select pg_sleep(4)"))
    await asyncio.sleep(0.1)
    admin = await asyncpg.connect(database_url)
    await admin.execute("select pg_terminate_backend($1)", row["pid"])
    await admin.close()
    with pytest.raises(Unavailable):
        await waiting
    assert await database.fetch("select 1")
    await database.close()


async def test_what_is_under_way_when_the_pool_closes_ends_and_so_does_the_pool(
    database_url: str,
) -> None:
    database = await pool(database_url, seconds=5)
    under_way = asyncio.create_task(database.fetch("select 1 from pg_sleep(0.3)"))
    await asyncio.sleep(0.1)
    async with asyncio.timeout(3):
        await database.close()
    assert [tuple(row) for row in await under_way] == [(1,)]


async def test_a_refresh_that_fails_is_tried_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes: list[object] = []

    async def refresh() -> object:
        outcomes.append(len(outcomes))
        raise asyncpg.CannotConnectNowError("starting up")

    monkeypatch.setattr(service.reference, "refresh", refresh)
    task = asyncio.create_task(_keep_fresh(service.reference, 0.01))
    await asyncio.sleep(0.1)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert len(outcomes) > 1
