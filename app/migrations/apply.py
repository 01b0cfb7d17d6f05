"""Forward-only numbered SQL: each file once, in order, each in its own transaction."""

import hashlib
from dataclasses import dataclass
from importlib import resources

import asyncpg

from app.errors import SettingsError

_LOCK = 0x616C6C6F77  # any number, the same for every process that migrates

_LEDGER = """
create table if not exists schema_migration (
  number integer primary key,
  name text not null,
  checksum bytea not null,
  applied_at timestamptz not null default now()
)
"""
_APPLIED = "select number, checksum from schema_migration"
_RECORD = "insert into schema_migration (number, name, checksum) values ($1, $2, $3)"


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file, e.g. 0001_register_and_payments.sql."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> bytes:
        return hashlib.sha256(self.sql.encode()).digest()


def migrations() -> list[Migration]:
    """Every migration that ships, in order."""
    files = (f for f in resources.files(__package__).iterdir() if f.name.endswith(".sql"))
    found = [Migration(int(f.name[:4]), f.name, f.read_text(encoding="utf-8")) for f in files]
    return sorted(found, key=lambda migration: migration.number)


async def migrate(connection: asyncpg.Connection) -> list[str]:
    """Bring the database up to date; returns the names applied now.

    Safe when two start at once: the second waits, then finds nothing to do. `SettingsError` when
    an applied file was changed since, because then no one knows what the database holds, or when
    the user lacks a right that a file needs.
    """
    await connection.execute("select pg_advisory_lock($1)", _LOCK)
    try:
        await connection.execute(_LEDGER)
        return await _apply_missing(connection)
    finally:
        await connection.execute("select pg_advisory_unlock($1)", _LOCK)


async def pending(connection: asyncpg.Connection) -> list[str]:
    """The names of the migrations that the database lacks; applies nothing."""
    if await connection.fetchval("select to_regclass('schema_migration')") is None:
        return [migration.name for migration in migrations()]
    applied = {row["number"] for row in await connection.fetch(_APPLIED)}
    return [migration.name for migration in migrations() if migration.number not in applied]


async def _apply_missing(connection: asyncpg.Connection) -> list[str]:
    applied = {row["number"]: row["checksum"] for row in await connection.fetch(_APPLIED)}
    done = []
    for migration in migrations():
        if migration.number not in applied:
            await _apply(connection, migration)
            done.append(migration.name)
        elif applied[migration.number] != migration.checksum:
            raise SettingsError(
                f"Migration {migration.name} was changed after it was applied. "
                "Put the applied text back and write a new migration."
            )
    return done


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(migration.sql)
            await connection.execute(_RECORD, migration.number, migration.name, migration.checksum)
    except asyncpg.InsufficientPrivilegeError as error:
        raise SettingsError(f"{migration.name} was not applied: {error}") from None
