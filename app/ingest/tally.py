"""What became of a file's rows, as the database keeps it: from its tally to a report."""

from typing import Any

import asyncpg

from app.ingest.report import AuthorityTotals, ImportKind, Report
from app.ingest.sql import sql

COUNTS = """
  sum(rows)::bigint as rows,
  coalesce(sum(rows) filter (where outcome = 'accepted'), 0)::bigint as accepted,
  coalesce(sum(rows) filter (where outcome = 'rejected'), 0)::bigint as rejected,
  coalesce(sum(rows) filter (where outcome = 'unchanged'), 0)::bigint as unchanged,
  coalesce(sum(rows) filter (where outcome = 'waiting'), 0)::bigint as waiting,
  coalesce(sum(amount_satang) filter (where outcome in ('accepted', 'unchanged')), 0)::bigint
    as amount_satang
"""
_BY_AUTHORITY = sql(
    """
select local_authority_code, {counts}
from import_tally
where import_file_id = $1 and not released
group by 1 order by 1""",
    counts=COUNTS,
)
_RELEASED = """
select coalesce(sum(rows), 0)::bigint from import_tally
where import_file_id = $1 and released and outcome <> 'waiting'
"""


async def report_of(
    connection: asyncpg.Connection, number: int, kind: ImportKind, file_name: str
) -> Report:
    """The report of an import by its number, from what is tallied so far."""
    rows: list[Any] = await connection.fetch(_BY_AUTHORITY, number)
    by_authority = [AuthorityTotals(*row) for row in rows]
    return Report(
        kind=kind,
        file_name=file_name,
        rows=sum(totals.rows for totals in by_authority),
        accepted=sum(totals.accepted for totals in by_authority),
        rejected=sum(totals.rejected for totals in by_authority),
        unchanged=sum(totals.unchanged for totals in by_authority),
        waiting=sum(totals.waiting for totals in by_authority),
        released=await released_rows(connection, number),
        amount_satang=sum(totals.amount_satang for totals in by_authority),
        by_authority=[] if kind is ImportKind.AUTHORITIES else by_authority,
    )


async def released_rows(connection: asyncpg.Connection, number: int) -> int:
    """How many rows that had waited for the people of an import have been applied with it."""
    rows: int = await connection.fetchval(_RELEASED, number)
    return rows
