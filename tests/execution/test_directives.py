"""@skip and @include, asked when an operation runs: the same document with other variables."""

from typing import Any

import pytest
from graphql import build_schema

from tests.execution.conftest import Run

SCHEMA = build_schema("type Query { a: String b: String deep: Query }")
ROOT: dict[str, Any] = {"a": "a", "b": "b"}
ROOT["deep"] = ROOT

# What `b` is left with: skipped, included.
CONDITIONS = [(skip, include) for skip in (False, True) for include in (False, True)]
PLACES = {
    "a field": "{{ a b {} }}",
    "an inline fragment": "{{ a ... on Query {} {{ b }} }}",
    "a fragment of no type": "{{ a ... {} {{ b }} }}",
    "a spread": "{{ a ...B {} }} fragment B on Query {{ b }}",
    "a fragment in a fragment": "{{ a ...B }} fragment B on Query {{ ... {} {{ b }} }}",
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize(("skip", "include"), CONDITIONS)
async def test_both_conditions_count(run: Run, place: str, skip: bool, include: bool) -> None:
    expected = {"a": "a"} | ({"b": "b"} if include and not skip else {})
    written = f"@skip(if: {str(skip).lower()}) @include(if: {str(include).lower()})"
    assert await run(SCHEMA, place.format(written), ROOT) == (expected, [])
    asked = "query ($skip: Boolean!, $include: Boolean!) " + place.format(
        "@include(if: $include) @skip(if: $skip)"
    )
    assert await run(SCHEMA, asked, ROOT, skip=skip, include=include) == (expected, [])


@pytest.mark.parametrize("on", [False, True])
async def test_what_is_skipped_in_one_place_is_asked_in_another(run: Run, on: bool) -> None:
    text = """query ($on: Boolean!) {
      deep @include(if: $on) { a } b deep { b } ... @skip(if: $on) { a } }"""
    data, errors = await run(SCHEMA, text, ROOT, on=on)
    assert errors == []
    expected = (
        [("deep", {"a": "a", "b": "b"}), ("b", "b")]
        if on
        else [("b", "b"), ("deep", {"b": "b"}), ("a", "a")]
    )
    assert list(data.items()) == expected


async def test_conditions_of_a_fragment_hold_for_what_is_in_it(run: Run) -> None:
    text = """query ($on: Boolean!, $off: Boolean!) {
      ...F @include(if: $on) ...G @include(if: $off) }
      fragment F on Query { deep { a ...G @skip(if: $off) } }
      fragment G on Query { b }"""
    data, errors = await run(SCHEMA, text, ROOT, on=True, off=False)
    assert (data, errors) == ({"deep": {"a": "a", "b": "b"}}, [])


async def test_nothing_is_left(run: Run) -> None:
    assert await run(SCHEMA, "{ a @skip(if: true) }", ROOT) == ({}, [])
    assert await run(SCHEMA, "{ deep { a @include(if: false) } }", ROOT) == ({"deep": {}}, [])
