"""What the tables hold after several files: the same again, corrected, shuffled, late, cut off."""

import os
import signal
from datetime import date, timedelta

import asyncpg
import pytest

from app.errors import Unavailable
from app.ingest.importer import ImportKind
from app.ingest.sql import sql
from tests.ingest.office import (
    ACCOUNT,
    AUTHORITY,
    NOW,
    OTHER_ACCOUNT,
    OTHER_AUTHORITY,
    Office,
    Row,
    authority,
    citizen,
    content,
    disbursement,
    national_id,
    registration,
)

LATER = NOW + timedelta(days=1)


def month_of_payments(citizens: int) -> list[Row]:
    """Payments of every kind and fate, some to accounts that others use too."""
    fates: list[Row] = [
        {},
        {"account_number": OTHER_ACCOUNT, "account_name": "สมชาย ใจดี", "holder": "PROXY"},
        {"status": "FAILED", "failure_code": "ACCOUNT_CLOSED", "paid_on": ""},
        {"channel": "CASH", "bank_code": "", "account_number": ""},
        {"kind": "BACKPAY", "repays_period": "2026-09"},
        {"kind": "ADJUSTMENT", "amount": "-100"},
    ]
    return [
        disbursement(number, period=period, **fates[(number + place) % len(fates)])
        for number in range(1, citizens + 1)
        for place, period in enumerate(["2026-09", "2026-10", "2026-11"])
    ]


async def test_the_same_files_twice_change_nothing(office: Office) -> None:
    for attempt in range(2):
        await office.open(12)
        registered = await office.registrations(*(registration(n) for n in range(1, 13, 2)))
        paid = await office.disbursements(*month_of_payments(14), disbursement(1, amount="x"))
        if not attempt:
            before = await office.tables()
    assert registered.unchanged == registered.rows == 6
    assert (paid.unchanged, paid.waiting, paid.rejected) == (36, 6, 1)
    assert await office.tables() == before
    ledger = await office.connection.fetch("select * from import_file where kind = 'DISBURSEMENTS'")
    assert [row["accepted"] for row in ledger] == [36, 0]


async def test_the_planner_knows_the_month_that_comes_again(office: Office) -> None:
    """It would compare each row with each payment of a month that it thinks is empty."""
    await office.open(2)
    await office.disbursements(disbursement(1), disbursement(2))
    await office.disbursements(disbursement(1), disbursement(2))
    known = await office.row(
        """
        select most_common_vals::text from pg_stats
        where tablename = 'payment_fy2570' and attname = 'period'
        """
    )
    assert known == {"most_common_vals": "{2026-11-01}"}


async def test_a_correction_raises_the_version_and_keeps_what_it_replaced(office: Office) -> None:
    await office.open(2)
    await office.disbursements(disbursement(1), disbursement(2))
    corrected = disbursement(
        1, status="RETURNED", failure_code="NAME_MISMATCH", local_authority_code=OTHER_AUTHORITY
    )
    report = await office.load(ImportKind.DISBURSEMENTS, [corrected, disbursement(2)], now=LATER)
    assert (report.accepted, report.unchanged) == (1, 1)
    batches = await office.connection.fetch("select * from disbursement_batch order by version")
    assert [(b["version"], b["status"]) for b in batches] == [(1, "LOADED"), (2, "CORRECTED")]
    assert (batches[1]["accepted"], batches[1]["unchanged"]) == (1, 1)
    old = await office.row("select * from payment_history")
    assert (old["status"], old["local_authority_code"], old["batch_id"]) == (
        "PAID",
        AUTHORITY,
        batches[0]["id"],
    )
    assert (old["replaced_by_batch_id"], old["replaced_at"]) == (batches[1]["id"], LATER)
    new = await office.row("select * from payment where status = 'RETURNED'")
    assert (new["reason_code"], new["batch_id"]) == ("NAME_MISMATCH", batches[1]["id"])
    months = await office.connection.fetch(
        "select latest_paid_month, as_of from registration order by latest_paid_month nulls first"
    )
    assert [(m[0], m[1]) for m in months] == [(None, LATER), (date(2026, 11, 1), NOW)]


async def test_batch_statuses(office: Office) -> None:
    await office.open(2)
    await office.disbursements(
        disbursement(1, period="2026-09"),
        disbursement(2, period="2026-09", amount="x"),
        disbursement(1, period="2026-10", amount="x"),
        disbursement(1, period="soon"),
    )
    query = (
        "select period, status, rows, accepted, rejected from disbursement_batch order by period"
    )
    assert [tuple(row) for row in await office.connection.fetch(query)] == [
        (date(2026, 9, 1), "PARTIAL", 2, 1, 1),
        (date(2026, 10, 1), "REJECTED", 1, 0, 1),
    ]


async def test_unknown_citizens_wait_and_come_in_with_their_file(office: Office) -> None:
    await office.open(1)
    rows = [disbursement(2, period="2026-10"), disbursement(2), disbursement(1), disbursement(3)]
    report = await office.disbursements(*rows)
    assert (report.accepted, report.waiting) == (1, 3)
    await office.disbursements(disbursement(2, amount="700"))
    waiting = await office.registrations(
        registration(2, channel="CASH", bank_code="", account_number="")
    )
    assert waiting.waiting == 1
    report = await office.load(ImportKind.CITIZENS, [citizen(2)], now=LATER)
    assert (report.rows, report.accepted, report.released) == (1, 1, 3)
    amounts = await office.connection.fetch(
        "select p.amount_satang, b.version from payment p"
        " join disbursement_batch b on b.id = p.batch_id order by p.period, b.version"
    )
    assert [tuple(row) for row in amounts] == [(600_00, 1), (600_00, 1), (700_00, 2)]
    assert await office.value("select count(*) from registration") == 2
    assert await office.value("select count(*) from waiting_registration") == 0
    assert await office.value("select count(*) from waiting_disbursement") == 1


async def test_a_shuffled_file_gives_the_same_tables(office: Office) -> None:
    await office.open(12)
    rows = [
        *month_of_payments(14),
        disbursement(1, period="2026-08", account_name="ก ข"),
        disbursement(1, period="2026-07", account_name="ค ง", amount="700"),
        disbursement(2, period="2026-08", amount="1"),
        disbursement(2, period="2026-08", amount="2"),
        disbursement(3, period="2026-08"),
        disbursement(3, period="2026-08"),
    ]
    transaction = office.connection.transaction()
    await transaction.start()
    await office.connection.execute(RESTART_NUMBERS)
    await office.disbursements(*rows)
    first = await office.tables()
    await transaction.rollback()
    rows = [*rows[1::2], *rows[::2][::-1]]
    await office.connection.execute(RESTART_NUMBERS)
    await office.disbursements(*rows)
    assert await office.tables() == first


async def test_a_file_split_in_ten_gives_the_same_register(office: Office) -> None:
    await office.open(12)
    rows = month_of_payments(14)
    transaction = office.connection.transaction()
    await transaction.start()
    await office.disbursements(*rows)
    whole = await register(office)
    await transaction.rollback()
    for part in range(10):
        await office.disbursements(*rows[part::10])
    assert await register(office) == whole


async def register(office: Office) -> list[list[tuple[object, ...]]]:
    """All that files tell, but not which of them."""
    return [[tuple(row) for row in await office.connection.fetch(query)] for query in REGISTER]


INTO = "left join bank_account a on a.citizen_id = t.citizen_id and a.id = t.bank_account_id"
REGISTER = [
    sql(query, into=INTO)
    for query in (
        """
        select t.citizen_id, t.scheme, t.period, t.sequence, t.kind, t.repays_period,
          t.amount_satang, t.status, t.channel, t.paid_on, t.reason_code, a.last_four
        from payment t {into} order by 1, 2, 3, 4
        """,
        """
        select t.citizen_id, t.scheme, t.status, t.channel, t.first_paid_month,
          t.latest_paid_month, t.account_as_of, a.last_four
        from registration t {into} order by 1, 2
        """,
        """
        select citizen_id, bank_code, last_four, name, holder, active
        from bank_account order by 1, 2, 3
        """,
        """
        select national_id_hmac, scheme, period, sequence, record
        from waiting_disbursement order by 1, 2, 3, 4
        """,
    )
]


RESTART_NUMBERS = """
alter sequence bank_account_id_seq restart;
alter sequence disbursement_batch_id_seq restart;
alter sequence import_file_id_seq restart with 100
"""


async def test_an_absent_column_keeps_and_an_empty_one_clears(office: Office) -> None:
    await office.authorities(authority())
    await office.citizens(citizen(phone="081", nationality="LA", died_on=""))
    await office.citizens(citizen())
    assert await office.row("select phone, nationality, title from citizen") == {
        "phone": "081",
        "nationality": "LA",
        "title": "นาง",
    }
    await office.citizens(citizen(phone="", title="", nationality=""))
    assert await office.row("select phone, nationality, title from citizen") == {
        "phone": None,
        "nationality": "TH",
        "title": None,
    }


async def test_as_of_moves_only_for_what_changed(office: Office) -> None:
    await office.open(2)
    await office.load(ImportKind.CITIZENS, [citizen(1), citizen(2, given_name="มานี")], now=LATER)
    rows = await office.connection.fetch("select given_name, as_of from citizen order by as_of")
    assert [tuple(row) for row in rows] == [("มาลี", NOW), ("มานี", LATER)]


async def test_the_newest_fact_about_the_account_wins(office: Office) -> None:
    await office.open()
    newer = disbursement(account_number=OTHER_ACCOUNT)
    older = disbursement(period="2026-10", paid_on="2026-10-09")
    await office.disbursements(newer)
    await office.disbursements(older)
    registered = (
        "select last_four from registration r join bank_account a on a.id = bank_account_id"
    )
    assert await office.value(registered) == OTHER_ACCOUNT[-4:]
    await office.registrations(registration(account_number=ACCOUNT))
    assert await office.value(registered) == ACCOUNT[-4:]
    assert await office.value("select account_as_of from registration") == NOW.date()
    await office.registrations(registration(bank_code="", account_number=""))
    assert await office.value(registered) == ACCOUNT[-4:]
    await office.registrations(registration(bank_code="", account_number="", channel="CASH"))
    assert await office.value("select bank_account_id from registration") is None


async def test_a_closed_account_opens_with_a_later_payment(office: Office) -> None:
    await office.open()
    closed = disbursement(
        period="2026-10", status="FAILED", failure_code="ACCOUNT_CLOSED", paid_on=""
    )
    active = "select active from bank_account"
    await office.disbursements(closed)
    assert await office.value(active) is False
    await office.disbursements(disbursement(period="2026-09", paid_on="2026-09-10"))
    assert await office.value(active) is False
    await office.disbursements(disbursement())
    assert await office.value(active) is True
    await office.disbursements(disbursement(status="SUBMITTED", paid_on=""))
    assert await office.value(active) is False


async def test_a_corrected_name_of_an_account(office: Office) -> None:
    await office.open()
    await office.disbursements(disbursement(account_name="มาลี ใจดี"))
    report = await office.disbursements(disbursement(account_name="สมชาย ใจดี", holder="PROXY"))
    assert (report.accepted, report.unchanged) == (1, 0)
    assert await office.value("select count(*) from payment_history") == 0
    account = {"name": "สมชาย ใจดี", "holder": "PROXY"}
    assert await office.row("select name, holder from bank_account") == account
    earlier = disbursement(period="2026-10", paid_on="2026-10-09", account_name="ก ข")
    await office.disbursements(earlier)
    assert await office.row("select name, holder from bank_account") == account


async def test_killed_while_it_is_read_leaves_the_old_state(
    office: Office, database_url: str
) -> None:
    await office.open(2)
    await office.disbursements(disbursement(1))
    before = await office.tables()
    backend = office.connection.get_server_pid()
    lines = [disbursement(1, amount="700"), *(disbursement(2) for _ in range(25_000))]
    killer = await asyncpg.connect(database_url)
    lost = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, Unavailable)
    with pytest.raises(lost):
        await office.load(
            ImportKind.DISBURSEMENTS, lines, progress=lambda *_: os.kill(backend, signal.SIGTERM)
        )
    office.connection = killer
    assert await office.tables() == before
    assert not list(office.directory.glob("*rejects*"))
    (left,) = await office.connection.fetch("select * from import_file where state = 'RECEIVED'")
    report = await office.disbursements(*lines)
    assert (report.accepted, report.unchanged) == (2, 24_999)
    again = await office.row("select id, state from import_file order by id desc limit 1")
    assert again == {"id": left["id"], "state": "REPORTED"}
    await killer.close()


async def test_no_number_in_clear_anywhere(office: Office) -> None:
    await office.open(12)
    await office.registrations(registration(1), registration(20))
    await office.disbursements(
        *month_of_payments(14),
        disbursement(21, failure_code="B07", status="FAILED", failure_text=f"id {national_id(1)}"),
        disbursement(22, account_name=national_id(1)),
    )
    everything = "\n".join(row for rows in (await office.tables(but=())).values() for row in rows)
    assert "waiting" in await office.value("select string_agg(relname, ' ') from pg_class")
    for number in range(1, 30):
        assert national_id(number) not in everything
    assert ACCOUNT not in everything
    assert OTHER_ACCOUNT not in everything
    assert ACCOUNT[-4:] in everything
    assert content(await office.tables(), "waiting_disbursement")[0]["record"]["last_four"]
