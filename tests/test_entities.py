"""`_entities`: each representation answers or fails at its own position."""

from typing import Any
from uuid import UUID

import pytest

from app.ids import encode_citizen_id
from tests.conftest import Asker

ENTITIES = """
query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    __typename
    ... on Citizen { id }
    ... on Entitlement { id scheme }
    ... on Payment { id amount }
    ... on LocalAuthority { code province }
  }
}"""

ME = "{ me { id localAuthority { code } entitlements { id latestPayment { id } } } }"


@pytest.fixture
async def both(ask: Asker) -> Any:
    return (await ask.data(ME, token=ask.citizen("both")))["me"]


async def test_every_entity_resolves_by_its_key(ask: Asker, both: Any) -> None:
    code = both["localAuthority"]["code"]
    entitlement = both["entitlements"][0]
    representations = [
        {"__typename": "LocalAuthority", "code": code},
        {"__typename": "Payment", "id": entitlement["latestPayment"]["id"]},
        {"__typename": "Citizen", "id": both["id"]},
        {"__typename": "Entitlement", "id": entitlement["id"]},
    ]
    data = await ask.data(ENTITIES, {"representations": representations}, token=ask.citizen("both"))
    names = [entity["__typename"] for entity in data["_entities"]]
    assert names == ["LocalAuthority", "Payment", "Citizen", "Entitlement"]
    assert data["_entities"][2]["id"] == both["id"]


@pytest.mark.answers_national_id
async def test_a_citizen_joins_by_national_id(ask: Asker, both: Any) -> None:
    query = """query ($r: [_Any!]!) {
      _entities(representations: $r) { ... on Citizen { id nationalId } } }"""
    token = ask.citizen("both")
    national_id = (await ask.data("{ me { nationalId } }", token=token))["me"]["nationalId"]
    data = await ask.data(
        query, {"r": [{"__typename": "Citizen", "nationalId": national_id}]}, token=token
    )
    assert data["_entities"] == [{"id": both["id"], "nationalId": national_id}]


WRONG: list[Any] = [
    {"__typename": "Citizen"},
    {"__typename": "Citizen", "id": None},
    {"__typename": "Citizen", "id": 7},
    {"__typename": "Citizen", "id": "nonsense"},
    {"__typename": "Citizen", "id": "Q" * 23},
    {"__typename": "Citizen", "nationalId": "1234567890123"},
    {"__typename": "Entitlement", "id": "RQ"},
    {"__typename": "Payment", "id": {"a": 1}},
    {"__typename": "LocalAuthority"},
    {"__typename": "Nobody", "id": "x"},
    {"__typename": 5},
    {},
    [],
    "text",
    17,
]


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
async def test_a_wrong_representation_fails_alone(ask: Asker, both: Any, wrong: Any) -> None:
    good = {"__typename": "Citizen", "id": both["id"], "unexpected": "left unread"}
    answer = await ask.answer(
        ENTITIES, {"representations": [good, wrong, good]}, token=ask.citizen("both")
    )
    found = answer["data"]["_entities"]
    assert [entity and entity["id"] for entity in found] == [both["id"], None, both["id"]]
    (error,) = answer["errors"]
    assert error["path"] == ["_entities", 1]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "1234567890123" not in str(answer)


async def test_unknown_and_forbidden_are_the_same_answer(ask: Asker) -> None:
    other = (await ask.data(ME, token=ask.citizen("proxy")))["me"]
    unknown = encode_citizen_id(UUID(int=7))
    answers = [
        await ask.answer(
            ENTITIES,
            {"representations": [{"__typename": "Citizen", "id": id_}]},
            token=ask.citizen("both"),
        )
        for id_ in (other["id"], unknown)
    ]
    assert answers[0] == answers[1] == {"data": {"_entities": [None]}}


async def test_a_shared_variable_serves_two_aliases(ask: Asker, both: Any) -> None:
    query = """query ($r: [_Any!]!) {
      a: _entities(representations: $r) { ... on Citizen { id } }
      b: _entities(representations: $r) { ... on Citizen { id } } }"""
    variables = {"r": [{"__typename": "Citizen", "id": both["id"]}]}
    data = await ask.data(query, variables, token=ask.citizen("both"))
    assert data["a"] == data["b"] == [{"id": both["id"]}]


async def test_more_than_the_limit_is_refused_with_the_limit(ask: Asker) -> None:
    code = {"__typename": "LocalAuthority", "code": "00000000"}
    answer = await ask.answer(ENTITIES, {"representations": [code] * 1001})
    assert answer["data"] is None
    assert answer["errors"][0]["message"] == ("representations: expected at most 1000, got 1001.")
    assert (await ask.data(ENTITIES, {"representations": [code] * 1000}))["_entities"] == (
        [None] * 1000
    )


async def test_order_is_kept_among_a_thousand(ask: Asker, both: Any) -> None:
    code = both["localAuthority"]["code"]
    kinds = [
        {"__typename": "LocalAuthority", "code": code if n % 3 else "00000000"} for n in range(1000)
    ]
    data = await ask.data(ENTITIES, {"representations": kinds})
    found = [entity and entity["code"] for entity in data["_entities"]]
    assert found == [code if n % 3 else None for n in range(1000)]
