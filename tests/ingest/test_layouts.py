"""Each layout: a right file arrives in the tables as written; a wrong field is rejected by name."""

from collections.abc import Callable, Mapping
from datetime import date
from uuid import UUID

import pytest

from app.ingest.importer import ImportKind
from tests.ingest.office import (
    ACCOUNT,
    AUTHORITY,
    NOW,
    OTHER_AUTHORITY,
    Office,
    Row,
    authority,
    citizen,
    disbursement,
    national_id,
    reasons,
    registration,
    rejects,
)


async def test_authorities_arrive(office: Office) -> None:
    report = await office.authorities(authority(name_en="Test", phone="0-2000-0000"))
    assert (report.rows, report.accepted) == (1, 1)
    row = await office.row("select * from local_authority")
    assert (row["code"], row["name_en"], row["phone"]) == (AUTHORITY, "Test", "0-2000-0000")


async def test_citizens_arrive_encrypted_for_their_id(office: Office) -> None:
    await office.authorities(authority())
    await office.citizens(citizen(phone="081-234-5678", nationality="th"))
    row = await office.row(
        "select c.*, l.national_id_hmac from citizen c join citizen_lookup l on l.citizen_id = c.id"
    )
    citizen_id = UUID(str(row["id"]))
    assert office.keys.decrypt_national_id(row["national_id_encrypted"], citizen_id) == national_id(
        1
    )
    assert row["national_id_hmac"] == office.keys.national_id_hmac(national_id(1))
    assert row["national_id_tail"] == national_id(1)[-3:]
    assert (row["nationality"], row["birth_date"]) == ("TH", date(1957, 5, 20))
    assert row["as_of"] == NOW


async def test_registrations_arrive_with_their_account(office: Office) -> None:
    await office.open()
    await office.registrations(
        registration(
            scheme="disability_allowance",
            card_issued_on="2020-01-01",
            card_expires_on="2028-01-01",
            disability_types="3; vision",
        )
    )
    row = await office.row(
        "select r.*, a.last_four, a.name, a.holder, a.number_hmac"
        " from registration r join bank_account a on a.id = r.bank_account_id"
    )
    assert (row["scheme"], row["status"], row["channel"]) == (
        "DISABILITY_ALLOWANCE",
        "ACTIVE",
        "BANK_TRANSFER",
    )
    assert row["disability_types"] == ["VISION", "MOBILITY"]
    assert (row["last_four"], row["name"], row["holder"]) == (ACCOUNT[-4:], "มาลี ใจดี", "SELF")
    assert row["number_hmac"] == office.keys.account_hmac("006", ACCOUNT)
    assert row["account_as_of"] == NOW.date()


async def test_disbursements_arrive_and_make_the_registration(office: Office) -> None:
    await office.open()
    report = await office.disbursements(disbursement())
    assert (report.accepted, report.amount_satang) == (1, 600_00)
    payment = await office.row("select * from payment")
    assert (payment["period"], payment["amount_satang"]) == (date(2026, 11, 1), 600_00)
    assert payment["bank_account_id"] is not None
    registered = await office.row("select * from registration")
    assert registered["registered_on"] is None
    assert registered["bank_account_id"] == payment["bank_account_id"]
    assert registered["account_as_of"] == date(2026, 11, 10)
    assert registered["first_paid_month"] == registered["latest_paid_month"] == date(2026, 11, 1)
    batch = await office.row("select * from disbursement_batch")
    assert (batch["status"], batch["version"], batch["rows"]) == ("LOADED", 1, 1)
    assert payment["batch_id"] == batch["id"]


async def test_report_counts_by_local_authority(office: Office) -> None:
    await office.open(2)
    report = await office.disbursements(
        disbursement(),
        disbursement(2, local_authority_code=OTHER_AUTHORITY, amount="1,000.00"),
        disbursement(2, amount="x"),
        disbursement(2, local_authority_code="99999999"),
    )
    totals = {
        t.code: (t.rows, t.accepted, t.rejected, t.amount_satang) for t in report.by_authority
    }
    assert totals == {
        AUTHORITY: (2, 1, 1, 600_00),
        OTHER_AUTHORITY: (1, 1, 0, 1000_00),
        None: (1, 0, 1, 0),
    }
    assert next(report.lines()).startswith("disbursements.csv: 4 rows, 2 accepted, 2 rejected")


WRONG_AUTHORITIES: list[tuple[Row, str, str]] = [
    ({"code": "5810109"}, "code", "AUTHORITY_CODE_INVALID"),
    ({"name_th": ""}, "name_th", "MISSING_VALUE"),
    ({"name_th": "ก" * 201}, "name_th", "TEXT_TOO_LONG"),
    ({"province": "\u200b"}, "province", "MISSING_VALUE"),
]
WRONG_CITIZENS: list[tuple[Row, str, str]] = [
    ({"national_id": national_id(7)[:-1]}, "national_id", "NATIONAL_ID_INVALID"),
    ({"national_id": "9000000000013"}, "national_id", "NATIONAL_ID_INVALID"),
    ({"national_id": "9.00000E+12"}, "national_id", "DAMAGED_BY_SPREADSHEET"),
    ({"given_name": " "}, "given_name", "MISSING_VALUE"),
    ({"given_name": national_id(3)}, "given_name", "NUMBER_IN_TEXT"),
    ({"phone": national_id(3)}, "phone", "NUMBER_IN_TEXT"),
    ({"birth_date": "1957-02-30"}, "birth_date", "DATE_INVALID"),
    ({"birth_date": "00/00/0000"}, "birth_date", "DATE_INVALID"),
    ({"birth_date": "2500-05-20"}, "birth_date", "DATE_ERA"),
    ({"birth_date": "2026-11-24"}, "birth_date", "DATE_OUT_OF_RANGE"),
    ({"birth_date": "1879-12-31"}, "birth_date", "DATE_OUT_OF_RANGE"),
    ({"birth_date": "May 1957"}, "birth_date", "DATE_INVALID"),
    ({"died_on": "1957-05-19"}, "died_on", "DATES_REVERSED"),
    ({"died_on": "2026-11-24"}, "died_on", "DATE_OUT_OF_RANGE"),
    ({"died_on": "2020-05-00"}, "died_on", "DATE_INVALID"),
    ({"nationality": "Thai"}, "nationality", "NATIONALITY_INVALID"),
    ({"local_authority_code": "05810110"}, "local_authority_code", "AUTHORITY_UNKNOWN"),
    ({"local_authority_code": "58101"}, "local_authority_code", "AUTHORITY_CODE_INVALID"),
]
WRONG_REGISTRATIONS: list[tuple[Row, str, str]] = [
    ({"scheme": "CHILD"}, "scheme", "UNKNOWN_VALUE"),
    ({"registered_on": ""}, "registered_on", "MISSING_VALUE"),
    ({"registered_on": "2026-12-01"}, "registered_on", "DATE_OUT_OF_RANGE"),
    ({"status": "DEAD"}, "status", "UNKNOWN_VALUE"),
    ({"bank_code": ""}, "bank_code", "ACCOUNT_INCOMPLETE"),
    ({"account_number": ""}, "account_number", "ACCOUNT_INCOMPLETE"),
    ({"bank_code": "0061"}, "bank_code", "BANK_CODE_INVALID"),
    ({"bank_code": "5"}, "bank_code", "BANK_CODE_INVALID"),
    ({"account_number": "123"}, "account_number", "ACCOUNT_NUMBER_INVALID"),
    ({"account_number": "9.86E+09"}, "account_number", "DAMAGED_BY_SPREADSHEET"),
    ({"holder": "PROXY"}, "account_name", "ACCOUNT_NAME_MISSING"),
    ({"channel": "CASH"}, "channel", "ACCOUNT_WITH_CASH"),
    ({"disability_types": "8"}, "disability_types", "UNKNOWN_VALUE"),
    (
        {"card_issued_on": "2020-01-02", "card_expires_on": "2020-01-01"},
        "card_expires_on",
        "DATES_REVERSED",
    ),
]
WRONG_DISBURSEMENTS: list[tuple[Row, str, str]] = [
    ({"amount": "600.001"}, "amount", "AMOUNT_INVALID"),
    ({"amount": "10,00.00"}, "amount", "AMOUNT_INVALID"),
    ({"amount": "1000000.01"}, "amount", "AMOUNT_OUT_OF_RANGE"),
    ({"amount": "-600"}, "amount", "AMOUNT_NEGATIVE"),
    ({"period": "2026-13"}, "period", "PERIOD_INVALID"),
    ({"period": "2026-11-02"}, "period", "PERIOD_INVALID"),
    ({"period": "2569-11"}, "period", "DATE_ERA"),
    ({"period": "2009-09"}, "period", "PERIOD_OUT_OF_RANGE"),
    ({"period": "2027-02"}, "period", "PERIOD_OUT_OF_RANGE"),
    ({"repays_period": "2026-10"}, "repays_period", "REPAYS_NOT_ALLOWED"),
    ({"kind": "BACKPAY", "repays_period": "2026-12"}, "repays_period", "REPAYS_LATER_MONTH"),
    ({"status": "LOST"}, "status", "UNKNOWN_VALUE"),
    ({"paid_on": "10/11/2569 08:00"}, "paid_on", "DATE_INVALID"),
]
MAKERS: Mapping[ImportKind, tuple[Callable[..., Row], list[tuple[Row, str, str]]]] = {
    ImportKind.AUTHORITIES: (authority, WRONG_AUTHORITIES),
    ImportKind.CITIZENS: (citizen, WRONG_CITIZENS),
    ImportKind.REGISTRATIONS: (registration, WRONG_REGISTRATIONS),
    ImportKind.DISBURSEMENTS: (disbursement, WRONG_DISBURSEMENTS),
}


@pytest.mark.parametrize("kind", ImportKind)
async def test_each_wrong_field_is_rejected_with_its_line(office: Office, kind: ImportKind) -> None:
    await office.open()
    make, wrong = MAKERS[kind]
    columns = {name: "" for changes, _, _ in wrong for name in changes}
    report = await office.load(kind, [columns | make(**changes) for changes, _, _ in wrong])
    expected = [(line, field, code) for line, (_, field, code) in enumerate(wrong, 2)]
    if kind is ImportKind.AUTHORITIES:  # its own column `code` moves ours
        found = [(int(r["line"]), r["field"], r["reject_code"]) for r in rejects(report)]
    else:
        found = reasons(report)
    assert found == expected
    assert (report.rejected, report.accepted) == (len(wrong), 0)


async def test_sentences_repeat_no_number(office: Office) -> None:
    await office.open()
    for kind, (make, wrong) in MAKERS.items():
        report = await office.load(
            kind, [{name: "" for c, _, _ in wrong for name in c} | make(**c) for c, _, _ in wrong]
        )
        for row in rejects(report):
            assert ACCOUNT not in row["reason"]
            assert not any(
                value and value in row["reason"]
                for value in (row.get("national_id"), row.get("account_number"))
            )


async def test_a_row_of_another_width_is_rejected(office: Office) -> None:
    await office.open()
    text = f"code,name_th,kind,province\n{AUTHORITY},a,b\n{AUTHORITY},a,b,c,d\n"
    report = await office.load(ImportKind.AUTHORITIES, text)
    assert [(r["line"], r["reject_code"]) for r in rejects(report)] == [
        ("2", "WRONG_COLUMN_COUNT"),
        ("3", "WRONG_COLUMN_COUNT"),
    ]


@pytest.mark.parametrize(
    ("written", "day", "precision"),
    [
        ("1957-05-20", date(1957, 5, 20), "DAY"),
        ("20/05/2500", date(1957, 5, 20), "DAY"),
        ("25000520", date(1957, 5, 20), "DAY"),
        ("19570520", date(1957, 5, 20), "DAY"),
        ("20/5/1957", date(1957, 5, 20), "DAY"),
        ("25000500", date(1957, 5, 1), "MONTH"),
        ("25000000", date(1957, 1, 1), "YEAR"),
        ("1957-05-00", date(1957, 5, 1), "MONTH"),
        ("1957-05-", date(1957, 5, 1), "MONTH"),
        ("1957-00-00", date(1957, 1, 1), "YEAR"),
        ("1957----", date(1957, 1, 1), "YEAR"),
        ("195705--", date(1957, 5, 1), "MONTH"),
        ("--/--/2500", date(1957, 1, 1), "YEAR"),
        ("/05/2500", date(1957, 5, 1), "MONTH"),
        ("2500----", date(1957, 1, 1), "YEAR"),
    ],
)
async def test_birth_dates(office: Office, written: str, day: date, precision: str) -> None:
    await office.authorities(authority())
    report = await office.citizens(citizen(birth_date=written))
    assert report.accepted == 1
    row = await office.row("select birth_date, birth_date_precision from citizen")
    assert row == {"birth_date": day, "birth_date_precision": precision}


async def test_lost_zeros_come_back_where_one_code_fits(office: Office) -> None:
    await office.open()
    await office.disbursements(disbursement(local_authority_code="5810109", bank_code="6"))
    assert await office.value("select local_authority_code from payment") == AUTHORITY
    assert await office.value("select bank_code from bank_account") == "006"


async def test_reasons_of_ours_are_kept_and_others_become_other(office: Office) -> None:
    await office.open()
    failed: Row = {"status": "FAILED", "paid_on": ""}
    await office.disbursements(
        disbursement() | failed | {"period": "2026-09", "failure_code": "account_closed"},
        disbursement(period="2026-10", failure_code="B07", failure_text=f"บัญชี {ACCOUNT}") | failed,
        disbursement(),
    )
    rows = await office.connection.fetch("select * from payment order by period")
    assert [row["reason_code"] for row in rows] == ["ACCOUNT_CLOSED", "OTHER", None]
    assert [row["source_code"] for row in rows] == ["account_closed", "B07", None]
    assert rows[1]["source_text"] == "บัญชี x"
