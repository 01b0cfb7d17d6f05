"""Imports at the same time, and totals that the sender gave."""

import asyncio
import json
from functools import partial
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from app.errors import BadInput
from app.ingest.importer import Expected, ImportKind, Report, import_file
from app.privacy import PrivacyKeys
from tests.ingest.office import (
    NOW,
    Office,
    Row,
    citizen,
    csv_text,
    disbursement,
    national_id,
    registration,
    until,
)
from tests.ingest.test_resuming import Turnstile
from tests.ingest.test_states import month_of_payments


async def load(
    url: str, keys: PrivacyKeys, path: Path, rows: list[Row], kind: ImportKind
) -> Report:
    """An import on two connections of its own, in small slices."""
    path.write_text(csv_text(rows), encoding="utf-8")  # noqa: ASYNC240
    connection, beside = await asyncpg.connect(url), await asyncpg.connect(url)
    try:
        return await import_file(
            connection, kind, path, keys=keys, now=NOW, rows_a_slice=5, beside=[beside]
        )
    finally:
        await beside.close()
        await connection.close()


async def test_of_two_imports_of_one_file_one_says_so(
    office: Office, database_url: str, keys: PrivacyKeys
) -> None:
    await office.open(2)
    blocker = office.connection.transaction()
    await blocker.start()
    await office.connection.execute("select pg_advisory_xact_lock(7022005)")
    path, rows = office.directory / "twice.csv", [disbursement(1), disbursement(2)]
    first = asyncio.create_task(load(database_url, keys, path, rows, ImportKind.DISBURSEMENTS))
    await until(lambda: office.value("select count(*) from pg_locks where not granted"))
    with pytest.raises(BadInput, match=r"twice\.csv: Another process is importing this file"):
        await load(database_url, keys, path, rows, ImportKind.DISBURSEMENTS)
    await blocker.rollback()
    assert (await first).accepted == 2
    again = await load(database_url, keys, path, rows, ImportKind.DISBURSEMENTS)
    assert again.unchanged == 2


async def test_files_at_once_on_the_same_citizens_lose_nothing(
    office: Office, database_url: str, keys: PrivacyKeys, tmp_path: Path
) -> None:
    await office.open(30)
    kinds: dict[str, tuple[ImportKind, list[Row]]] = {
        f"month{number}": (
            ImportKind.DISBURSEMENTS,
            [row | {"amount": f"{700 + number}"} for row in month_of_payments(40)[number::2]],
        )
        for number in range(4)
    }
    registered = [registration(number) for number in range(1, 41)]
    kinds["registrations"] = (ImportKind.REGISTRATIONS, registered)
    kinds["citizens"] = (ImportKind.CITIZENS, [citizen(number) for number in range(20, 41)])
    reports = await asyncio.gather(
        *(
            load(database_url, keys, tmp_path / f"{name}.csv", *rest[::-1])
            for name, rest in kinds.items()
        )
    )
    for report in reports:
        assert report.rows == sum(report.counts[1:])
    await office.load(ImportKind.CITIZENS, [citizen(1, title="นาย")])  # whoever still waited
    assert await office.value("select count(*) from payment") == 120
    assert await office.value("select count(*) from waiting_disbursement") == 0
    assert await office.value("select count(*) from registration where registered_on is null") == 0
    batches = (
        "select count(*) from payment p join disbursement_batch b on b.id = p.batch_id"
        " where p.status <> 'CANCELLED' and b.rows = 0"
    )
    assert await office.value(batches) == 0


async def test_a_partition_that_is_cleaned_is_not_waited_for(
    office: Office, database_url: str
) -> None:
    """What the planner would learn of it is left; the file is not."""
    await office.open(2)
    await office.disbursements(disbursement(1))
    cleaner = await asyncpg.connect(database_url)
    async with cleaner.transaction():  # as vacuum and analyze lock it
        await cleaner.execute("lock table payment_fy2570 in share update exclusive mode")
        report = await office.disbursements(disbursement(1), disbursement(2))
    assert (report.accepted, report.unchanged) == (1, 1)
    await cleaner.close()


LOOKING = "select count(*) from pg_locks where not granted and relation = $1::regclass"


async def test_payments_can_be_read_while_a_new_year_is_looked_at(
    office: Office, database_url: str
) -> None:
    await office.open(1)
    await office.disbursements(disbursement(1))
    cleaner = await asyncpg.connect(database_url)
    async with cleaner.transaction():
        await cleaner.execute("lock table payment_fy2570 in share update exclusive mode")
        years = [disbursement(1, period="2025-09", paid_on="2025-09-10"), disbursement(1)]
        loading = asyncio.create_task(office.disbursements(*years))
        await until(lambda: cleaner.fetchval(LOOKING, "payment_fy2570"))
        assert await cleaner.fetchval("select count(*) from payment") == 1
    assert (await loading).accepted == 1
    assert await office.value("select count(*) from payment_fy2568") == 1
    await cleaner.close()


SEEN = """
select b.version, b.rows
from payment p join disbursement_batch b on b.id = p.batch_id order by citizen_id"""
LANES = """
select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
  and backend_type = 'client backend' order by pid
"""
WAITS = "select count(*) from pg_locks where not granted and relation = 'payment'::regclass"


@pytest.mark.parametrize("lane", [0, 1])
async def test_a_lane_that_is_lost_is_taken_up_again(
    office: Office, database_url: str, keys: PrivacyKeys, tmp_path: Path, lane: int
) -> None:
    await office.open(30)
    path, rows = tmp_path / "month.csv", month_of_payments(30)
    blocker = office.connection.transaction()
    await blocker.start()
    await office.connection.execute("lock table payment in share mode")
    loading = asyncio.create_task(load(database_url, keys, path, rows, ImportKind.DISBURSEMENTS))
    await until(lambda: office.value(WAITS))
    pids = [row["pid"] for row in await office.connection.fetch(LANES)]
    assert len(pids) == 2
    await office.connection.execute("select pg_terminate_backend($1)", pids[lane])
    await blocker.rollback()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await loading
    report = await load(database_url, keys, path, rows, ImportKind.DISBURSEMENTS)
    assert report.counts == (len(rows), len(rows), 0, 0, 0)
    standing = await office.connection.fetch(SEEN)
    assert len(standing) == len(rows)
    assert {row["version"] for row in standing} == {1}
    assert {row["rows"] for row in standing} == {len(rows) // 3}


async def test_two_files_that_bring_the_same_person_make_one_of_them(
    office: Office, database_url: str, keys: PrivacyKeys, tmp_path: Path
) -> None:
    await office.open(1)
    people = [citizen(number) for number in range(1, 60)]
    files = {"a": people[:40], "b": [row | {"title": "นาย"} for row in people[20:]]}
    await asyncio.gather(
        *(
            load(database_url, keys, tmp_path / f"{name}.csv", rows, ImportKind.CITIZENS)
            for name, rows in files.items()
        )
    )
    assert await office.value("select count(*) from citizen") == 59
    assert await office.value("select count(*) from citizen_lookup") == 59
    orphans = (
        "select count(*) from citizen c where id not in (select citizen_id from citizen_lookup)"
    )
    assert await office.value(orphans) == 0
    for row in await office.connection.fetch("select id, national_id_encrypted from citizen"):
        assert keys.decrypt_national_id(row[1], row[0]).startswith("9")


@pytest.mark.parametrize(
    ("expected", "sentence"),
    [
        (Expected(rows=4), "The file has 5 rows and 4 were expected; nothing was applied."),
        (Expected(amount_satang=1), "The amounts add up to 2,900.00 baht and 0.01 were expected"),
    ],
)
async def test_other_totals_than_the_senders_refuse_the_file(
    office: Office, expected: Expected, sentence: str
) -> None:
    await office.open(2)
    rows = [
        disbursement(1),
        disbursement(2, amount="500"),
        disbursement(3),
        disbursement(1, period="2026-10", bank_code="x"),  # rejected, and counted by its sender
        disbursement(1, period="2026-09"),
    ]
    path = office.directory / "month.csv"
    path.write_text(csv_text(rows), encoding="utf-8")
    before = await office.tables()
    importing = partial(
        import_file, office.connection, ImportKind.DISBURSEMENTS, path, keys=office.keys, now=NOW
    )
    with pytest.raises(BadInput, match=sentence):
        await importing(expected=expected)
    assert await office.tables() == before
    assert await office.value("select state from import_file order by id desc limit 1") == "REFUSED"
    report = await importing(expected=Expected(rows=5, amount_satang=2_900_00))
    assert report.counts == (5, 3, 1, 0, 1)


async def test_a_citizen_who_comes_after_the_check_is_paid_and_waits_no_more(
    office: Office, database_url: str, keys: PrivacyKeys, tmp_path: Path
) -> None:
    await office.open(1)
    turnstile = await Turnstile.at(database_url)
    rows = [disbursement(1), disbursement(2), disbursement(3)]
    path = tmp_path / "month.csv"
    loading = asyncio.create_task(load(database_url, keys, path, rows, ImportKind.DISBURSEMENTS))
    await until(lambda: turnstile.waiting(1))
    await turnstile.let_one_pass()  # the check, which does not know the second citizen
    await until(lambda: turnstile.waiting(1))
    copied = "insert into citizen select (jsonb_populate_record(c, $1::jsonb)).* from citizen c"
    await office.connection.execute(copied, json.dumps({"id": str(UUID(int=2))}))
    known = "insert into citizen_lookup values ($1, $2)"
    await office.connection.execute(known, keys.national_id_hmac(national_id(2)), UUID(int=2))
    await turnstile.leave()
    report = await loading
    assert report.counts == (3, 2, 0, 0, 1)
    assert await office.value("select count(*) from waiting_disbursement") == 1
    assert await office.value("select count(*) from payment") == 2
    assert await office.value("select count(*) from registration") == 2
