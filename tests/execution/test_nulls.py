"""Null where none may be: how far up it goes, and what is said of it."""

import asyncio
from typing import Any

import pytest
from graphql import build_schema

from tests.execution.conftest import Run

SCHEMA = build_schema("""
type Query { deep: Deep  sure: Deep! }
type Deep {
  word: String  sure_word: String!  later: String  sure_later: String!
  deep: Deep  sure: Deep!  deep_later: Deep  sure_deep_later: Deep!  all: [Deep!]
}
""")
FAILING = ("sure_word", "sure_later")
REFUSED = "Cannot return null for non-nullable field Deep.{}."


class Deep:
    """As deep as one asks; its words are null, or raise."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    def word(self, _info: Any) -> None:
        if self._error is not None:
            raise self._error

    async def later(self, info: Any) -> None:
        await asyncio.sleep(0)
        self.word(info)

    def deep(self, _info: Any) -> "Deep":
        return Deep(self._error)

    async def deep_later(self, _info: Any) -> "Deep":
        await asyncio.sleep(0)
        return Deep(self._error)

    def all(self, _info: Any) -> Any:
        return [Deep(self._error), self.deep_later(None)]

    sure_word, sure_later, sure, sure_deep_later = word, later, deep, deep_later


ERRORS = [None, ValueError("raised")]


def message(error: Exception | None, field: str) -> str:
    return REFUSED.format(field) if error is None else str(error)


async def told(run: Run, text: str, error: Exception | None) -> tuple[Any, list[Any]]:
    data, errors = await run(SCHEMA, text, Deep(error))
    return data, [(each["message"], each["path"]) for each in errors]


@pytest.mark.parametrize("error", ERRORS)
async def test_a_word_that_may_be_null(run: Run, error: Exception | None) -> None:
    data, errors = await told(run, "{ deep { word later } }", error)
    assert data == {"deep": {"word": None, "later": None}}
    assert errors == (
        [] if error is None else [("raised", ["deep", "word"]), ("raised", ["deep", "later"])]
    )


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("field", FAILING)
@pytest.mark.parametrize("above", ["deep", "deep_later"])
async def test_it_goes_to_the_nearest_that_may_be_null(
    run: Run, field: str, above: str, error: Exception | None
) -> None:
    data, errors = await told(run, f"{{ deep {{ {above} {{ {field} }} __typename }} }}", error)
    assert data == {"deep": {above: None, "__typename": "Deep"}}
    assert errors == [(message(error, field), ["deep", above, field])]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("field", FAILING)
@pytest.mark.parametrize("above", ["sure", "sure_deep_later"])
async def test_it_goes_through_all_that_may_not(
    run: Run, field: str, above: str, error: Exception | None
) -> None:
    text = f"{{ deep {{ deep {{ sure {{ {above} {{ {field} }} }} }} __typename }} }}"
    data, errors = await told(run, text, error)
    assert data == {"deep": {"deep": None, "__typename": "Deep"}}
    assert errors == [(message(error, field), ["deep", "deep", "sure", above, field])]
    whole = await told(run, f"{{ sure {{ {above} {{ {field} }} }} }}", error)
    assert whole == (None, [(message(error, field), ["sure", above, field])])


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("field", FAILING)
async def test_it_goes_through_a_list_whose_items_may_not_be_null(
    run: Run, field: str, error: Exception | None
) -> None:
    data, errors = await told(run, f"{{ deep {{ all {{ {field} }} __typename }} }}", error)
    assert data == {"deep": {"all": None, "__typename": "Deep"}}
    ((said, path),) = errors
    assert said == message(error, field)
    assert path in (["deep", "all", 0, field], ["deep", "all", 1, field])


@pytest.mark.parametrize("error", ERRORS)
async def test_each_place_has_one_error(run: Run, error: Exception | None) -> None:
    text = """{ deep { one: deep { sure_word } two: deep { sure { sure_later } }
      three: deep_later { sure_word } four: deep { __typename } } }"""
    data, errors = await told(run, text, error)
    assert data == {
        "deep": {"one": None, "two": None, "three": None, "four": {"__typename": "Deep"}}
    }
    assert sorted(path for _, path in errors) == [
        ["deep", "one", "sure_word"],
        ["deep", "three", "sure_word"],
        ["deep", "two", "sure", "sure_later"],
    ]


@pytest.mark.parametrize("error", ERRORS)
async def test_of_two_that_null_one_place_the_first_is_told(
    run: Run, error: Exception | None
) -> None:
    """Where nothing is awaited: else graphql-core tells the first in time."""
    text = "{ deep { sure { first: sure_word } second: sure_word } }"
    data, errors = await told(run, text, error)
    assert data == {"deep": None}
    assert errors == [(message(error, "sure_word"), ["deep", "sure", "first"])]


async def test_an_error_names_every_place_of_a_merged_field(run: Run) -> None:
    text = "{ deep { word ...Again } }\nfragment Again on Deep { word }"
    _, errors = await run(SCHEMA, text, Deep(ValueError("raised")))
    assert errors == [
        {
            "message": "raised",
            "locations": [{"line": 1, "column": 10}, {"line": 2, "column": 26}],
            "path": ["deep", "word"],
        }
    ]
