"""Notifications made and withdrawn, by one statement each for however many citizens.

Whoever calls holds the turn of the ledger: so numbers are in the order of the commits, and whoever
has read up to one misses none.
"""

from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from app.clock import BANGKOK
from app.ingest.sql import sql
from app.notices.telling import Telling, first_month_told, start_of_day

CHANNEL = "notification_made"
"""Where each batch is announced; the payload is the highest number that there is now."""

# `wanted` has the columns of a notification. What is true already is not made again. A citizen's
# share of the day counts what they were told since midnight; the rest is due on the days after.
_MAKE = """
with wanted as ({wanted}),
made as (
  insert into notification (citizen_id, kind, subject, scheme, period, sequence, facts, created_at)
  select citizen_id, kind::notification_kind, subject, scheme, period, sequence, facts,
    $1::timestamptz
  from wanted order by citizen_id {conflicts}
  returning id, citizen_id
), put as (
  insert into notification_outbox (notification_id, citizen_id, due_at)
  select m.id, m.citizen_id,
    $2::timestamptz + (m.nth + {earlier}) / $3::integer * interval '1 day'
  from (
    select id, citizen_id, row_number() over (partition by citizen_id order by id) - 1 as nth
    from made) m
  returning notification_id
), batch as (
  insert into notification_batch
  select $1, min(notification_id) from put having count(*) > 0
  on conflict do nothing
)
select count(*) as made, pg_notify('{channel}', max(notification_id)::text)
from put having count(*) > 0
"""
_NOT_TWICE = """
  on conflict (kind, citizen_id, subject) where withdrawn_at is null do nothing"""
_SINCE_MIDNIGHT = """
select min(first_id) from notification_batch where made_at >= $1 and made_at is distinct from $2
"""
_EARLIER = """(
      select count(*) from notification n
      where n.citizen_id = m.citizen_id and n.id >= {first})"""

# `stale` is of notifications n, and says which are no longer true. Locks are taken by number, as
# senders and readers take theirs.
_WITHDRAW = """
with stale as (
  select n.citizen_id, n.id {stale}
  order by n.id for no key update of n
), withdrawn as (
  update notification n set withdrawn_at = $1::timestamptz
  from stale s
  where n.citizen_id = s.citizen_id and n.id = s.id and n.withdrawn_at is null
  returning n.id
), unsent as (
  select o.notification_id from notification_outbox o
  where o.notification_id in (select id from withdrawn) and o.state in ('WAITING', 'DEAD')
  order by o.notification_id for update
), put_back as (
  update notification_outbox o set state = 'WITHDRAWN'
  from unsent u where o.notification_id = u.notification_id
)
select count(*) from withdrawn
"""


@dataclass(frozen=True, slots=True)
class Moment:
    """When notifications are made, and by which rules of disturbing."""

    now: datetime
    telling: Telling

    @property
    def today(self) -> date:
        """The day in Thailand."""
        return self.now.astimezone(BANGKOK).date()

    @property
    def first_month(self) -> date:
        """The oldest month of which one is told."""
        return first_month_told(self.today)


async def make(
    connection: asyncpg.Connection,
    moment: Moment,
    wanted: str,
    *arguments: object,
    none_is_there: bool = False,
) -> int:
    """Make what is wanted and not there; returns how many. The arguments of `wanted` are $4 on.

    `none_is_there`: nothing of it can be true yet, as of a new payment, and nothing else of this
    moment was told these citizens; so a million rows need not be looked up.
    """
    telling, day = moment.telling, start_of_day(moment.now)
    not_of = moment.now if none_is_there else None
    first = await connection.fetchval(_SINCE_MIDNIGHT, day, not_of)
    statement = sql(
        _MAKE,
        wanted=wanted,
        channel=CHANNEL,
        conflicts="" if none_is_there else _NOT_TWICE,
        earlier="0" if first is None else sql(_EARLIER, first=str(int(first))),
    )
    rows = await connection.fetch(
        statement,
        moment.now,
        telling.due_at(moment.now),
        telling.most_a_day,
        *arguments,
    )
    return sum(row["made"] for row in rows)


async def withdraw(
    connection: asyncpg.Connection, moment: Moment, stale: str, *arguments: object
) -> int:
    """Withdraw what is stale, and what of it was not sent yet; returns how many. The arguments of
    `stale` are $2 on."""
    count = await connection.fetchval(sql(_WITHDRAW, stale=stale), moment.now, *arguments)
    return int(count)
