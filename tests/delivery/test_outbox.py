"""The outbox by itself: leases, stale senders, and a look at it that stays cheap."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from app.database import Database
from app.delivery import outbox as statements
from app.delivery.outbox import NoPush, Outbox, Push
from tests.delivery.conftest import LAPSE, Letters


@pytest.fixture
async def outbox(letters: Letters) -> AsyncIterator[Outbox]:
    database = await Database.connect(
        letters.settings().own_database_url(),
        size=2,
        statement_cache_size=10,
        statement_timeout=10,
    )
    yield Outbox(database, batch=10, lease_seconds=60, max_age_days=7)
    await database.close()


async def claimed(outbox: Outbox) -> Push:
    push = await outbox.claim()
    assert isinstance(push, Push)
    return push


async def nothing_is_due(outbox: Outbox) -> bool:
    return await outbox.claim() is NoPush.NOTHING_DUE


async def test_what_one_has_another_does_not_get_until_the_lease_is_over(
    outbox: Outbox, letters: Letters
) -> None:
    await letters.add(5)
    first = await claimed(outbox)
    assert await nothing_is_due(outbox)
    await letters.connection.execute(LAPSE)
    second = await claimed(outbox)
    assert (second.key, second.members) == (first.key, first.members)
    assert second.attempts == 2


@pytest.mark.parametrize("stale", ["failed", "given_up", "refused"])
async def test_who_lost_the_lease_settles_nothing(
    outbox: Outbox, letters: Letters, stale: str
) -> None:
    await letters.add(5)
    first = await claimed(outbox)
    await letters.connection.execute(LAPSE)
    second = await claimed(outbox)
    await getattr(outbox, stale)(first, "HTTP_500", *([1.0] if stale == "failed" else []))
    assert await letters.states() == {"WAITING": 5}
    assert await letters.count("push_key is not null") == 5
    await outbox.sent(second)
    assert await letters.states() == {"SENT": 5}


async def test_that_it_was_sent_holds_whoever_says_so(outbox: Outbox, letters: Letters) -> None:
    await letters.add(5)
    first = await claimed(outbox)
    await letters.connection.execute(LAPSE)
    second = await claimed(outbox)
    await outbox.sent(first)
    await outbox.failed(second, "TIMEOUT", 1.0)
    assert await letters.states() == {"SENT": 5}
    assert await nothing_is_due(outbox)


async def test_halves_have_keys_of_their_own(outbox: Outbox, letters: Letters) -> None:
    await letters.add(5)
    whole = await claimed(outbox)
    assert await outbox.refused(whole, "HTTP_400") == 0
    halves = [await claimed(outbox), await claimed(outbox)]
    assert len({whole.key, *(half.key for half in halves)}) == 3
    assert sorted(len(half.members) for half in halves) == [2, 3]
    assert {each for half in halves for each in half.members} == set(whole.members)


async def test_the_oldest_goes_first_and_says_how_late_it_is(
    outbox: Outbox, letters: Letters
) -> None:
    await letters.add(10)
    old = await letters.add(10, due_ago=timedelta(hours=1))
    push = await claimed(outbox)
    assert [each.notification_id for each in push.members] == old
    assert push.lag >= 3600


async def test_what_awaits_a_user_id_costs_the_sender_nothing(
    outbox: Outbox, letters: Letters
) -> None:
    await letters.add(20_000, known=False, due_ago=timedelta(days=1))
    for _ in range(4):
        assert await outbox.claim() is NoPush.LOOK_AGAIN
    assert await nothing_is_due(outbox)
    assert await letters.count("awaits_user_id") == 20_000
    await letters.connection.execute("vacuum analyze notification_outbox")
    await letters.add(50)
    explain = f"explain (analyze, format json) {statements._NEW_PUSH}"
    arguments = (timedelta(seconds=60), timedelta(days=7), 10, "0" * 32)
    transaction = letters.connection.transaction()
    await transaction.start()
    (row,) = await letters.connection.fetch(explain, *arguments)
    await transaction.rollback()
    reads = list(reads_of_the_outbox(json.loads(row[0])[0]["Plan"]))
    assert reads
    assert sum(reads) <= 50


def reads_of_the_outbox(node: dict[str, Any]) -> Iterator[float]:
    """How many rows each step of a plan read of it, those that it left aside too."""
    if node.get("Relation Name") == "notification_outbox" and "Scan" in node["Node Type"]:
        left_aside = node.get("Rows Removed by Filter", 0)
        yield (node["Actual Rows"] + left_aside) * node["Actual Loops"]
    for inner in node.get("Plans", ()):
        yield from reads_of_the_outbox(inner)


async def test_a_delivery_role_can_do_no_more_than_deliver(letters: Letters) -> None:
    connection = await asyncpg.connect(letters.settings().own_database_url())
    try:
        for statement in (
            "select * from citizen",
            "select facts from notification",
            "update notification set withdrawn_at = now()",
            "delete from notification_outbox",
            "insert into portal_user values (gen_random_uuid(), '', now())",
            "select * from payment",
            "select * from citizen_lookup",
            "select release_what_awaits_the_user_id()",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()
