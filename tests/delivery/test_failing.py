"""However the portal fails: nothing is lost, nothing is shown twice."""

import logging
import random
from datetime import timedelta

import pytest

from app.delivery.dead_letters import dead_letters, retry, standing
from app.errors import Unavailable
from tests.delivery.conftest import HASTY, Letters
from tests.delivery.portal_server import AGENT_ID, CONSUMER_KEY, CONSUMER_SECRET, Answer, Mood

UNSURE = (
    Mood.BROKEN, Mood.BROKEN_AFTER, Mood.DROPPED, Mood.LOST, Mood.LATE, Mood.FORGETFUL, Mood.SLOW,
    Mood.TOO_DEEP,
    Answer(408), Answer(409), Answer(429), Answer(503), Answer(302), Answer(200, 500),
    Answer(200, "a word"), Answer(200, "500"), Answer(200, "4" * 5000), Answer(429, None, "1"),
    Answer(503, None, "Mon, 23 Nov 2026 09:30:00 GMT"),
    Answer(500, None, "soon"),
)  # fmt: skip


@pytest.mark.parametrize("mood", UNSURE, ids=str)
async def test_a_portal_that_recovers_has_shown_each_once(
    letters: Letters, mood: Mood | Answer
) -> None:
    ids = await letters.add(25)
    letters.portal.moods.extend([mood] * 4)
    await letters.run_until_settled(**(HASTY if mood is Mood.LATE else {}))
    await letters.assert_all_sent_once(ids)


@pytest.mark.parametrize("seed", range(3))
async def test_in_a_storm_with_three_senders_nothing_is_lost_nor_shown_twice(
    letters: Letters, seed: int
) -> None:
    ids = await letters.add(120)
    storm = random.Random(seed)  # noqa: S311
    moods = [mood for mood in UNSURE if isinstance(mood, Mood)]
    letters.portal.moods.extend(storm.choice([*moods, Mood.FINE]) for _ in range(60))
    letters.portal.late_seconds = 0.6
    await letters.run_until_settled(senders=3, **HASTY)
    await letters.assert_all_sent_once(ids)


@pytest.mark.parametrize("mood", [Mood.GIBBERISH, Mood.CODE_AS_TEXT, Mood.CODE_NULL], ids=str)
async def test_a_success_without_a_code_or_with_one_as_text_is_a_success(
    letters: Letters, mood: Mood
) -> None:
    ids = await letters.add(3)
    letters.portal.moods.append(mood)
    await letters.drain()
    await letters.assert_all_sent_once(ids)
    assert len(letters.portal.sizes) == 1


async def test_a_repeated_push_is_the_same_to_the_byte(letters: Letters) -> None:
    await letters.add(7)
    letters.portal.moods.extend([Mood.LOST, Mood.BROKEN_AFTER, Mood.DROPPED])
    await letters.add(30)  # what waits beside it does not mix with it
    await letters.run_until_settled(pushes_at_once=1)
    by_key: dict[str, list[object]] = {}
    for key, body in zip(letters.portal.keys, letters.portal.bodies, strict=True):
        by_key.setdefault(key, []).append(body)
    assert sum(map(len, by_key.values())) == len(by_key) + 3
    assert all(bodies.count(bodies[0]) == len(bodies) for bodies in by_key.values())
    assert letters.portal.problems == []


async def test_a_portal_that_compares_what_comes_by_a_key_shows_nothing_twice(
    letters: Letters,
) -> None:
    ids = await letters.add(8)
    letters.portal.compares = True
    letters.portal.moods.append(Mood.BROKEN_AFTER)
    changed = {"push_backoff_seconds": 60.0, "push_longest_backoff_seconds": 60.0}
    with pytest.raises(Unavailable):
        await letters.drain(**changed)
    await letters.connection.execute(
        "update notification set withdrawn_at = now() where id = $1", ids[0]
    )
    await letters.connection.execute("update notification_push set due_at = now()")
    await letters.drain()
    letters.assert_each_shown_once(ids)
    assert await letters.dead() == dict.fromkeys(ids[1:], "HTTP_422")


@pytest.mark.parametrize("count", [1, 30])
async def test_one_bad_recipient_does_not_sink_the_others(letters: Letters, count: int) -> None:
    ids = await letters.add(30)
    bad = ids[7 : 7 + count]
    letters.portal.refused_users = {f"user-{each}" for each in bad}
    sender = await letters.drain(push_batch_size=30)
    good = [each for each in ids if each not in bad]
    letters.assert_each_shown_once(good)
    assert await letters.dead() == dict.fromkeys(bad, "HTTP_400")
    assert sender.counts.dead == len(bad)
    assert await letters.connection.fetchval("select count(*) from notification_push") == 0


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(403), "HTTP_403"),
        (Answer(404), "HTTP_404"),
        (Answer(200, 422), "HTTP_422"),
        (Answer(200, "400"), "HTTP_400"),
    ],
)
async def test_what_is_refused_for_good_is_a_dead_letter_at_once(
    letters: Letters, answer: Answer, error: str
) -> None:
    (number,) = await letters.add(1)
    letters.portal.moods.append(answer)
    await letters.drain()
    assert await letters.dead() == {number: error}
    assert await letters.count("attempts = 1") == 1


@pytest.mark.parametrize(
    ("mood", "shown", "error"),
    [(Mood.BROKEN, 0, "HTTP_500"), (Mood.LOST, 1, "CONNECTION"), (Mood.LATE, 1, "TIMEOUT")],
)
async def test_what_failed_too_often_is_listed_and_retried_as_it_was(
    letters: Letters, mood: Mood, shown: int, error: str
) -> None:
    ids = await letters.add(5)
    letters.portal.usual = mood
    hasty = HASTY if mood is Mood.LATE else {}
    await letters.run_until_settled(**{**hasty, "push_max_attempts": 3})
    assert letters.portal.sizes == [5, 5, 5]
    assert await letters.dead() == dict.fromkeys(ids, error)
    listed = await dead_letters(letters.connection, 3)
    assert [each.notification_id for each in listed] == ids[:3]
    told = {(each.kind, each.attempts, each.last_error) for each in listed}
    assert told == {("PAYMENT_SENT", 3, error)}
    assert letters.portal.users_shown() == ({f"user-{each}": 1 for each in ids} if shown else {})

    letters.portal.usual = Mood.FINE
    assert await retry(letters.connection, ids[:1]) == set(ids), "together, as they were sent"
    await letters.drain()
    await letters.assert_all_sent_once(ids)
    assert len(set(letters.portal.keys)) == 1


async def test_refused_ones_are_retried_one_by_one(letters: Letters) -> None:
    ids = await letters.add(4)
    letters.portal.refused_users = {f"user-{each}" for each in ids}
    await letters.drain()
    letters.portal.refused_users.clear()
    assert await retry(letters.connection, ids[:1]) == set(ids[:1])
    assert (await standing(letters.connection)).dead == 3
    assert await retry(letters.connection, None) == set(ids[1:])
    await letters.drain()
    await letters.assert_all_sent_once(ids)


async def test_a_dead_letter_is_retried_also_when_it_has_grown_old(letters: Letters) -> None:
    ids = await letters.add(1, age=timedelta(days=6))
    letters.portal.moods.append(Answer(403))
    await letters.drain()
    await letters.connection.execute(
        "update notification set created_at = now() - interval '9 days'"
    )
    await retry(letters.connection, ids)
    await letters.drain()
    await letters.assert_all_sent_once(ids)


async def test_the_portal_is_left_alone_when_it_says_until_when(letters: Letters) -> None:
    await letters.add(30)
    letters.portal.moods.append(Answer(429, None, "3600"))
    with pytest.raises(Unavailable, match="they wait"):
        await letters.drain(push_longest_backoff_seconds=1000.0, pushes_at_once=1)
    assert letters.portal.sizes == [10]
    later = "select due_at > now() + interval '15 minutes' from notification_push"
    assert await letters.connection.fetchval(later)


async def test_the_breaker_opens_and_closes_again(letters: Letters) -> None:
    ids = await letters.add(100)
    letters.portal.usual = Mood.BROKEN
    changed = {"breaker_failures": 3, "pushes_at_once": 1, "push_max_attempts": 100}
    async with letters.sender(**changed, breaker_seconds=60.0) as sender:
        with pytest.raises(Unavailable):
            await sender.drain()
        assert len(letters.portal.sizes) == 3, "and no more are tried"
        assert "notification_breaker_open 1" in sender.counts.metrics()
    letters.portal.moods.extend([Mood.BROKEN] * 5)
    letters.portal.usual = Mood.FINE
    await letters.run_until_settled(**changed, breaker_seconds=0.05)
    await letters.assert_all_sent_once(ids)


async def test_a_probe_that_ends_by_an_error_of_ours_lets_others_follow(letters: Letters) -> None:
    ids = await letters.add(30)
    letters.portal.moods.extend([Mood.BROKEN, Mood.TOO_DEEP])
    await letters.run_until_settled(breaker_failures=1, breaker_seconds=0.05, pushes_at_once=1)
    await letters.assert_all_sent_once(ids)


async def test_a_sender_survives_an_error_of_ours_and_counts_it(
    letters: Letters, caplog: pytest.LogCaptureFixture
) -> None:
    ids = await letters.add(3)
    letters.portal.odd_validations = 2
    (sender,) = await letters.run_until_settled()
    await letters.assert_all_sent_once(ids)
    assert sender.counts.failures == {"UNEXPECTED": 2}
    assert [each for each in caplog.messages if "RecursionError" in each]


@pytest.mark.parametrize("status", [401, 500])
async def test_without_a_token_no_attempt_is_counted(letters: Letters, status: int) -> None:
    await letters.add(3)
    letters.portal.validate_status = status
    with pytest.raises(Unavailable):
        await letters.drain()
    assert letters.portal.sizes == []
    assert await letters.count("push_key is null and attempts = 0 and state = 'WAITING'") == 3


async def test_a_token_that_ran_out_is_renewed_once_for_all(letters: Letters) -> None:
    ids = await letters.add(40)
    async with letters.sender() as sender:
        await sender.drain()
        letters.portal.tokens.clear()
        ids += await letters.add(40)
        await sender.drain()
    await letters.assert_all_sent_once(ids)
    assert letters.portal.tokens_given == 2


async def test_no_log_line_and_no_row_tells_a_secret_or_a_user(
    letters: Letters, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ids = await letters.add(40)
    letters.portal.moods.extend(UNSURE)
    letters.portal.refused_users = {f"user-{ids[3]}"}
    await letters.run_until_settled(**HASTY)
    rows = await letters.connection.fetch(
        "select to_jsonb(o)::text from notification_outbox o"
        " union all select to_jsonb(p)::text from notification_push p"
    )
    told = "\n".join([*caplog.messages, *(row[0] for row in rows)])
    assert "HTTP_500" in told
    for secret in (CONSUMER_KEY, CONSUMER_SECRET, AGENT_ID, "token-", "user-", "ท่าน"):
        assert secret not in told
