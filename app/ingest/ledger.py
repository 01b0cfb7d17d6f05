"""The ledger of imported files: the state of each, and the locks under which it moves on."""

import asyncio
import enum
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from app.errors import BadInput, Unavailable
from app.ingest.report import ImportKind


class ImportState(enum.StrEnum):
    """How far a file has come; each state is durable."""

    RECEIVED = "RECEIVED"
    STAGED = "STAGED"
    CHECKED = "CHECKED"
    APPLIED = "APPLIED"
    REPORTED = "REPORTED"
    REFUSED = "REFUSED"


_SECONDS_BETWEEN_TRIES = 0.5
_OPEN_STATES = ("RECEIVED", "STAGED", "CHECKED", "APPLIED")


@dataclass(slots=True)
class Entry:
    """A file in the ledger. `seen_before`: the number of an earlier import of the same bytes."""

    id: int
    state: ImportState
    applied_through: bytes | None = None
    seen_before: int | None = None


# One lock for all kinds: registrations, payments and the rows that a citizens file releases write
# the same tables, and in another order than each other.
_LOCK = "select pg_advisory_xact_lock(7022005)"
_SHARE = "select pg_advisory_xact_lock_shared(7022005)"
_START_APPLYING = "select pg_try_advisory_lock(7022007)"
_END_APPLYING = "select pg_advisory_unlock(7022007)"
_IS_APPLYING = """
select exists (select from pg_locks
  where locktype = 'advisory' and classid = 0 and objid = 7022007 and objsubid = 1
    and pid = $1 and granted and database = (select oid from pg_database
      where datname = current_database()))
"""
_HOLD = "select pg_try_advisory_lock(7022006, $1)"
_LET_GO = "select pg_advisory_unlock(7022006, $1)"

_SEEN = """
select max(id) from import_file
where kind = $1 and checksum = $2 and state = 'REPORTED' and request_id is null
"""
_UNFINISHED = """
select id, state, applied_through from import_file
where kind = $1 and checksum = $2 and state::text = any($3) and request_id is null
order by id desc limit 1
"""
_BEGIN = """
insert into import_file (kind, name, checksum, received_at, imported_by, request_id,
  state, rows, accepted, rejected, unchanged, waiting)
values ($1, $2, $3, $4, $5, $6, 'RECEIVED', 0, 0, 0, 0, 0) returning id
"""
_MOVE = "update import_file set state = $2 where id = $1"
_READ_AGAIN = "update import_file set state = 'RECEIVED', applied_through = null where id = $1"
_APPLIED_SO_FAR = "select applied_through from import_file where id = $1"
_APPLIED_THROUGH = "update import_file set applied_through = $2 where id = $1"
_CLOSE = """
update import_file
set rows = $2, accepted = $3, rejected = $4, unchanged = $5, waiting = $6, state = 'APPLIED'
where id = $1
"""
_END = "update import_file set state = $2, ended_at = $3 where id = $1"
_FORGET_TALLY = "delete from import_tally where import_file_id = $1"


async def take_turn(connection: asyncpg.Connection) -> None:
    """Wait until nobody else writes what files write; holds until the transaction ends."""
    await connection.execute(_LOCK)


@asynccontextmanager
async def applying(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """One file alone is applied, and its slices may share the turn."""
    # A statement that waited would hold back vacuum as long as it did.
    while not await connection.fetchval(_START_APPLYING):  # noqa: ASYNC110 - it is of the database
        await asyncio.sleep(_SECONDS_BETWEEN_TRIES)
    try:
        async with connection.transaction():
            await take_turn(connection)  # what a file that was killed still does is done then
        yield
    finally:
        if not connection.is_closed():
            await connection.execute(_END_APPLYING)


async def share_turn(connection: asyncpg.Connection, applying: asyncpg.Connection) -> None:
    """As `take_turn`, but other slices of the file that `applying` holds may go on meanwhile.

    `Unavailable` where it does not hold it any more.
    """
    await connection.execute(_SHARE)
    if not await connection.fetchval(_IS_APPLYING, applying.get_server_pid()):
        raise Unavailable("The connection that led the import was lost. Import the file again.")


@asynccontextmanager
async def holding(connection: asyncpg.Connection, checksum: bytes) -> AsyncIterator[None]:
    """The file is ours alone; `BadInput` where another process has it."""
    key = int.from_bytes(checksum[:4], signed=True)
    if not await connection.fetchval(_HOLD, key):
        raise BadInput("Another process is importing this file. Wait until it has ended.")
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute(_LET_GO, key)


async def enter(
    connection: asyncpg.Connection,
    kind: ImportKind,
    name: str,
    checksum: bytes,
    now: datetime,
    imported_by: str,
) -> Entry:
    """The file's entry: the one that was not finished, else a new one."""
    seen_before = await connection.fetchval(_SEEN, kind.value, checksum)
    row = await connection.fetchrow(_UNFINISHED, kind.value, checksum, list(_OPEN_STATES))
    if row is not None:
        return Entry(row["id"], ImportState(row["state"]), row["applied_through"], seen_before)
    return await begin(
        connection, kind, name, checksum, now, imported_by=imported_by, seen_before=seen_before
    )


async def begin(
    connection: asyncpg.Connection,
    kind: ImportKind,
    name: str,
    checksum: bytes,
    now: datetime,
    *,
    imported_by: str = "",
    request_id: str | None = None,
    seen_before: int | None = None,
) -> Entry:
    """A new entry; its number is what its batches and waiting rows carry."""
    number = await connection.fetchval(
        _BEGIN, kind.value, name, checksum, now, imported_by, request_id
    )
    return Entry(int(number), ImportState.RECEIVED, None, seen_before)


async def move(connection: asyncpg.Connection, entry: Entry, state: ImportState) -> None:
    """To the next state."""
    await connection.execute(_MOVE, entry.id, state.value)
    entry.state = state


async def read_again(connection: asyncpg.Connection, entry: Entry) -> None:
    """Back to the first state: the staged rows are lost, and so are the counts of those applied."""
    async with connection.transaction():
        await connection.execute(_FORGET_TALLY, entry.id)
        await connection.execute(_READ_AGAIN, entry.id)
    entry.state, entry.applied_through = ImportState.RECEIVED, None


async def note_slice(connection: asyncpg.Connection, entry: Entry, through: bytes) -> None:
    """A slice is applied; in the transaction that applied it."""
    await connection.execute(_APPLIED_THROUGH, entry.id, through)
    entry.applied_through = through


async def look_again(connection: asyncpg.Connection, entry: Entry) -> None:
    """How far the file is applied by now: a process that was killed may have gone on a little."""
    entry.applied_through = await connection.fetchval(_APPLIED_SO_FAR, entry.id)


async def close(connection: asyncpg.Connection, entry: Entry, counts: Sequence[int]) -> None:
    """Enter what became of the rows (rows, accepted, rejected, unchanged, waiting).

    The database refuses a sum that leaves one out.
    """
    await connection.execute(_CLOSE, entry.id, *counts)
    entry.state = ImportState.APPLIED


async def end(
    connection: asyncpg.Connection, entry: Entry, state: ImportState, now: datetime
) -> None:
    """REPORTED or REFUSED."""
    await connection.execute(_END, entry.id, state.value, now)
    entry.state = state
