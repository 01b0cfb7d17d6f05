"""Taking a batch back: what it replaced stands again, what it brought is taken away.

It is a batch of its own and a correction like any other: what it undoes stays readable in the
history. A bank account that a registration took from the batch becomes that of the newest payment
that is left.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from app.errors import BadInput
from app.ingest import ledger, staging
from app.ingest.ledger import ImportState
from app.ingest.report import ImportKind
from app.ingest.sql import sql
from app.ingest.tables.disbursements import HISTORY, KEY
from app.ingest.tables.fates import count_fates
from app.ingest.tables.paid_registrations import follow_payments
from app.ingest.tables.recognising import citizens_of
from app.notices.making import Moment
from app.notices.payments import tell_of_payments
from app.notices.telling import BY_DEFAULT, Telling

_BATCH = """
select b.id, b.scheme, b.period, b.status, b.reverts, r.id as reverted_by
from disbursement_batch b left join disbursement_batch r on r.reverts = b.id where b.id = $1
"""
_SINCE = """
select min(h.replaced_by_batch_id) from payment_history h
left join payment p on (p.citizen_id, p.scheme, p.period, p.sequence)
  = (h.citizen_id, h.scheme, h.period, h.sequence)
where h.batch_id = $1 and p.batch_id is distinct from $1
"""
_DROP = "drop table if exists affected, resolved_disbursement"
_OPEN = """
insert into disbursement_batch (import_file_id, reverts, scheme, period, received_at, version,
  status, rows, accepted, rejected, unchanged, waiting, amount_satang)
select $1, b.id, b.scheme, b.period, $3, (
    select max(version) + 1 from disbursement_batch v
    where v.scheme = b.scheme and v.period = b.period),
  'CORRECTED', 0, 0, 0, 0, 0, 0
from disbursement_batch b where b.id = $2
returning id
"""
# Of each payment of the batch what stands and, where it replaced something, what stood before.
_AFFECTED = sql(
    """
create temporary table affected on commit drop as
select p.*, h.citizen_id is not null as restored, {before}
from payment p
left join payment_history h
  on h.replaced_by_batch_id = $1 and (h.citizen_id, h.scheme, h.period, h.sequence)
    = (p.citizen_id, p.scheme, p.period, p.sequence)
where p.scheme = $2 and p.period = $3 and p.batch_id = $1
order by p.citizen_id
""",
    before=", ".join(f"h.{name} as before_{name}" for name in HISTORY if name not in KEY),
)
_KEEP = sql(
    """
insert into payment_history ({columns}, replaced_at, replaced_by_batch_id, removed)
select {columns}, $2, $1, not restored from affected
""",
    columns=", ".join(HISTORY),
)
_RESTORE = sql(
    """
update payment p set {assignments}
from affected a
where a.restored and ({key}) = ({affected_key})
""",
    assignments=", ".join(f"{name} = a.before_{name}" for name in HISTORY if name not in KEY),
    key=", ".join(f"p.{name}" for name in KEY),
    affected_key=", ".join(f"a.{name}" for name in KEY),
)
_REMOVE = sql(
    """
delete from payment p using affected a where not a.restored and ({key}) = ({affected_key})
""",
    key=", ".join(f"p.{name}" for name in KEY),
    affected_key=", ".join(f"a.{name}" for name in KEY),
)
# What `follow_payments` and `tell_of_payments` read: each payment as it stands now, or as one that
# tells nothing.
_RESOLVED = """
create temporary table resolved_disbursement on commit drop as
select a.citizen_id, a.scheme, a.period, a.sequence, a.local_authority_code,
  coalesce(p.status, 'CANCELLED') as status, p.reason_code,
  p.amount_satang, p.paid_on,
  coalesce(p.channel, 'BANK_TRANSFER') as channel, p.bank_account_id,
  b.active as account_active, a.bank_account_id as old_account_id,
  coalesce(p.paid_on, a.period) as fact_on, 'changed' as outcome
from affected a
left join payment p on (p.citizen_id, p.scheme, p.period, p.sequence)
  = (a.citizen_id, a.scheme, a.period, a.sequence)
left join bank_account b on (b.citizen_id, b.id) = (p.citizen_id, p.bank_account_id)
"""
# Known from nothing but a payment that is no longer there.
_FORGET = """
delete from registration r using affected a
where (r.citizen_id, r.scheme) = (a.citizen_id, a.scheme) and r.registered_on is null
  and not exists (
    select from payment p where (p.citizen_id, p.scheme) = (r.citizen_id, r.scheme))
"""
_PAID_TO = """
update registration r
set channel = n.channel, bank_account_id = n.bank_account_id, account_as_of = n.fact_on
from affected a
cross join lateral (
  select p.channel, p.bank_account_id, coalesce(p.paid_on, p.period) as fact_on
  from payment p
  where (p.citizen_id, p.scheme) = (a.citizen_id, a.scheme)
    and (p.bank_account_id is not null or p.channel = 'CASH')
  order by fact_on desc, p.sequence desc, p.period desc limit 1) n
where (r.citizen_id, r.scheme) = (a.citizen_id, a.scheme)
  and (r.channel, r.bank_account_id) is not distinct from (a.channel, a.bank_account_id)
  and r.account_as_of = coalesce(a.paid_on, a.period)
"""
_COUNT = """
select count(*) filter (where restored) as restored,
  count(*) filter (where not restored) as removed,
  coalesce(sum(before_amount_satang) filter (where restored), 0)::bigint as amount
from affected
"""
_CLOSE = """
update disbursement_batch set rows = $2, accepted = $2, amount_satang = $3 where id = $1
"""


@dataclass(frozen=True, slots=True)
class Reverted:
    """What taking a batch back did: payments as they stood before, and payments taken away."""

    batch_id: int
    restored: int
    removed: int


async def revert_batch(
    connection: asyncpg.Connection,
    batch_id: int,
    *,
    reverted_by: str,
    now: datetime,
    telling: Telling = BY_DEFAULT,
) -> Reverted:
    """Undo a batch, whole or not at all; `BadInput` says why one can't be."""
    async with connection.transaction():
        await ledger.take_turn(connection)
        await connection.execute(staging.PREPARE)
        batch = await _revertible(connection, batch_id)
        name, checksum = f"revert of batch {batch_id}", hashlib.sha256(b"%d" % batch_id).digest()
        entry = await ledger.begin(
            connection, ImportKind.DISBURSEMENTS, name, checksum, now, imported_by=reverted_by
        )
        new_id = await connection.fetchval(_OPEN, entry.id, batch_id, now)
        await _take_back(connection, batch, int(new_id), Moment(now, telling))
        (counts,) = await connection.fetch(_COUNT)
        rows = counts["restored"] + counts["removed"]
        await connection.execute(_CLOSE, new_id, rows, counts["amount"])
        await ledger.close(connection, entry, (rows, rows, 0, 0, 0))
        await ledger.end(connection, entry, ImportState.REPORTED, now)
    return Reverted(int(new_id), counts["restored"], counts["removed"])


async def _revertible(connection: asyncpg.Connection, batch_id: int) -> Any:
    batch = await connection.fetchrow(_BATCH, batch_id)
    if batch is None:
        raise BadInput(f"There is no batch {batch_id}. `allowances batches list` shows them.")
    if batch["reverts"] is not None:
        raise BadInput(f"Batch {batch_id} took back another. Import that one's file again instead.")
    if batch["reverted_by"] is not None:
        raise BadInput(f"Batch {batch_id} was reverted already, by batch {batch['reverted_by']}.")
    if batch["status"] == "RECEIVED":
        raise BadInput(f"Batch {batch_id} is still being applied. Finish its import first.")
    if since := await connection.fetchval(_SINCE, batch_id):
        raise BadInput(
            f"Payments of batch {batch_id} were corrected since by batch {since}: "
            "revert that one first."
        )
    return batch


async def _take_back(
    connection: asyncpg.Connection, batch: Any, new_id: int, moment: Moment
) -> None:
    await connection.execute(_DROP)
    await connection.execute(_AFFECTED, batch["id"], batch["scheme"], batch["period"])
    await connection.execute("analyze affected")
    await connection.execute(_KEEP, new_id, moment.now)
    await connection.execute(_RESTORE)
    await connection.execute(_REMOVE)
    await connection.execute(_PAID_TO)
    await connection.execute(_RESOLVED)
    citizens = await citizens_of(connection, "resolved_disbursement")
    await count_fates(connection)
    await follow_payments(connection, moment.now, citizens, batch["period"])
    await connection.execute(_FORGET)
    await tell_of_payments(connection, moment, citizens)
