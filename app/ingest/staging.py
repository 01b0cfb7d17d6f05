"""The temporary tables of one import: staged rows, rejected rows, and what became of each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from app.ingest.layout import Record
from app.ingest.refusals import Refusal
from app.ingest.sql import sql

PREPARE = """
set local work_mem = '96MB';
drop table if exists rejected, tally;
create temporary table rejected (
  line integer not null,
  field text not null,
  code text not null,
  reason text not null,
  local_authority_code text,
  scheme scheme,
  period date
) on commit drop;
create temporary table tally (
  outcome text not null,
  local_authority_code text,
  scheme scheme,
  period date,
  rows bigint not null,
  amount_satang bigint not null
) on commit drop
"""

FORGET_TALLY = "delete from tally"
_REJECTED = ("line", "field", "code", "reason", "local_authority_code", "scheme", "period")

# Few rows are repeated, so only those are compared in full.
_FIND_REPEATS = """
drop table if exists repeats;
create temporary table repeats on commit drop as
with several as materialized (
  select {key} from {table} group by {key} having count(*) > 1
), compared as (
  select {key}, s.line, (to_jsonb(s) - array[{own}])::text as content
  from {table} s join several using ({key})
), judged as (
  select {key}, min(line) as first_line, (array_agg(line order by line))[1:6] as lines,
    min(content) <> max(content) as conflicting
  from compared group by {key}
)
select line, line = first_line as first, conflicting,
  array_to_string((array_remove(lines, line))[1:5], ', ') as other_lines
from compared join judged using ({key})
"""
_REJECT_CONFLICTS = """
insert into rejected (line, field, code, reason, local_authority_code, scheme, period)
select line, '{field}', 'CONFLICTING_DUPLICATE',
  'The same {noun} stands with other values on line ' || other_lines || '; keep the right one.',
  {counted}
from {table} join repeats using (line) where conflicting
"""
_TALLY_REPEATS = """
insert into tally
select 'unchanged', {counted}, count(*), 0
from {table} join repeats using (line) where not conflicting and not first
group by 1, 2, 3, 4
"""
_DELETE_REPEATS = """
delete from {table} s using repeats r where r.line = s.line and (r.conflicting or not r.first)
"""
_TALLY_REJECTED = """
insert into tally
select 'rejected', local_authority_code, scheme, period, count(*), 0
from rejected group by 2, 3, 4
"""


_ANY_WAITING = "select exists (select from tally where outcome = 'waiting')"
TOTALS = """
select {by}, sum(rows)::bigint as rows,
  coalesce(sum(rows) filter (where outcome = 'accepted'), 0)::bigint as accepted,
  coalesce(sum(rows) filter (where outcome = 'rejected'), 0)::bigint as rejected,
  coalesce(sum(rows) filter (where outcome = 'unchanged'), 0)::bigint as unchanged,
  coalesce(sum(rows) filter (where outcome = 'waiting'), 0)::bigint as waiting,
  coalesce(sum(amount_satang) filter (where outcome in ('accepted', 'unchanged')), 0)::bigint
    as amount_satang
from tally
group by {by} order by {by}"""


@dataclass(frozen=True, slots=True)
class Staged:
    """A staging table: its columns, the key of a row, and how a row is named and counted.

    `own` are columns that differ between two readings of the same row, so they are not compared.
    `counted` are the SQL of local authority, scheme and period.
    """

    table: str
    columns: Sequence[tuple[str, str]]
    key: Sequence[str]
    field: str
    noun: str
    counted: str
    own: Sequence[str] = ("line",)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.columns]

    async def create(self, connection: asyncpg.Connection) -> None:
        """Make the table, empty."""
        columns = ", ".join(f"{name} {of_type}" for name, of_type in self.columns)
        await connection.execute(
            f"drop table if exists {self.table}; "
            f"create temporary table {self.table} ({columns}) on commit drop"
        )

    async def copy(self, connection: asyncpg.Connection, records: Iterable[Record]) -> None:
        """Add records, in the order of the columns."""
        await connection.copy_records_to_table(
            self.table, records=records, columns=self.names, schema_name="pg_temp"
        )

    async def settle_repeats(self, connection: asyncpg.Connection) -> None:
        """Of rows with the same key keep the first if all say the same, else reject them all."""
        await connection.execute(f"analyze {self.table}")
        await connection.execute(self._sql(_FIND_REPEATS))
        if await connection.fetchval("select exists (select from repeats)"):
            for statement in (_REJECT_CONFLICTS, _TALLY_REPEATS, _DELETE_REPEATS):
                await connection.execute(self._sql(statement))

    def _sql(self, statement: str) -> str:
        return sql(
            statement,
            table=self.table,
            key=", ".join(self.key),
            own=", ".join(f"'{name}'" for name in self.own),
            field=self.field,
            noun=self.noun,
            counted=self.counted,
        )


async def reject(connection: asyncpg.Connection, refusals: Iterable[Refusal]) -> None:
    """Keep rejected rows, without what they hold."""
    rows = [
        (r.line, r.field, r.code, r.sentence, r.local_authority_code, r.scheme, r.period)
        for r in refusals
    ]
    await connection.copy_records_to_table(
        "rejected", records=rows, columns=_REJECTED, schema_name="pg_temp"
    )


async def tally_rejected(connection: asyncpg.Connection) -> None:
    """Count the rejected rows; once, when all checks are done."""
    await connection.execute(_TALLY_REJECTED)


async def any_waiting(connection: asyncpg.Connection) -> bool:
    """Whether the tally counts rows of citizens not yet known."""
    return bool(await connection.fetchval(_ANY_WAITING))


async def totals(connection: asyncpg.Connection, by: str) -> list[Any]:
    """The tally as rows (key, rows, accepted, rejected, unchanged, waiting, amount in satang)."""
    return await connection.fetch(sql(TOTALS, by=by))
