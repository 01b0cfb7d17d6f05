"""What operators ask of the whole register: who is missing, and which amounts fit no rule."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date

import asyncpg

from app.rules.age import BirthDate, latest_birth
from app.rules.amounts import expected_amounts
from app.rules.assessment import Facts
from app.rules.calendar import YearMonth, month_of
from app.rules.entitlement import assess_many
from app.rules.rule_book import RuleBook
from app.rules.vocabulary import DatePrecision, EntitlementState, Scheme

_ROWS_AT_ONCE = 10_000
_SHOWN = (
    "local_authority_code",
    "name_th",
    "title",
    "given_name",
    "family_name",
    "national_id_tail",
    "birth_date",
    "phone",
)

OF_AGE_UNREGISTERED = """
select c.id, c.local_authority_code, a.name_th, c.title, c.given_name, c.family_name,
  c.national_id_tail, c.birth_date, c.birth_date_precision, c.nationality, c.died_on, c.phone
from citizen c
join local_authority a on a.code = c.local_authority_code
where c.birth_date <= $1 and c.died_on is null
  and not exists (
    select from registration r where r.citizen_id = c.id and r.scheme = 'OLD_AGE_ALLOWANCE')
order by c.local_authority_code, c.family_name, c.given_name, c.id"""

PAID_COMBINATIONS = """
select p.scheme, p.period, c.birth_date, p.amount_satang
from payment p join citizen c on c.id = p.citizen_id
where p.kind = 'REGULAR' and p.status = 'PAID' and p.period between $1 and $2
group by p.scheme, p.period, c.birth_date, p.amount_satang"""

PAID_BY_AUTHORITY = """
with odd as (
  select * from unnest($3::scheme[], $4::date[], $5::date[], $6::integer[])
    o (scheme, period, birth_date, amount_satang)
)
select p.local_authority_code, a.name_th, count(*) as paid,
  count(o.scheme) as unfit, coalesce(sum(p.amount_satang) filter (where o.scheme is not null), 0)
    ::bigint as unfit_satang
from payment p
join citizen c on c.id = p.citizen_id
join local_authority a on a.code = p.local_authority_code
left join odd o on o.scheme = p.scheme and o.period = p.period
  and o.birth_date = c.birth_date and o.amount_satang = p.amount_satang
where p.kind = 'REGULAR' and p.status = 'PAID' and p.period between $1 and $2
group by p.local_authority_code, a.name_th
order by p.local_authority_code"""


@dataclass(frozen=True, slots=True)
class UnregisteredCitizen:
    """Somebody of age who never registered, as the officers of their authority need them."""

    authority_code: str
    authority_name: str
    title: str | None
    given_name: str
    family_name: str
    national_id_tail: str
    birth_date: date
    phone: str | None


@dataclass(frozen=True, slots=True)
class AuthorityAmounts:
    """The regular payments of an authority, and how many fit no rule; `unfit_satang` their sum."""

    code: str
    name: str
    paid: int
    unfit: int
    unfit_satang: int


async def unregistered(
    connection: asyncpg.Connection, today: date, book: RuleBook
) -> AsyncIterator[UnregisteredCitizen]:
    """Everyone of age with no registration for the old-age allowance, by authority and name."""
    youngest = latest_birth(book.minimum_age(Scheme.OLD_AGE_ALLOWANCE, month_of(today)), today)
    async with connection.transaction(readonly=True):
        cursor = await connection.cursor(OF_AGE_UNREGISTERED, youngest)
        while rows := await cursor.fetch(_ROWS_AT_ONCE):
            answers = assess_many(map(_old_age_facts, rows), today, book)
            for row, answer in zip(rows, answers, strict=True):
                if answer.state is EntitlementState.ELIGIBLE_NOT_REGISTERED:
                    yield UnregisteredCitizen(*(row[name] for name in _SHOWN))


def _old_age_facts(row: asyncpg.Record) -> Facts:
    birth = BirthDate(row["birth_date"], DatePrecision(row["birth_date_precision"]))
    return Facts(Scheme.OLD_AGE_ALLOWANCE, birth, row["nationality"], row["died_on"], None)


async def paid_amounts(
    connection: asyncpg.Connection, first: YearMonth, last: YearMonth, book: RuleBook
) -> list[AuthorityAmounts]:
    """For each authority its regular payments of these months, and those that fit no rule."""
    odd = [
        row
        for row in await connection.fetch(PAID_COMBINATIONS, first, last)
        if row["amount_satang"]
        not in expected_amounts(
            Scheme(row["scheme"]), row["birth_date"], YearMonth(row["period"]), book
        )
    ]
    columns = ("scheme", "period", "birth_date", "amount_satang")
    rows = await connection.fetch(
        PAID_BY_AUTHORITY, first, last, *([row[name] for row in odd] for name in columns)
    )
    return [AuthorityAmounts(*row) for row in rows]
