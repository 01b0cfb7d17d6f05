"""Submissions at their limits: how many, beside whom, at what cost, and what a failure leaves."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.errors import SettingsError
from app.ingest.importer import ImportKind, import_file
from app.migrations.service_role import (
    as_service,
    as_submission,
    refuse_owner,
    refuse_unfit_submission,
)
from tests.ingest.office import NOW, OTHER_AUTHORITY, citizen, csv_text, disbursement
from tests.submitting import Agency, record

CITIZENS = 40


async def test_five_thousand_records_are_one_call_of_a_megabyte(agency: Agency) -> None:
    payload = await agency.submit(*map(record, range(1, 5_001)))
    totals = payload["batch"]["totals"]
    assert (totals["rows"], totals["accepted"], totals["waiting"]) == (5_000, 3, 4_997)


@pytest.mark.parametrize(("count", "got"), [(0, "0"), (5_001, "5,001")])
async def test_more_or_none_are_refused(agency: Agency, count: int, got: str) -> None:
    bare: dict[str, Any] = {"bankCode": ..., "accountNumber": ..., "paidOn": ...}
    error = await agency.refused(*[record(**bare)] * count)
    assert error["message"] == f"records: expected 1 to 5,000 records, got {got}."


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"period": "2030-01"}, "period: The month lies before 2009-10 or more than two months"),
        ({"requestId": ""}, "requestId: expected 1 to 100 letters"),
        ({"requestId": "x" * 101}, "requestId: expected 1 to 100 letters"),
        ({"requestId": "งวด"}, "requestId: expected 1 to 100 letters"),
        ({"requestId": "of-9000000000012"}, "requestId: it is kept as it stands"),
    ],
)
async def test_the_argument_at_fault_is_named(
    agency: Agency, changes: dict[str, Any], message: str
) -> None:
    error = await agency.refused(record(), **changes)
    assert error["message"].startswith(message)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert await agency.office.value("select count(*) from import_file where request_id > ''") == 0


@pytest.mark.parametrize(("field", "value"), [("amount", "9860000014x"), ("paidOn", "9860000014")])
async def test_a_value_of_no_such_form_is_named_by_its_place(
    agency: Agency, field: str, value: str
) -> None:
    error = await agency.refused(record(), record(2, **{field: value}))
    assert error["message"].startswith(f"Variable '$input.records[1].{field}': expected ")
    assert value not in error["message"]


async def test_many_records_cost_no_more_statements_than_one(agency: Agency) -> None:
    submissions = agency.service.submissions
    assert submissions is not None
    counts = []
    for number in (1, 200):
        with submissions.recording() as statements:
            await agency.submit(*map(record, range(1, number + 1)), requestId=str(number))
            await asyncio.sleep(0)
        counts.append(len(statements))
    await agency.submit(record(), requestId="again")
    with submissions.recording() as statements:
        await agency.submit(record(), requestId="again")
        await asyncio.sleep(0)
    assert counts[0] > 10
    assert counts[1] <= counts[0] + 2  # citizens who wait
    assert len(statements) <= 6


async def test_where_the_database_fails_in_the_middle_nothing_is_left(agency: Agency) -> None:
    connection = agency.office.connection
    before = await agency.office.tables(but=())
    await connection.execute(
        """
        create function fail() returns trigger language plpgsql as
          $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$;
        create trigger fail before insert on rejected_record execute function fail();
        alter function fail() security definer"""
    )
    error = await agency.refused(record(), record(2, bankCode="x"))
    assert error["extensions"]["code"] == "SERVICE_UNAVAILABLE"
    assert await agency.office.tables(but=()) == before
    await connection.execute("drop trigger fail on rejected_record")
    payload = await agency.submit(record(), record(2, bankCode="x"))
    assert payload["batch"]["totals"]["accepted"] == 1


async def test_a_file_and_submissions_at_once_lose_nothing(
    agency: Agency, database_url: str, tmp_path: Path
) -> None:
    numbers = range(1, CITIZENS + 1)
    await agency.office.citizens(*map(citizen, numbers))
    path = tmp_path / "at-once.csv"
    path.write_text(csv_text([disbursement(n, amount="600.00") for n in numbers]))
    filing = await asyncpg.connect(database_url)

    async def submit(call: int) -> None:
        amount = f"7{call:02}.00"
        records = [record(n, amount=amount) for n in reversed(numbers)]
        payload = await agency.submit(*records, requestId=f"call-{call}")
        assert payload["rejected"] == []

    submitting = asyncio.gather(*(submit(call) for call in range(6)))
    report = await import_file(
        filing, ImportKind.DISBURSEMENTS, path, keys=agency.office.keys, now=NOW, rows_a_slice=3
    )
    await submitting
    await filing.close()
    assert report.accepted + report.unchanged == CITIZENS
    newest = await agency.office.value("select max(id) from import_file where request_id > ''")
    filed = await agency.office.value("select max(id) from import_file where request_id is null")
    assert newest > filed  # the submissions came while the file was under way
    written = await agency.office.connection.fetch(
        "select distinct b.import_file_id, p.amount_satang from payment p "
        "join disbursement_batch b on b.id = p.batch_id"
    )
    assert [row["import_file_id"] for row in written] == [newest]
    history = await agency.office.value("select count(*) from payment_history")
    versions = await agency.office.value("select sum(accepted) from disbursement_batch")
    assert history == versions - CITIZENS  # each value that was replaced can be read


async def test_the_submissions_role_writes_payments_and_no_more(
    agency: Agency, database_url: str
) -> None:
    connection = await asyncpg.connect(as_submission(database_url))
    for statement in (
        "select record_access('a', 'b', '', null, null, null)",
        "select * from access_record",
        "update access_record set seq = 1",
        "insert into access_batch select",
        "select national_id_encrypted from citizen",
        "select birth_date from citizen",
        "update citizen set given_name = ''",
        "insert into citizen_lookup select",
        "update local_authority set province = ''",
        "delete from payment",
        "delete from disbursement_batch",
        "update rejected_record set code = ''",
        "update payment_history set amount_satang = 0",
        "insert into rule_row select",
        "select * from waiting_registration",
        "create table t (x integer)",
        "set role allowances_service",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await refuse_unfit_submission(connection)
    with pytest.raises(SettingsError, match=r"^DATABASE_URL: the role that reads must not be in"):
        await refuse_owner(connection)
    await connection.close()
    reading = await asyncpg.connect(as_service(database_url))
    with pytest.raises(SettingsError, match=r"^SUBMISSION_DATABASE_URL: this role can not submit"):
        await refuse_unfit_submission(reading)
    await reading.close()
    with pytest.raises(SettingsError, match="SUBMISSION_DATABASE_URL: the service must not"):
        await refuse_unfit_submission(agency.office.connection)


async def test_a_service_without_that_role_says_so(agency: Agency) -> None:
    agency.service.submissions = None
    error = await agency.refused(record())
    assert error["extensions"]["code"] == "SUBMISSIONS_NOT_ACCEPTED"


async def test_an_agency_limited_to_authorities_pays_for_them_alone(agency: Agency) -> None:
    payload = await agency.submit(
        record(1), record(2, localAuthorityCode=OTHER_AUTHORITY), limited_to=[OTHER_AUTHORITY]
    )
    assert [(r["index"], r["field"], r["code"]) for r in payload["rejected"]] == [
        (0, "localAuthorityCode", "AUTHORITY_NOT_SERVED")
    ]
    assert payload["batch"]["localAuthority"] == {"code": OTHER_AUTHORITY}
    assert len(await agency.payments()) == 1
