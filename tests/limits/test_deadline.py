"""A request and a statement that take too long are stopped, and the pool is whole after."""

import asyncio
import time
from types import NoneType

import asyncpg
import pytest

from app.errors import Unavailable
from app.limits.deadline import DeadlineExceeded, deadline, time_left
from tests.serving import Caller, Serving, locked

ME = {"query": "{me{givenName entitlements{state}}}"}


async def waiting(connection: asyncpg.Connection) -> int:
    """How many statements of this database wait for a lock."""
    count: int = await connection.fetchval(
        "select count(*) from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock'"
    )
    return count


async def none_waiting(connection: asyncpg.Connection) -> None:
    for _ in range(100):
        if await waiting(connection) == 0:
            return
        await asyncio.sleep(0.02)
    pytest.fail("a statement is still running")


async def all_is_well(caller: Caller) -> None:
    answers = await asyncio.gather(*(caller.post(ME, caller.citizen()) for _ in range(6)))
    assert ["errors" in each.json() for each in answers] == [False] * 6


async def test_a_request_past_its_deadline_is_stopped_with_its_statement(
    serving: Serving, demo_database: str
) -> None:
    changed = {"request_deadline_seconds": 0.3, "statement_timeout_seconds": 30, "pool_size": 2}
    async with serving(**changed) as caller:
        async with locked(demo_database) as connection:
            asking = [asyncio.create_task(caller.post(ME, caller.citizen())) for _ in range(5)]
            await asyncio.sleep(0.15)
            assert await waiting(connection) == 1  # of five: the others' keys wait to go together
            started = time.monotonic()
            answers = await asyncio.gather(*asking)
            assert time.monotonic() - started < 2
            for answer in answers:
                assert answer.status_code == 504
                (error,) = answer.json()["errors"]
                assert error["extensions"] == {"code": "DEADLINE_EXCEEDED"}
                assert error["message"].startswith("No answer within 0.3 s; the work was stopped.")
            await none_waiting(connection)  # while the lock is still held
        await all_is_well(caller)


async def test_a_statement_past_its_time_is_stopped_and_the_pool_survives(
    serving: Serving, demo_database: str
) -> None:
    async with serving(statement_timeout_seconds=0.2, pool_size=2) as caller:
        async with locked(demo_database) as connection:
            asking = [caller.post(ME, caller.citizen()) for _ in range(5)]
            for answer in await asyncio.gather(*asking):
                codes = {each["extensions"]["code"] for each in answer.json()["errors"]}
                assert codes == {"SERVICE_UNAVAILABLE"}
            await none_waiting(connection)
        await all_is_well(caller)


async def test_waiting_for_a_connection_ends_too(serving: Serving) -> None:
    async with serving(statement_timeout_seconds=0.3, pool_size=1) as caller:
        database = caller.service.database
        started = time.monotonic()
        only = await database._take()
        with pytest.raises(Unavailable):
            await database.fetch("select 1")
        await database._give_back(only, whole=True)
        assert 0.3 <= time.monotonic() - started < 2
        assert len(await database.fetch("select 1")) == 1


async def test_time_left_is_the_shorter_of_both_and_never_gone() -> None:
    assert time_left(5) == 5
    async with deadline(60):
        assert time_left(5) == 5
        assert 59 < await asyncio.create_task(asyncio.wait_for(left(100), 1)) <= 60.05
    assert time_left(100) == 100
    with pytest.raises(DeadlineExceeded, match=r"No answer within 0\.01 s"):
        async with deadline(0.01):
            await asyncio.sleep(5)


async def left(at_most: float) -> float:
    return time_left(at_most)


async def test_a_timeout_from_within_stays_its_own() -> None:
    with pytest.raises(TimeoutError):
        async with deadline(60):
            raise TimeoutError


async def test_each_request_has_its_own_deadline() -> None:
    async def wait(seconds: float) -> None:
        async with deadline(seconds):
            await asyncio.sleep(0.4)

    ends = await asyncio.gather(*map(wait, (0.1, 30, 0.05, 20)), return_exceptions=True)
    assert [type(end) for end in ends] == [DeadlineExceeded, NoneType, DeadlineExceeded, NoneType]
