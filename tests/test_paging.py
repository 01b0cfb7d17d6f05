"""Payments page by page: keyset cursors, both directions, and every wrong argument."""

from datetime import date
from typing import Any

import asyncpg
import pytest

from app.ids import decode_citizen_id
from tests.conftest import TODAY, Asker

PAYMENTS = """
query ($first: Int, $after: String, $last: Int, $before: String, $fiscalYear: Int,
       $status: [PaymentStatus!]) {
  me { entitlements(scheme: OLD_AGE_ALLOWANCE) {
    payments(first: $first, after: $after, last: $last, before: $before,
             fiscalYear: $fiscalYear, status: $status) {
      nodes { id period }
      edges { cursor node { id } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
} } } }"""


async def page(ask: Asker, persona: str = "failed-repaid", **variables: Any) -> Any:
    data = await ask.data(PAYMENTS, variables, token=ask.citizen(persona))
    return data["me"]["entitlements"][0]["payments"]


async def everything(ask: Asker) -> list[str]:
    whole = await page(ask, first=120)
    assert not whole["pageInfo"]["hasNextPage"]
    return [node["id"] for node in whole["nodes"]]


@pytest.mark.parametrize("size", [1, 5, 7, 24])
async def test_forward_pages_give_every_payment_once(ask: Asker, size: int) -> None:
    seen: list[str] = []
    info: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
    while info["hasNextPage"]:
        found = await page(ask, first=size, after=info["endCursor"])
        seen += [node["id"] for node in found["nodes"]]
        info = found["pageInfo"]
    assert seen == await everything(ask)


@pytest.mark.parametrize("size", [1, 5, 7, 24])
async def test_backward_pages_give_every_payment_once(ask: Asker, size: int) -> None:
    seen: list[str] = []
    info: dict[str, Any] = {"hasPreviousPage": True, "startCursor": None}
    while info["hasPreviousPage"]:
        found = await page(ask, last=size, before=info["startCursor"])
        seen = [node["id"] for node in found["nodes"]] + seen
        info = found["pageInfo"]
    assert seen == await everything(ask)


async def test_newest_first_and_edges_agree_with_nodes(ask: Asker) -> None:
    found = await page(ask, first=120)
    periods = [node["period"] for node in found["nodes"]]
    assert periods == sorted(periods, reverse=True)
    assert [e["node"]["id"] for e in found["edges"]] == [n["id"] for n in found["nodes"]]
    cursors = [edge["cursor"] for edge in found["edges"]]
    assert found["pageInfo"]["startCursor"] == cursors[0]
    assert found["pageInfo"]["endCursor"] == cursors[-1]
    assert len(set(cursors)) == len(cursors)


NEW_PAYMENT = """
insert into payment (citizen_id, scheme, period, sequence, kind, amount_satang, status, channel,
  local_authority_code, batch_id)
values ($1, 'OLD_AGE_ALLOWANCE', $2, 0, 'REGULAR', 60000, 'SCHEDULED', 'CASH', '05100101', 1)"""


async def test_a_cursor_stays_true_when_rows_arrive(ask: Asker, demo_database: str) -> None:
    first = await page(ask, first=3)
    rest = await page(ask, first=3, after=first["pageInfo"]["endCursor"])
    me = (await ask.data("{ me { id } }", token=ask.citizen("failed-repaid")))["me"]
    citizen, period = decode_citizen_id(me["id"]), date(TODAY.year + 1, 1, 1)
    connection = await asyncpg.connect(demo_database)
    await connection.execute(NEW_PAYMENT, citizen, period)
    moved = await page(ask, first=3)
    again = await page(ask, first=3, after=first["pageInfo"]["endCursor"])
    await connection.execute("delete from payment where period = $1", period)
    await connection.close()
    assert moved["nodes"][0]["period"] == "2027-01"
    assert again == rest


async def test_a_fiscal_year_runs_from_october_to_september(ask: Asker) -> None:
    found = await page(ask, persona="old-age-receiving", first=120, fiscalYear=2569)
    periods = {node["period"] for node in found["nodes"]}
    assert periods == {"2025-10", "2025-11", "2025-12"} | {f"2026-{m:02}" for m in range(1, 10)}
    assert not found["pageInfo"]["hasNextPage"]


async def test_a_status_filter(ask: Asker) -> None:
    failed = await page(ask, first=120, status=["FAILED"])
    assert 0 < len(failed["nodes"]) < len(await everything(ask))
    assert (await page(ask, first=120, status=[]))["nodes"] == []


async def test_no_number_is_a_year_of_months(ask: Asker) -> None:
    assert len((await page(ask, first=None))["nodes"]) == 12


async def test_nothing_asked_is_nothing_given(ask: Asker) -> None:
    found = await page(ask, first=0)
    assert found["nodes"] == []
    assert found["pageInfo"]["endCursor"] is None


WRONG = [
    ({"first": -1}, "first: expected 0 to 120, got -1."),
    ({"first": 121}, "first: expected 0 to 120, got 121."),
    ({"last": -5}, "last: expected 0 to 120, got -5."),
    ({"last": 1000}, "last: expected 0 to 120, got 1000."),
    ({"first": 1, "after": "x"}, "after: expected a cursor of this connection"),
    ({"first": 1, "after": "UQ"}, "after: expected a cursor of this connection"),
    ({"last": 1, "before": "🙂"}, "before: expected a cursor of this connection"),
    ({"first": 1, "fiscalYear": 2026}, "fiscalYear: expected a year in Buddhist era such as 2569"),
    ({"first": 1, "fiscalYear": -1}, "fiscalYear: expected a year in Buddhist era such as 2569"),
]


@pytest.mark.parametrize(("variables", "message"), WRONG, ids=[str(v) for v, _ in WRONG])
async def test_a_wrong_argument_is_named(
    ask: Asker, variables: dict[str, Any], message: str
) -> None:
    answer = await ask.answer(PAYMENTS, variables, token=ask.citizen("both"))
    (error,) = answer["errors"]
    assert error["message"].startswith(message)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
