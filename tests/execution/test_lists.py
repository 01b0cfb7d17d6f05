"""Lists of every shape, in every form that a resolver may give them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from graphql import build_schema

from tests.execution.conftest import Run

Items = Sequence[Any]


async def later(value: Any) -> Any:
    await asyncio.sleep(0)
    if isinstance(value, Exception):
        raise value
    return value


async def one_by_one(items: Items) -> AsyncIterator[Any]:
    for item in items:
        await asyncio.sleep(0)
        yield item


FORMS: dict[str, Callable[[Items], Any]] = {
    "a list": list,
    "a tuple": tuple,
    "an iterator": iter,
    "awaited": lambda items: later(list(items)),
    "each awaited": lambda items: [later(item) for item in items],
    "some awaited": lambda items: [
        later(item) if index % 2 else item for index, item in enumerate(items)
    ],
    "awaited, and each awaited": lambda items: later([later(item) for item in items]),
    "an async iterator": one_by_one,
}
TYPES = ("[Int]", "[Int]!", "[Int!]", "[Int!]!")


def trouble(message: str, *path: str | int) -> dict[str, Any]:
    return {"message": message, "locations": [{"line": 1, "column": 12}], "path": ["deep", *path]}


async def asked(run: Run, type_: str, value: Any) -> Any:
    """What becomes of a list in an object that may be null, and the errors."""
    schema = build_schema(f"type Query {{ deep: Deep }} type Deep {{ list: {type_} }}")
    data, errors = await run(schema, "{ deep {   list } }", {"deep": {"list": value}})
    return data["deep"], errors


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("type_", TYPES)
async def test_items(run: Run, type_: str, form: Callable[[Items], Any]) -> None:
    assert await asked(run, type_, form([1, 2])) == ({"list": [1, 2]}, [])
    assert await asked(run, type_, form([])) == ({"list": []}, [])


def nulled(type_: str, items: Items) -> Any:
    """The object around a list of this type, where an item of it failed."""
    if "Int!" not in type_:
        return {"list": list(items)}
    return None if type_.endswith("]!") else {"list": None}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("type_", TYPES)
async def test_a_null_among_the_items(run: Run, type_: str, form: Callable[[Items], Any]) -> None:
    found, errors = await asked(run, type_, form([1, None, 2]))
    assert found == nulled(type_, [1, None, 2])
    refused = "Cannot return null for non-nullable field Deep.list."
    assert errors == ([trouble(refused, "list", 1)] if "Int!" in type_ else [])


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize(
    ("item", "message"),
    [
        (ValueError("wrong"), "wrong"),
        ("word", "Int cannot represent non-integer value: 'word'"),
    ],
    ids=["an error", "a wrong value"],
)
async def test_an_item_that_fails(
    run: Run, type_: str, form: Callable[[Items], Any], item: Any, message: str
) -> None:
    found, errors = await asked(run, type_, form([1, item, 2]))
    assert found == nulled(type_, [1, None, 2])
    assert errors == [trouble(message, "list", 1)]


@pytest.mark.parametrize("awaited", [False, True])
@pytest.mark.parametrize("type_", TYPES)
async def test_no_list(run: Run, type_: str, awaited: bool) -> None:
    found = await asked(run, type_, later(None) if awaited else None)
    if type_.endswith("!"):
        refused = "Cannot return null for non-nullable field Deep.list."
        assert found == (None, [trouble(refused, "list")])
    else:
        assert found == ({"list": None}, [])
    for value in (7, "text", {"a": 1}, ValueError("wrong")):
        given, errors = await asked(run, type_, later(value) if awaited else value)
        expected = "Expected Iterable, but did not find one for field 'Deep.list'."
        message = "wrong" if isinstance(value, ValueError) else expected
        assert given == (None if type_.endswith("!") else {"list": None})
        assert errors == [trouble(message, "list")]


async def test_an_async_iterator_that_breaks_off(run: Run) -> None:
    async def breaking() -> AsyncIterator[int]:
        yield 1
        raise ValueError("wrong")

    assert await asked(run, "[Int]", breaking()) == (
        {"list": None},
        [trouble("wrong", "list")],
    )


async def test_lists_of_lists(run: Run) -> None:
    value = [[1, 2], None, (later(3), None), later([4])]
    assert await asked(run, "[[Int]]", value) == ({"list": [[1, 2], None, [3, None], [4]]}, [])
    found, errors = await asked(run, "[[Int!]]", [[1, 2], [3, later(None)], later([4])])
    assert found == {"list": [[1, 2], None, [4]]}
    refused = "Cannot return null for non-nullable field Deep.list."
    assert errors == [trouble(refused, "list", 1, 1)]
    found, errors = await asked(run, "[[Int!]!]", [[1, 2], [3, later(None)], later([4])])
    assert (found, errors) == ({"list": None}, [trouble(refused, "list", 1, 1)])
