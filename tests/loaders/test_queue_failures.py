"""What goes wrong for one stays with that one."""

from collections.abc import Sequence

import pytest

from app.errors import TooSlow, Unavailable
from app.limits.deadline import DeadlineExceeded, deadline
from loaders.batching import Loader
from loaders.queue import Queue
from tests.loaders.statements import Statements, ask, assert_empty, outcomes, turns

AWAY = "The data can not be read just now."


async def test_who_is_cancelled_takes_nobody_along() -> None:
    statements = Statements()
    queue = statements.queue()
    loader = Loader(queue)
    mine, twice, sibling = loader.load(1), loader.load(1), loader.load(2)
    (other,) = ask(queue, [1])
    await turns()
    mine.cancel()
    statements.sent[0].end.set_result(None)
    assert [await twice, await sibling, await other] == ["1", "2", "1"]
    assert mine.cancelled()
    await turns()
    assert_empty(queue)


async def test_who_runs_out_of_time_takes_nobody_along() -> None:
    statements = Statements()
    queue = statements.queue()
    (patient,) = ask(queue, [1])
    with pytest.raises(DeadlineExceeded):
        async with deadline(0.01):
            await ask(queue, [2])[0]
    assert statements.keys == [[1, 2]]
    statements.sent[0].end.set_result(None)
    assert await patient == "1"


async def test_what_nobody_waits_for_is_not_sent_and_can_be_asked_again() -> None:
    statements = Statements()
    queue = statements.queue()
    (held,) = ask(queue, [0])
    await turns()
    loader = Loader(queue)
    for waiter in [loader.load(1), *ask(queue, [2])]:
        waiter.cancel()
    statements.sent[0].end.set_result(None)
    assert await held == "0"
    await turns()
    assert statements.keys == [[0]]
    assert_empty(queue)
    statements.at_once = True
    assert await loader.load(1) == "1"


async def test_a_bad_key_fails_alone() -> None:
    statements = Statements(bad=frozenset({13}))
    queue = statements.queue()
    first = ask(queue, [1000])
    await turns()  # beside it the others go in one statement
    statements.at_once = True
    guilty, others = ask(queue, range(64)), [ask(queue, [key]) for key in range(100, 120)]
    ends = await outcomes([*guilty, *(each for (each,) in others)])
    assert ends.pop("ValueError") == 1
    assert set(ends) == {str(key) for key in (*range(64), *range(100, 120)) if key != 13}
    statements.sent[0].end.set_result(None)
    assert await outcomes(first) == {"1000": 1}
    assert len(statements.sent) == 1 + 1 + 21 + 2 * 6  # all, each request, then halves of 64
    await turns()
    assert_empty(queue)


async def test_a_bad_key_that_is_alone_is_not_asked_twice() -> None:
    statements = Statements(at_once=True, bad=frozenset({13}))
    assert await outcomes(ask(statements.queue(), [13])) == {"ValueError": 1}
    assert statements.keys == [[13]]


async def test_a_request_keeps_its_error_too() -> None:
    statements = Statements(at_once=True, bad=frozenset({13}))
    loader = Loader(statements.queue())
    for _ in range(2):
        with pytest.raises(ValueError, match="a bad key"):
            await loader.load(13)
    assert statements.keys == [[13]]


async def test_a_lost_connection_is_tried_again_once_for_each_request_apart() -> None:
    statements = Statements(at_once=True, failures=[Unavailable(AWAY), Unavailable(AWAY)])
    queue = statements.queue()
    first, second, third = ask(queue, [1, 2]), ask(queue, [3]), ask(queue, [4])
    assert await outcomes(first) == {"Unavailable": 2}
    assert await outcomes([*second, *third]) == {"3": 1, "4": 1}
    assert statements.keys == [[1, 2, 3, 4], [1, 2], [3], [4]]
    await turns()
    assert_empty(queue)


async def test_a_request_alone_is_tried_again_once() -> None:
    statements = Statements(at_once=True, failures=[Unavailable(AWAY)])
    queue = statements.queue()
    assert await outcomes(ask(queue, [1, 2])) == {"1": 1, "2": 1}
    statements.failures = [Unavailable(AWAY), Unavailable(AWAY)]
    assert await outcomes(ask(queue, [3])) == {"Unavailable": 1}
    assert statements.keys == [[1, 2], [1, 2], [3], [3]]


async def test_a_timeout_is_not_tried_again() -> None:
    statements = Statements(at_once=True, failures=[TooSlow(AWAY)])
    queue = statements.queue()
    assert await outcomes([*ask(queue, [1]), *ask(queue, [2])]) == {"TooSlow": 2}
    assert statements.keys == [[1, 2]]
    await turns()
    assert_empty(queue)


async def test_nothing_is_tried_again_for_those_who_left() -> None:
    statements = Statements()
    queue = statements.queue()
    (left,), (stayed,) = ask(queue, [1]), ask(queue, [2])
    await turns()
    left.cancel()
    statements.at_once = True
    statements.sent[0].end.set_exception(Unavailable(AWAY))
    assert await stayed == "2"
    assert statements.keys == [[1, 2], [2]]
    await turns()
    assert_empty(queue)


async def test_trying_again_holds_up_nobody() -> None:
    statements = Statements()
    queue = statements.queue()
    (unlucky,) = ask(queue, [1])
    await turns()
    (next_one,) = ask(queue, [2])
    statements.sent[0].end.set_exception(Unavailable(AWAY))
    await turns()
    assert statements.keys == [[1], [1], [2]]
    statements.sent[2].end.set_result(None)
    assert await next_one == "2"
    statements.sent[1].end.set_result(None)
    assert await unlucky == "1"


async def test_a_batch_function_that_loses_a_value_is_not_believed() -> None:
    async def fetch(keys: Sequence[int]) -> list[str]:
        return [str(key) for key in keys if key != 13]

    queue: Queue[int, str] = Queue(fetch)
    assert await outcomes(ask(queue, [12, 13, 14])) == {"12": 1, "ValueError": 1, "14": 1}
    await turns()
    assert_empty(queue)


async def test_a_queue_that_is_stopped_leaves_nobody_waiting() -> None:
    statements = Statements()
    queue = statements.queue()
    waiting = ask(queue, [1])
    await turns()
    for task in list(queue._tasks):
        task.cancel()
    assert await outcomes(waiting) == {"CancelledError": 1}
    await turns()
    assert_empty(queue)
