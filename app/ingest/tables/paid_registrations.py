"""What payments tell of a registration: that there is one, where it is paid, from when to when."""

from datetime import date, datetime

import asyncpg

from app.ingest.context import Citizens
from app.ingest.sql import sql
from app.ingest.tables.fates import any_changed
from app.ingest.tables.registrations import NO_ACCOUNT_FACT

_SAYS_WHERE = "(bank_account_id is not null or channel = 'CASH')"  # of a payment

# One row for each citizen and scheme of the new and the changed payments: the newest of those that
# say where the money goes, else the newest of all. Who is paid is registered. Nearly everybody has
# one payment, the regular one of the newest month ($4), and then there is nothing to choose from.
# `is true` keeps the planner from a join, for which it would hash all rows instead of the few.
_TOLD = sql(
    """
with several as (
  select distinct citizen_id, scheme from resolved_disbursement
  where outcome in ('new', 'changed') and (sequence <> 0 or period <> $4)
), of_several as (
  select distinct on (citizen_id, scheme)
    citizen_id, scheme, period, sequence, local_authority_code, channel, bank_account_id,
    {account_as_of} as account_as_of,
    min(period) filter (where status = 'PAID') over entitlement as first_paid_month,
    max(period) filter (where status = 'PAID') over entitlement as latest_paid_month
  from resolved_disbursement
  where outcome in ('new', 'changed') and {of_several} is true
  window entitlement as (partition by citizen_id, scheme)
  order by citizen_id, scheme,
    {says_where} desc, fact_on desc, sequence desc, period desc
), of_one as (
  select citizen_id, scheme, period, sequence, local_authority_code, channel, bank_account_id,
    {account_as_of} as account_as_of,
    case when status = 'PAID' then period end as first_paid_month,
    case when status = 'PAID' then period end as latest_paid_month
  from resolved_disbursement
  where outcome in ('new', 'changed') and {of_several} is false
)
select * from of_several union all select * from of_one
""",
    of_several="((citizen_id, scheme) in (select citizen_id, scheme from several))",
    says_where=_SAYS_WHERE,
    account_as_of=f"case when {_SAYS_WHERE} then fact_on else {NO_ACCOUNT_FACT} end",
)
# Of facts of one day the later file's stands, but of payments the one that would be chosen if one
# file had both.
_NEWER = f"""(
    t.account_as_of > r.account_as_of or t.account_as_of = r.account_as_of and not exists (
      select from payment p
      where p.citizen_id = r.citizen_id and p.scheme = r.scheme
        and coalesce(p.paid_on, p.period) = t.account_as_of and {_SAYS_WHERE}
        and (p.sequence, p.period) > (t.sequence, t.period)))"""
_FOLLOW = sql(
    """
merge into registration r using ({told}) t
on r.citizen_id = t.citizen_id and r.scheme = t.scheme and r.citizen_id between $2 and $3
when matched and (t.account_as_of > r.account_as_of
    or (t.channel, t.bank_account_id) is distinct from (r.channel, r.bank_account_id) and {newer}
    or t.first_paid_month < coalesce(r.first_paid_month, 'infinity')
    or t.latest_paid_month > coalesce(r.latest_paid_month, '-infinity')) then update set
  channel = case when {newer} then t.channel else r.channel end,
  bank_account_id = case when {newer} then t.bank_account_id else r.bank_account_id end,
  account_as_of = greatest(r.account_as_of, t.account_as_of),
  first_paid_month = least(r.first_paid_month, t.first_paid_month),
  latest_paid_month = greatest(r.latest_paid_month, t.latest_paid_month),
  as_of = $1
when not matched then insert (citizen_id, scheme, local_authority_code, status, channel,
  bank_account_id, account_as_of, first_paid_month, latest_paid_month, as_of)
values (t.citizen_id, t.scheme, t.local_authority_code, 'ACTIVE', t.channel,
  t.bank_account_id, t.account_as_of, t.first_paid_month, t.latest_paid_month, $1)
""",
    told=_TOLD,
    newer=_NEWER,
)

# New payments only widen the span; a corrected one may narrow it, so there it is read anew.
_NARROW = """
update registration r
set first_paid_month = s.first, latest_paid_month = s.latest, as_of = $1
from (
  select distinct citizen_id, scheme from resolved_disbursement where outcome = 'changed') t
cross join lateral (
  select min(period) as first, max(period) as latest from payment p
  where p.citizen_id = t.citizen_id and p.scheme = t.scheme and p.status = 'PAID') s
where r.citizen_id = t.citizen_id and r.scheme = t.scheme
  and (r.first_paid_month, r.latest_paid_month) is distinct from (s.first, s.latest)
"""

# The newest payment that tells decides. It is looked for only where this file may change it.
_ACTIVE = sql(
    """
with doubtful as (
  select citizen_id, bank_account_id as id from resolved_disbursement p
  where outcome in ('new', 'changed') and bank_account_id is not null
    and (outcome = 'changed' or {tells} and (status = 'PAID') <> account_active)
  union
  select citizen_id, old_account_id from resolved_disbursement
  where outcome = 'changed' and old_account_id is not null
), judged as (
  select d.*, coalesce((
    select p.status = 'PAID' from payment p
    where p.citizen_id = d.citizen_id and p.bank_account_id = d.id and {tells}
    order by coalesce(p.paid_on, p.period) desc, p.sequence, p.scheme limit 1), true) as active
  from doubtful d
)
update bank_account a set active = j.active
from judged j
where a.citizen_id = j.citizen_id and a.id = j.id and a.active <> j.active
""",
    tells="(p.status = 'PAID' or p.status = 'FAILED' and p.reason_code = 'ACCOUNT_CLOSED')",
)


async def follow_payments(
    connection: asyncpg.Connection, now: datetime, citizens: Citizens, newest_month: date
) -> None:
    """Bring registrations and accounts in line with the payments just written.

    They are read from `resolved_disbursement` and `fate`.
    """
    await connection.execute(_FOLLOW, now, *citizens, newest_month)
    if await any_changed(connection):
        await connection.execute(_NARROW, now)
    await connection.execute(_ACTIVE)
