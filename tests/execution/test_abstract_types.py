"""Interfaces and unions: every way to tell a type, and every way to tell it wrong."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema

from tests.execution.conftest import Run

SDL = """
interface Pet { name: String! }
type Dog implements Pet { name: String! barks: Boolean }
type Cat implements Pet { name: String! purrs: Boolean }
type Stone { weight: Int }
union Thing = Dog | Cat | Stone
type Query { pets: [Pet]  things: [Thing!]  stone: Stone }
"""
DOG, CAT, STONE = (
    {"kind": "Dog", "name": "Odie", "barks": True},
    {"kind": "Cat", "name": "Garfield", "purrs": False},
    {"kind": "Stone", "weight": 7},
)


async def later(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


def by_resolve_type(schema: GraphQLSchema, told: Callable[[Any], Any]) -> None:
    for name in ("Pet", "Thing"):
        abstract: Any = schema.type_map[name]
        abstract.resolve_type = lambda value, _info, _type: told(value)


def by_is_type_of(schema: GraphQLSchema, told: Callable[[Any, str], Any]) -> None:
    for name in ("Dog", "Cat", "Stone"):
        kind: Any = schema.type_map[name]
        kind.is_type_of = lambda value, _info, name=name: told(value, name)


def by_typename(schema: GraphQLSchema) -> None:
    """The default: what a value says of itself."""


async def is_later(value: Any, name: str) -> bool:
    await asyncio.sleep(0)
    return bool(value["kind"] == name)


WAYS: dict[str, Callable[[GraphQLSchema], None]] = {
    "resolve_type": lambda schema: by_resolve_type(schema, lambda value: value["kind"]),
    "resolve_type, awaited": lambda schema: by_resolve_type(
        schema, lambda value: later(value["kind"])
    ),
    "is_type_of": lambda schema: by_is_type_of(schema, lambda value, name: value["kind"] == name),
    "is_type_of, awaited": lambda schema: by_is_type_of(schema, is_later),
    "__typename": by_typename,
}
TEXT = """{
  pets { name ... on Dog { barks } ...OfCats __typename }
  things { ... on Pet { name } ... on Stone { weight } is: __typename }
}
fragment OfCats on Cat { purrs }"""


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_each_object_answers_as_what_it_is(
    run: Run, way: Callable[[GraphQLSchema], None]
) -> None:
    schema = build_schema(SDL)
    way(schema)
    dog, cat, stone = ({**each, "__typename": each["kind"]} for each in (DOG, CAT, STONE))
    root = {"pets": [dog, later(cat), None, dog], "things": later([stone, cat])}
    data, errors = await run(schema, TEXT, root)
    assert errors == []
    odie = [("name", "Odie"), ("barks", True), ("__typename", "Dog")]
    garfield = [("name", "Garfield"), ("purrs", False), ("__typename", "Cat")]
    assert [each and list(each.items()) for each in data["pets"]] == [odie, garfield, None, odie]
    assert data["things"] == [
        {"weight": 7, "is": "Stone"},
        {"name": "Garfield", "is": "Cat"},
    ]


TOLD_WRONG = {
    "no such type": ("Bird", "type 'Bird' that does not exist inside the schema"),
    "no object type": ("Thing", "non-object type 'Thing'"),
    "none of its types": ("Stone", "'Stone' is not a possible type for 'Pet'"),
    "no name": (7, "must resolve to an Object type at runtime for field 'Query.pets'"),
    "nothing": (None, "must resolve to an Object type at runtime for field 'Query.pets'"),
}


@pytest.mark.parametrize("awaited", [False, True])
@pytest.mark.parametrize(("told", "message"), TOLD_WRONG.values(), ids=TOLD_WRONG)
async def test_a_type_that_is_told_wrong_fails_its_object_alone(
    run: Run, told: Any, message: str, awaited: bool
) -> None:
    schema = build_schema(SDL)

    def kind(value: Any) -> Any:
        name = told if value is CAT else value["kind"]
        return later(name) if awaited else name

    by_resolve_type(schema, kind)
    data, (error,) = await run(schema, "{ pets { name } }", {"pets": [DOG, CAT]})
    assert data == {"pets": [{"name": "Odie"}, None]}
    assert message in error["message"]
    assert error["path"] == ["pets", 1]


@pytest.mark.parametrize("awaited", [False, True])
async def test_what_is_none_of_its_type_fails(run: Run, awaited: bool) -> None:
    schema = build_schema(SDL)
    by_resolve_type(schema, lambda _value: "Dog")
    by_is_type_of(schema, is_later if awaited else lambda value, name: value["kind"] == name)
    root = {"pets": [DOG, CAT], "stone": DOG}
    data, errors = await run(schema, "{ pets { name } stone { weight } }", root)
    assert data == {"pets": [{"name": "Odie"}, None], "stone": None}
    said = {each["path"][0]: each["message"].partition(":")[0] for each in errors}
    assert said == {
        "pets": "Expected value of type 'Dog' but got",
        "stone": "Expected value of type 'Stone' but got",
    }


async def test_a_type_that_can_not_be_told_fails(run: Run) -> None:
    schema = build_schema(SDL)

    def refuse(_value: Any) -> Any:
        raise ValueError("no idea")

    by_resolve_type(schema, refuse)
    data, (error,) = await run(schema, "{ things { __typename } }", {"things": [STONE]})
    assert data == {"things": None}
    assert (error["message"], error["path"]) == ("no idea", ["things", 0])
