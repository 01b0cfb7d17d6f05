"""An import killed at any point, and taken up again: nothing is lost, nothing stands twice."""

import asyncio
import os
import random
import subprocess
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.privacy import PrivacyKeys
from tests.conftest import ALLOWANCES, Databases
from tests.ingest.office import Office, Row, csv_text, disbursement, registration, until
from tests.ingest.test_states import month_of_payments

TURN = 7022005  # the lock under which each step of an import is taken
ROWS: list[Row] = [
    *month_of_payments(34),  # of whom 30 are known
    disbursement(1, period="2026-08", amount="1"),
    disbursement(1, period="2026-08", amount="2"),
    disbursement(2, amount="no amount", period="2026-08"),
    disbursement(2, period="2026-07"),
    disbursement(2, period="2026-07"),
]
STANDING = """
select p.citizen_id, p.scheme, p.period, p.sequence, p.kind, p.repays_period, p.amount_satang,
  p.status, p.channel, p.paid_on, p.reason_code, p.local_authority_code,
  a.last_four, a.name, a.holder, a.active, b.version, b.status, b.rows, b.accepted, b.rejected,
  b.unchanged, b.waiting, b.amount_satang, b.paid, b.delayed,
  r.first_paid_month, r.latest_paid_month, r.channel, r.bank_account_id = p.bank_account_id
from payment p
join disbursement_batch b on b.id = p.batch_id
join registration r on (r.citizen_id, r.scheme) = (p.citizen_id, p.scheme)
left join bank_account a on (a.citizen_id, a.id) = (p.citizen_id, p.bank_account_id)
order by 1, 2, 3, 4"""
LEDGER = """
select kind, rows, accepted, rejected, unchanged, waiting, state from import_file order by id"""
COUNTS = """
select (select count(*) from waiting_disbursement), (select count(*) from bank_account),
  (select count(*) from payment_history), (select count(*) from disbursement_batch),
  (select count(*) from pg_class where relname like 'staging%'),
  (select sum(rows) from import_tally where not released)"""


@dataclass
class Site:
    """A database with a register, and a file to import into it by the command line."""

    url: str
    keys: PrivacyKeys
    file: Path

    def start(self) -> "subprocess.Popen[bytes]":
        key = {
            "NATIONAL_ID_LOOKUP_KEY": self.keys.lookup_key,
            "NATIONAL_ID_ENCRYPTION_KEY": self.keys.encryption_key,
            "ACCOUNT_NUMBER_KEY": self.keys.account_key,
        }
        environment = {name: b64encode(value).decode() for name, value in key.items()}
        with self.file.with_name("errors.txt").open("w") as errors:
            return subprocess.Popen(
                [ALLOWANCES, "import", "disbursements", str(self.file), "--rows-a-slice=25"],
                env=os.environ | environment | {"DATABASE_URL": self.url},
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )

    async def finish(self) -> None:
        """Import the file again, to its end."""
        process = self.start()
        status = await asyncio.to_thread(process.wait, 60)
        error = self.file.with_name("errors.txt").read_text()
        assert status == 3, error  # some rows were rejected

    async def outcome(self) -> list[Any]:
        """Everything that has to be the same, however it came about."""
        connection = await asyncpg.connect(self.url)
        found = [list(map(tuple, await connection.fetch(q))) for q in (STANDING, LEDGER, COUNTS)]
        await connection.close()
        rejects = self.file.with_name("disbursements.rejects.csv")
        return [*found, rejects.read_text(encoding="utf-8-sig")]


NewSite = Callable[[], Awaitable[Site]]


@pytest.fixture(scope="module")
async def register(databases: Databases, migrated_template: str, keys: PrivacyKeys) -> str:
    """A database to copy from: thirty citizens, half of them registered."""
    name = await databases.create(migrated_template)
    connection = await asyncpg.connect(databases.url(name))
    office = Office(connection, keys, Path(os.devnull).parent / "shm")
    await office.open(30)
    await office.registrations(*(registration(number) for number in range(1, 31, 2)))
    await connection.close()
    return name


@pytest.fixture
async def new_site(
    databases: Databases, register: str, keys: PrivacyKeys, tmp_path: Path
) -> AsyncIterator[NewSite]:
    names: list[str] = []

    async def make() -> Site:
        names.append(await databases.create(register))
        directory = tmp_path / names[-1]
        directory.mkdir()
        file = directory / "disbursements.csv"
        file.write_text(csv_text(ROWS), encoding="utf-8")
        return Site(databases.url(names[-1]), keys, file)

    yield make
    for name in names:
        await databases.drop(name)


class Turnstile:
    """Lets an import take one step at a time."""

    def __init__(self, holder: asyncpg.Connection, next_holder: asyncpg.Connection) -> None:
        self._holder, self._next = holder, next_holder

    @classmethod
    async def at(cls, url: str) -> "Turnstile":
        turnstile = cls(await asyncpg.connect(url), await asyncpg.connect(url))
        await turnstile._holder.execute("select pg_advisory_lock($1)", TURN)
        return turnstile

    async def waiting(self, count: int) -> bool:
        query = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        return int(await self._holder.fetchval(query)) >= count

    async def _next_is_queued(self) -> bool:
        query = "select exists (select from pg_locks where pid = $1 and not granted)"
        return bool(await self._holder.fetchval(query, self._next.get_server_pid()))

    async def let_one_pass(self) -> None:
        """The step that waits is taken, of slices as many as wait; the one after it will wait."""
        queued = asyncio.create_task(self._next.execute("select pg_advisory_lock($1)", TURN))
        await until(self._next_is_queued)
        await self._holder.execute("select pg_advisory_unlock($1)", TURN)
        await queued
        self._holder, self._next = self._next, self._holder

    async def leave(self) -> None:
        """Nothing waits for us any more."""
        await self._next.close()
        await self._holder.close()

    async def close(self) -> None:
        """Leave; whoever was killed is gone from the server too, once this returns."""
        await self._next.close()
        await self._holder.execute("select pg_advisory_unlock($1)", TURN)
        alone = "select count(*) = 1 from pg_stat_activity where datname = current_database()"
        await until(lambda: self._holder.fetchval(alone))
        await self._holder.close()


async def killed_at(site: Site, step: int) -> bool:
    """Kill -9 an import that waits to take a step; false where it has not so many."""
    turnstile = await Turnstile.at(site.url)
    process = site.start()
    for taken in range(step + 1):
        while not await turnstile.waiting(1):
            if process.poll() is not None:
                await turnstile.close()
                return False
            await asyncio.sleep(0.01)
        if taken < step:
            await turnstile.let_one_pass()
    process.kill()
    await asyncio.to_thread(process.wait)
    await turnstile.close()
    return True


async def expected(new_site: NewSite) -> list[Any]:
    site = await new_site()
    await site.finish()
    return await site.outcome()


async def test_killed_before_each_step_it_ends_as_if_it_had_not_been(new_site: NewSite) -> None:
    whole = await expected(new_site)
    assert len(whole[0]) == 91
    step = 0
    while await killed_at(site := await new_site(), step):
        await site.finish()
        assert await site.outcome() == whole, f"killed before step {step}"
        step += 1
    assert step > 5  # check, what slices need, pairs of slices, the end, the report


async def test_killed_at_any_moment_again_and_again(new_site: NewSite) -> None:
    whole, site, dice = await expected(new_site), await new_site(), random.Random(7)  # noqa: S311
    for _ in range(8):
        process = site.start()
        await asyncio.sleep(dice.uniform(0.2, 1.2))
        process.kill()
        await asyncio.to_thread(process.wait)
        await (await Turnstile.at(site.url)).close()
    await site.finish()
    found = await site.outcome()
    ended = sum(1 for row in found[1] if row[0] == "DISBURSEMENTS")
    if ended == 1:
        assert found == whole
    else:  # one of them came to its end, and those after it changed nothing
        assert [row[:16] for row in found[0]] == [row[:16] for row in whole[0]]
        assert [row["accepted"] for row in map(_named, found[1][-ended:])][1:] == [0] * (ended - 1)


def _named(row: tuple[Any, ...]) -> dict[str, Any]:
    names = ("kind", "rows", "accepted", "rejected", "unchanged", "waiting", "state")
    return dict(zip(names, row, strict=True))


@pytest.mark.parametrize("step", [1, 3, 5])
async def test_a_crash_of_the_server_empties_the_staged_rows(new_site: NewSite, step: int) -> None:
    whole, site = await expected(new_site), await new_site()
    assert await killed_at(site, step)
    connection = await asyncpg.connect(site.url)
    tables = await connection.fetch("select relname from pg_class where relname like 'staging\\_%'")
    for row in tables:
        if "idx" not in row["relname"]:
            await connection.execute(f"truncate {row['relname']}")
    await connection.close()
    await site.finish()
    assert await site.outcome() == whole
