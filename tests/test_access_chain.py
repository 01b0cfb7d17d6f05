"""The chain of access records: one chain by many writers, and every kind of tampering found."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.access_chain import Head
from app.accountability import Access, Category
from app.cli.audit import verdict_on
from app.database import Database
from app.errors import BadInput
from app.migrations.service_role import as_service, make_service_logins
from loaders.access_records import record_access
from tests.conftest import ALLOWANCES

PEOPLE = [UUID(int=number) for number in range(1, 6)]


def access(*people: UUID, purpose: str = "ตรวจสอบ", operation: str = "Read") -> Access:
    categories = {each: [Category.IDENTITY, Category.PAYMENT] for each in people}
    return Access("nhso", purpose, operation, bytes(range(32)), categories)


@pytest.fixture
async def store(database_url: str, connection: asyncpg.Connection) -> AsyncIterator[Database]:
    """The service's pool over an empty register."""
    await make_service_logins(connection)
    store = await Database.connect(
        as_service(database_url), size=8, statement_cache_size=100, statement_timeout=10
    )
    yield store
    await store.close()


@pytest.fixture
async def chain(store: Database, connection: asyncpg.Connection) -> asyncpg.Connection:
    """The owner's connection to six batches, with the owner's own barrier lifted."""
    for number in range(6):
        people = PEOPLE if number % 2 else PEOPLE[number % 5 :][:1]
        await record_access(store, access(*people, purpose=f"no. {number}", operation=""))
    for table in ("access_batch", "access_record"):
        await connection.execute(f"alter table {table} disable trigger append_only")
    return connection


async def findings(connection: asyncpg.Connection, expected: Head | None = None) -> list[str]:
    return (await verdict_on(connection, expected)).findings


async def test_a_chain_left_alone_is_whole(chain: asyncpg.Connection) -> None:
    verdict = await verdict_on(chain, None)
    assert verdict.findings == []
    assert (verdict.batches, verdict.records, verdict.head.seq) == (6, 18, 6)
    assert await findings(chain, Head.read(str(verdict.head))) == []


async def test_an_empty_chain_is_whole(connection: asyncpg.Connection) -> None:
    verdict = await verdict_on(connection, None)
    assert (verdict.findings, verdict.head.seq) == ([], 0)


PERSON = PEOPLE[2]
PERSONS = f"seq = 4 and citizen_id = '{PERSON}'"
TAMPERING = {
    "a purpose altered": (
        "update access_batch set purpose = 'x' where seq = 3",
        ["Batch 3 was altered: its hash is not that of its content."],
    ),
    "a time altered": (
        "update access_batch set at = at + interval '1 microsecond' where seq = 3",
        ["Batch 3 was altered: its hash is not that of its content."],
    ),
    "words moved from one column to the next": (
        "update access_batch set agency = 'nhs', purpose = 'o' || purpose where seq = 3",
        ["Batch 3 was altered: its hash is not that of its content."],
    ),
    "a record altered": (
        f"update access_record set categories = '{{IDENTITY}}' where {PERSONS}",
        [f"The record of citizen {PERSON} in batch 4 was altered or added."],
    ),
    "a record given to another": (
        f"update access_record set citizen_id = '{UUID(int=99)}' where {PERSONS}",
        [f"The record of citizen {UUID(int=99)} in batch 4 was altered or added."],
    ),
    "a record removed": (
        f"delete from access_record where {PERSONS}",
        ["1 of the 5 records of batch 4 are missing."],
    ),
    "a record added": (
        f"insert into access_record values ('{UUID(int=99)}', 4, '{{IDENTITY}}')",
        [f"The record of citizen {UUID(int=99)} in batch 4 was altered or added."],
    ),
    "a record moved to another batch": (
        f"update access_record set seq = 3 where seq = 4 and citizen_id = '{PEOPLE[0]}'",
        [
            f"The record of citizen {PEOPLE[0]} in batch 3 was altered or added.",
            "1 of the 5 records of batch 4 are missing.",
        ],
    ),
    "a batch removed with its records": (
        "delete from access_batch where seq = 3; delete from access_record where seq = 3",
        ["Batch 3 is missing."],
    ),
    "two batches removed": (
        "delete from access_batch where seq in (2, 3);"
        "delete from access_record where seq in (2, 3)",
        ["Batches 2 to 3 are missing."],
    ),
    "the first batch removed": (
        "delete from access_batch where seq = 1; delete from access_record where seq = 1",
        ["Batch 1 is missing."],
    ),
    "a batch removed, its records left": (
        "delete from access_batch where seq = 4",
        ["Batch 4 is missing.", "Batch 4 is missing, though 5 of its records stand."],
    ),
}


@pytest.mark.parametrize(("tampering", "expected"), TAMPERING.values(), ids=TAMPERING.keys())
async def test_tampering_is_found_and_named(
    chain: asyncpg.Connection, tampering: str, expected: list[str]
) -> None:
    await chain.execute(tampering)
    assert await findings(chain) == expected


async def test_batches_that_changed_places_are_found(chain: asyncpg.Connection) -> None:
    for table in ("access_batch", "access_record"):
        for before, after in ((3, 99), (5, 3), (99, 5)):
            await chain.execute(f"update {table} set seq = {after} where seq = {before}")
    found = await findings(chain)
    for seq in (3, 5):
        assert f"Batch {seq} was altered: its hash is not that of its content." in found
    assert "Batch 3 does not follow batch 2: one of the two was replaced." in found


async def forge(connection: asyncpg.Connection, seq: int) -> None:
    """Alter a batch and give it the hash of its new content, as one who knows how would."""
    await connection.execute("update access_batch set purpose = 'forged' where seq = $1", seq)
    hash_anew = await connection.fetchval(
        """
        select sha256(
          previous_hash || int8send(seq) || int8send((extract(epoch from at) * 1000000)::bigint)
          || hashed_text(agency) || hashed_text(purpose) || hashed_text(operation)
          || operation_hash || record_hashes) as hash
        from access_batch where seq = $1""",
        seq,
    )
    await connection.execute("update access_batch set hash = $2 where seq = $1", seq, hash_anew)


async def test_a_batch_hashed_anew_no_longer_carries_the_next(chain: asyncpg.Connection) -> None:
    await forge(chain, 3)
    expected = ["Batch 4 does not follow batch 3: one of the two was replaced."]
    assert await findings(chain) == expected


async def test_the_end_is_watched_by_a_head_that_was_noted(chain: asyncpg.Connection) -> None:
    noted = (await verdict_on(chain, None)).head
    await forge(chain, 6)
    assert await findings(chain) == []  # the limit of any chain, stated in the command's help
    expected = ["Batch 6 is not the one that was noted: all up to it may be forged."]
    assert await findings(chain, noted) == expected
    await chain.execute("delete from access_batch where seq > 4")
    await chain.execute("delete from access_record where seq > 4")
    assert await findings(chain) == []
    assert await findings(chain, noted) == ["Batches 5 to 6 are missing."]


async def test_many_writers_keep_one_chain(store: Database, connection: asyncpg.Connection) -> None:
    await asyncio.gather(*(record_access(store, access(*PEOPLE)) for _ in range(60)))
    verdict = await verdict_on(connection, None)
    assert verdict.findings == []
    assert (verdict.batches, verdict.records) == (60, 300)


async def test_a_write_that_fails_leaves_no_gap(
    store: Database, connection: asyncpg.Connection
) -> None:
    await record_access(store, access(*PEOPLE))
    with pytest.raises(asyncpg.CheckViolationError):
        await store.fetch(
            "select record_access('a', 'b', '', $1, $2, array['EVERYTHING'])",
            bytes(32),
            PEOPLE[:1],
        )
    with pytest.raises(asyncpg.NotNullViolationError):
        await store.fetch(
            "select record_access('a', 'b', '', $1, array[]::uuid[], array[]::text[])", bytes(32)
        )
    await record_access(store, access(*PEOPLE))
    verdict = await verdict_on(connection, None)
    assert (verdict.findings, verdict.batches) == ([], 2)


async def test_a_record_is_durable_whatever_the_session_says(
    store: Database, connection: asyncpg.Connection
) -> None:
    await store.close()
    async with connection.transaction():
        await connection.execute("set local synchronous_commit = off")
        call = "select record_access('a', 'b', '', $1, $2, array['IDENTITY'])"
        await connection.fetch(call, bytes(32), PEOPLE[:1])
        assert await connection.fetchval("show synchronous_commit") == "on"


@pytest.mark.parametrize("text", ["", "x", "1", "1:zz", "1:00", "-1:" + "00" * 32])
def test_a_head_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="NUMBER:HASH"):
        Head.read(text)


def allowances(database_url: str, *arguments: str) -> Any:
    return subprocess.run(
        [ALLOWANCES, "audit", "verify", *arguments],
        env={**os.environ, "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_the_command(chain: asyncpg.Connection, database_url: str) -> None:
    whole = await asyncio.to_thread(allowances, database_url)
    assert whole.returncode == 0, whole.stderr
    assert "6 requests, 18 records of people read." in whole.stdout
    head = whole.stdout.split("Head: ")[1].strip()
    again = await asyncio.to_thread(allowances, database_url, "--expect-head", head)
    assert again.returncode == 0
    await chain.execute(TAMPERING["a record altered"][0])
    torn = await asyncio.to_thread(allowances, database_url)
    assert torn.returncode == 1
    assert f"The record of citizen {PERSON} in batch 4 was altered or added." in torn.stdout
    assert "THE ACCESS RECORDS ARE NOT WHOLE." in torn.stdout
    wrong = await asyncio.to_thread(allowances, database_url, "--expect-head", "x")
    assert wrong.returncode == 2
    assert "NUMBER:HASH" in wrong.stderr
