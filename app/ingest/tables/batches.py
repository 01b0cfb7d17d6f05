"""The batches that a file of disbursements makes: one for each scheme and month it changed."""

from datetime import datetime

import asyncpg

from app.ingest.sql import sql
from app.ingest.staging import TOTALS

# A month that a file changes nothing in makes no batch. A month whose rows were all rejected makes
# one, REJECTED, the first time this file comes.
_OPEN = sql(
    """
insert into disbursement_batch (import_file_id, scheme, period, received_at, version, status,
  rows, accepted, rejected, unchanged, waiting, amount_satang)
select $1, t.scheme, t.period, $2, v.version,
  case when t.accepted = 0 then 'REJECTED' when v.version > 1 then 'CORRECTED'
    when t.rejected > 0 then 'PARTIAL' else 'LOADED' end::batch_status,
  t.rows, t.accepted, t.rejected, t.unchanged, t.waiting, t.amount_satang
from ({totals}) t
cross join lateral (
  select coalesce(max(version), 0) + 1 as version from disbursement_batch b
  where b.scheme = t.scheme and b.period = t.period) v
where t.scheme is not null and t.period is not null
  and (t.accepted > 0 or (t.rejected = t.rows and $3))
order by t.scheme, t.period
""",
    totals=sql(TOTALS, by="scheme, period"),
)


async def open_batches(
    connection: asyncpg.Connection, import_file_id: int, now: datetime, *, seen_before: bool
) -> None:
    """Add the batches of this file from the tally."""
    await connection.execute(_OPEN, import_file_id, now, not seen_before)
