"""Staged disbursements into `payment`, with what they replace into `payment_history`."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date

import asyncpg

from app.ingest.context import Citizens, Context
from app.ingest.sql import sql
from app.ingest.staging import BY_CITIZEN, Staged
from app.ingest.tables.accounts import DIFFERS, no_account_corrected, write_differing
from app.ingest.tables.batches import add_fates, open_batches
from app.ingest.tables.fates import any_changed, count_fates
from app.ingest.tables.paid_registrations import follow_payments
from app.ingest.tables.recognising import recognise
from app.ingest.tables.resolving import differ, resulting, selected
from app.notices.payments import tell_of_payments
from app.rules.calendar import fiscal_year

STAGED = Staged(
    table="staged_disbursement",
    columns=[
        ("line", "integer"),
        ("national_id_hmac", "bytea"),
        ("scheme", "scheme"),
        ("local_authority_code", "text"),
        ("period", "date"),
        ("sequence", "integer"),
        ("kind", "payment_kind"),
        ("repays_period", "date"),
        ("amount_satang", "integer"),
        ("status", "payment_status"),
        ("channel", "payment_channel"),
        ("paid_on", "date"),
        ("bank_code", "text"),
        ("number_hmac", "bytea"),
        ("last_four", "text"),
        ("account_name", "text"),
        ("holder", "account_holder"),
        ("reason_code", "text"),
        ("source_code", "text"),
        ("source_text", "text"),
        ("fact_on", "date"),
    ],
    key=["national_id_hmac", "scheme", "period", "sequence"],
    field="national_id",
    noun="payment",
    counted="local_authority_code, scheme, period",
    slice_key=BY_CITIZEN,
)

KEY = ["citizen_id", "scheme", "period", "sequence"]
_FACTS = [
    "amount_satang",
    "status",
    "channel",
    "paid_on",
    "reason_code",
    "source_code",
    "source_text",
    "local_authority_code",
]
HISTORY = [*KEY, "kind", "repays_period", *_FACTS, "bank_account_id", "batch_id"]

_PERIODS = "select distinct period from staged_disbursement order by period"
_PARTITION = "select ensure_payment_partition($1)"
# A month that has come since a partition was last looked at is thought to be empty, and for that
# every staged row would be compared with each of its payments. A small sample tells better.
_LOOK_AT = """
set local default_statistics_target = 20;
set local lock_timeout = '2s';
analyze payment_fy{year} (period)
"""

# A file that was imported before, or is taken up again, changes nothing that a later one has
# written since. `again`: this import has written it already, before its staged rows were lost.
_RESOLVE = """
create temporary table resolved_disbursement on commit drop as {rows}"""
_RESOLVE_AGAIN = """
insert into resolved_disbursement {rows}"""
# What is asked of every row stands first, where it is soonest found.
_RESOLVED = """
select
  case when s.citizen_id is null then 'waiting'
    when p.citizen_id is null then 'new'
    when {differ} and b.import_file_id <= $3 then 'changed'
    {corrected}
    when b.import_file_id = $4 then 'again'
    else 'unchanged' end as outcome,
  coalesce({account_differs}, false) as account_differs,
  s.citizen_id, s.scheme, s.period, s.sequence, s.line, {facts},
  s.kind, s.repays_period, s.fact_on,
  {account} as bank_account_id, a.active as account_active, p.bank_account_id as old_account_id
from {staged} s
left join bank_account a on a.citizen_id = s.citizen_id and a.bank_code = s.bank_code
  and a.number_hmac = s.number_hmac and a.citizen_id between $5 and $6
left join payment p on p.citizen_id = s.citizen_id
  and p.scheme = s.scheme and p.period = s.period and p.sequence = s.sequence
  and p.period between $1 and $2 and p.citizen_id between $5 and $6
left join disbursement_batch b on b.id = p.batch_id
"""

# Few accounts are new or named otherwise, so only the rows that name one are resolved twice.
_ANY_DIFFERING = "select exists (select from resolved_disbursement where account_differs)"
_DIFFERING = """
create temporary table differing_account on commit drop as
select distinct s.citizen_id, s.bank_code, s.number_hmac
from staged_disbursement s join resolved_disbursement r using (line) where r.account_differs
"""
_OF_DIFFERING = """(
  select s.* from staged_disbursement s
  join differing_account using (citizen_id, bank_code, number_hmac))"""
_CORRECTED = "when s.line in (select line from corrected_account) then 'corrected'"
_FORGET_DIFFERING = sql(
    "delete from resolved_disbursement r using {staged} s where s.line = r.line",
    staged=_OF_DIFFERING,
)

# Where the money goes does not follow from how the payment fares, so a file without these columns
# keeps it; the day and the reason go with the status.
_WHERE_TO = {"channel", "bank_code", "account_number"}
_ACCOUNT_KEPT = """case when coalesce(p.channel, s.channel) = 'CASH' then null
    else coalesce(a.id, p.bank_account_id) end"""
_TALLY = """
insert into tally
select case when outcome in ('unchanged', 'waiting') then outcome else 'accepted' end,
  local_authority_code, scheme, period, sum(rows), sum(amount_satang)
from fate group by 1, 2, 3, 4
"""
_KEEP_OLD = sql(
    """
insert into payment_history ({columns}, replaced_at, replaced_by_batch_id)
select {values}, $2, b.id
from resolved_disbursement r
join payment p using (citizen_id, scheme, period, sequence)
join disbursement_batch b on b.import_file_id = $1 and (b.scheme, b.period) = (r.scheme, r.period)
where r.outcome = 'changed'
order by citizen_id, scheme, period, sequence
""",
    columns=", ".join(HISTORY),
    values=", ".join(f"p.{name}" for name in HISTORY),
)
_WRITTEN = ["kind", "repays_period", *_FACTS, "bank_account_id", "batch_id"]
_OF_BATCH = """
from (select r.*, b.id as batch_id from resolved_disbursement r
  join disbursement_batch b on b.import_file_id = $1 and (b.scheme, b.period) = (r.scheme, r.period)
  where r.outcome = '{outcome}') r
"""

# Nobody else writes payments meanwhile, so a new one meets no conflict. Those of a citizen come
# together, so that a history is read from few pages.
_ADD = sql(
    "insert into payment ({columns}) select {columns} {rows} order by {key}",
    key=", ".join(KEY),
    columns=", ".join([*KEY, *_WRITTEN]),
    rows=sql(_OF_BATCH, outcome="new"),
)
_CHANGE = sql(
    """
update payment p set {assignments} {rows}
where p.citizen_id = r.citizen_id and p.scheme = r.scheme and p.period = r.period
  and p.sequence = r.sequence and p.citizen_id between $2 and $3
""",
    assignments=", ".join(f"{name} = r.{name}" for name in _WRITTEN),
    rows=sql(_OF_BATCH, outcome="changed"),
)
_WAIT = """
insert into waiting_disbursement
  (national_id_hmac, scheme, period, sequence, import_file_id, record)
select s.national_id_hmac, s.scheme, s.period, s.sequence, $1,
  to_jsonb(s) - array['line', 'citizen_id']
from staged_disbursement s where s.citizen_id is null
order by 1, 2, 3, 4
on conflict (national_id_hmac, scheme, period, sequence) do update
set import_file_id = excluded.import_file_id, record = excluded.record
where waiting_disbursement.record is distinct from excluded.record
"""
_RELEASE = """
with found as (
  delete from waiting_disbursement w using citizen_lookup l
  where l.national_id_hmac = w.national_id_hmac returning w.*
), numbered as (
  select record || jsonb_build_object('line', row_number() over (
    order by national_id_hmac, scheme, period, sequence)) as record
  from found
)
insert into staged_disbursement
select r.* from numbered n
cross join lateral jsonb_populate_record(null::staged_disbursement, n.record) r
"""


async def prepare_disbursements(connection: asyncpg.Connection) -> list[date]:
    """Make the partitions that the staged rows need; returns the months of the rows, in order."""
    periods = [row["period"] for row in await connection.fetch(_PERIODS)]
    for year in _years(periods):
        await connection.execute(_PARTITION, year)
    return periods


async def look_at_payments(connection: asyncpg.Connection, periods: Sequence[date]) -> None:
    """Let the planner know what is in the partitions of these months.

    Outside of a transaction, for a partition that was just made is locked until its end. One that
    another session looks at or cleans is left: it will be known soon, and nothing depends on it.
    """
    for year in _years(periods):
        with suppress(asyncpg.LockNotAvailableError):
            async with connection.transaction():
                await connection.execute(sql(_LOOK_AT, year=str(year)))


def _years(periods: Sequence[date]) -> list[int]:
    return sorted(set(map(fiscal_year, periods)))


async def apply_disbursements(connection: asyncpg.Connection, context: Context) -> None:
    """Write what is new or changed: accounts, batches, payments, then what follows from them."""
    periods = context.periods or await prepare_disbursements(connection)
    if not periods:  # every row was rejected
        return
    citizens = await recognise(connection, STAGED.table, context.citizens)
    await _resolve(connection, context, periods, citizens)
    await open_batches(connection, context)
    changed = await any_changed(connection)
    if changed:
        await connection.execute(_KEEP_OLD, context.import_file_id, context.now)
    await connection.execute(_ADD, context.import_file_id)
    if changed:
        await connection.execute(_CHANGE, context.import_file_id, *citizens)
    await follow_payments(connection, context.now, citizens, periods[-1])
    await add_fates(connection, context)
    await tell_of_payments(connection, await context.told_in_order(), citizens)


async def _resolve(
    connection: asyncpg.Connection, context: Context, periods: Sequence[date], citizens: Citizens
) -> None:
    # The span lets the planner leave the other years' partitions alone.
    span = periods[0], periods[-1], context.newest, context.import_file_id, *citizens
    await connection.execute("drop table if exists resolved_disbursement")
    await connection.execute(sql(_RESOLVE, rows=_resolved(context, STAGED.table, "")), *span)
    if await connection.fetchval(_ANY_DIFFERING):
        await no_account_corrected(connection)
        await connection.execute(_DIFFERING)
        await write_differing(connection, STAGED.table, citizens)
        await connection.execute(_FORGET_DIFFERING)
        again = _resolved(context, _OF_DIFFERING, _CORRECTED)
        await connection.execute(sql(_RESOLVE_AGAIN, rows=again), *span)
    await connection.execute(f"analyze resolved_disbursement ({', '.join(KEY)}, outcome)")
    await count_fates(connection)
    await connection.execute(_TALLY)


def _resolved(context: Context, staged: str, corrected: str) -> str:
    absent = context.absent
    values = resulting(_FACTS, "p", _WHERE_TO.intersection(absent))
    account = _ACCOUNT_KEPT if set(absent) >= _WHERE_TO else "a.id"
    return sql(
        _RESOLVED,
        staged=staged,
        corrected=corrected,
        facts=selected(_FACTS, values),
        account=account,
        account_differs=DIFFERS,
        differ=differ([*_FACTS, "bank_account_id"], [*values, account], "p"),
    )


async def keep_disbursements_waiting(connection: asyncpg.Connection, import_file_id: int) -> None:
    """Put the rows of unknown citizens aside; a newer row takes the place of an older one."""
    await connection.execute(_WAIT, import_file_id)


async def stage_released_disbursements(connection: asyncpg.Connection) -> int:
    """Stage the waiting rows whose citizen is known by now; returns how many."""
    await STAGED.create_own(connection)
    status = await connection.execute(_RELEASE)
    return int(status.split()[-1])
