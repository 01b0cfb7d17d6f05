"""Payments that a screen goes on to are on their way while its citizen is looked for."""

import asyncio
from typing import Any

import pytest

from loaders.citizens import OWN
from loaders.payment_pages import OWN_PAGE_NEWEST_FIRST, OWN_PAGE_OLDEST_FIRST
from tests.serving import Caller, Serving, locked

PAYMENTS = "payments(first: 2) { nodes { period bankAccount { maskedNumber } } }"
SCREEN = f"{{ me {{ givenName entitlements {{ scheme {PAYMENTS} }} }} }}"


async def sent(statements: list[str]) -> list[str]:
    """Those sent when the first of them has been, and a breath later."""
    for _ in range(500):
        if statements:
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    return list(statements)


async def sent_while_locked(
    caller: Caller, dsn: str, query: str, variables: dict[str, Any] | None = None
) -> tuple[list[str], list[str], dict[str, Any]]:
    """The statements sent while the citizen can not be read, all of them, and the answer."""
    body = {"query": query, "variables": variables}
    with caller.service.database.recording() as statements:
        async with locked(dsn):
            asking = asyncio.create_task(caller.post(body, caller.citizen()))
            meanwhile = await sent(statements)
            assert not asking.done()
        answer: dict[str, Any] = (await asking).json()
    return meanwhile, statements, answer


async def test_a_page_goes_with_its_citizen(serving: Serving, demo_database: str) -> None:
    async with serving() as caller:
        meanwhile, all_of_them, answer = await sent_while_locked(caller, demo_database, SCREEN)
    assert "errors" not in answer
    assert [len(each["payments"]["nodes"]) for each in answer["data"]["me"]["entitlements"]] == [
        2,
        2,
    ]
    assert sorted(meanwhile) == sorted([OWN, OWN_PAGE_NEWEST_FIRST])
    assert all_of_them == meanwhile


@pytest.mark.parametrize(
    ("fields", "pages"),
    [
        (PAYMENTS, [OWN_PAGE_NEWEST_FIRST]),
        ("latestPayment { period } " + PAYMENTS, [OWN_PAGE_NEWEST_FIRST]),
        ("a: payments(last: 1) { nodes { period } } " + PAYMENTS,
         [OWN_PAGE_NEWEST_FIRST, OWN_PAGE_OLDEST_FIRST]),
        ("payments(fiscalYear: 2569, status: [PAID]) { nodes { period } }",
         [OWN_PAGE_NEWEST_FIRST]),
        ("state", []),
    ],
)  # fmt: skip
async def test_whatever_pages_are_asked_cost_no_second_wait(
    serving: Serving, demo_database: str, fields: str, pages: list[str]
) -> None:
    query = f"{{ me {{ entitlements {{ scheme {fields} }} }} }}"
    async with serving() as caller:
        for _ in range(2):  # written out from the second time on
            meanwhile, all_of_them, answer = await sent_while_locked(caller, demo_database, query)
            assert "errors" not in answer
            assert sorted(meanwhile) == sorted([OWN, *pages])
            assert all_of_them == meanwhile


async def test_what_a_condition_stands_before_is_asked_when_it_is_met(
    serving: Serving, demo_database: str
) -> None:
    query = f"query ($no: Boolean!) {{ me {{ entitlements {{ scheme ...F }} }} }} \
        fragment F on Entitlement {{ {PAYMENTS.replace('{', '@skip(if: $no) {', 1)} }}"
    async with serving() as caller:
        for no, more in ((True, 0), (False, 1)):
            meanwhile, all_of_them, _ = await sent_while_locked(
                caller, demo_database, query, {"no": no}
            )
            assert meanwhile == [OWN]
            assert len(all_of_them) == 1 + more


async def test_a_page_that_can_not_be_had_fails_alone_and_is_not_asked_again(
    serving: Serving, demo_database: str
) -> None:
    async with serving(statement_timeout_seconds=0.2) as caller:
        for _ in range(2):
            with caller.service.database.recording() as statements:
                async with locked(demo_database, "payment"):
                    answer = (await caller.post({"query": SCREEN}, caller.citizen())).json()
            assert sorted(statements) == sorted([OWN, OWN_PAGE_NEWEST_FIRST])
            codes = {error["extensions"]["code"] for error in answer["errors"]}
            assert codes == {"SERVICE_UNAVAILABLE"}
            assert {error["path"][-1] for error in answer["errors"]} == {"payments"}


async def test_a_wrong_argument_is_told_where_it_stands(serving: Serving) -> None:
    query = SCREEN.replace("first: 2", "first: 121")
    async with serving() as caller:
        with caller.service.database.recording() as statements:
            answer = (await caller.post({"query": query}, caller.citizen())).json()
    assert statements == [OWN]
    assert {error["message"] for error in answer["errors"]} == {
        "first: expected 0 to 120, got 121."
    }


async def test_an_agency_reads_payments_once_it_may_read_the_citizen(
    serving: Serving, demo_database: str
) -> None:
    query = f"query ($id: ID!) {{ citizen(id: $id) {{ entitlements {{ {PAYMENTS} }} }} }}"
    scopes = "citizen:read entitlement:read payment:read bank-account:read"
    async with serving() as caller:
        me = (await caller.post({"query": "{ me { id } }"}, caller.citizen())).json()["data"]["me"]
        body = {"query": query, "variables": me}
        with caller.service.database.recording() as statements:
            async with locked(demo_database):
                asking = asyncio.create_task(caller.post(body, caller.agency("audit", scopes)))
                assert len(await sent(statements)) == 1
            assert "errors" not in (await asking).json()
    assert OWN not in statements
    assert len(statements) == 4  # the citizen, the payments, the accounts, the record
