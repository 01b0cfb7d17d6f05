"""What is due goes out, once, in the portal's form; what is not does not."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from app import clock
from app.delivery.outbox import _SET_ASIDE_ALONE
from app.errors import Unavailable
from tests.delivery.conftest import WAITS_FOR_A_LOCK, Letters
from tests.delivery.portal_server import Mood


async def test_everything_due_is_sent_once_in_batches(letters: Letters) -> None:
    ids = await letters.add(25)
    sender = await letters.drain()
    await letters.assert_all_sent_once(ids)
    assert sorted(letters.portal.sizes) == [5, 10, 10]
    assert letters.portal.tokens_given == 1
    assert (sender.counts.sent, dict(sender.counts.pushes)) == (25, {"accepted": 3})


async def test_a_push_is_of_the_form_of_the_portals_documents(letters: Letters) -> None:
    (number,) = await letters.add(1)
    await letters.drain()
    text = "เบี้ยของท่านประจำเดือนพฤศจิกายน 2569 จ่ายแล้ว"
    assert letters.portal.bodies == [
        {
            "appId": "an-app",
            "data": [{"message": text, "userId": f"user-{number}"}],
            "sendDateTime": None,
        }
    ]


async def test_every_kind_has_its_sentence_in_both_languages_and_names_nothing_private(
    letters: Letters,
) -> None:
    kinds = await letters.connection.fetchval("select enum_range(null::notification_kind)::text[]")
    for kind in kinds:
        await letters.add(1, kind=kind)
    await letters.drain(push_language="TH")
    for kind in kinds:
        await letters.add(1, kind=kind)
    await letters.drain(push_language="EN")
    texts = [each["message"] for body in letters.portal.bodies for each in body["data"]]
    assert len(set(texts)) == 2 * len(kinds)
    for text in texts:
        assert len(text) < 160
        assert "พิการ" not in text
        assert "isab" not in text
        assert re.findall(r"\d+", text) in ([], ["2569"])


DAYS = {"age": timedelta(days=8)}


@pytest.mark.parametrize(
    "row", [{"due_ago": timedelta(hours=-1)}, {"known": False}, DAYS, {**DAYS, "known": False}]
)
async def test_what_is_not_due_nor_addressed_nor_new_is_not_sent(
    letters: Letters, row: dict[str, Any]
) -> None:
    await letters.add(12, **row)
    await letters.drain()
    assert letters.portal.sizes == []
    assert await letters.count("state = 'SENT' or push_key is not null") == 0


async def test_what_is_too_old_is_withdrawn_and_says_so(letters: Letters) -> None:
    await letters.add(1, age=timedelta(days=8))
    await letters.add(1, age=timedelta(days=6))
    await letters.drain()
    assert await letters.states() == {"WITHDRAWN": 1, "SENT": 1}
    assert await letters.count("state = 'WITHDRAWN' and last_error = 'TOO_OLD'") == 1


@pytest.mark.parametrize(
    "withdraw",
    [
        "update notification set withdrawn_at = now()",
        "update notification_outbox set state = 'WITHDRAWN'",
    ],
)
async def test_what_was_withdrawn_is_not_sent(letters: Letters, withdraw: str) -> None:
    (withdrawn,) = await letters.add(1)
    await letters.connection.execute(withdraw)
    kept = await letters.add(3)
    await letters.drain()
    letters.assert_each_shown_once(kept)
    assert await letters.states() == {"WITHDRAWN": 1, "SENT": 3}
    assert withdrawn not in kept


@pytest.mark.parametrize("everything", [True, False])
async def test_what_was_withdrawn_after_a_failure_is_not_sent_again(
    letters: Letters, everything: bool
) -> None:
    ids = await letters.add(4)
    letters.portal.moods.append(Mood.BROKEN)
    with pytest.raises(Unavailable):
        await letters.drain(push_backoff_seconds=60.0, push_longest_backoff_seconds=60.0)
    gone = ids if everything else ids[:1]
    await letters.connection.execute(
        "update notification set withdrawn_at = now() where id = any($1)", gone
    )
    await letters.connection.execute("update notification_push set due_at = now()")
    await letters.run_until_settled()
    letters.assert_each_shown_once([each for each in ids if each not in gone])
    assert await letters.count("push_key is not null") == 0
    assert await letters.connection.fetchval("select count(*) from notification_push") == 0


async def test_withdrawn_while_it_was_being_sent_it_counts_as_sent_and_withdrawn(
    letters: Letters,
) -> None:
    await letters.add(1)
    letters.portal.moods.append(Mood.SLOW)
    draining = asyncio.create_task(letters.drain())
    await asyncio.to_thread(letters.portal.reached.wait, 20)
    await letters.connection.execute("update notification_outbox set state = 'WITHDRAWN'")
    await draining
    assert await letters.count("state = 'WITHDRAWN' and sent_at is not null") == 1


async def test_it_goes_out_when_the_user_becomes_known(letters: Letters) -> None:
    ids = await letters.add(12, known=False)
    await letters.drain()
    assert await letters.count("awaits_user_id and state = 'WAITING'") == 12
    await letters.learn(ids[:5])
    await letters.drain()
    letters.assert_each_shown_once(ids[:5])
    await letters.learn(ids[5:])
    await letters.drain()
    await letters.assert_all_sent_once(ids)


async def test_it_does_not_go_out_when_the_user_becomes_known_too_late(letters: Letters) -> None:
    ids = await letters.add(3, known=False, age=DAYS["age"])
    await letters.drain()
    assert await letters.count("awaits_user_id and state = 'WAITING'") == 3
    await letters.learn(ids)
    await letters.drain()
    assert await letters.states() == {"WITHDRAWN": 3}
    assert letters.portal.sizes == []


async def test_a_user_who_signs_in_while_what_is_theirs_is_set_aside_is_not_passed_by(
    letters: Letters,
) -> None:
    ids = await letters.add(3, known=False)
    signing_in = await asyncpg.connect(letters.url)
    transaction = signing_in.transaction()
    await transaction.start()
    other = Letters(signing_in, letters.url, letters.portal)
    await other.learn(ids)
    draining = asyncio.create_task(letters.drain())
    await letters.until(
        "select count(*) > 0 from pg_locks where locktype = 'advisory' and not granted"
    )
    await transaction.commit()
    await draining
    await signing_in.close()
    await letters.assert_all_sent_once(ids)


async def test_who_is_to_stop_sets_no_more_aside(letters: Letters) -> None:
    await letters.add(6_000, known=False)
    async with letters.sender() as sender:
        async with letters.connection.transaction():
            await letters.connection.execute(_SET_ASIDE_ALONE)
            running = asyncio.create_task(sender.run())
            await letters.until(WAITS_FOR_A_LOCK)
            sender.stop()
        await running
    assert await letters.count("awaits_user_id") == 5_000


async def test_learning_many_users_locks_what_awaits_them_by_number(letters: Letters) -> None:
    first, second = await letters.add(2, known=False)
    await letters.drain()
    lock = "select from notification_outbox where notification_id = $1 for update"
    learning = await asyncpg.connect(letters.url)
    other = Letters(learning, letters.url, letters.portal)
    async with letters.connection.transaction():
        await letters.connection.execute(lock, first)
        task = asyncio.create_task(other.learn([second, first]))
        await letters.until(WAITS_FOR_A_LOCK)
        await letters.connection.execute(lock, second)
    await task
    await learning.close()
    assert await letters.count("not awaits_user_id") == 2


async def test_in_quiet_hours_nothing_is_sent(letters: Letters) -> None:
    await letters.add(3)
    now = clock.now()
    night = f"{now - timedelta(hours=2):%H:%M}-{now + timedelta(hours=2):%H:%M}"
    await letters.drain(quiet_hours=night)
    assert letters.portal.sizes == []
    assert letters.portal.tokens_given == 0
    assert await letters.states() == {"WAITING": 3}


@pytest.mark.parametrize("senders", [2, 3])
async def test_several_senders_at_once_send_nothing_twice(letters: Letters, senders: int) -> None:
    ids = await letters.add(300)
    letters.portal.usual = Mood.SLOW
    await letters.run_until_settled(senders=senders)
    await letters.assert_all_sent_once(ids)
    assert sum(letters.portal.sizes) == 300, "not even under the same key"


@pytest.mark.parametrize("most", [1, 3])
async def test_so_many_pushes_at_once_and_no_more(letters: Letters, most: int) -> None:
    ids = await letters.add(120)
    letters.portal.usual = Mood.SLOW
    await letters.drain(pushes_at_once=most)
    await letters.assert_all_sent_once(ids)
    assert letters.portal.most_at_once <= most


async def test_no_faster_than_it_is_allowed_to(letters: Letters) -> None:
    await letters.add(60)
    letters.portal.usual = Mood.SLOW
    async with letters.sender(push_messages_per_second=0.01) as sender:
        running = asyncio.create_task(sender.run())
        await letters.until("select count(*) > 0 from notification_outbox where state = 'SENT'")
        sender.stop()
        await running
    assert letters.portal.sizes == [10]


async def test_a_sender_without_a_database_says_so(letters: Letters) -> None:
    with pytest.raises(Unavailable):
        await letters.drain(delivery_database_url="postgresql://u@127.0.0.1:1/x")
