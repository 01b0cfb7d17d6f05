"""A batch taken back: what stood before it stands again, and nothing is lost."""

from datetime import date, timedelta
from typing import Any

import pytest

from app.database import Database
from app.errors import BadInput
from app.ingest.importer import ImportKind
from app.ingest.reverting import Reverted, revert_batch
from app.rules.calendar import YearMonth
from app.rules.vocabulary import Scheme
from loaders.batches import FreshnessKey, freshness
from tests.ingest.office import (
    NOW,
    OTHER_ACCOUNT,
    Office,
    citizen,
    content,
    disbursement,
    registration,
)
from tests.ingest.test_states import month_of_payments

LATER, LATEST = NOW + timedelta(days=1), NOW + timedelta(days=2)


async def revert(office: Office, batch_id: int) -> Reverted:
    return await revert_batch(office.connection, batch_id, reverted_by="officer", now=LATEST)


async def standing(office: Office, *tables: str) -> dict[str, list[Any]]:
    """Rows that matter to a reader, without the moment at which they were looked at."""
    dumped = await office.tables()
    return {
        table: sorted(
            [{n: v for n, v in row.items() if n != "as_of"} for row in content(dumped, table)],
            key=str,
        )
        for table in tables
    }


async def newest_batch(office: Office) -> int:
    return int(await office.value("select max(id) from disbursement_batch"))


async def test_what_a_correction_replaced_stands_again(office: Office) -> None:
    await office.open(12)
    await office.registrations(*(registration(number) for number in range(1, 13, 2)))
    rows = month_of_payments(12)
    await office.disbursements(*rows)
    tables = ("payment", "registration", "bank_account", "citizen")
    before = await standing(office, *tables)
    november = [row for row in rows if row["period"] == "2026-11"]
    corrected = [
        row | {"amount": "650", "status": "RETURNED", "failure_code": "ACCOUNT_CLOSED"}
        for row in november
        if row["kind"] == "REGULAR" and row["bank_code"]
    ]
    assert len(corrected) > 3
    report = await office.load(ImportKind.DISBURSEMENTS, corrected, now=LATER)
    assert report.accepted == len(corrected)
    assert await standing(office, *tables) != before
    batch_id = await newest_batch(office)
    done = await revert(office, batch_id)
    assert (done.restored, done.removed) == (len(corrected), 0)
    assert await standing(office, *tables) == before
    history = await office.connection.fetch(
        "select removed, status, replaced_by_batch_id = $1 as undone from payment_history"
        " order by replaced_by_batch_id",
        done.batch_id,
    )
    assert len(history) == 2 * len(corrected)
    assert {row["status"] for row in history if row["undone"]} == {"RETURNED"}
    assert not any(row["removed"] for row in history)


async def test_what_a_batch_brought_is_taken_away_and_stays_in_the_history(office: Office) -> None:
    await office.open(3)
    await office.registrations(registration(1))
    await office.disbursements(disbursement(1, period="2026-10"))
    before = await standing(office, "payment", "registration")
    rows = [disbursement(number, account_number=OTHER_ACCOUNT) for number in (1, 2, 3)]
    await office.load(ImportKind.DISBURSEMENTS, rows, now=LATER)
    assert await office.value("select count(*) from registration") == 3
    done = await revert(office, await newest_batch(office))
    assert (done.restored, done.removed) == (0, 3)
    assert await standing(office, "payment", "registration") == before
    assert await office.value("select count(*) from payment_history where removed") == 3
    ledger = await office.row("select * from import_file order by id desc limit 1")
    assert (ledger["name"], ledger["imported_by"]) == (
        f"revert of batch {done.batch_id - 1}",
        "officer",
    )


async def test_the_same_file_can_be_loaded_again_after(office: Office) -> None:
    await office.open(2)
    rows = [disbursement(1), disbursement(2)]
    await office.disbursements(*rows)
    before = await standing(office, "registration", "bank_account")
    await revert(office, await newest_batch(office))
    assert await office.value("select count(*) from payment") == 0
    again = await office.load(ImportKind.DISBURSEMENTS, rows, now=LATEST)
    assert (again.accepted, again.unchanged) == (2, 0)
    assert await standing(office, "registration", "bank_account") == before
    versions = await office.connection.fetch("select version from disbursement_batch order by id")
    assert [row["version"] for row in versions] == [1, 2, 3]


async def test_batches_are_taken_back_from_the_newest(office: Office) -> None:
    await office.open(1)
    states = []
    for amount in ("600", "700", "800"):
        states.append(await standing(office, "payment"))
        await office.load(ImportKind.DISBURSEMENTS, [disbursement(1, amount=amount)], now=LATER)
    with pytest.raises(BadInput, match="corrected since by batch 2: revert that one first"):
        await revert(office, 1)
    for batch_id, state in ((3, states[2]), (2, states[1]), (1, states[0])):
        await revert(office, batch_id)
        assert await standing(office, "payment") == state


async def test_what_can_not_be_reverted_says_why(office: Office) -> None:
    await office.open(1)
    await office.disbursements(disbursement(1))
    with pytest.raises(BadInput, match="There is no batch 7"):
        await revert(office, 7)
    done = await revert(office, 1)
    with pytest.raises(BadInput, match=f"reverted already, by batch {done.batch_id}"):
        await revert(office, 1)
    with pytest.raises(BadInput, match="took back another"):
        await revert(office, done.batch_id)
    await office.connection.execute("update disbursement_batch set status = 'RECEIVED'")
    await office.connection.execute("delete from disbursement_batch where reverts is not null")
    with pytest.raises(BadInput, match="still being applied"):
        await revert(office, 1)


async def test_released_rows_are_a_batch_that_can_be_reverted(office: Office) -> None:
    await office.open(1)
    await office.disbursements(disbursement(2))
    await office.load(ImportKind.CITIZENS, [citizen(2)], now=LATER)
    assert await office.value("select count(*) from payment") == 1
    done = await revert(office, await newest_batch(office))
    assert done.removed == 1
    months = await office.connection.fetch("select period from payment_history where removed")
    assert [row["period"] for row in months] == [date(2026, 11, 1)]


async def test_a_month_that_was_taken_back_has_not_arrived(
    office: Office, database_url: str
) -> None:
    await office.open(1)
    await office.disbursements(disbursement(1, period="2026-10"))
    await office.disbursements(disbursement(1))
    database = await Database.connect(
        database_url, size=1, statement_cache_size=0, statement_timeout=5
    )
    key = FreshnessKey(Scheme.OLD_AGE_ALLOWANCE, YearMonth(date(2026, 11, 1)))
    (row,) = await freshness(database, [key])
    assert row.latest_period == date(2026, 11, 1)
    await revert(office, await newest_batch(office))
    (row,) = await freshness(database, [key])
    assert row.latest_period == date(2026, 10, 1)
    await database.close()
