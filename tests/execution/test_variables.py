"""Arguments and variables: given, left out, null, of every form, and wrong."""

import json
from typing import Any

import pytest
from graphql import OperationDefinitionNode, build_schema, parse
from graphql.execution.values import VariableValues, get_variable_values

from app.execution.variables import Variables
from tests.execution.both import answer, compiled_for
from tests.execution.conftest import Run

SCHEMA = build_schema("""
enum Colour { RED BLUE }
input Point { x: Int! = 1  y: Int  more: Point  colours: [Colour!] }
type Query {
  plain(n: Int): String
  default(n: Int = 5): String
  sure(n: Int! = 7): String
  point(p: Point): String
  words(of: [String!]): String
  lists(of: [[Int]!]): String
  named(by: ID): String
}
""")


def shown_arguments(_info: Any, **arguments: Any) -> str:
    return json.dumps(arguments)


ROOT = dict.fromkeys(("plain", "default", "sure", "point", "words", "lists"), shown_arguments)

GIVEN: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("query { plain }", {}, {}),
    ("query { plain(n: null) }", {}, {"n": None}),
    ("query { plain(n: 3) }", {}, {"n": 3}),
    ("query ($n: Int) { plain(n: $n) }", {}, {}),
    ("query ($n: Int) { plain(n: $n) }", {"n": None}, {"n": None}),
    ("query ($n: Int = 2) { plain(n: $n) }", {}, {"n": 2}),
    ("query ($n: Int = 2) { plain(n: $n) }", {"n": None}, {"n": None}),
    ("query ($n: Int = 2) { plain(n: $n) }", {"n": 8}, {"n": 8}),
    ("query { default }", {}, {"n": 5}),
    ("query { default(n: null) }", {}, {"n": None}),
    ("query ($n: Int) { default(n: $n) }", {}, {"n": 5}),
    ("query ($n: Int) { default(n: $n) }", {"n": None}, {"n": None}),
    ("query ($n: Int) { sure(n: $n) }", {}, {"n": 7}),
    ("query ($n: Int!) { sure(n: $n) }", {"n": 4}, {"n": 4}),
    ("query { point(p: {}) }", {}, {"p": {"x": 1}}),
    (
        "query { point(p: {y: null, more: {x: 2, colours: [RED, BLUE]}}) }",
        {},
        {"p": {"x": 1, "y": None, "more": {"x": 2, "colours": ["RED", "BLUE"]}}},
    ),
    ("query { point(p: {colours: RED}) }", {}, {"p": {"x": 1, "colours": ["RED"]}}),
    (
        "query ($y: Int, $c: Colour!) { point(p: {y: $y, more: {colours: [$c]}}) }",
        {"c": "BLUE"},
        {"p": {"x": 1, "more": {"x": 1, "colours": ["BLUE"]}}},
    ),
    (
        "query ($p: Point) { point(p: $p) }",
        {"p": {"y": 2, "colours": "RED"}},
        {"p": {"x": 1, "y": 2, "colours": ["RED"]}},
    ),
    ('query ($w: String!) { words(of: ["a", $w]) }', {"w": "b"}, {"of": ["a", "b"]}),
    ("query ($w: [String!]) { words(of: $w) }", {"w": "one"}, {"of": ["one"]}),
    ("query ($n: Int) { lists(of: [[1, $n], []]) }", {}, {"of": [[1, None], []]}),
]


@pytest.mark.parametrize(("text", "variables", "arguments"), GIVEN)
async def test_what_a_resolver_is_given(
    run: Run, text: str, variables: dict[str, Any], arguments: dict[str, Any]
) -> None:
    data, errors = await run(SCHEMA, text, ROOT, **variables)
    assert errors == []
    (given,) = data.values()
    assert json.loads(given) == arguments


REFUSED = [
    ("query ($n: Int) { sure(n: $n) plain }", {"n": None}, "'n'", ["sure"]),
    ("query ($n: Int = 1) { point(p: {x: $n}) plain }", {"n": None}, "'p'", ["point"]),
    ('query ($w: String = "a") { words(of: [$w]) plain }', {"w": None}, "'of'", ["words"]),
]


@pytest.mark.parametrize(("text", "variables", "argument", "path"), REFUSED)
async def test_a_null_that_an_argument_refuses_fails_its_field_alone(
    run: Run, text: str, variables: dict[str, Any], argument: str, path: list[str]
) -> None:
    data, (error,) = await run(SCHEMA, text, ROOT, **variables)
    assert data == {path[0]: None, "plain": "{}"}
    assert error["path"] == path
    assert error["message"].startswith(f"Argument {argument} has invalid value")
    assert error["locations"] == [{"line": 1, "column": text.rindex("$") + 1}]


WRONG = [
    ("query ($n: Int!) { plain(n: $n) }", {}),
    ("query ($n: Int!) { plain(n: $n) }", {"n": None}),
    ("query ($n: Int) { plain(n: $n) }", {"n": "word"}),
    ("query ($n: Int) { plain(n: $n) }", {"n": 2**31}),
    ("query ($p: Point) { point(p: $p) }", {"p": {"x": None}}),
    ("query ($p: Point) { point(p: $p) }", {"p": {"z": 1}}),
    ("query ($p: Point) { point(p: $p) }", {"p": {"colours": ["GREEN"]}}),
    ("query ($w: [String!]) { words(of: $w) }", {"w": ["a", None]}),
]


@pytest.mark.parametrize(("text", "variables"), WRONG)
async def test_a_wrong_variable_fails_before_anything_runs(
    text: str, variables: dict[str, Any]
) -> None:
    compiled, plans = compiled_for(SCHEMA)
    found = await answer(SCHEMA, text, ROOT, variables, compiled)
    assert found == await answer(SCHEMA, text, ROOT, variables)
    data, (error,) = found
    assert data is None
    assert "path" not in error
    assert (plans.compiled, plans.left) == (0, {})


async def test_one_plan_serves_all_values(run: Run) -> None:
    text = "query ($n: Int) { a: plain(n: $n) b: plain(n: 3) }"
    for n in (1, 2, None):
        data, _ = await run(SCHEMA, text, ROOT, n=n)
        assert data == {"a": json.dumps({"n": n}), "b": '{"n": 3}'}


TYPES = ("Int", "Int!", "String", "String!", "ID", "ID!", "Boolean", "Boolean!", "Float", "[Int]",
         "Colour", "Point")  # fmt: skip
DEFAULTS = {"Int": (" = 4", " = null"), "String": (' = "a"',), "Boolean!": (" = true",)}
VALUES: list[Any] = [None, 0, 7, -(2**31), 2**31, 2**31 - 1, True, "a", "", "7", 1.0, 1.5, [1], {}]
SIMPLE = {type_ for type_ in TYPES if type_.strip("!") in {"Int", "String", "ID", "Boolean"}}


def read(values: VariableValues) -> tuple[dict[str, Any], dict[str, Any]]:
    sources = {
        name: (str(source.signature.type), source.value) for name, source in values.sources.items()
    }
    return values.coerced, sources


@pytest.mark.parametrize("type_", TYPES)
def test_simple_variables_are_as_graphql_core_has_them(type_: str) -> None:
    taken = 0
    for default in ("", *DEFAULTS.get(type_, ())):
        (operation,) = parse(f"query ($v: {type_}{default}) {{ plain }}").definitions
        assert isinstance(operation, OperationDefinitionNode)
        definitions = operation.variable_definitions or ()
        variables = Variables(SCHEMA, definitions)
        for given in ({}, *({"v": value} for value in VALUES)):
            expected = get_variable_values(SCHEMA, definitions, given)
            found = variables.of(given)
            if found is not None:
                assert isinstance(expected, VariableValues), given
                assert read(found) == read(expected), given
                taken += 1
    assert (taken > 0) is (type_ in SIMPLE)


def test_where_one_variable_is_not_simple_none_is() -> None:
    (operation,) = parse("query ($a: Int, $b: [Int]) { plain }").definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert Variables(SCHEMA, operation.variable_definitions or ()).of({"a": 1}) is None
