"""The questions that every implementation of GraphQL is asked, of both executors."""

from typing import Any

import pytest
from graphql import get_introspection_query

from tests.execution.both import answer, compiled_for, keys_in_order
from tests.execution.conftest import Run
from tests.execution.galaxy import galaxy

SCHEMA = galaxy()
LUKE, HAN, LEIA = {"name": "Luke"}, {"name": "Han"}, {"name": "Leia"}
C3PO, R2D2 = {"name": "C-3PO"}, {"name": "R2-D2"}

ANSWERED: dict[str, tuple[str, dict[str, Any], Any]] = {
    "the hero": ("query Hero { hero { name } }", {}, {"hero": R2D2}),
    "friends, in their order": (
        "{ hero { id name friends { name } } }",
        {},
        {"hero": {"id": "11", "name": "R2-D2", "friends": [LUKE, LEIA]}},
    ),
    "friends of friends": (
        "{ hero { friends { name appearsIn friends { name } } } }",
        {},
        {
            "hero": {
                "friends": [
                    {
                        "name": "Luke",
                        "appearsIn": ["HOPE", "EMPIRE", "JEDI"],
                        "friends": [HAN, LEIA, R2D2],
                    },
                    {
                        "name": "Leia",
                        "appearsIn": ["HOPE", "EMPIRE", "JEDI"],
                        "friends": [LUKE, HAN, C3PO],
                    },
                ]
            }
        },
    ),
    "by a value written out": ('{ human(id: "1") { name } }', {}, {"human": LUKE}),
    "by a variable": ("query ($id: ID!) { human(id: $id) { name } }", {"id": "3"}, {"human": HAN}),
    "nobody": ("query ($id: ID!) { human(id: $id) { name } }", {"id": "99"}, {"human": None}),
    "an enum in a variable": (
        "query ($in: Episode) { hero(episode: $in) { name } }",
        {"in": "EMPIRE"},
        {"hero": LUKE},
    ),
    "an enum that is not given": (
        "query ($in: Episode) { hero(episode: $in) { name } }",
        {},
        {"hero": R2D2},
    ),
    "two aliases of one field": (
        '{ luke: human(id: "1") { name } leia: human(id: "4") { name } }',
        {},
        {"luke": LUKE, "leia": LEIA},
    ),
    "one selection written twice": (
        '{ luke: human(id: "1") { name homePlanet } leia: human(id: "4") { name homePlanet } }',
        {},
        {
            "luke": {"name": "Luke", "homePlanet": "Tatooine"},
            "leia": {"name": "Leia", "homePlanet": "Alderaan"},
        },
    ),
    "one selection in a fragment": (
        '{ luke: human(id: "1") { ...Seen } leia: human(id: "4") { ...Seen } }'
        " fragment Seen on Human { name homePlanet }",
        {},
        {
            "luke": {"name": "Luke", "homePlanet": "Tatooine"},
            "leia": {"name": "Leia", "homePlanet": "Alderaan"},
        },
    ),
    "a fragment on the interface": (
        '{ droid(id: "11") { ...Seen primaryFunction } } fragment Seen on Character { name }',
        {},
        {"droid": {"name": "R2-D2", "primaryFunction": "Astromech"}},
    ),
    "a droid's type": (
        "{ hero { __typename name } }",
        {},
        {"hero": {"__typename": "Droid", "name": "R2-D2"}},
    ),
    "a human's type": (
        "{ hero(episode: EMPIRE) { name is: __typename } }",
        {},
        {"hero": {"name": "Luke", "is": "Human"}},
    ),
    "what each kind has": (
        '{ search(text: "-") { ... on Droid { primaryFunction } ... on Human { homePlanet } }'
        ' all: search(text: "L") { __typename ... on Character { name } } }',
        {},
        {
            "search": [{"primaryFunction": "Protocol"}, {"primaryFunction": "Astromech"}],
            "all": [
                {"__typename": "Human", "name": "Luke"},
                {"__typename": "Human", "name": "Leia"},
            ],
        },
    ),
    "fields of a kind among friends": (
        '{ human(id: "4") { friends { name ... on Droid { does: primaryFunction }'
        " ... on Human { from: homePlanet } } } }",
        {},
        {
            "human": {
                "friends": [
                    {"name": "Luke", "from": "Tatooine"},
                    {"name": "Han", "from": None},
                    {"name": "C-3PO", "does": "Protocol"},
                ]
            }
        },
    ),
    "nobody found": ('{ search(text: "Jabba") { __typename } }', {}, {"search": []}),
}


@pytest.mark.parametrize(("text", "variables", "data"), ANSWERED.values(), ids=ANSWERED)
async def test_the_answer(run: Run, text: str, variables: dict[str, Any], data: Any) -> None:
    found, errors = await run(SCHEMA, text, **variables)
    assert errors == []
    assert keys_in_order(found) == keys_in_order(data)


def secret(name: str, column: int, *path: str | int) -> dict[str, Any]:
    return {
        "message": f"The past of {name} is secret.",
        "locations": [{"line": 1, "column": column}],
        "path": [*path],
    }


async def test_what_is_secret_is_null_and_says_why(run: Run) -> None:
    data, errors = await run(SCHEMA, "{ hero { name secretBackstory } }")
    assert data == {"hero": {"name": "R2-D2", "secretBackstory": None}}
    assert errors == [secret("R2-D2", 15, "hero", "secretBackstory")]


async def test_what_is_secret_of_each_in_a_list(run: Run) -> None:
    data, errors = await run(SCHEMA, "{ hero { friends { name secretBackstory } } }")
    assert data == {
        "hero": {"friends": [{**LUKE, "secretBackstory": None}, {**LEIA, "secretBackstory": None}]}
    }
    assert errors == [
        secret("Luke", 25, "hero", "friends", 0, "secretBackstory"),
        secret("Leia", 25, "hero", "friends", 1, "secretBackstory"),
    ]


async def test_what_is_secret_is_found_at_its_alias(run: Run) -> None:
    data, errors = await run(SCHEMA, "{ main: hero { name past: secretBackstory } }")
    assert data == {"main": {"name": "R2-D2", "past": None}}
    assert errors == [secret("R2-D2", 21, "main", "past")]


async def test_introspection_is_graphql_cores_and_is_counted() -> None:
    compiled, plans = compiled_for(SCHEMA)
    asked = [
        get_introspection_query(),
        '{ __type(name: "Droid") { name fields { name type { name kind } } } }',
        "{ __schema { queryType { name } } hero { name } }",
    ]
    for text in asked:
        found = await answer(SCHEMA, text, executor=compiled)
        assert found == await answer(SCHEMA, text)
        assert found[1] == []
    assert (plans.compiled, plans.left) == (0, {"introspection": 3})
