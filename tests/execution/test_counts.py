"""Which way an operation took is counted, and plans are kept up to a bound."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from graphql import AbortController, build_schema, execute, parse, subscribe

from app.execution import executor
from app.metrics import metrics_of
from tests.execution.both import compiled_for
from tests.serving import Serving


async def test_each_way_is_counted(serving: Serving) -> None:
    async with serving(introspection=True) as caller:
        for query in ("{__typename}", "{__typename}", "{me{id}}", "{__schema{types{name}}}"):
            await caller.post({"query": query})
        lines = (await caller.http.get("/metrics")).text.splitlines()
        assert "graphql_operations_compiled_total 3" in lines
        assert 'graphql_operations_left_total{why="introspection"} 1' in lines


LEFT = {
    "query @live { a }": "directive on the operation",
    '{ __type(name: "Query") { name } }': "introspection",
    "query ($b: Boolean = true) { a @include(if: $b) }": "condition that may be null",
    "query ($b: Boolean!) { ...F @skip(if: $b) ...F } fragment F on Query { a }": (
        "fragment spread twice under a condition"
    ),
    "{ a @live }": "@live",
}


@pytest.mark.parametrize(("text", "why"), LEFT.items(), ids=LEFT.values())
def test_what_is_left_to_graphql_core(text: str, why: str) -> None:
    schema = build_schema("directive @live on QUERY | FIELD type Query { a: Int }")
    compiled, plans = compiled_for(schema)
    result: Any = execute(
        schema, parse(text), {"a": 1}, variable_values={"b": True}, executor_class=compiled
    )
    expected: Any = execute(schema, parse(text), {"a": 1}, variable_values={"b": True})
    assert (result.data, result.errors) == (expected.data, expected.errors)
    assert plans.left == {why: 1}
    assert plans.compiled == 0


async def test_the_first_step_of_a_subscription_is_left_and_its_events_are_compiled() -> None:
    schema = build_schema("type Query { a: Int } type Subscription { told(to: Int): Event } "
                          "type Event { n: Int!, twice: Int }")  # fmt: skip
    compiled, plans = compiled_for(schema)

    async def told(_info: Any, to: int) -> AsyncIterator[Any]:
        for number in range(to):
            yield {"told": {"n": number or None, "twice": 2 * number}}

    document = parse("subscription ($to: Int) { is: told(to: $to) { twice n } }")

    async def events(executor_class: Any) -> list[Any]:
        root, variables = {"told": told}, {"to": 3}
        stream: Any = subscribe(
            schema, document, root, variable_values=variables, executor_class=executor_class
        )
        return [(event.data, event.errors) async for event in stream]

    found = await events(compiled)
    assert found == await events(None)
    assert [data for data, _ in found] == [
        {"is": None}, {"is": {"twice": 2, "n": 1}}, {"is": {"twice": 4, "n": 2}}
    ]  # fmt: skip
    lines = metrics_of(plans).splitlines()
    assert "graphql_operations_compiled_total 3" in lines
    assert 'graphql_operations_left_total{why="first step of a subscription"} 1' in lines


async def test_what_is_left_for_how_it_is_run_is_counted_too() -> None:
    schema = build_schema("type Query { a: Int }")
    compiled, plans = compiled_for(schema)
    given: list[dict[str, Any]] = [
        {"middleware": [lambda next_, *arguments: next_(*arguments)]},
        {"abort_signal": AbortController().signal},
    ]
    for each in given:
        result: Any = execute(schema, parse("{ a }"), {"a": 1}, executor_class=compiled, **each)
        assert result.data == {"a": 1}
    assert plans.left == {"middleware": 1, "abort signal": 1}
    assert plans.compiled == 0


def test_so_many_plans_are_kept_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "_KEPT_PLANS", 3)
    schema = build_schema("type Query { a: Int }")
    compiled, plans = compiled_for(schema)
    for number in range(5):
        execute(schema, parse(f"{{ x{number}: a }}"), {"a": 1}, executor_class=compiled)
    assert len(plans._kept) == 3
    assert plans.compiled == 5


def test_what_is_kept_bare_holds_nothing_of_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "_KEPT_PLANS", 3)
    schema = build_schema("type Query { a(of: Int!): Int }")
    compiled, plans = compiled_for(schema)
    documents = [parse("query ($n: Int!) { __typename @include(if: true) }") for _ in range(5)]
    for document in documents:
        built: Any = compiled.build(schema, document, "root", "context", {"n": 1})
        built.execute_operation()
        plans.keep_bare(document, None, built)
    assert [plans.bare(document, None) is None for document in documents] == [True] * 2 + [
        False
    ] * 3
    bare = plans.bare(documents[-1], None)
    assert bare is not None
    assert (bare.root_value, bare.context_value) == (None, None)
    assert bare.variable_values.coerced == {}
    assert "async_helpers" not in vars(bare)
    dressed: Any = bare.dressed("root", "context", {"n": 1}, None)
    assert dressed.execute_operation().data == {"__typename": "Query"}
    assert dressed.context_value == "context"
    (wrong,) = cast(list[Any], bare.dressed("root", "context", {"n": "x"}, None))
    assert "$n" in wrong.message


def test_an_executor_that_has_to_tell_places_is_not_kept() -> None:
    schema = build_schema("type Query { a: Int }")
    compiled, plans = compiled_for(schema)
    document = parse("{ a }")
    built: Any = compiled.build(schema, document, {"a": 1})
    assert built.execute_operation().data == {"a": 1}
    plans.keep_bare(document, None, built)
    assert plans.bare(document, None) is None
