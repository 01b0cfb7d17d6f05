"""What the payments just written tell their citizens: that one was sent, or failed and why.

They are read from the temporary table `resolved_disbursement`, which has each payment as it stands
and, as its outcome, whether it is new or changed; and from `fate`, which counts them.
"""

from uuid import UUID

import asyncpg

from app.ingest.sql import sql
from app.notices.making import Moment, make, withdraw
from app.notices.standing import ANSWERED, GRANTED, PUT_OFF, settle

_PARTS = {
    "asks": """(r.status = 'PAID' and r.amount_satang > 0
      or r.status in ('FAILED', 'RETURNED', 'WITHHELD'))""",
    "kind": """case r.status when 'PAID' then 'PAYMENT_SENT' else 'PAYMENT_FAILED' end
      ::notification_kind""",
    "subject": "concat_ws(' ', r.scheme, to_char(r.period, 'YYYY-MM'), r.sequence)",
    "facts": """case r.status when 'PAID' then jsonb_build_object('amount', r.amount_satang)
      else jsonb_build_object('reason', coalesce(r.reason_code, 'UNKNOWN')) end""",
}
_TOLD = sql(
    """
  select r.citizen_id, {kind} as kind, {subject} as subject, r.scheme, r.period, r.sequence,
    {facts} as facts
  from resolved_disbursement r
  where r.outcome = '{{outcome}}' and {asks} and greatest(r.period, r.paid_on) >= $4
    and not exists (
      select from citizen c where c.id = r.citizen_id and c.died_on is not null)
""",
    **_PARTS,
)
_PUT_OFF = sql(
    """
  select p.citizen_id, 'PAYMENT_DELAYED' as kind,
    concat_ws(' ', p.scheme, to_char(p.period, 'YYYY-MM')) as subject, p.scheme, p.period,
    null::smallint as sequence, jsonb_build_object() as facts
  from resolved_disbursement p
  join registration r on r.citizen_id = p.citizen_id and r.scheme = p.scheme
    and r.status = 'ACTIVE' and coalesce(r.card_expires_on, 'infinity') >= $5
  where p.outcome in ('new', 'changed') and {put_off} and p.period >= $4
    and not exists (
      select from citizen c where c.id = p.citizen_id and c.died_on is not null)
""",
    put_off=PUT_OFF,
)
_OF_NEW, _OF_CHANGED = sql(_TOLD, outcome="new"), sql(_TOLD, outcome="changed")
_NO_LONGER = sql(
    """
  from resolved_disbursement r
  join notification n on n.citizen_id = r.citizen_id and n.subject = {subject}
    and n.kind in ('PAYMENT_SENT', 'PAYMENT_FAILED') and n.withdrawn_at is null
  where r.outcome = 'changed'
    and not ({asks} and n.kind = {kind} and n.facts = {facts})
""",
    **_PARTS,
)
_ARRIVED = sql(
    """
  from resolved_disbursement r
  join notification n on n.kind = 'PAYMENT_DELAYED' and n.citizen_id = r.citizen_id
    and n.scheme = r.scheme and n.period = r.period and n.withdrawn_at is null
  where r.outcome in ('new', 'changed') and r.status in {answered}
""",
    answered=ANSWERED,
)
# Most months none of it is there, and then nothing is joined with a million rows.
_CALLED_FOR = """
select exists (select from fate where outcome = 'changed') as changed,
  exists (select from fate where outcome in ('new', 'changed') and put_off) as put_off,
  exists (
    select from notification
    where kind = 'PAYMENT_DELAYED' and withdrawn_at is null and citizen_id between $1 and $2
  ) as delayed,
  exists (
    select from notification
    where kind = 'REGISTER_NOW' and withdrawn_at is null and citizen_id between $1 and $2
  ) as urged
"""
_THEIRS = """n.citizen_id in (
    select citizen_id from resolved_disbursement where outcome in ('new', 'changed'))"""
_GRANTED = sql(
    GRANTED,
    whose="""r.registered_on is null and r.citizen_id between $6 and $7 and r.citizen_id in (
    select citizen_id from resolved_disbursement where outcome in ('new', 'changed'))""",
)


async def tell_of_payments(
    connection: asyncpg.Connection, moment: Moment, span: tuple[UUID | None, UUID | None]
) -> None:
    """Make, and withdraw, what follows from the payments of `resolved_disbursement`.

    `span`: the first and the last of their citizens; None where there is nobody.
    """
    await make(connection, moment, _OF_NEW, moment.first_month, none_is_there=True)
    (called_for,) = await connection.fetch(_CALLED_FOR, *span)
    if called_for["changed"]:
        await withdraw(connection, moment, _NO_LONGER)
        await make(connection, moment, _OF_CHANGED, moment.first_month)
    if called_for["put_off"]:
        await make(connection, moment, _PUT_OFF, moment.first_month, moment.today)
    if called_for["delayed"]:
        await withdraw(connection, moment, _ARRIVED)
    if called_for["changed"] or called_for["urged"]:
        await settle(connection, moment, _THEIRS, kinds=["REGISTER_NOW", "ENTITLEMENT_GRANTED"])
    await make(connection, moment, _GRANTED, moment.first_month, moment.today, *span)
