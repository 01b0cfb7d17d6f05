"""What operators ask of the batches: which there are, and what one of them did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import asyncpg

from app.rules.calendar import YearMonth
from app.rules.vocabulary import Scheme

_BATCH = """
select b.id, b.scheme, b.period, b.version, b.status, b.received_at, b.rows, b.accepted, b.rejected,
  b.unchanged, b.waiting, b.amount_satang, f.name as file_name, f.imported_by,
  b.reverts, r.id as reverted_by
from disbursement_batch b
join import_file f on f.id = b.import_file_id
left join disbursement_batch r on r.reverts = b.id"""

NEWEST = f"""{_BATCH}
where ($1::date is null or b.period = $1) and ($2::scheme is null or b.scheme = $2)
order by b.id desc limit $3"""

BY_ID = f"{_BATCH}\nwhere b.id = $1"

REPLACED = "select count(*) from payment_history where replaced_by_batch_id = $1"

BY_AUTHORITY = """
select t.local_authority_code, sum(t.rows)::bigint as rows,
  coalesce(sum(t.rows) filter (where t.outcome = 'accepted'), 0)::bigint as accepted,
  coalesce(sum(t.rows) filter (where t.outcome = 'rejected'), 0)::bigint as rejected,
  coalesce(sum(t.amount_satang) filter (where t.outcome = 'accepted'), 0)::bigint as amount_satang
from import_tally t
join disbursement_batch b
  on b.import_file_id = t.import_file_id and (b.scheme, b.period) = (t.scheme, t.period)
where b.id = $1
group by 1 order by 1"""

UNFINISHED = """
select name, kind::text, state::text, received_at from import_file
where state not in ('REPORTED', 'REFUSED') order by id"""


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """A batch and the file that brought it; amount in satang."""

    id: int
    scheme: Scheme
    period: YearMonth
    version: int
    status: str
    received_at: datetime
    rows: int
    accepted: int
    rejected: int
    unchanged: int
    waiting: int
    amount_satang: int
    file_name: str
    imported_by: str
    reverts: int | None
    reverted_by: int | None


async def newest_batches(
    connection: asyncpg.Connection, period: date | None, scheme: Scheme | None, limit: int
) -> list[BatchSummary]:
    """The newest batches first, of a month and a scheme where they are given."""
    rows = await connection.fetch(NEWEST, period, scheme and scheme.value, limit)
    return [_summary(row) for row in rows]


async def batch_by_id(connection: asyncpg.Connection, batch_id: int) -> BatchSummary | None:
    """A batch; None where there is none such."""
    row = await connection.fetchrow(BY_ID, batch_id)
    return None if row is None else _summary(row)


async def replaced_by(connection: asyncpg.Connection, batch_id: int) -> int:
    """How many payments that stood before a batch replaced or took away."""
    return int(await connection.fetchval(REPLACED, batch_id))


async def authorities_of(connection: asyncpg.Connection, batch_id: int) -> Sequence[Any]:
    """For each local authority: rows, accepted, rejected, and what was accepted in satang."""
    return await connection.fetch(BY_AUTHORITY, batch_id)


async def unfinished_files(connection: asyncpg.Connection) -> Sequence[Any]:
    """The files whose import was cut off, oldest first: name, kind, state and when it came."""
    return await connection.fetch(UNFINISHED)


def _summary(row: Any) -> BatchSummary:
    return BatchSummary(row[0], Scheme(row[1]), YearMonth(row[2]), *row[3:])
