"""Staged rows, rejected rows, and what became of each.

The statements that check and apply rows name them `staged_…`, `rejected` and `tally`. A transaction
gives these names to what it works on: the whole of a file or a slice of it (both in shelf.py), or
rows of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import asyncpg

from app.ingest.layout import Record
from app.ingest.refusals import Refusal
from app.ingest.sql import sql

# A small sample tells the planner enough: how many rows there are, and that few of them repeat.
PREPARE = """
set local work_mem = '96MB';
set local default_statistics_target = 10;
drop table if exists tally;
create temporary table tally (
  outcome text not null,
  local_authority_code text,
  scheme scheme,
  period date,
  rows bigint not null,
  amount_satang bigint not null
) on commit drop
"""

REJECTED_DEFINITION = """
  line integer not null,
  field text not null,
  code text not null,
  reason text not null,
  local_authority_code text,
  scheme scheme,
  period date,
  amount_satang bigint"""
_OWN_REJECTED = f"""
drop table if exists rejected;
create temporary table rejected ({REJECTED_DEFINITION}
) on commit drop
"""

FORGET_TALLY = "delete from tally"
REJECTED_NAMES = (
    "line", "field", "code", "reason", "local_authority_code", "scheme", "period", "amount_satang",
)  # fmt: skip

# Few rows are repeated as a rule, so only those are compared in full. Each step is counted before
# the next, for none may be planned as if there were few where a file stands twice in itself.
_FIND_REPEATS = """
drop table if exists several, compared, repeats;
create temporary table several on commit drop as
select {key}, row_number() over () as number from {table} group by {key} having count(*) > 1;
analyze several;
create temporary table compared on commit drop as
select number, s.line, (to_jsonb(s) - array[{own}])::text as content
from {table} s join several using ({key});
analyze compared (number);
create temporary table repeats on commit drop as
with judged as (
  select number, min(line) as first_line, (array_agg(line order by line))[1:6] as lines,
    min(content) <> max(content) as conflicting
  from compared group by number
)
select line, line = first_line as first, conflicting,
  array_to_string((array_remove(lines, line))[1:5], ', ') as other_lines
from compared join judged using (number);
analyze repeats (line)
"""
_REJECT_CONFLICTS = """
insert into rejected (line, field, code, reason, local_authority_code, scheme, period,
  amount_satang)
select line, '{field}', 'CONFLICTING_DUPLICATE',
  'The same {noun} stands with other values {where} ' || other_lines || '; keep the right one.',
  {counted}, {amount}
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
_KEEP_TALLY = """
insert into import_tally (import_file_id, released, outcome, local_authority_code, scheme, period,
  rows, amount_satang)
select $1, $2, outcome, local_authority_code, scheme, period, sum(rows), sum(amount_satang)
from tally group by 3, 4, 5, 6
on conflict (import_file_id, released, outcome, local_authority_code, scheme, period) do update
set rows = import_tally.rows + excluded.rows,
  amount_satang = import_tally.amount_satang + excluded.amount_satang
"""


# The key of the tables that the rows go to; those of unknown citizens come last.
OF_CITIZEN = b"\0"
BY_CITIZEN = r"""case when l.citizen_id is null then '\x01' || s.national_id_hmac
    else '\x00' || uuid_send(l.citizen_id) end"""


@dataclass(frozen=True, slots=True)
class Staged:
    """A kind of staged row: its columns, its key, and how a row is named and counted.

    `own` are columns that differ between two readings of the same row, so they are not compared.
    `counted` are the SQL of local authority, scheme and period; `slice_key` that of the bytes by
    which the rows are applied in order. It stands for the first column of the key, so that the rows
    of one citizen stay together.
    `where`: how a sentence names the place of a row.
    """

    table: str
    columns: Sequence[tuple[str, str]]
    key: Sequence[str]
    field: str
    noun: str
    counted: str
    slice_key: str
    own: Sequence[str] = ("line",)
    where: str = "on line"

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.columns]

    @property
    def by_citizen(self) -> bool:
        """Whether the rows go to a citizen, and are applied in that order."""
        return self.slice_key == BY_CITIZEN

    @property
    def applied_names(self) -> list[str]:
        """The columns of what is applied: also `citizen_id`, null where nobody has looked yet."""
        return [*self.names, "citizen_id"] if self.by_citizen else self.names

    @property
    def definition(self) -> str:
        return ", ".join(f"{name} {of_type}" for name, of_type in self.columns)

    async def create_own(self, connection: asyncpg.Connection) -> None:
        """Make the table for rows of this transaction alone, empty."""
        citizen = ", citizen_id uuid" if self.by_citizen else ""
        await connection.execute(
            f"drop table if exists {self.table}; "
            f"create temporary table {self.table} ({self.definition}{citizen}) on commit drop"
        )

    async def settle_repeats(self, connection: asyncpg.Connection) -> None:
        """Of rows with the same key keep the first if all say the same, else reject them all."""
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
            where=self.where,
            counted=self.counted,
            amount="amount_satang" if "amount_satang" in self.names else "null",
        )


async def create_own_rejected(connection: asyncpg.Connection) -> None:
    """Make the table of rejected rows of this transaction alone, empty."""
    await connection.execute(_OWN_REJECTED)


async def copy_own(
    connection: asyncpg.Connection,
    staged: Staged,
    records: Iterable[Record],
    refusals: Iterable[Refusal],
) -> None:
    """Add rows to this transaction's own tables."""
    await connection.copy_records_to_table(
        staged.table, records=records, columns=staged.names, schema_name="pg_temp"
    )
    await connection.copy_records_to_table(
        "rejected",
        records=map(rejected_record, refusals),
        columns=REJECTED_NAMES,
        schema_name="pg_temp",
    )


def rejected_record(refusal: Refusal) -> Record:
    """A refusal as a row of `rejected`, without what the refused row holds."""
    return (
        refusal.line,
        refusal.field,
        refusal.code,
        refusal.sentence,
        refusal.local_authority_code,
        refusal.scheme,
        refusal.period,
        refusal.amount_satang,
    )


async def tally_rejected(connection: asyncpg.Connection) -> None:
    """Count the rejected rows; once, when all checks are done."""
    await connection.execute(_TALLY_REJECTED)


async def any_waiting(connection: asyncpg.Connection) -> bool:
    """Whether the tally counts rows of citizens not yet known."""
    return bool(await connection.fetchval(_ANY_WAITING))


async def keep_tally(connection: asyncpg.Connection, number: int, *, released: bool) -> None:
    """Add this transaction's tally to the file's own, for good."""
    await connection.execute(_KEEP_TALLY, number, released)
    await connection.execute(FORGET_TALLY)
