"""The ledger of imported files, and the lock that lets one import work at a time."""

from datetime import datetime
from typing import Any

import asyncpg

from app.ingest.report import ImportKind

# One lock for all kinds: registrations, payments and the rows that a citizens file releases write
# the same tables, and in another order than each other.
_LOCK = "select pg_advisory_xact_lock(7022005)"
_SEEN = "select max(id) from import_file where kind = $1 and checksum = $2"
_BEGIN = """
insert into import_file
  (kind, name, checksum, received_at, rows, accepted, rejected, unchanged, waiting)
values ($1, $2, $3, $4, 0, 0, 0, 0, 0) returning id
"""
_CLOSE = """
update import_file
set rows = $2, accepted = $3, rejected = $4, unchanged = $5, waiting = $6 where id = $1
"""


async def take_turn(connection: asyncpg.Connection) -> None:
    """Wait until no other import is at work; holds until the transaction ends."""
    await connection.execute(_LOCK)


async def seen_before(
    connection: asyncpg.Connection, kind: ImportKind, checksum: bytes
) -> int | None:
    """The number of the last import of the same bytes as this kind; None if there was none."""
    number: int | None = await connection.fetchval(_SEEN, kind.value, checksum)
    return number


async def begin(
    connection: asyncpg.Connection, kind: ImportKind, name: str, checksum: bytes, now: datetime
) -> int:
    """Enter a file; returns the number that its batches and waiting rows carry."""
    number: Any = await connection.fetchval(_BEGIN, kind.value, name, checksum, now)
    return int(number)


async def close(
    connection: asyncpg.Connection,
    number: int,
    rows: int,
    accepted: int,
    rejected: int,
    unchanged: int,
    waiting: int,
) -> None:
    """Enter what became of the rows; the database refuses a sum that leaves one out."""
    await connection.execute(_CLOSE, number, rows, accepted, rejected, unchanged, waiting)
