"""The unlogged tables of one file, and which of their rows a transaction sees."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from app.errors import Unavailable
from app.ingest.layout import Record
from app.ingest.refusals import Refusal
from app.ingest.sql import sql
from app.ingest.staging import REJECTED_DEFINITION, REJECTED_NAMES, Staged, rejected_record

_CREATE = """
drop table if exists {rows}, {ordered}, {rejected};
create unlogged table {rows} ({columns});
create unlogged table {rejected} ({rejected_columns})
"""
_COUNT = """
select (select count(*) from {rows}) + (select count(*) from {rejected})
"""
_AMOUNT = """
select ((select coalesce(sum(amount_satang), 0) from {rows})
  + (select coalesce(sum(amount_satang), 0) from {rejected}))::bigint
"""
_ORDER = """
analyze {rows} ({key});
create unlogged table {ordered} as
select {slice_key} as slice_key, {columns_ordered} from {rows} s {lookup} order by 1;
drop table {rows};
analyze {ordered} ({analysed})
"""
# Few files repeat a row, so the index that is needed anyway looks for one. An error that is caught
# here leaves nothing in the server's log, unless a parallel worker meets it: that tells the key.
_INDEX = """
set local max_parallel_maintenance_workers = 0;
do $$ begin
  create unique index on {ordered} ({ordered_key});
exception when unique_violation then
  create index on {ordered} ({ordered_key});
end $$
"""
_ANY_REPEATED = """
select not bool_or(indisunique) from pg_index where indrelid = '{ordered}'::regclass
"""
_LOOKUP = "left join citizen_lookup l using (national_id_hmac)"
_BOUND = """
select coalesce(
  (select slice_key from {ordered} where slice_key > $1 order by slice_key offset $2 limit 1),
  (select max(slice_key) from {ordered} where slice_key > $1))
"""
_ANY = "select exists (select from {table}) or exists (select from {rejected})"
_VIEW = """
create temporary view {table} as select {names} from {source} {condition};
"""


_SECONDS_BETWEEN_LOOKS = 5.0


async def _once(data: bytes) -> AsyncIterator[bytes]:
    """As a source of COPY; a buffer would be held until the next search for cycles."""
    yield data


async def _unless_lost(
    connection: asyncpg.Connection, copying: Coroutine[Any, Any, object]
) -> None:
    """Until COPY is done; asyncpg would wait for ever where the server goes while it takes data."""
    task = asyncio.ensure_future(copying)
    try:
        while not (await asyncio.wait([task], timeout=_SECONDS_BETWEEN_LOOKS))[0]:
            if connection.is_closed():
                raise Unavailable("The connection to the database was lost. Import the file again.")
        await task
    finally:
        task.cancel()


async def _add(
    connection: asyncpg.Connection, table: str, records: Sequence[Record], columns: Sequence[str]
) -> None:
    if records:
        adding = connection.copy_records_to_table(table, records=records, columns=columns)
        await _unless_lost(connection, adding)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The tables of one file, by its number. They outlive a process, not a crash of the server."""

    staged: Staged
    number: int

    @property
    def rows(self) -> str:
        return f"staging_rows_{self.number}"

    @property
    def ordered(self) -> str:
        return f"staging_ordered_{self.number}"

    @property
    def rejected(self) -> str:
        return f"staging_rejected_{self.number}"

    async def create(self, connection: asyncpg.Connection) -> None:
        """Make the tables, empty."""
        await connection.execute(self._sql(_CREATE))

    async def drop(self, connection: asyncpg.Connection) -> None:
        """Take the tables away."""
        await connection.execute(
            f"drop table if exists {self.rows}, {self.ordered}, {self.rejected}"
        )

    async def copy(
        self, connection: asyncpg.Connection, data: bytes, places: Sequence[int]
    ) -> None:
        """Add rows in COPY's binary format, with the columns of these places."""
        if data:
            names = self.staged.names
            columns = [names[place] for place in places]
            copying = connection.copy_to_table(
                self.rows, source=_once(data), columns=columns, format="binary"
            )
            await _unless_lost(connection, copying)

    async def add(self, connection: asyncpg.Connection, records: Sequence[Record]) -> None:
        """Add rows."""
        await _add(connection, self.rows, records, self.staged.names)

    async def reject(self, connection: asyncpg.Connection, refusals: Iterable[Refusal]) -> None:
        """Keep rejected rows, without what they hold."""
        records = list(map(rejected_record, refusals))
        await _add(connection, self.rejected, records, REJECTED_NAMES)

    async def rows_read(self, connection: asyncpg.Connection) -> int:
        """How many rows were staged or rejected while the file was read."""
        return int(await connection.fetchval(self._sql(_COUNT)))

    async def amount_read(self, connection: asyncpg.Connection) -> int:
        """What the rows add up to as the sender counts, the rejected ones too; in satang."""
        return int(await connection.fetchval(self._sql(_AMOUNT)))

    async def rows_left(self, connection: asyncpg.Connection, *, ordered: bool) -> bool:
        """Whether the rows are there; a crash of the server empties the tables."""
        name = self.ordered if ordered else self.rows
        if await connection.fetchval("select to_regclass($1)", name) is None:
            return False
        return bool(await connection.fetchval(sql(_ANY, table=name, rejected=self.rejected)))

    async def order(self, connection: asyncpg.Connection) -> bool:
        """Put the rows into the order in which they are applied; whether any have the same key."""
        await connection.execute(self._sql(_ORDER))
        await connection.execute(self._sql(_INDEX))
        repeated = bool(await connection.fetchval(self._sql(_ANY_REPEATED)))
        if repeated:  # how often, the statements that settle it have to know
            await connection.execute(f"analyze {self.ordered} ({', '.join(self.staged.key)})")
        return repeated

    async def bound(
        self, connection: asyncpg.Connection, after: bytes | None, at_least: int
    ) -> bytes | None:
        """The end of the slice of so many rows that begins after a key; None where none is left."""
        end: bytes | None = await connection.fetchval(
            self._sql(_BOUND), after or b"", max(at_least - 1, 0)
        )
        return end

    @asynccontextmanager
    async def everything(self, connection: asyncpg.Connection) -> AsyncIterator[None]:
        """The statements' names mean all that is applied, until the end of the block."""
        async with self._named(connection, self.staged.applied_names, self.ordered, ""):
            yield

    @asynccontextmanager
    async def slice(
        self, connection: asyncpg.Connection, after: bytes | None, through: bytes
    ) -> AsyncIterator[None]:
        """The statements' names mean the rows of a slice, until the end of the block."""
        low, high = (after or b"").hex(), through.hex()
        condition = rf"where slice_key > '\x{low}' and slice_key <= '\x{high}'"
        async with self._named(connection, self.staged.applied_names, self.ordered, condition):
            yield

    @asynccontextmanager
    async def rejects(self, connection: asyncpg.Connection) -> AsyncIterator[None]:
        """The name `rejected` means the file's, until the end of the block."""
        view = sql(_VIEW, table="rejected", names="*", source=self.rejected, condition="")
        await connection.execute(view)
        yield
        await connection.execute("drop view pg_temp.rejected")

    @asynccontextmanager
    async def _named(
        self, connection: asyncpg.Connection, names: Sequence[str], source: str, condition: str
    ) -> AsyncIterator[None]:
        table = self.staged.table
        view = sql(_VIEW, table=table, names=", ".join(names), source=source, condition=condition)
        await connection.execute(view)
        async with self.rejects(connection):
            yield
        await connection.execute(f"drop view pg_temp.{table}")

    def _sql(self, statement: str) -> str:
        return sql(
            statement,
            rows=self.rows,
            ordered=self.ordered,
            rejected=self.rejected,
            columns=self.staged.definition,
            rejected_columns=REJECTED_DEFINITION,
            key=", ".join(self.staged.key),
            slice_key=self.staged.slice_key,
            ordered_key=", ".join(["slice_key", *self.staged.key[1:]]),
            analysed="slice_key, citizen_id" if self.staged.by_citizen else "slice_key",
            columns_ordered="s.*, l.citizen_id" if self.staged.by_citizen else "s.*",
            lookup=_LOOKUP if "national_id_hmac" in self.staged.names else "",
        )
