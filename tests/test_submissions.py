"""Disbursements sent in real time: through the graph, as the role that writes, into Postgres."""

import asyncio
import json
from datetime import datetime
from typing import Any

import pytest

from app.clock import BANGKOK
from app.demo.home import DataDirectory
from tests.callers import office
from tests.ingest.office import ACCOUNT, AUTHORITY, OTHER_ACCOUNT, national_id, registration
from tests.submitting import SUBMIT, WRITE, Agency, record, running, submission


async def test_the_next_query_of_the_citizen_shows_it(agency: Agency) -> None:
    payload = await agency.submit(record(), record(2, amount="700.00"))
    assert payload["rejected"] == []
    assert payload["batch"]["totals"] == {
        "rows": 2, "accepted": 2, "rejected": 0, "unchanged": 0, "waiting": 0, "amount": "1300.00"
    }  # fmt: skip
    assert payload["batch"]["localAuthority"] == {"code": AUTHORITY}
    assert (payload["batch"]["status"], payload["batch"]["version"]) == ("LOADED", 1)
    query = """{ me { entitlements(scheme: OLD_AGE_ALLOWANCE) { latestPayment {
      period amount status bankAccount { maskedNumber } batch { id } } } } }"""
    citizen = agency.ask.home.issuer().citizen_token(national_id(2), datetime.now(BANGKOK))
    (entitlement,) = (await agency.ask.data(query, token=citizen))["me"]["entitlements"]
    assert entitlement["latestPayment"] == {
        "period": "2026-11",
        "amount": "700.00",
        "status": "PAID",
        "bankAccount": {"maskedNumber": f"xxxxxx{ACCOUNT[-4:]}"},
        "batch": {"id": payload["batch"]["id"]},
    }
    freshness = await agency.ask.data("{ dataFreshness { oldAge { latestPeriod delayed } } }")
    assert freshness["dataFreshness"]["oldAge"] == {"latestPeriod": "2026-11", "delayed": False}


async def test_the_same_request_has_the_same_answer_also_after_a_restart(
    agency: Agency, database_url: str, home: DataDirectory
) -> None:
    records = [record(), record(2, amount="-1.00"), record(3, bankCode="x")]
    first = await agency.submit(*records)
    tables = await agency.office.tables(but=())
    assert await agency.submit(*[dict(reversed(each.items())) for each in records]) == first
    async for restarted in running(database_url, home, agency.office):
        assert await restarted.submit(*records) == first
    assert await agency.office.tables(but=()) == tables
    assert [each["index"] for each in first["rejected"]] == [1, 2]


@pytest.mark.parametrize(
    "other",
    [
        {"records": [record(amount="601.00")]},
        {"records": [record(), record(2)]},
        {"records": [record(paidOn=None)]},
        {"period": "2026-10"},
        {"scheme": "DISABILITY_ALLOWANCE"},
    ],
)
async def test_the_same_id_with_another_content_is_an_error(
    agency: Agency, other: dict[str, Any]
) -> None:
    await agency.submit(record())
    tables = await agency.office.tables(but=())
    error = await agency.refused(record(), **other)
    assert error["message"].startswith("requestId: it came before with another content.")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert await agency.office.tables(but=()) == tables


async def test_another_client_may_use_the_same_request_id(agency: Agency) -> None:
    first = await agency.submit(record())
    token = office(agency.ask.home.issuer(), WRITE, AUTHORITY)
    data = await agency.ask.data(SUBMIT, submission(record(amount="601.00")), token=token)
    assert data["submitDisbursements"]["batch"]["id"] != first["batch"]["id"]
    assert data["submitDisbursements"]["batch"]["status"] == "CORRECTED"


async def test_the_same_request_several_times_at_once_is_applied_once(agency: Agency) -> None:
    payloads = await asyncio.gather(*[agency.submit(record(), record(2)) for _ in range(5)])
    assert payloads == [payloads[0]] * 5
    assert payloads[0]["batch"]["totals"]["accepted"] == 2
    assert await agency.office.value("select count(*) from disbursement_batch") == 1
    assert await agency.office.value("select count(*) from payment_history") == 0


REJECTS: list[tuple[dict[str, Any], str | None, str]] = [
    ({"nationalId": "9000000000019"}, "nationalId", "NATIONAL_ID_INVALID"),
    ({"localAuthorityCode": "99999999"}, "localAuthorityCode", "AUTHORITY_UNKNOWN"),
    ({"amount": "-600.00"}, "amount", "AMOUNT_NEGATIVE"),
    ({"amount": "2000000.00"}, "amount", "AMOUNT_OUT_OF_RANGE"),
    ({"paidOn": "0001-01-01"}, "paidOn", "DATE_OUT_OF_RANGE"),
    ({"bankCode": "none"}, "bankCode", "BANK_CODE_INVALID"),
    ({"accountNumber": "12"}, "accountNumber", "ACCOUNT_NUMBER_INVALID"),
    ({"accountNumber": None}, "accountNumber", "ACCOUNT_INCOMPLETE"),
    ({"holder": "PROXY"}, "accountName", "ACCOUNT_NAME_MISSING"),
    ({"accountName": ACCOUNT}, "accountName", "NUMBER_IN_TEXT"),
    ({"channel": "CASH"}, "channel", "ACCOUNT_WITH_CASH"),
    ({"failureCode": "x" * 201}, "failureCode", "TEXT_TOO_LONG"),
    ({"failureText": "x" * 201}, "failureText", "TEXT_TOO_LONG"),
    ({"repaysPeriod": "2026-10"}, "repaysPeriod", "REPAYS_NOT_ALLOWED"),
    ({"repaysPeriod": "2001-10"}, "repaysPeriod", "PERIOD_OUT_OF_RANGE"),
]


async def test_rejects_by_index_with_the_inputs_names(agency: Agency) -> None:
    records = [record(1), *(record(2, **changes) for changes, _, _ in REJECTS), record(3)]
    payload = await agency.submit(*records)
    assert [(r["index"], r["field"], r["code"]) for r in payload["rejected"]] == [
        (place, field, code) for place, (_, field, code) in enumerate(REJECTS, 1)
    ]
    assert payload["batch"]["status"] == "PARTIAL"
    assert payload["batch"]["totals"]["accepted"] == 2
    text = json.dumps(payload)
    assert all(number not in text for number in (national_id(2), "9000000000019", ACCOUNT))


async def test_records_at_odds_are_all_rejected_and_repeated_ones_count_once(
    agency: Agency,
) -> None:
    payload = await agency.submit(record(1), record(2), record(1, amount="700.00"), record(2))
    assert [(r["index"], r["field"], r["code"]) for r in payload["rejected"]] == [
        (0, "nationalId", "CONFLICTING_DUPLICATE"),
        (2, "nationalId", "CONFLICTING_DUPLICATE"),
    ]
    assert payload["rejected"][0]["message"] == (
        "The same payment stands with other values in record 2; keep the right one."
    )
    totals = payload["batch"]["totals"]
    assert (totals["rows"], totals["accepted"], totals["unchanged"]) == (4, 1, 1)


async def test_where_nothing_is_taken_there_is_a_batch_that_says_so(agency: Agency) -> None:
    payload = await agency.submit(record(bankCode="x"))
    assert (payload["batch"]["status"], payload["batch"]["localAuthority"]) == ("REJECTED", None)
    freshness = await agency.ask.data("{ dataFreshness { oldAge { latestPeriod delayed } } }")
    assert freshness["dataFreshness"]["oldAge"] == {"latestPeriod": None, "delayed": True}
    assert await agency.payments() == []


async def test_where_nothing_changes_there_is_a_batch_too(agency: Agency) -> None:
    await agency.submit(record())
    payload = await agency.submit(record(), requestId="november-2")
    totals = payload["batch"]["totals"]
    assert (totals["rows"], totals["unchanged"], totals["amount"]) == (1, 1, "600.00")
    assert payload["batch"]["localAuthority"] == {"code": AUTHORITY}


async def test_an_unknown_citizens_payment_waits_for_them(agency: Agency) -> None:
    payload = await agency.submit(record(1), record(7))
    assert payload["batch"]["totals"]["waiting"] == 1
    await agency.office.open(7)
    assert len(await agency.payments()) == 2


async def test_what_every_record_leaves_out_stays_as_it_is_known(agency: Agency) -> None:
    await agency.office.registrations(registration(1))
    proxy: dict[str, Any] = {
        "holder": "PROXY",
        "accountName": "สมชาย ใจดี",
        "accountNumber": OTHER_ACCOUNT,
    }
    await agency.submit(record(**proxy))
    (before,) = await agency.payments()
    bare = record(bankCode=..., accountNumber=..., status="RETURNED", paidOn=...)
    await agency.submit(bare, requestId="november-2")
    (after,) = await agency.payments()
    assert (after["status"], after["bank_account_id"]) == ("RETURNED", before["bank_account_id"])
    await agency.submit(bare | {"channel": "CASH"}, requestId="november-3")
    (cash,) = await agency.payments()
    assert (cash["channel"], cash["bank_account_id"]) == ("CASH", None)
