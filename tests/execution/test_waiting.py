"""Values that are there and values that are awaited, mixed."""

import asyncio
import inspect
from collections.abc import Callable, Generator, Sequence
from typing import Any

import pytest
from graphql import GraphQLField, Undefined, build_schema, execute, parse

from app.execution.plan import Call
from tests.execution.both import NoShortcuts, answer, compiled_for, keys_in_order
from tests.execution.conftest import Run

SCHEMA = build_schema("""
type Query { n: Int  sure: Int!  deep: Query  all: [Query!] }
""")


async def later(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


class Awaitable:
    """Awaitable, and nothing else."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __await__(self) -> Generator[Any, None, Any]:
        yield from asyncio.sleep(0).__await__()
        return self._value


def as_future(value: Any) -> "asyncio.Future[Any]":
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_result, value)
    return future


WAYS: dict[str, Callable[[Any], Any]] = {
    "at once": lambda value: value,
    "a coroutine": later,
    "a task": lambda value: asyncio.create_task(later(value)),
    "a future": as_future,
    "an object that can be awaited": Awaitable,
}


@pytest.mark.parametrize("leaf", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("above", WAYS.values(), ids=WAYS)
async def test_every_way_to_give_a_value(
    run: Run, above: Callable[[Any], Any], leaf: Callable[[Any], Any]
) -> None:
    root: dict[str, Any] = {"n": lambda _info: leaf(1), "sure": lambda _info: leaf(2)}
    root["deep"] = lambda _info: above(root)
    root["all"] = lambda _info: above([above(root), root])
    text = "{ n deep { deep { sure n } sure } all { n deep { n } } }"
    inner = {"n": 1, "deep": {"n": 1}}
    assert await run(SCHEMA, text, root) == (
        {"n": 1, "deep": {"deep": {"sure": 2, "n": 1}, "sure": 2}, "all": [inner, inner]},
        [],
    )


async def test_all_objects_of_a_level_wait_together(run: Run) -> None:
    waiting, everyone, count = 0, asyncio.Event(), 1000

    async def n(_info: Any) -> int:
        nonlocal waiting
        waiting += 1
        if waiting == count:
            everyone.set()
        await everyone.wait()
        return 1

    async with asyncio.timeout(20):
        data, errors = await run(SCHEMA, "{ all { n } }", {"all": [{"n": n}] * count})
    assert (data, errors) == ({"all": [{"n": 1}] * count}, [])


async def test_one_that_fails_leaves_alone_whoever_waits_beside_it(run: Run) -> None:
    async def fail(_info: Any) -> int:
        raise ValueError("wrong")

    async def patient(_info: Any) -> int:
        for _ in range(5):
            await asyncio.sleep(0)
        return 1

    root = {"all": [{"n": fail}, {"n": patient}, {"deep": {"sure": fail}, "n": patient}]}
    data, errors = await run(SCHEMA, "{ all { n deep { sure } } }", root)
    assert data == {
        "all": [{"n": None, "deep": None}, {"n": 1, "deep": None}, {"n": 1, "deep": None}]
    }
    assert sorted(each["path"] for each in errors) == [["all", 0, "n"], ["all", 2, "deep", "sure"]]


async def test_whoever_is_cancelled_leaves_no_resolver_behind(run: Run) -> None:
    begun, ended = asyncio.Event(), []

    async def forever(_info: Any) -> int:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("forever")
        return 1

    running = asyncio.ensure_future(run(SCHEMA, "{ deep { n } }", {"deep": {"n": forever}}))
    async with asyncio.timeout(5):
        await begun.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert ended == ["forever"]


@pytest.mark.parametrize("compiled", [False, True])
async def test_what_is_never_awaited_is_answered_at_once(compiled: bool) -> None:
    executor = compiled_for(SCHEMA)[0] if compiled else None
    root = {"deep": {"n": 1}}
    result = execute(SCHEMA, parse("{ deep { n } }"), root, executor_class=executor)
    assert not inspect.isawaitable(result)
    assert await answer(SCHEMA, "{ deep { n } }", root, executor=executor) == (root, [])


class _CallOfN(NoShortcuts):
    """The field `n` as a call that may be at hand."""

    def __init__(self, together: Callable[..., Any], at_hand: Callable[..., Any]) -> None:
        self._call = Call(lambda source, _info: source["n"], together=together, at_hand=at_hand)

    def call_of(self, field: GraphQLField) -> Call | None:  # type: ignore[override]
        named = field.ast_node is not None and field.ast_node.name.value == "n"
        return self._call if named else None


async def test_what_is_not_at_hand_is_asked_together_and_nothing_else() -> None:
    asked: list[list[int]] = []

    def known(_info: Any) -> Callable[[Any], Any]:
        return lambda source: source["n"] if source["n"] % 2 else Undefined

    async def together(sources: Sequence[Any], _info: Any) -> list[Any]:
        asked.append([source["n"] for source in sources])
        await asyncio.sleep(0)
        return [source["n"] for source in sources]

    compiled, _ = compiled_for(SCHEMA, _CallOfN(together, known))
    document, root = parse("{ all { sure n } }"), {"all": [{"n": n, "sure": n} for n in range(6)]}
    for times in (1, 2):  # written out from the second on
        data, errors = await answer(SCHEMA, document, root, executor=compiled)
        assert errors == [], times
        expected = {"all": [{"sure": n, "n": n} for n in range(6)]}
        assert keys_in_order(data) == keys_in_order(expected), times
    assert asked == [[0, 1, 2, 3, 4, 5], [0, 2, 4]]


async def test_what_fails_to_tell_what_is_at_hand_fails_for_each() -> None:
    def known(_info: Any) -> Callable[[Any], Any]:
        raise ValueError("of all")

    def together(sources: Sequence[Any], _info: Any) -> list[Any]:
        return [ValueError("of all") for _ in sources]

    compiled, _ = compiled_for(SCHEMA, _CallOfN(together, known))
    document, root = parse("{ all { sure n } }"), {"all": [{"n": n, "sure": n} for n in range(2)]}
    first, second = [await answer(SCHEMA, document, root, executor=compiled) for _ in range(2)]
    assert second == first
    assert second[0] == {"all": [{"sure": n, "n": None} for n in range(2)]}
    assert [error["path"] for error in second[1]] == [["all", 0, "n"], ["all", 1, "n"]]
