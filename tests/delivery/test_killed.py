"""`deliver` killed with -9 at each of its steps: nothing is lost, nothing is shown twice."""

import asyncio
import random
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import asyncpg
import pytest

from tests.conftest import ALLOWANCES
from tests.delivery.conftest import HASTY, LAPSE, Letters
from tests.delivery.portal_server import Mood

BLOCKED = """
select count(*) > 0 from pg_stat_activity
where usename = 'allowances_delivery_app' and datname = current_database()
  and wait_event_type = 'Lock'
"""
GONE = """
select count(*) = 0 from pg_stat_activity
where usename = 'allowances_delivery_app' and datname = current_database()
"""
END_THE_BLOCKED = """
select pg_terminate_backend(pid, 5000) from pg_stat_activity
where usename = 'allowances_delivery_app' and datname = current_database()
"""


@contextmanager
def delivering(letters: Letters, **changed: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The command at work; killed at the end, if it was not before."""
    with subprocess.Popen(
        [ALLOWANCES, "deliver"], env=letters.environment(**changed), stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@asynccontextmanager
async def locked(letters: Letters, table: str) -> AsyncIterator[None]:
    """A table in which nobody can write; who waits for it when this ends never gets to."""
    connection = await asyncpg.connect(letters.url)
    try:
        async with connection.transaction():
            await connection.execute(f"lock table {table} in share mode")
            yield
            await connection.execute(END_THE_BLOCKED)
    finally:
        await connection.close()


async def happened(letters: Letters, what: str) -> None:
    event = letters.portal.asked_token if what == "token" else letters.portal.reached
    assert await asyncio.to_thread(event.wait, 30)


async def killed_while_it_asks_for_a_token(letters: Letters) -> None:
    letters.portal.holds_tokens = True
    with delivering(letters):
        await happened(letters, "token")
    letters.portal.holds_tokens = False
    letters.portal.go_on.set()


async def killed_while_it_claims(letters: Letters) -> None:
    async with locked(letters, "notification_push"):
        with delivering(letters):
            await letters.until(BLOCKED)


async def killed_before_the_portal_takes_it(letters: Letters) -> None:
    letters.portal.moods.append(Mood.HELD)
    with delivering(letters):
        await happened(letters, "push")
    letters.portal.go_on.set()  # and then the portal takes what nobody waits for


async def killed_before_the_portal_answers(letters: Letters) -> None:
    letters.portal.moods.append(Mood.LATE)
    with delivering(letters):
        await happened(letters, "push")


async def killed_as_the_answer_comes(letters: Letters) -> None:
    with delivering(letters):
        await happened(letters, "push")


async def killed_before_it_writes_down_that_it_was_sent(letters: Letters) -> None:
    letters.portal.moods.append(Mood.HELD)
    with delivering(letters):
        await happened(letters, "push")
        async with locked(letters, "notification_outbox"):
            letters.portal.go_on.set()
            await letters.until(BLOCKED)


async def killed_before_it_writes_down_that_it_failed(letters: Letters) -> None:
    letters.portal.moods.append(Mood.HELD_IN_VAIN)
    with delivering(letters):
        await happened(letters, "push")
        async with locked(letters, "notification_push"):
            letters.portal.go_on.set()
            await letters.until(BLOCKED)


async def killed_before_it_parts_what_was_refused(letters: Letters) -> None:
    letters.portal.moods.append(Mood.HELD_AND_REFUSED)
    with delivering(letters):
        await happened(letters, "push")
        async with locked(letters, "notification_outbox"):
            letters.portal.go_on.set()
            await letters.until(BLOCKED)


POINTS = (
    killed_while_it_asks_for_a_token,
    killed_while_it_claims,
    killed_before_the_portal_takes_it,
    killed_before_the_portal_answers,
    killed_as_the_answer_comes,
    killed_before_it_writes_down_that_it_was_sent,
    killed_before_it_writes_down_that_it_failed,
    killed_before_it_parts_what_was_refused,
)


@pytest.mark.parametrize("killed", POINTS, ids=lambda point: point.__name__)
async def test_killed_at_any_step_each_is_shown_once(
    letters: Letters, killed: Callable[[Letters], Awaitable[None]]
) -> None:
    ids = await letters.add(35)
    await killed(letters)
    await letters.until(GONE)  # what it had begun in the database ends with it, or a moment later
    await letters.connection.execute(LAPSE)
    await letters.run_until_settled()
    await letters.assert_all_sent_once(ids)


async def test_killed_again_and_again_each_is_shown_once(letters: Letters) -> None:
    chance = random.Random(2569)  # noqa: S311
    ids = await letters.add(600)
    letters.portal.usual = Mood.SLOW
    for _ in range(2):
        letters.portal.reached.clear()
        with delivering(letters, **HASTY), delivering(letters, **HASTY):
            await happened(letters, "push")
            await asyncio.sleep(chance.uniform(0, 0.4))
    assert await letters.count("state = 'WAITING'"), "there was always something to interrupt"
    letters.portal.usual = Mood.FINE
    await letters.run_until_settled()
    await letters.assert_all_sent_once(ids)


async def test_told_to_stop_it_finishes_what_is_under_way(letters: Letters) -> None:
    await letters.add(35)
    letters.portal.usual = Mood.SLOW
    with delivering(letters) as process:
        await happened(letters, "push")
        process.terminate()
        assert await asyncio.to_thread(process.wait, 30) == 0
    assert await letters.count("push_key is not null") == 0
    assert await letters.count("state = 'SENT'") == sum(letters.portal.sizes)
