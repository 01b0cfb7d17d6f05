"""A mutation's fields run one after the other, and none after one that nulls the answer."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from graphql import build_schema

from tests.execution.conftest import Run

SCHEMA = build_schema("""
type Query { n: Int }
type Changed { n: Int!, n_later: Int!, fails: Int!, fails_later: Int! }
type Mutation {
  to(n: Int!): Changed!  to_later(n: Int!): Changed!
  fail: Changed  fail_later: Changed  must: Changed!  must_later: Changed!
}
""")


@dataclass
class Changed:
    """What a field of the mutation gives: the number as it is when it is read."""

    root: "Root"

    def n(self, _info: Any) -> int:
        return self.root.number

    async def n_later(self, _info: Any) -> int:
        await asyncio.sleep(0)
        return self.root.number

    def fails(self, _info: Any) -> int:
        raise ValueError("not given")

    async def fails_later(self, _info: Any) -> int:
        await asyncio.sleep(0)
        raise ValueError("not given")


@dataclass
class Root:
    """A number that mutations change, and which of them did."""

    number: int = 0
    changes: list[int] = field(default_factory=list)

    def to(self, _info: Any, n: int) -> Changed:
        self.changes.append(n)
        self.number = n
        return Changed(self)

    async def to_later(self, info: Any, n: int) -> Changed:
        for _ in range(3):
            await asyncio.sleep(0)
        return self.to(info, n)

    def fail(self, _info: Any) -> Changed:
        raise ValueError("not changed")

    async def fail_later(self, _info: Any) -> Changed:
        await asyncio.sleep(0)
        raise ValueError("not changed")

    must, must_later = fail, fail_later


async def test_each_is_at_its_end_before_the_next_begins(run: Run) -> None:
    root = Root()
    text = """mutation { a: to(n: 1) { n_later } b: to_later(n: 2) { n n_later }
      c: to_later(n: 3) { n_later n } d: to(n: 4) { n } }"""
    data, errors = await run(SCHEMA, text, root)
    assert errors == []
    assert list(data.items()) == [
        ("a", {"n_later": 1}),
        ("b", {"n": 2, "n_later": 2}),
        ("c", {"n_later": 3, "n": 3}),
        ("d", {"n": 4}),
    ]
    assert root.changes == [1, 2, 3, 4]


async def test_merged_fields_change_once_and_where_they_stand_first(run: Run) -> None:
    root = Root()
    text = """mutation { a: to(n: 1) { n } b: to_later(n: 2) { n } ...Again }
      fragment Again on Mutation { a: to(n: 1) { later: n_later } }"""
    data, errors = await run(SCHEMA, text, root)
    assert (data, errors) == ({"a": {"n": 1, "later": 1}, "b": {"n": 2}}, [])
    assert root.changes == [1, 2]


async def test_one_that_fails_and_may_be_null_stops_nothing(run: Run) -> None:
    root = Root()
    text = "mutation { a: to(n: 1) { n } fail { n } fail_later { n } b: to_later(n: 2) { n } }"
    data, errors = await run(SCHEMA, text, root)
    assert data == {"a": {"n": 1}, "fail": None, "fail_later": None, "b": {"n": 2}}
    assert [(each["message"], each["path"]) for each in errors] == [
        ("not changed", ["fail"]),
        ("not changed", ["fail_later"]),
    ]
    assert root.changes == [1, 2]


@pytest.mark.parametrize(
    ("text", "message", "path"),
    [
        ("must { n }", "not changed", ["must"]),
        ("must_later { n }", "not changed", ["must_later"]),
        ("to(n: 2) { fails }", "not given", ["to", "fails"]),
        ("to_later(n: 2) { n fails_later }", "not given", ["to_later", "fails_later"]),
    ],
)
async def test_nothing_is_changed_after_one_that_nulls_the_answer(
    run: Run, text: str, message: str, path: list[str]
) -> None:
    root = Root()
    whole = f"mutation {{ a: to(n: 1) {{ n }} fail {{ n }} {text} b: to(n: 9) {{ n }} }}"
    data, errors = await run(SCHEMA, whole, root)
    assert data is None
    assert [(each["message"], each["path"]) for each in errors] == [
        ("not changed", ["fail"]),
        (message, path),
    ]
    assert 9 not in root.changes


async def test_fields_of_a_query_do_not_wait_for_each_other(run: Run) -> None:
    schema = build_schema("type Query { first: Int  second: Int }")
    ready = asyncio.Event()

    async def first(_info: Any) -> int:
        await ready.wait()
        return 1

    async def second(_info: Any) -> int:
        ready.set()
        return 2

    async with asyncio.timeout(5):
        data, errors = await run(schema, "{ first second }", {"first": first, "second": second})
    assert (data, errors) == ({"first": 1, "second": 2}, [])
