"""Dated rules reach the answer: a row added changes it, a death is never shown, a day is played."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from app import screens
from app.clock import BANGKOK, now
from app.demo.home import DataDirectory
from app.demo.load import DemoSize, load_demo
from app.demo.service import create_demo
from app.errors import BadInput
from app.ids import encode_citizen_id
from app.ingest.rule_tables import import_rule_table
from app.rules.rule_book import shipped_rows
from app.service import Service
from tests.conftest import NOW, TODAY, Asker, Databases

RATE = """{ me { entitlements(scheme: DISABILITY_ALLOWANCE) {
  monthlyAmount rate { amount minimumAge maximumAge validFrom validTo rule }
  nextPayment { period dueOn amount } } } }"""


@pytest.fixture
async def own_url(databases: Databases, tmp_path: Path) -> AsyncIterator[str]:
    """The demo in a database of this test alone."""
    name = await databases.create()
    home = DataDirectory.open(tmp_path / "data")
    await load_demo(databases.url(name), home, DemoSize(60, 2, 1), TODAY, NOW, lambda _line: None)
    yield databases.url(name)
    await databases.drop(name)


@pytest.fixture
async def own(own_url: str, tmp_path: Path) -> AsyncIterator[tuple[Asker, Service]]:
    """The running service over it."""
    home = DataDirectory.open(tmp_path / "data")
    app = create_demo(home, own_url, 8000)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http,
    ):
        yield Asker(http, home), app.state.service


def rates_with_a_flat_thousand(file: Path) -> Path:
    """The shipped rates; those of disability end with November 2026 and 1,000 for all follows."""
    rows = [dict(cells) for _line, cells in shipped_rows("rates")]
    in_force = [row for row in rows if row["status"] == "IN_FORCE"]
    for row in in_force:
        if row["scheme"] == "DISABILITY_ALLOWANCE" and not row["valid_to"]:
            row["valid_to"] = "2026-11-30"
    flat = dict(in_force[0]) | {
        "scheme": "DISABILITY_ALLOWANCE",
        "amount_baht": "1000",
        "minimum_age": "0",
        "maximum_age": "",
        "valid_from": "2026-12-01",
        "valid_to": "",
        "rule": "Flat disability rate",
    }
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows([*in_force, flat])
    file.write_text(text.getvalue(), encoding="utf-8")
    return file


async def test_a_rate_added_as_a_row_is_paid_from_its_day(
    own: tuple[Asker, Service], own_url: str, tmp_path: Path
) -> None:
    ask, service = own

    async def entitlement(today: date) -> Any:
        data = await ask.data(RATE, token=ask.citizen("disability-receiving"), today=today)
        return data["me"]["entitlements"][0]

    assert (await entitlement(TODAY))["nextPayment"]["amount"] == "800.00"
    connection = await asyncpg.connect(own_url)
    file = rates_with_a_flat_thousand(tmp_path / "rates.csv")
    await import_rule_table(connection, "rates", file, now())
    await connection.close()
    await service.reference.refresh()
    before = await entitlement(TODAY)
    assert before["monthlyAmount"] == "800.00"
    assert before["nextPayment"] == {
        "period": "2026-12",
        "dueOn": "2026-12-09",
        "amount": "1000.00",
    }
    after = await entitlement(date(2026, 12, 1))
    assert after["monthlyAmount"] == "1000.00"
    assert after["rate"] == {
        "amount": "1000.00",
        "minimumAge": 0,
        "maximumAge": None,
        "validFrom": "2026-12-01",
        "validTo": None,
        "rule": "Flat disability rate",
    }


async def test_a_death_is_shown_to_nobody_who_signs_in(
    own: tuple[Asker, Service], own_url: str
) -> None:
    ask, service = own
    connection = await asyncpg.connect(own_url)
    row = await connection.fetchrow(
        "update citizen set died_on = '2026-11-01' where id ="
        " (select citizen_id from payment where scheme = 'OLD_AGE_ALLOWANCE' limit 1)"
        " returning id, national_id_encrypted"
    )
    assert row is not None
    await connection.execute(
        "update payment set status = 'CANCELLED', reason_code = 'DECEASED',"
        " source_code = 'DECEASED' where citizen_id = $1",
        row["id"],
    )
    await connection.close()
    keys = service.settings.privacy_keys
    national_id = keys.decrypt_national_id(row["national_id_encrypted"], UUID(str(row["id"])))
    token = ask.home.issuer().citizen_token(national_id, now().astimezone(BANGKOK))
    for screen in screens.NAMES:
        for language in ("TH", "EN"):
            data = await ask.data(screens.document(screen), {"language": language}, token=token)
            text = str(data)
            for word in ("DECEASED", "died", "death", "เสียชีวิต", "ถึงแก่ความตาย"):
                assert word not in text
    home = await ask.data(screens.document("old_age_home"), token=token)
    (entitlement,) = home["me"]["entitlements"]
    assert entitlement["state"] == "ENDED"
    assert entitlement["stateReason"]["code"] == "OTHER"
    assert entitlement["latestPayment"]["reason"]["code"] == "OTHER"


DAYS = [
    (date(2017, 1, 1), "NOT_YET_ELIGIBLE"),
    (date(2022, 7, 7), "NOT_YET_ELIGIBLE"),
    (date(2022, 7, 8), "ELIGIBLE_NOT_REGISTERED"),
    (date(2090, 1, 1), "ELIGIBLE_NOT_REGISTERED"),
]


@pytest.mark.parametrize(("today", "state"), DAYS)
async def test_the_day_is_played(ask: Asker, today: date, state: str) -> None:
    query = "{ me { entitlements(scheme: OLD_AGE_ALLOWANCE) { state eligibleOn } } }"
    data = await ask.data(query, token=ask.citizen("old-age-not-registered"), today=today)
    assert data["me"]["entitlements"] == [{"state": state, "eligibleOn": "2022-07-08"}]


async def test_both_schemes_are_there_for_everyone_in_the_register(
    ask: Asker, demo_database: str
) -> None:
    connection = await asyncpg.connect(demo_database)
    ids = [row["id"] for row in await connection.fetch("select id from citizen")]
    await connection.close()
    query = """query ($r: [_Any!]!) { _entities(representations: $r) {
      ... on Citizen { entitlements { scheme state asOf stateText stateMessage } } } }"""
    representations = [{"__typename": "Citizen", "id": encode_citizen_id(id_)} for id_ in ids]
    token = ask.agency("citizen:read entitlement:read")
    data = await ask.data(query, {"r": representations}, token=token)
    assert len(data["_entities"]) == len(ids)
    for citizen in data["_entities"]:
        schemes = [entitlement["scheme"] for entitlement in citizen["entitlements"]]
        assert schemes == ["OLD_AGE_ALLOWANCE", "DISABILITY_ALLOWANCE"]
        assert all(e["stateText"] and e["stateMessage"] for e in citizen["entitlements"])


async def test_the_demo_plays_the_day_it_was_given(own_url: str, tmp_path: Path) -> None:
    home = DataDirectory.open(tmp_path / "data")
    app = create_demo(home, own_url, 8000, played=date(2023, 7, 1))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http,
    ):
        headers = {"Authorization": f"Bearer {Asker(http, home).citizen('old-age-not-registered')}"}
        body = {"query": "{ me { age } }"}
        answer = (await http.post("/graphql", json=body, headers=headers)).json()
    assert answer == {"data": {"me": {"age": 60}}}


async def test_data_of_a_day_ahead_are_not_mixed_with_an_earlier_one(
    own_url: str, tmp_path: Path
) -> None:
    home = DataDirectory.open(tmp_path / "data")
    with pytest.raises(BadInput, match="--today 2026-11-23"):
        await load_demo(own_url, home, DemoSize(60, 2, 1), date(2026, 11, 1), NOW, print)
