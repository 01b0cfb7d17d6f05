"""What stands in the register and tells citizens something: an age, a registration, a card, a month
that has not come."""

from collections.abc import Sequence

import asyncpg

from app.ingest.sql import sql
from app.notices.making import Moment, make, withdraw
from app.notices.telling import MONTHS_TOLD

# A right is new where it was registered lately. One known from payments alone is new where its
# first month is, and an earlier month is known to have been without it.
_KNOWN_SINCE = """(
    select scheme, min(period) as month from disbursement_batch
    where reverts is null and status <> 'REJECTED' group by scheme) k on k.scheme = r.scheme"""
_IS_NEW = """r.status = 'ACTIVE' and (
      r.registered_on between {since} and {today}
      or r.registered_on is null and r.first_paid_month >= {since}
        and r.first_paid_month > k.month)"""
_LIVES = """not exists (
      select from citizen c where c.id = r.citizen_id and c.died_on is not null)"""

GRANTED = sql(
    """
  select r.citizen_id, 'ENTITLEMENT_GRANTED' as kind, r.scheme::text as subject, r.scheme,
    null::date as period, null::integer as sequence, jsonb_build_object() as facts
  from registration r left join {known_since}
  where {{whose}} and {is_new} and {lives}
""",
    known_since=_KNOWN_SINCE,
    is_new=sql(_IS_NEW, since="$4", today="$5"),
    lives=_LIVES,
)
"""The rights that are new, of those `whose` says (of r); $4 the first month told, $5 today."""

URGED = "r.citizen_id is null"
"""Who is to register still has no registration."""

ARRIVED = """b.accepted + b.unchanged > 0 and b.status <> 'DELAYED' and b.reverts is null
        and not exists (select from disbursement_batch v where v.reverts = b.id)
        and not exists (
          select from import_file f where f.id = b.import_file_id
            and (f.request_id is not null or f.kind <> 'DISBURSEMENTS'))"""
"""The batches b with which a month arrived for everybody: a submission, and who is let in late,
tell of some; and a file that says that the money is late is the delay."""

ANSWERED = "('PAID', 'FAILED', 'RETURNED', 'WITHHELD', 'CANCELLED')"
"""The statuses of a payment that is not awaited any more, well or ill."""

PUT_OFF = """(p.status in ('SCHEDULED', 'SUBMITTED') and p.reason_code = 'BUDGET_DELAY')"""
"""Whether a payment p is late by its sender's own word."""

_OF_MONTH = """exists (
          select from payment p where p.citizen_id = n.citizen_id and p.scheme = n.scheme
            and p.period = n.period and {which})"""
_HAS_ANSWER = sql(_OF_MONTH, which=f"p.status in {ANSWERED}")
_IS_PUT_OFF = sql(_OF_MONTH, which=PUT_OFF)
_MADE_ON = "(n.created_at at time zone 'Asia/Bangkok')::date"
_NO_LONGER = sql(
    """
  from notification n
  join citizen c on c.id = n.citizen_id
  left join registration r on r.citizen_id = n.citizen_id and r.scheme = n.scheme
  left join {known_since}
  where n.withdrawn_at is null and n.kind = any($2::notification_kind[]) and {{whose}}
    and not coalesce(c.died_on is null and case n.kind
      when 'REGISTER_NOW' then {{urged}}
      when 'ENTITLEMENT_GRANTED' then {is_new}
      when 'CARD_EXPIRING' then r.status = 'ACTIVE'
        and r.card_expires_on = (n.facts ->> 'expires_on')::date
      when 'PAYMENT_DELAYED' then r.status = 'ACTIVE'
        and coalesce(r.card_expires_on, 'infinity') >= {made_on}
        and not {has_answer}
        and ({is_put_off} or r.latest_paid_month is not null
          and (n.scheme, n.period) not in (
            select b.scheme, b.period from disbursement_batch b where {arrived}))
      else true end, false)
""",
    known_since=_KNOWN_SINCE,
    arrived=ARRIVED,
    has_answer=_HAS_ANSWER,
    is_put_off=_IS_PUT_OFF,
    is_new=sql(
        _IS_NEW,
        since=f"""(date_trunc('month', n.created_at at time zone 'Asia/Bangkok')
          - interval '{MONTHS_TOLD - 1} months')::date""",
        today=_MADE_ON,
    ),
    made_on=_MADE_ON,
)

REGISTERED_KINDS = ("REGISTER_NOW", "ENTITLEMENT_GRANTED", "CARD_EXPIRING", "PAYMENT_DELAYED")
"""What follows from whether and how somebody is registered."""
_EVERY_KIND = (*REGISTERED_KINDS, "PAYMENT_SENT", "PAYMENT_FAILED")


async def settle(
    connection: asyncpg.Connection,
    moment: Moment,
    whose: str,
    *arguments: object,
    kinds: Sequence[str] = REGISTERED_KINDS,
    urged: str = URGED,
) -> int:
    """Withdraw what is no longer true of `whose` (of n); returns how many. The arguments of `whose`
    and of `urged`, who is still to register, are $3 on."""
    stale = sql(_NO_LONGER, whose=whose, urged=urged)
    return await withdraw(connection, moment, stale, list(kinds), *arguments)


async def tell_of_registrations(connection: asyncpg.Connection, moment: Moment) -> None:
    """What follows from the registrations written from `resolved_registration`."""
    theirs = "{}.citizen_id in (select citizen_id from resolved_registration where {})"
    written = "outcome = 'written'"
    await settle(connection, moment, theirs.format("n", written))
    granted = sql(GRANTED, whose=theirs.format("r", written))
    await make(connection, moment, granted, moment.first_month, moment.today)


async def tell_of_citizens(connection: asyncpg.Connection, moment: Moment) -> None:
    """Of those who died, by the citizens written from `resolved_citizen`, nothing is true."""
    theirs = """n.citizen_id in (
      select id from resolved_citizen where outcome = 'changed' and died_on is not null)"""
    await settle(connection, moment, theirs, kinds=_EVERY_KIND)
