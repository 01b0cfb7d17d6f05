"""Connections that wait to be used again."""

import asyncio

import pytest

from app.database import Database, _is_open

TWO = 2


async def connected(url: str) -> Database:
    return await Database.connect(url, size=TWO, statement_cache_size=10, statement_timeout=5)


async def test_more_statements_than_connections_are_all_answered(database_url: str) -> None:
    database = await connected(database_url)
    rows = await asyncio.gather(
        *(database.fetch("select $1::int as n, pg_backend_pid() as p", each) for each in range(20))
    )
    assert [row["n"] for (row,) in rows] == list(range(20))
    assert len({row["p"] for (row,) in rows}) <= TWO
    async with database.connection() as connection:
        assert await connection.fetchval("select 1") == 1
    await asyncio.wait_for(database.close(), 5)


async def test_a_connection_that_was_closed_meanwhile_is_not_lent(database_url: str) -> None:
    database, other = await connected(database_url), await connected(database_url)
    ((pid,),) = await database.fetch("select pg_backend_pid()")
    await other.fetch("select pg_terminate_backend($1)", pid)
    for _ in range(100):  # until the news arrive
        await asyncio.sleep(0.05)
        if not _is_open(database._idle[-1]):
            break
    ((new,),) = await database.fetch("select pg_backend_pid()")
    assert new != pid
    await database.close()
    await other.close()


async def test_one_whose_statement_was_cancelled_is_as_good_as_new(database_url: str) -> None:
    database = await connected(database_url)
    sleeping = asyncio.create_task(database.fetch("select pg_sleep(5)"))
    await asyncio.sleep(0.1)
    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping
    both = await asyncio.gather(*(database.fetch("select 1") for _ in range(TWO)))
    assert [len(rows) for rows in both] == [1, 1]
    await asyncio.wait_for(database.close(), 5)
