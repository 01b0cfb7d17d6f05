"""Payments that a screen goes on to come with its citizen."""

import asyncio
from datetime import datetime
from typing import Any

import pytest

from app.clock import BANGKOK
from app.demo.personas import PERSONAS
from loaders.access_records import RECORD
from loaders.bank_accounts import BY_CITIZEN
from loaders.citizens import BY_ID
from loaders.own_citizen import OWN, OWN_AND_PAGE
from loaders.payment_pages import PAGES, Shape
from tests.serving import Caller, Serving, locked

NEWEST = Shape(newest_first=True, repayments=False)
OLDEST_FIRST = Shape(newest_first=False, repayments=False)
PARTLY = Shape(newest_first=True, repayments=False, whole=False)
PAYMENTS = "payments(first: 2) { nodes { period bankAccount { maskedNumber } } }"


async def asked(
    caller: Caller,
    query: str,
    variables: dict[str, Any] | None = None,
    persona: str = "both",
) -> tuple[list[str], dict[str, Any]]:
    """The statements of a citizen's question, and the answer."""
    with caller.service.database.recording() as statements:
        response = await caller.post(
            {"query": query, "variables": variables}, caller.citizen(persona)
        )
    answer: dict[str, Any] = response.json()
    return statements, answer


def of_each_entitlement(fields: str) -> str:
    return f"{{ me {{ givenName entitlements {{ scheme {fields} }} }} }}"


LATEST = "latestPayment { period }"
OLDEST = "a: payments(last: 1) { nodes { period } }"
OF_A_YEAR = "b: payments(fiscalYear: 2569, status: [PAID]) { nodes { period } }"


@pytest.mark.parametrize(
    ("fields", "statements"),
    [
        (PAYMENTS, [OWN_AND_PAGE[NEWEST]]),
        (f"{LATEST} {PAYMENTS}", [OWN_AND_PAGE[NEWEST]]),
        (OLDEST, [OWN_AND_PAGE[OLDEST_FIRST]]),
        (OF_A_YEAR, [OWN_AND_PAGE[PARTLY]]),
        (f"{OLDEST} {PAYMENTS}", [OWN_AND_PAGE[OLDEST_FIRST], PAGES[NEWEST]]),
        (f"{LATEST} {OLDEST} {PAYMENTS}", [OWN_AND_PAGE[NEWEST], PAGES[OLDEST_FIRST]]),
        ("state", [OWN]),
    ],
)
async def test_pages_of_one_window_come_along(
    serving: Serving, fields: str, statements: list[str]
) -> None:
    async with serving() as caller:
        for _ in range(2):  # written out from the second time on
            found, answer = await asked(caller, of_each_entitlement(fields))
            assert "errors" not in answer
            assert found == statements


REPAID = "repaidBy { id amount }"


@pytest.mark.parametrize(
    "query",
    [
        of_each_entitlement(f"payments {{ nodes {{ id status {REPAID} }} }}"),
        of_each_entitlement(f"payments {{ nodes {{ id status {REPAID} repays {{ id }} }} }}"),
        of_each_entitlement("payments { nodes { ...F } }")
        + f" fragment F on Payment {{ id status {REPAID} }}",
        "query ($yes: Boolean!) "
        + of_each_entitlement(
            "payments { nodes { id status repaidBy @include(if: $yes) { id amount } } }"
        ),
    ],
    ids=["asked", "both ways", "in a fragment", "on a condition"],
)
async def test_what_makes_payments_good_comes_along_where_it_is_asked(
    serving: Serving, query: str
) -> None:
    async with serving() as caller:
        alone = of_each_entitlement("payments { nodes { id } }")
        found, answer = await asked(caller, alone, persona="failed-repaid")
        assert "errors" not in answer
        assert found == [OWN_AND_PAGE[NEWEST]]
        found, answer = await asked(caller, query, {"yes": True}, persona="failed-repaid")
        assert "errors" not in answer
        assert found == [OWN_AND_PAGE[Shape(newest_first=True, repayments=True)]]
    nodes = answer["data"]["me"]["entitlements"][0]["payments"]["nodes"]
    failed = [each for each in nodes if each["status"] == "FAILED"]
    assert failed
    assert all(each["repaidBy"]["id"] in {every["id"] for every in nodes} for each in failed)


async def test_a_page_of_one_scheme_comes_along_alone(serving: Serving) -> None:
    of_one = f"a: entitlements(scheme: OLD_AGE_ALLOWANCE) {{ scheme {PAYMENTS} }}"
    async with serving() as caller:
        found, answer = await asked(caller, f"{{ me {{ {of_one} }} }}")
        assert found == [OWN_AND_PAGE[NEWEST]]
        (entitlement,) = answer["data"]["me"]["a"]
        assert len(entitlement["payments"]["nodes"]) == 2
        found, more = await asked(caller, f"{{ me {{ {of_one} entitlements {{ {LATEST} }} }} }}")
        assert found == [OWN_AND_PAGE[NEWEST]]
        assert more["data"]["me"]["a"] == [entitlement]
        assert [bool(each["latestPayment"]) for each in more["data"]["me"]["entitlements"]] == [
            True,
            True,
        ]


async def test_what_a_condition_stands_before_is_asked_when_it_is_met(serving: Serving) -> None:
    query = f"query ($no: Boolean!) {{ me {{ entitlements {{ scheme ...F }} }} }} \
        fragment F on Entitlement {{ {PAYMENTS.replace('{', '@skip(if: $no) {', 1)} }}"
    async with serving() as caller:
        assert (await asked(caller, query, {"no": True}))[0] == [OWN]
        assert (await asked(caller, query, {"no": False}))[0] == [OWN, PAGES[NEWEST]]


async def test_payments_that_can_not_be_had_are_not_asked_again(
    serving: Serving, demo_database: str
) -> None:
    async with serving(statement_timeout_seconds=0.2) as caller:
        for _ in range(2):
            async with locked(demo_database, "payment"):
                found, answer = await asked(caller, of_each_entitlement(PAYMENTS))
            assert found == [OWN_AND_PAGE[NEWEST]]
            (error,) = answer["errors"]
            assert (error["extensions"]["code"], error["path"]) == ("SERVICE_UNAVAILABLE", ["me"])


async def test_a_wrong_argument_is_told_where_it_stands(serving: Serving) -> None:
    async with serving() as caller:
        found, answer = await asked(
            caller, of_each_entitlement(PAYMENTS.replace("first: 2", "first: 121"))
        )
    assert found == [OWN]
    told = {error["message"] for error in answer["errors"]}
    assert told == {"first: expected 0 to 120, got 121."}


async def test_who_is_not_in_the_register_has_no_payments(serving: Serving) -> None:
    async with serving() as caller:
        now = datetime.now(BANGKOK)
        nobody = caller.home.issuer().citizen_token("9999999999994", now)
        body = {"query": of_each_entitlement(PAYMENTS)}
        assert (await caller.post(body, nobody)).json() == {"data": {"me": None}}


async def test_batches_of_many_citizens_hand_out_to_each_their_own(serving: Serving) -> None:
    async with serving() as caller:
        query = of_each_entitlement("payments(first: 3) { nodes { id } }")
        alone = {}
        for name in PERSONAS:
            alone[name] = (await caller.post({"query": query}, caller.citizen(name))).json()
        names = [*PERSONAS] * 3
        answers = await asyncio.gather(
            *(caller.post({"query": query}, caller.citizen(name)) for name in names)
        )
    assert [each.json() for each in answers] == [alone[name] for name in names]
    assert len({str(each) for each in alone.values()}) > 3


async def test_an_agency_reads_payments_once_it_may_read_the_citizen(serving: Serving) -> None:
    query = f"query ($id: ID!) {{ citizen(id: $id) {{ entitlements {{ {PAYMENTS} }} }} }}"
    scopes = "citizen:read entitlement:read payment:read bank-account:read"
    async with serving() as caller:
        me = (await caller.post({"query": "{ me { id } }"}, caller.citizen())).json()["data"]["me"]
        body = {"query": query, "variables": me}
        with caller.service.database.recording() as statements:
            answer = (await caller.post(body, caller.agency("audit", scopes))).json()
    assert "errors" not in answer
    assert statements == [BY_ID, PAGES[NEWEST], BY_CITIZEN, RECORD]
