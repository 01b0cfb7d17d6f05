"""A citizen sees themselves alone; an agency by scope; nobody the public fields."""

from typing import Any

import pytest

from app.demo.personas import PERSONAS
from tests.conftest import Asker

CITIZEN = "query ($id: ID!) { citizen(id: $id) { givenName } }"
BY_NATIONAL_ID = "query ($n: NationalId!) { citizenByNationalId(nationalId: $n) { id } }"
EVERYTHING = """
query ($id: ID!) { citizen(id: $id) {
  id %s
} }"""


@pytest.fixture
async def both_id(ask: Asker) -> str:
    data = await ask.data("{ me { id } }", token=ask.citizen("both"))
    return str(data["me"]["id"])


async def test_nobody_sees_public_fields_alone(ask: Asker, both_id: str) -> None:
    public = """{
      me { id } localAuthority(code: "0") { code } dataFreshness { oldAge { delayed } } }"""
    data = await ask.data(public)
    assert data["me"] is None
    assert (await ask.answer(CITIZEN, {"id": both_id})) == {"data": {"citizen": None}}
    by_id = await ask.answer(BY_NATIONAL_ID, {"n": PERSONAS["both"].national_id})
    assert by_id == {"data": {"citizenByNationalId": None}}


async def test_a_citizen_sees_themselves_alone(ask: Asker, both_id: str) -> None:
    own, other = ask.citizen("both"), ask.citizen("proxy")
    data = await ask.data(CITIZEN, {"id": both_id}, token=own)
    assert data["citizen"]["givenName"] == PERSONAS["both"].given_name
    assert (await ask.answer(CITIZEN, {"id": both_id}, token=other)) == {"data": {"citizen": None}}
    variables = {"n": PERSONAS["both"].national_id}
    found = await ask.data(BY_NATIONAL_ID, variables, token=own)
    assert found["citizenByNationalId"]["id"] == both_id
    assert (await ask.data(BY_NATIONAL_ID, variables, token=other)) == {"citizenByNationalId": None}


async def test_an_agency_reads_by_scope(ask: Asker, both_id: str) -> None:
    allowed = ask.agency("citizen:read")
    data = await ask.data(CITIZEN, {"id": both_id}, token=allowed)
    assert data["citizen"]["givenName"] == PERSONAS["both"].given_name
    for token in (ask.agency("citizen:lookup"), ask.agency(""), ask.agency("citizen:read", None)):
        assert await ask.answer(CITIZEN, {"id": both_id}, token=token) == {
            "data": {"citizen": None}
        }
    assert (await ask.data("{ me { id } }", token=allowed)) == {"me": None}


async def test_lookup_needs_its_own_scope(ask: Asker, both_id: str) -> None:
    variables = {"n": PERSONAS["both"].national_id}
    found = await ask.data(BY_NATIONAL_ID, variables, token=ask.agency("citizen:lookup"))
    assert found["citizenByNationalId"] == {"id": both_id}
    refused = await ask.data(BY_NATIONAL_ID, variables, token=ask.agency("citizen:read"))
    assert refused == {"citizenByNationalId": None}


FIELDS = [
    ("entitlements { state }", "entitlement:read"),
    ("entitlements { latestPayment { amount } }", "payment:read"),
    ("entitlements { payments { nodes { amount } } }", "payment:read"),
    ("entitlements { totals { count } }", "payment:read"),
    ("entitlements { bankAccount { maskedNumber } }", "bank-account:read"),
    ("entitlements { disabilityCard { expiresOn } }", "disability:read"),
    pytest.param("nationalId", "citizen:lookup", marks=pytest.mark.answers_national_id),
]


@pytest.mark.parametrize(("field", "scope"), FIELDS)
async def test_each_scope_opens_its_field_and_no_other(
    ask: Asker, both_id: str, field: str, scope: str
) -> None:
    base = {"citizen:read"} | ({"entitlement:read"} if "entitlements" in field else set())
    query = EVERYTHING % field
    allowed = await ask.data(query, {"id": both_id}, token=ask.agency(" ".join(base | {scope})))
    assert allowed["citizen"]["id"] == both_id
    token = ask.agency(" ".join(base - {scope}))
    answer: dict[str, Any] = await ask.answer(query, {"id": both_id}, token=token)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}
    assert f"Needs the scope {scope}." in {error["message"] for error in answer["errors"]}


@pytest.mark.parametrize("id_", ["", "x", "Q" * 23, "🙂", "UQ" * 40])
async def test_an_id_that_is_none_is_a_clear_error(ask: Asker, id_: str) -> None:
    answer = await ask.answer(CITIZEN, {"id": id_}, token=ask.agency("citizen:read"))
    (error,) = answer["errors"]
    assert error["message"] == "id: expected an id of a Citizen as this service gave it."
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_wrong_national_id_is_named_and_never_repeated(ask: Asker) -> None:
    for wrong in ("1234567890123", "12", "", "9" * 400):
        answer = await ask.answer(BY_NATIONAL_ID, {"n": wrong}, token=ask.agency("citizen:lookup"))
        (error,) = answer["errors"]
        assert error["message"].startswith("nationalId: ")
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert not wrong or wrong not in str(answer)


async def test_a_wrong_national_id_written_into_the_query_is_not_repeated(ask: Asker) -> None:
    for literal in ('"1234567890123"', "1234567890123", "123.5", "[1234567890123]"):
        query = f"{{ citizenByNationalId(nationalId: {literal}) {{ id }} }}"
        answer = await ask.answer(query, token=ask.agency("citizen:lookup"))
        assert answer["errors"]
        assert "1234567890123" not in str(answer)
