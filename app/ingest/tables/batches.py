"""The batches that a file of disbursements makes: one for each scheme and month it changed."""

import asyncpg

from app.ingest.context import Context
from app.ingest.sql import sql
from app.ingest.tally import COUNTS

# A month that a file changes nothing in makes no batch. A month whose rows were all rejected makes
# one, REJECTED, the first time this file comes.
_OPEN = """
insert into disbursement_batch (import_file_id, scheme, period, received_at, version, status,
  rows, accepted, rejected, unchanged, waiting, amount_satang)
select $1, t.scheme, t.period, $2, v.version, 'RECEIVED', 0, 0, 0, 0, 0, 0
from ({months}) t
cross join lateral (
  select coalesce(max(version), 0) + 1 as version from disbursement_batch b
  where b.scheme = t.scheme and b.period = t.period) v
order by t.scheme, t.period
on conflict (import_file_id, scheme, period) do nothing
"""
_ACCEPTED = """
  select distinct scheme, period from tally
  where outcome = 'accepted' and scheme is not null and period is not null"""
_OPEN_ACCEPTED = sql(_OPEN, months=_ACCEPTED)
_ALL_OPEN = sql(
    """
select not exists (select from ({months}) t where not exists (select from disbursement_batch b
  where b.import_file_id = $1 and (b.scheme, b.period) = (t.scheme, t.period)))
""",
    months=_ACCEPTED,
)
_TOTALS = sql(
    """
select scheme, period, {counts},
  case when min(local_authority_code) filter (where outcome <> 'rejected')
    = max(local_authority_code) filter (where outcome <> 'rejected')
    then min(local_authority_code) filter (where outcome <> 'rejected') end as local_authority_code
from import_tally
where import_file_id = $1 and scheme is not null and period is not null
group by scheme, period
""",
    counts=COUNTS,
)
_OPEN_REJECTED = sql(
    _OPEN, months=sql("select * from ({totals}) t where rejected = rows", totals=_TOTALS)
)
_OPEN_EVERY = sql(_OPEN, months=_TOTALS)
_ADD_FATES = """
update disbursement_batch b
set paid = b.paid + r.paid, delayed = b.delayed + r.delayed, replaced = b.replaced + r.replaced
from (
  select scheme, period, coalesce(sum(rows) filter (where status = 'PAID'), 0) as paid,
    coalesce(sum(rows) filter (where late), 0) as delayed,
    coalesce(sum(rows) filter (where outcome = 'changed'), 0) as replaced
  from fate where outcome in ('new', 'changed') group by 1, 2) r
where b.import_file_id = $1 and (b.scheme, b.period) = (r.scheme, r.period)
"""
_CLOSE = sql(
    """
update disbursement_batch b
set rows = t.rows, accepted = t.accepted, rejected = t.rejected, unchanged = t.unchanged,
  waiting = t.waiting, amount_satang = t.amount_satang,
  local_authority_code = t.local_authority_code,
  status = case when t.rejected = t.rows then 'REJECTED' when b.replaced > 0 then 'CORRECTED'
    when t.rejected > 0 then 'PARTIAL' when b.delayed > 0 and b.paid = 0 then 'DELAYED'
    else 'LOADED' end::batch_status
from ({totals}) t
where b.import_file_id = $1 and (b.scheme, b.period) = (t.scheme, t.period)
""",
    totals=_TOTALS,
)


async def open_batches(connection: asyncpg.Connection, context: Context) -> None:
    """Add the batches of the months that this transaction changes, with no counts yet."""
    if not await connection.fetchval(_ALL_OPEN, context.import_file_id):
        await context.earlier()
        await connection.execute(_OPEN_ACCEPTED, context.import_file_id, context.now)


async def add_fates(connection: asyncpg.Connection, context: Context) -> None:
    """Add to the batches how many of the payments just resolved fared how."""
    await context.earlier()
    await connection.execute(_ADD_FATES, context.import_file_id)


async def close_batches(
    connection: asyncpg.Connection,
    context: Context,
    *,
    first_time: bool = True,
    every_month: bool = False,
) -> None:
    """Give the batches of a file their counts and their status, when all its rows are tallied.

    `first_time`: the file was not imported before; `every_month`: also a month in which nothing
    changed has a batch.
    """
    number, now = context.import_file_id, context.now
    if every_month:
        await connection.execute(_OPEN_EVERY, number, now)
    elif first_time:
        await connection.execute(_OPEN_REJECTED, number, now)
    await connection.execute(_CLOSE, number)
