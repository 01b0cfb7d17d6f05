"""Many keys of one request, waited for at once: each has its own value or error."""

import asyncio

import pytest

from loaders.batching import Loader
from tests.loaders.statements import Statements, ask, assert_empty, turns


async def test_values_are_aligned_and_a_key_is_asked_once() -> None:
    statements = Statements(at_once=True)
    loader = Loader(statements.queue())
    assert await loader.load_each([3, 1, 3, 2]) == ["3", "1", "3", "2"]
    assert statements.keys == [[3, 1, 2]]
    assert await loader.load_each([2, 3]) == ["2", "3"]
    assert await loader.load_each([]) == []
    assert await loader.load_each([1, 4]) == ["1", "4"]
    assert statements.keys == [[3, 1, 2], [4]]


async def test_a_bad_key_has_its_error_and_the_others_their_values() -> None:
    statements = Statements(at_once=True, bad=frozenset({13}))
    loader = Loader(statements.queue())
    one, bad, other = await loader.load_each([12, 13, 14])
    assert (one, other) == ("12", "14")
    assert isinstance(bad, ValueError)
    (again,) = await loader.load_each([13])  # the request keeps it
    assert again is bad


async def test_who_is_cancelled_waits_no_more_and_takes_nobody_along() -> None:
    statements = Statements()
    queue = statements.queue()
    loader = Loader(queue)
    waiting = asyncio.create_task(loader.load_each([1, 2]))
    (other,) = ask(queue, [1])
    await turns()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    statements.sent[0].end.set_result(None)
    assert await other == "1"
    await turns()
    assert_empty(queue)


async def test_what_was_dropped_is_asked_again() -> None:
    statements = Statements()
    queue = statements.queue()
    (held,) = ask(queue, [0])
    await turns()
    loader = Loader(queue)
    waiting = asyncio.create_task(loader.load_each([1]))
    await turns()
    waiting.cancel()
    await turns()
    statements.sent[0].end.set_result(None)
    assert await held == "0"
    await turns()
    statements.at_once = True
    assert await loader.load_each([1]) == ["1"]
