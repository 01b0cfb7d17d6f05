"""Which of two facts holds: about an account, a waiting row, a correction, an old file again."""

from datetime import timedelta

from app.ingest.importer import ImportKind
from tests.ingest.office import (
    ACCOUNT,
    NOW,
    OTHER_ACCOUNT,
    Office,
    Row,
    citizen,
    disbursement,
    registration,
)

LATER = NOW + timedelta(days=1)
REGISTERED = "select last_four from registration r join bank_account a on a.id = bank_account_id"
REQUIRED = ("national_id", "scheme", "local_authority_code", "period", "amount", "status")


def only(row: Row, *columns: str) -> Row:
    return {name: row[name] for name in columns}


async def test_back_pay_into_a_closed_account_shows_that_it_is_open(office: Office) -> None:
    await office.open()
    await office.disbursements(
        disbursement(status="FAILED", failure_code="ACCOUNT_CLOSED", paid_on="")
    )
    assert await office.value("select active from bank_account") is False
    await office.disbursements(
        disbursement(kind="BACKPAY", repays_period="2026-11", paid_on="2026-11-20")
    )
    assert await office.value("select active from bank_account") is True


async def test_the_regular_payment_tells_the_account_not_a_supplement_of_the_day(
    office: Office,
) -> None:
    await office.open()
    await office.disbursements(
        disbursement(),
        disbursement(kind="SUPPLEMENT", account_number=OTHER_ACCOUNT),
    )
    assert await office.value(REGISTERED) == ACCOUNT[-4:]


async def test_a_waiting_row_keeps_what_a_later_file_has_no_column_for(office: Office) -> None:
    await office.open()
    card = registration(2, scheme="DISABILITY_ALLOWANCE", card_expires_on="2027-01-01")
    await office.registrations(card)
    without = {n: v for n, v in card.items() if not n.startswith(("card", "disability"))}
    await office.registrations(without | {"registered_on": "2016-02-16"})
    await office.load(ImportKind.CITIZENS, [citizen(2)], now=LATER)
    row = await office.row("select card_expires_on::text, registered_on::text from registration")
    assert row == {"card_expires_on": "2027-01-01", "registered_on": "2016-02-16"}


async def test_a_correction_without_the_columns_keeps_where_the_money_goes(
    office: Office,
) -> None:
    await office.open()
    await office.disbursements(disbursement())
    report = await office.disbursements(only(disbursement(amount="700"), *REQUIRED))
    assert report.accepted == 1
    row = await office.row(
        "select p.amount_satang, p.channel, a.last_four from payment p"
        " left join bank_account a on a.id = p.bank_account_id"
    )
    assert row == {"amount_satang": 700_00, "channel": "BANK_TRANSFER", "last_four": ACCOUNT[-4:]}


async def test_an_old_file_again_does_not_undo_its_correction(office: Office) -> None:
    await office.open()
    first = [disbursement(), disbursement(period="2026-10", paid_on="2026-10-09")]
    await office.disbursements(*first)
    await office.disbursements(disbursement(status="RETURNED", failure_code="NAME_MISMATCH"))
    before = await office.tables()
    again = await office.disbursements(*first)
    assert (again.accepted, again.unchanged) == (0, 2)
    assert await office.tables() == before
    other = await office.disbursements(*first, disbursement(period="2026-09"))
    assert (other.accepted, other.unchanged) == (2, 1)  # other bytes: a correction like any other
