"""Who goes with whom, in which turn, and how many at most."""

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar

import pytest

from app.errors import Overloaded
from app.limits.deadline import deadline
from loaders import queue as queues
from loaders.batching import Loader
from loaders.queue import MANY, MANY_OF_ONE, MAX_BATCH_SIZE, MAX_FLIGHTS, SHARE, Queue
from tests.loaders.statements import Statements, ask, assert_empty, outcomes, turns


async def test_an_idle_edge_sends_the_keys_of_a_level_at_once_and_together() -> None:
    statements = Statements(at_once=True)
    loader = Loader(statements.queue())

    async def resolver(key: int) -> str:
        if key % 2:
            await asyncio.sleep(0)  # some ask a turn of the loop later
        return await loader.load(key)

    assert await asyncio.gather(*map(resolver, range(6))) == list("012345")
    (sent,) = statements.keys
    assert sorted(sent) == list(range(6))


async def test_keys_that_come_while_a_statement_is_under_way_go_together_next() -> None:
    statements = Statements()
    queue = statements.queue()
    waiting = ask(queue, [0])
    await turns()
    for key in range(1, MANY):
        waiting += ask(queue, [key])
        await turns()
    assert statements.keys == [[0]]
    statements.sent[0].end.set_result(None)
    await turns()
    assert statements.keys == [[0], list(range(1, MANY))]
    statements.sent[1].end.set_result(None)
    assert [await each for each in waiting] == [str(key) for key in range(MANY)]
    await turns()
    assert_empty(queue)


async def test_many_keys_go_beside_a_statement_that_is_under_way_but_in_no_third() -> None:
    statements = Statements()
    queue = statements.queue()
    waiting = ask(queue, [0])
    await turns()
    for key in range(1, 50):
        waiting += ask(queue, [key])
        await turns()
    assert statements.keys == [[0], list(range(1, 1 + MANY))]
    statements.sent[1].end.set_result(None)
    await turns()
    assert statements.keys[2:] == [list(range(1 + MANY, 50))]
    statements.sent[0].end.set_result(None)
    statements.sent[2].end.set_result(None)
    assert [await each for each in waiting] == [str(key) for key in range(50)]
    await turns()
    assert_empty(queue)


@pytest.mark.parametrize(
    ("count", "sizes"), [(2 * MANY - 1, [2 * MANY - 1]), (2 * MANY, [MANY, MANY])]
)
async def test_many_keys_that_come_at_once_go_in_halves(count: int, sizes: list[int]) -> None:
    statements = Statements()
    queue = statements.queue()
    waiting = [each for key in range(count) for each in ask(queue, [key])]
    await turns()
    assert [len(keys) for keys in statements.keys] == sizes
    for statement in statements.sent:
        statement.end.set_result(None)
    assert await outcomes(waiting) == dict.fromkeys(map(str, range(count)), 1)


async def test_keys_of_one_request_go_in_halves_where_they_are_very_many() -> None:
    for count, sizes in ((2 * MANY_OF_ONE - 1, [2 * MANY_OF_ONE - 1]), (1000, [500, 500])):
        statements = Statements(at_once=True)
        await asyncio.gather(*ask(statements.queue(), range(count)))
        assert [len(keys) for keys in statements.keys] == sizes


async def test_a_request_asks_a_key_once_and_has_one_value() -> None:
    statements = Statements(at_once=True)
    queue = statements.queue()
    loader = Loader(queue)
    first, second = loader.load(1), loader.load(1)
    assert await first is await second is await loader.load(1)
    assert await loader.load_many([1, 2]) == ["1", "2"]
    assert statements.keys == [[1], [2]]
    await asyncio.gather(*ask(queue, [1]))
    assert statements.keys == [[1], [2], [1]]  # another request asks anew


async def test_what_another_statement_brought_is_not_asked() -> None:
    statements = Statements(at_once=True)
    loader = Loader(statements.queue())
    loader.prime(1, "primed")
    assert await loader.load_many([1, 2]) == ["primed", "2"]
    assert statements.keys == [[2]]


async def test_keys_that_can_not_share_a_statement_go_apart() -> None:
    statements = Statements(at_once=True)
    await asyncio.gather(*ask(statements.queue(apart=lambda key: key % 3), range(9)))
    assert sorted(statements.keys) == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]


async def test_a_batch_is_bounded() -> None:
    statements = Statements(at_once=True)
    await asyncio.gather(*ask(statements.queue(), range(2 * MAX_BATCH_SIZE + 1)))
    assert [len(keys) for keys in statements.keys] == [MAX_BATCH_SIZE, MAX_BATCH_SIZE, 1]


async def test_a_batch_of_many_requests_is_bounded_too() -> None:
    statements = Statements()
    queue = statements.queue()
    waiting = [each for _ in range(110) for each in ask(queue, range(SHARE - 1))]
    await turns()
    assert [len(keys) for keys in statements.keys] == [MAX_BATCH_SIZE] * 2
    statements.at_once = True
    for statement in statements.sent:
        statement.end.set_result(None)
    await asyncio.gather(*waiting)
    sizes = [len(keys) for keys in statements.keys[2:]]
    assert sizes == [(len(waiting) - 2 * MAX_BATCH_SIZE) // 2] * 2


async def test_a_statement_knows_nothing_of_a_request() -> None:
    of_request: ContextVar[str] = ContextVar("of_request", default="nobody's")
    seen: list[str] = []

    async def fetch(keys: Sequence[int]) -> list[str]:
        seen.append(of_request.get())
        return [str(key) for key in keys]

    of_request.set("mine")
    await asyncio.gather(*ask(Queue(fetch), [1]))
    assert seen == ["nobody's"]


async def test_a_screen_goes_beside_a_thousand_keys_that_are_under_way() -> None:
    statements = Statements()
    queue = statements.queue()
    many = ask(queue, range(1000))
    await turns()
    more = ask(queue, range(1000, 2000))
    one = ask(queue, [7])
    await turns()
    halves = [list(range(500)), list(range(500, 1000))]
    assert statements.keys == [*halves, [*range(1000, 1000 + SHARE), 7]]
    statements.sent[2].end.set_result(None)
    assert await one[0] == "7"
    assert not many[0].done()
    statements.at_once = True
    for statement in statements.under_way:
        statement.end.set_result(None)
    await asyncio.gather(*many, *more)


async def test_screens_that_keep_coming_and_a_thousand_keys_take_turns() -> None:
    statements = Statements()
    queue = statements.queue()
    waiting = ask(queue, [-1])
    await turns()
    waiting += ask(queue, range(1000))
    for batch in range(10):
        waiting += ask(queue, [-2 - batch])
        if batch:
            statements.sent[-1].end.set_result(None)
        await turns()
        assert len(statements.sent) == batch + 2
        assert -2 - batch in statements.keys[-1]
        assert sum(key >= 0 for key in statements.keys[-1]) == SHARE
    statements.at_once = True
    for statement in statements.under_way:
        statement.end.set_result(None)
    assert len(await outcomes(waiting)) == 1011
    await turns()
    assert_empty(queue)


async def test_requests_of_a_thousand_keys_go_one_after_the_other() -> None:
    statements = Statements()
    queue = statements.queue()
    waiting = [ask(queue, range(start, start + 1000)) for start in (0, 1000, 2000)]
    await turns()
    assert [(keys[0], len(keys)) for keys in statements.keys] == [(0, 500), (500, 500)]
    statements.sent[0].end.set_result(None)
    await turns()
    assert [(keys[0], len(keys)) for keys in statements.keys[2:]] == [(1000, 1000)]
    statements.sent[1].end.set_result(None)
    await turns()
    assert all(each.done() for each in waiting[0])
    assert not any(each.done() for each in waiting[1] + waiting[2])
    assert [(keys[0], len(keys)) for keys in statements.keys[3:]] == [(2000, 1000)]
    for statement in statements.under_way:
        statement.end.set_result(None)
    await asyncio.gather(*waiting[1], *waiting[2])
    await turns()
    assert_empty(queue)


async def test_many_statements_of_one_request_leave_room_for_another() -> None:
    statements = Statements()
    queue = statements.queue(apart=lambda key: key)
    many = ask(queue, range(50))
    await turns()
    one = ask(queue, [99])
    await turns()
    assert len(statements.under_way) == MAX_FLIGHTS
    statements.sent[0].end.set_result(None)
    await turns()
    assert statements.keys[MAX_FLIGHTS:] == [[99]]
    statements.at_once = True
    for statement in statements.under_way:
        statement.end.set_result(None)
    await asyncio.gather(*many, *one)


async def test_too_many_keys_are_refused_and_leave_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queues, "MAX_HELD", 10)
    statements = Statements()
    queue = statements.queue()
    waiting = ask(queue, [0, 1, 2])
    await turns()
    waiting += ask(queue, range(3, 10))
    refused = ask(queue, range(10, 1000))
    with pytest.raises(Overloaded, match="The service is overloaded just now"):
        await refused[0]
    assert await outcomes(refused) == {"Overloaded": 990}
    assert queue.held == 10
    statements.at_once = True
    statements.sent[0].end.set_result(None)
    assert sorted(await outcomes(waiting)) == list("0123456789")
    await turns()
    assert_empty(queue)
    assert await ask(queue, [11])[0] == "11"


async def test_a_statement_has_the_time_of_the_most_patient() -> None:
    statements = Statements()
    queue = statements.queue()
    waiting = []
    for key, seconds in ((1, 10), (2, 30), (3, 20)):
        async with deadline(seconds):
            waiting += ask(queue, [key])
    await turns()
    async with deadline(1):
        waiting += ask(queue, [4])
    waiting += ask(queue, [5])  # without a deadline
    statements.sent[0].end.set_result(None)
    await turns()
    statements.sent[1].end.set_result(None)
    assert [await each for each in waiting] == list("12345")
    assert statements.keys == [[1, 2, 3], [4, 5]]
    assert 29 < statements.sent[0].seconds <= 30.05
    assert statements.sent[1].seconds == 100
