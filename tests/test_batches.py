"""Batches in the graph: who sees which, the pages of them, and what they say of freshness."""

from typing import Any

import pytest

from app.service import Service
from loaders.batches import BY_ID
from tests.callers import office
from tests.conftest import Asker
from tests.ingest.office import AUTHORITY, OTHER_AUTHORITY, disbursement
from tests.submitting import Agency, record

BATCHES = """
query ($period: YearMonth, $scheme: Scheme, $first: Int, $after: String) {
  disbursementBatches(period: $period, scheme: $scheme, first: $first, after: $after) {
    nodes { version scheme period localAuthority { code } totals { rows } }
    pageInfo { hasNextPage endCursor }
  }
}"""
READ = "batch:read"


@pytest.fixture
async def batches(agency: Agency) -> Agency:
    """Six batches: three of one authority, one of another, one of both, one being applied."""
    both = record(2, localAuthorityCode=OTHER_AUTHORITY)
    await agency.submit(record(), period="2026-10", requestId="1")
    await agency.submit(record(), requestId="2")
    await agency.submit(record(), scheme="DISABILITY_ALLOWANCE", requestId="3")
    await agency.submit(both, requestId="4")
    await agency.office.disbursements(
        disbursement(1, amount="1.00"),
        disbursement(2, amount="2.00", local_authority_code=OTHER_AUTHORITY),
    )
    await agency.office.connection.execute(
        """
        insert into disbursement_batch (import_file_id, scheme, period, received_at, version,
          status, rows, accepted, rejected, unchanged, waiting, amount_satang)
        select max(import_file_id), 'DISABILITY_ALLOWANCE', '2026-12-01', now(), 1,
          'RECEIVED', 0, 0, 0, 0, 0, 0 from disbursement_batch"""
    )
    return agency


async def page(agency: Agency, token: str | None = None, **variables: Any) -> Any:
    token = token or agency.ask.agency(READ, None)
    data = await agency.ask.data(BATCHES, variables, token=token)
    return data["disbursementBatches"]


async def test_the_newest_come_first_page_by_page(batches: Agency) -> None:
    whole = await page(batches)
    assert [
        (each["period"], each["scheme"], each["version"], each["totals"]["rows"])
        for each in whole["nodes"]
    ] == [
        ("2026-12", "DISABILITY_ALLOWANCE", 1, 0),
        ("2026-11", "OLD_AGE_ALLOWANCE", 3, 2),
        ("2026-11", "OLD_AGE_ALLOWANCE", 2, 1),
        ("2026-11", "DISABILITY_ALLOWANCE", 1, 1),
        ("2026-11", "OLD_AGE_ALLOWANCE", 1, 1),
        ("2026-10", "OLD_AGE_ALLOWANCE", 1, 1),
    ]
    nodes, after = [], None
    for more in (True, True, False):
        with batches.service.database.recording() as statements:
            found = await page(batches, first=2, after=after)
        assert len(statements) == 1
        assert found["pageInfo"]["hasNextPage"] is more
        nodes += found["nodes"]
        after = found["pageInfo"]["endCursor"]
    assert nodes == whole["nodes"]


async def test_by_month_and_by_scheme(batches: Agency) -> None:
    assert len((await page(batches, period="2026-11"))["nodes"]) == 4
    assert len((await page(batches, scheme="DISABILITY_ALLOWANCE"))["nodes"]) == 2
    both = await page(batches, period="2026-11", scheme="DISABILITY_ALLOWANCE")
    assert len(both["nodes"]) == 1


async def test_a_cursor_of_something_else_is_refused(batches: Agency) -> None:
    token = batches.ask.agency(READ)
    answer = await batches.ask.answer(BATCHES, {"after": "x"}, token=token)
    assert answer["errors"][0]["message"].startswith("after: expected a cursor")


async def test_a_limited_agency_sees_the_batches_of_its_own_authorities(batches: Agency) -> None:
    issuer = batches.ask.home.issuer()
    seen = {
        codes: [
            each["localAuthority"]["code"]
            for each in (await page(batches, office(issuer, READ, *codes)))["nodes"]
        ]
        for codes in ((AUTHORITY,), (OTHER_AUTHORITY,), (AUTHORITY, OTHER_AUTHORITY), ())
    }
    assert seen == {
        (AUTHORITY,): [AUTHORITY] * 3,
        (OTHER_AUTHORITY,): [OTHER_AUTHORITY],
        (AUTHORITY, OTHER_AUTHORITY): [OTHER_AUTHORITY, *[AUTHORITY] * 3],
        (): [],
    }


async def test_a_batch_that_is_still_being_applied_has_not_arrived(batches: Agency) -> None:
    query = "{ dataFreshness { disability { latestPeriod delayed } } }"
    for today, delayed in (("2026-12-09", False), ("2026-12-12", True)):
        response = await batches.ask.http.post(
            "/graphql", json={"query": query}, headers={"X-Demo-Today": today}
        )
        assert response.json()["data"]["dataFreshness"]["disability"] == {
            "latestPeriod": "2026-11",
            "delayed": delayed,
        }


@pytest.mark.parametrize(("asked", "more"), [("", 0), ("batch { id totals { rows } }", 1)])
async def test_the_batches_of_a_page_of_payments_are_one_statement(
    ask: Asker, service: Service, asked: str, more: int
) -> None:
    query = "{ me { entitlements { payments(first: 12) { nodes { id %s } } } } }"
    with service.database.recording() as without:
        await ask.data(query % "", token=ask.citizen("both"))
    with service.database.recording() as statements:
        data = await ask.data(query % asked, token=ask.citizen("both"))
    assert statements.count(BY_ID) == more
    assert len(statements) == len(without) + more
    if more:
        found = [
            node["batch"]["id"]
            for e in data["me"]["entitlements"]
            for node in e["payments"]["nodes"]
        ]
        assert len(set(found)) > 12
