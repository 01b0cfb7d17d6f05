"""The daily run: what the passing of days tells, so many citizens at a time.

It may run twice, at any hour, and on several machines at once: each part takes its turn, and what
is told already is not told again.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from app.ingest import ledger
from app.ingest.sql import sql
from app.notices.making import Moment, make
from app.notices.standing import ANSWERED, ARRIVED, GRANTED, URGED, settle
from app.rules.calendar import month_of
from app.rules.reminders import RegisterNow, is_delayed, register_now
from app.rules.rule_book import RuleBook

CITIZENS_AT_ONCE = 50_000
_FIRST = UUID(int=0)
_CARD_DAYS = (30, 90)

_THROUGH = """
select id from (select id from citizen where id > $1 order by id limit $2) c
order by id desc limit 1
"""
_LATEST = sql(
    """
select s.scheme::text as scheme, max(b.period) filter (where b.period <= $1) as period
from unnest(enum_range(null::scheme)) s (scheme)
left join disbursement_batch b on b.scheme = s.scheme and {arrived}
group by 1
""",
    arrived=ARRIVED,
)
_STILL_URGED = f"""{URGED} and c.nationality = 'TH'
        and n.subject = $5 and c.birth_date <= $6"""
_TO_REGISTER = """
  select c.id as citizen_id, 'REGISTER_NOW' as kind, $6::text as subject,
    'OLD_AGE_ALLOWANCE'::scheme as scheme, null::date as period, null::integer as sequence,
    case when c.birth_date <= $7 then jsonb_build_object() else $9::jsonb end as facts
  from citizen c
  where c.id > $4 and c.id <= $5 and c.birth_date <= $8
    and c.died_on is null and c.nationality = 'TH'
    and not exists (
      select from registration r
      where r.citizen_id = c.id and r.scheme = 'OLD_AGE_ALLOWANCE')
"""
_EXPIRING = """
  select r.citizen_id, 'CARD_EXPIRING' as kind, concat_ws(' ', r.scheme,
    r.card_expires_on::text, case when r.card_expires_on - $6::date <= $7 then $7 else $8 end
    ) as subject, r.scheme, null::date as period, null::integer as sequence,
    jsonb_build_object('expires_on', r.card_expires_on) as facts
  from registration r join citizen c on c.id = r.citizen_id
  where r.citizen_id > $4 and r.citizen_id <= $5 and r.scheme = 'DISABILITY_ALLOWANCE'
    and r.status = 'ACTIVE' and c.died_on is null
    and r.card_expires_on between $6::date and $6::date + $8::integer
"""
_DELAYED = sql(
    """
  select r.citizen_id, 'PAYMENT_DELAYED' as kind,
    concat_ws(' ', r.scheme, to_char($6::date, 'YYYY-MM')) as subject,
    r.scheme, $6::date as period, null::integer as sequence, jsonb_build_object() as facts
  from registration r join citizen c on c.id = r.citizen_id
  where r.citizen_id > $4 and r.citizen_id <= $5 and r.scheme = any($7::scheme[])
    and r.status = 'ACTIVE' and r.latest_paid_month is not null and c.died_on is null
    and (r.card_expires_on is null or r.card_expires_on >= $8)
    and not exists (
      select from payment p where p.citizen_id = r.citizen_id and p.scheme = r.scheme
        and p.period = $6 and p.status in {answered})
""",
    answered=ANSWERED,
)


@dataclass(slots=True)
class Told:
    """What a run did, counted by kind."""

    made: dict[str, int] = field(default_factory=dict)
    withdrawn: int = 0

    def count(self, kind: str, made: int) -> None:
        self.made[kind] = self.made.get(kind, 0) + made


@dataclass(frozen=True, slots=True)
class _Day:
    """What the rules say of the day."""

    today: date
    to_register: RegisterNow
    delayed: Sequence[str]

    @property
    def subject(self) -> str:
        return f"OLD_AGE_ALLOWANCE {self.to_register.fiscal_year}"

    @property
    def window(self) -> str:
        window = self.to_register.window
        return (
            "{}"
            if window is None
            else json.dumps(
                {
                    "opens_on": window.opens_on.isoformat(),
                    "closes_on": window.closes_on.isoformat(),
                    "fiscal_year": window.fiscal_year,
                }
            )
        )


async def run_daily(
    connection: asyncpg.Connection,
    moment: Moment,
    book: RuleBook,
    *,
    citizens_at_once: int = CITIZENS_AT_ONCE,
) -> Told:
    """Tell everybody what they are to know on that day; each part is a transaction of its own."""
    told, after = Told(), _FIRST
    while True:
        async with connection.transaction():
            await ledger.take_turn(connection)
            through = await connection.fetchval(_THROUGH, after, citizens_at_once)
            if through is None:
                return told
            day = await _day(connection, moment.today, book)
            await _tell(connection, moment, day, (after, through), told)
        after = through


async def _day(connection: asyncpg.Connection, today: date, book: RuleBook) -> _Day:
    rows = await connection.fetch(_LATEST, month_of(today))
    delayed = [row["scheme"] for row in rows if is_delayed(row["period"], today, book)]
    return _Day(today, register_now(today, book), delayed)


async def _tell(
    connection: asyncpg.Connection, moment: Moment, day: _Day, span: tuple[UUID, UUID], told: Told
) -> None:
    to_register, month = day.to_register, month_of(day.today)
    told.withdrawn += await settle(
        connection,
        moment,
        "n.citizen_id > $3 and n.citizen_id <= $4",
        *span,
        day.subject,
        to_register.in_advance_until,
        urged=_STILL_URGED,
    )
    granted = sql(GRANTED, whose="r.citizen_id > $6 and r.citizen_id <= $7")
    born = (to_register.of_age_until, to_register.told_until)
    wanted: list[tuple[str, str, Sequence[Any]]] = [
        ("REGISTER_NOW", _TO_REGISTER, (*span, day.subject, *born, day.window)),
        ("ENTITLEMENT_GRANTED", granted, (moment.first_month, day.today, *span)),
        ("CARD_EXPIRING", _EXPIRING, (*span, day.today, *_CARD_DAYS)),
        ("PAYMENT_DELAYED", _DELAYED, (*span, month, day.delayed, day.today)),
    ]
    for kind, statement, arguments in wanted:
        told.count(kind, await make(connection, moment, statement, *arguments))
