"""The bench's database: as many people and months as are asked for, written by the server itself.

Nobody in it exists: national IDs start with 9. The first DEEP of the people have ten years of
payments, the others the months that are asked for; one in twenty is paid under both schemes.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from app import clock
from app.demo.home import DataDirectory
from app.demo.national_ids import crowd_id
from app.demo.person import Sex
from app.demo.reference import authorities, family_names, given_names
from app.errors import BadInput
from app.migrations.apply import migrate
from app.migrations.service_role import make_service_logins
from app.privacy import PrivacyKeys
from app.rules.assessment import THAI
from app.rules.calendar import YearMonth, fiscal_year, month_of, year_month

DEEP = 1_000
DEEP_MONTHS = 125
SEED = 2569
MARKER = "bench.json"
POSTGRAPHILE = Path(__file__).parent / "peers" / "sql" / "postgraphile.sql"
_CITIZEN = (
    *("id", "national_id_encrypted", "national_id_tail", "title", "given_name", "family_name"),
    *("birth_date", "birth_date_precision", "nationality", "local_authority_code", "as_of"),
)

_REGISTRATIONS = """
insert into registration (citizen_id, scheme, local_authority_code, registered_on, status, channel,
  bank_account_id, account_as_of, card_issued_on, card_expires_on, disability_types,
  first_paid_month, latest_paid_month, as_of)
select c.id, s.scheme, c.local_authority_code, $1::date - 3650, 'ACTIVE',
  case when a.id is null then 'CASH' else 'BANK_TRANSFER' end::payment_channel, a.id, $1,
  case when s.disabled then $1::date - 700 end, case when s.disabled then $1::date + 2000 end,
  case when s.disabled then '{MOBILITY}' else '{}' end::disability_type[], $2, $1, c.as_of
from citizen c
left join bank_account a on a.citizen_id = c.id
cross join (values ('OLD_AGE_ALLOWANCE'::scheme, false), ('DISABILITY_ALLOWANCE', true))
  s (scheme, disabled)
where not s.disabled or get_byte(uuid_send(c.id), 15) % 20 = 0
"""
# One in eight is paid in cash, and has no account.
_ACCOUNTS = """
insert into bank_account (citizen_id, bank_code, number_hmac, last_four, name, holder)
select id, (array['006', '034', '030', '004', '014', '002'])[1 + get_byte(uuid_send(id), 13) % 6],
  sha256(uuid_send(id)), lpad((get_byte(uuid_send(id), 12) * 37 % 10000)::text, 4, '0'),
  given_name || ' ' || family_name,
  case when get_byte(uuid_send(id), 11) % 10 = 0 then 'PROXY' else 'SELF' end::account_holder
from citizen where get_byte(uuid_send(id), 14) % 8 > 0
"""
# In the order of citizens' ids, month by month, as files come; one in 64 did not arrive.
_PAYMENTS = """
insert into payment (citizen_id, scheme, period, sequence, kind, amount_satang, status, channel,
  paid_on, bank_account_id, reason_code, local_authority_code, batch_id)
select r.citizen_id, r.scheme, $1, 0, 'REGULAR',
  case when r.scheme = 'OLD_AGE_ALLOWANCE' then 60000 else 80000 end,
  case when f.failed then 'FAILED' else 'PAID' end::payment_status, r.channel,
  case when f.failed then null else $1::date + 9 end, r.bank_account_id,
  case when f.failed then 'ACCOUNT_CLOSED' end, r.local_authority_code, b.id
from registration r
join disbursement_batch b on b.scheme = r.scheme and b.period = $1
cross join lateral (
  select (get_byte(uuid_send(r.citizen_id), 10) + $2::int) % 64 = 0 as failed) f
where $3::uuid[] is null or r.citizen_id = any($3)
order by r.citizen_id, r.scheme
"""
_FILE = """
insert into import_file (kind, name, checksum, received_at, rows, accepted, rejected, unchanged,
  waiting, state)
values ('DISBURSEMENTS', 'bench', '', $1, 0, 0, 0, 0, 0, 'REPORTED') returning id
"""
_BATCH = """
insert into disbursement_batch (import_file_id, scheme, period, status, received_at, version, rows,
  accepted, rejected, unchanged, waiting, amount_satang)
select $1, s, $2, 'LOADED', $3, 1, 0, 0, 0, 0, 0, 0 from unnest(enum_range(null::scheme)) s
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How many people, and how many months each was paid."""

    citizens: int
    months: int


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the bench asks about."""

    id: UUID
    national_id: str


def people(count: int) -> Iterator[Person]:
    """The first people of the database; the same ones each time."""
    chance = random.Random(SEED)
    for place in range(count):
        yield Person(UUID(int=chance.getrandbits(128), version=4), crowd_id(SEED, place))


async def load(dsn: str, home: DataDirectory, size: Size) -> None:
    """Migrate and fill an empty database; one that holds this size is left as it is."""
    marker = home.path / MARKER
    if marker.exists():
        held = json.loads(marker.read_text(encoding="utf-8"))
        if held != asdict(size):
            raise BadInput(f"{home.path} holds another bench, of {held}: remove it first.")
        return
    connection = await asyncpg.connect(dsn)
    try:
        await migrate(connection)
        await make_service_logins(connection)
        async with connection.transaction():
            await _fill(connection, home.keys(), size, clock.now())
        await connection.execute("vacuum analyze")
        await connection.execute(POSTGRAPHILE.read_text(encoding="utf-8"))
    finally:
        await connection.close()
    marker.write_text(json.dumps(asdict(size)), encoding="utf-8")


async def _fill(
    connection: asyncpg.Connection, keys: PrivacyKeys, size: Size, now: datetime
) -> None:
    places = [
        (
            each["code"],
            each["name_th"],
            each["name_en"],
            each["kind"],
            each["province"],
            each["phone"],
        )
        for each in authorities()
    ]
    await connection.copy_records_to_table("local_authority", records=places)
    everyone = list(people(size.citizens))
    hmacs = keys.national_id_hmacs(person.national_id for person in everyone)
    await connection.copy_records_to_table(
        "citizen_lookup", records=zip(hmacs, (person.id for person in everyone), strict=True)
    )
    records = _citizens(everyone, keys, now)
    await connection.copy_records_to_table("citizen", records=records, columns=_CITIZEN)
    await connection.execute("analyze citizen")
    await connection.execute(_ACCOUNTS)
    last = month_of(now.date())
    await connection.execute(_REGISTRATIONS, last, _before(last, size.months - 1))
    await connection.execute("analyze registration")
    file = await connection.fetchval(_FILE, now)
    deep = [person.id for person in everyone[:DEEP]]
    for ago in reversed(range(max(DEEP_MONTHS, size.months))):
        month = _before(last, ago)
        await connection.execute("select ensure_payment_partition($1)", fiscal_year(month))
        await connection.execute(_BATCH, file, month, now)
        await connection.execute(_PAYMENTS, month, ago, deep if ago >= size.months else None)


def _citizens(
    everyone: list[Person], keys: PrivacyKeys, now: datetime
) -> Iterator[tuple[Any, ...]]:
    chance = random.Random(SEED)
    codes = [each["code"] for each in authorities()]
    family = family_names()
    sexes = [(sex, given_names(sex, "ELDER")) for sex in Sex]
    for person in everyone:
        sex, names = chance.choice(sexes)
        title = "นาย" if sex is sexes[0][0] else "นาง"
        birth = date(
            1935 + chance.randrange(28), 1 + chance.randrange(12), 1 + chance.randrange(28)
        )
        encrypted = keys.encrypt_national_id(person.national_id, person.id)
        name = (title, chance.choice(names), chance.choice(family))
        fixed = ("DAY", THAI, chance.choice(codes), now)
        yield (person.id, encrypted, person.national_id[-3:], *name, birth, *fixed)


def _before(month: date, months: int) -> YearMonth:
    number = month.year * 12 + month.month - 1 - months
    return year_month(number // 12, number % 12 + 1)
