"""What payments tell, in every order of imports, corrections and reverts."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from app.ingest.importer import ImportKind
from app.ingest.reverting import revert_batch
from app.notices.telling import Telling
from tests.ingest.office import NOW, Office, citizen, disbursement
from tests.notices.told import rows, true

SENT, FAILED = "PAYMENT_SENT", "PAYMENT_FAILED"
NOVEMBER = "OLD_AGE_ALLOWANCE 2026-11 0"


async def test_a_payment_tells_once(office: Office) -> None:
    await office.open(2)
    month = [
        disbursement(1),
        disbursement(2, status="FAILED", paid_on="", failure_code="ACCOUNT_CLOSED"),
    ]
    await office.disbursements(*month)
    assert sorted(await true(office)) == [(FAILED, NOVEMBER), (SENT, NOVEMBER)]
    facts = {row["kind"]: row["facts"] for row in await rows(office)}
    assert facts == {SENT: '{"amount": 60000}', FAILED: '{"reason": "ACCOUNT_CLOSED"}'}
    before = await rows(office)
    await office.load(ImportKind.DISBURSEMENTS, [*month, disbursement(1, period="2026-10")])
    assert (await rows(office))[:2] == before
    assert len(await rows(office)) == 3


async def test_what_failed_and_was_paid_and_failed_again(office: Office) -> None:
    await office.open(1)
    failed = disbursement(1, status="FAILED", paid_on="", failure_code="ACCOUNT_CLOSED")
    numbers = []
    for row in (failed, disbursement(1), failed | {"failure_text": "again"}):
        await office.disbursements(row)
        (only,) = await rows(office)
        numbers.append((only["kind"], only["id"]))
    assert [kind for kind, _ in numbers] == [FAILED, SENT, FAILED]
    assert numbers[0][1] < numbers[1][1] < numbers[2][1]
    states = await office.connection.fetch(
        "select state::text from notification_outbox order by notification_id"
    )
    assert [row["state"] for row in states] == ["WITHDRAWN", "WITHDRAWN", "WAITING"]


async def test_what_was_sent_stays_sent(office: Office) -> None:
    await office.open(1)
    await office.disbursements(disbursement(1))
    await office.connection.execute("update notification_outbox set state = 'SENT'")
    await office.disbursements(disbursement(1, amount="700"))
    states = await office.connection.fetch(
        "select state::text, withdrawn_at is not null as withdrawn from notification_outbox"
        " join notification on id = notification_id order by id"
    )
    assert [tuple(row) for row in states] == [("SENT", True), ("WAITING", False)]


async def test_history_is_not_told(office: Office) -> None:
    await office.open(1)
    await office.disbursements(
        *(
            disbursement(1, period=month, paid_on=f"{month}-10")
            for month in ("2022-03", "2025-11", "2026-09", "2026-10", "2026-11")
        )
    )
    assert [subject[-9:-2] for _, subject in await true(office)] == ["2026-10", "2026-11"]


async def test_an_old_month_that_is_paid_now_is_told(office: Office) -> None:
    await office.open(1)
    await office.disbursements(disbursement(1, period="2026-03", paid_on="2026-11-10"))
    assert await true(office) == [(SENT, "OLD_AGE_ALLOWANCE 2026-03 0")]


async def test_the_dead_are_told_nothing(office: Office) -> None:
    await office.open(2)
    await office.disbursements(disbursement(1))
    await office.citizens(citizen(1, died_on="2026-11-12"), citizen(2, died_on="2026-11-12"))
    assert await true(office) == []
    await office.disbursements(disbursement(2), disbursement(1, amount="700"))
    assert await true(office) == []


async def test_a_batch_taken_back_takes_back_what_it_told(office: Office) -> None:
    await office.open(1)
    failed = disbursement(1, status="RETURNED", paid_on="", failure_code="NAME_MISMATCH")
    await office.disbursements(failed)
    await office.disbursements(disbursement(1))
    batches = await office.connection.fetch("select id from disbursement_batch order by id desc")
    for batch, left in zip(batches, ([(FAILED, NOVEMBER)], []), strict=True):
        await revert_batch(office.connection, batch["id"], reverted_by="", now=NOW)
        assert await true(office) == left


@pytest.mark.parametrize(
    ("hour", "due"),
    [(9, datetime.min.time().replace(hour=9)), (22, datetime.min.time().replace(hour=8))],
)
async def test_no_telephone_rings_at_night(office: Office, hour: int, due: Any) -> None:
    await office.open(1)
    now = NOW.replace(hour=hour, minute=0)
    await office.load(ImportKind.DISBURSEMENTS, [disbursement(1)], now=now)
    (row,) = await rows(office)
    local = row["due_at"].astimezone(NOW.tzinfo)
    assert local.time() == due
    assert local.date() == (date(2026, 11, 23) if hour == 9 else date(2026, 11, 24))


async def test_more_than_a_days_share_is_due_on_the_days_after(office: Office) -> None:
    await office.open(2)
    for number, month in enumerate(("2026-10", "2026-11", "2026-11", "2026-11", "2026-11")):
        amount, now = str(600 + number), NOW + timedelta(minutes=number)
        await office.load(
            ImportKind.DISBURSEMENTS, [disbursement(1, period=month, amount=amount)], now=now
        )
    due = await office.connection.fetch(
        "select due_at from notification_outbox order by notification_id"
    )
    assert [(row["due_at"] - NOW).days for row in due] == [0, 0, 0, 1, 1]
    later = NOW + timedelta(days=1)
    await office.load(ImportKind.DISBURSEMENTS, [disbursement(1, amount="900")], now=later)
    (last,) = [row["due_at"] for row in await rows(office) if row["created_at"] == later]
    assert last == later


async def test_one_import_keeps_the_share_of_a_day_over_every_kind(office: Office) -> None:
    await office.open(2)
    await office.disbursements(disbursement(2, period="2026-09", paid_on="2026-09-10"))
    once = Telling(most_a_day=1)
    await office.load(ImportKind.DISBURSEMENTS, [disbursement(1)], telling=once)
    told = {row["kind"]: (row["due_at"] - NOW).days for row in await rows(office)}
    assert told == {SENT: 0, "ENTITLEMENT_GRANTED": 1}
