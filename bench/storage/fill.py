"""Fills the register inside the server: set-based, sorted by key, a month after the other."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from app.payment_key import payment_sequence
from app.rules.calendar import YearMonth, fiscal_year
from app.rules.vocabulary import PaymentKind
from bench.storage.population import BATCHES_A_MONTH, months

_AT_ONCE = 2

_SETTINGS = [
    "alter system set max_wal_size = '4GB'",
    "alter system set autovacuum = off",
    "select pg_reload_conf()",
]

_FILES = """
insert into import_file
  (kind, name, checksum, received_at, rows, accepted, rejected, unchanged, waiting, state)
select (enum_range(null::import_kind))[1 + n % 4], 'file ' || n, sha256(int8send(n)),
  timestamptz '2026-11-20', 1, 1, 0, 0, 0, 'REPORTED'
from generate_series(1, 1000) n"""

_BATCHES = """
insert into disbursement_batch (import_file_id, scheme, period, status, received_at, version,
  rows, accepted, rejected, unchanged, waiting, amount_satang)
select version, scheme, period, 'LOADED', period + interval '10 days', version, 1, 1, 0, 0, 0, 60000
from unnest($1::date[]) period, unnest(enum_range(null::scheme)) scheme,
  generate_series(1, $2) version
order by period, version, scheme"""

_PEOPLE = """
create unlogged table if not exists bench_person (n bigint, citizen_id uuid);
truncate bench_person"""
_MAKE_PEOPLE = """
insert into bench_person
select n, md5(n::text)::uuid from generate_series($1::bigint, $2::bigint - 1) n order by 2"""

_CITIZENS = """
insert into citizen
select citizen_id, sha256(int8send(n)) || sha256(int8send(-n)), lpad((n % 1000)::text, 3, '0'),
  'นาย', 'ชื่อ' || n % 5000, 'สกุล' || n % 70000, date '1930-01-01' + (n % 12000)::integer, 'DAY',
  'THA', null, null, lpad((n % 7850)::text, 8, '0'), timestamptz '2026-11-20'
from bench_person"""

_LOOKUPS = """
insert into citizen_lookup
select sha256(int8send(n)), citizen_id from bench_person order by 1"""


# One in five has changed banks.
_ACCOUNTS = """
insert into bank_account (citizen_id, bank_code, number_hmac, last_four, name, holder, active)
select citizen_id, '006', sha256(int8send(n + k)), lpad((n % 10000)::text, 4, '0'),
  'ชื่อ' || n % 5000, 'SELF', k = 0
from bench_person, generate_series(0, 1) k
where k = 0 or n % 5 = 0"""

_REGISTRATIONS = """
insert into registration
select p.citizen_id, scheme, lpad((n % 7850)::text, 8, '0'), date '2015-06-01', 'ACTIVE', null,
  null, 'BANK_TRANSFER', a.id, date '2020-01-01', null, date '2028-01-01', '{}', $1, $2,
  timestamptz '2026-11-20'
from bench_person p
join bank_account a on a.citizen_id = p.citizen_id and a.active
cross join unnest(enum_range(null::scheme)) scheme
where n % 10 = 0 or (n % 10 = 9) = (scheme = 'DISABILITY_ALLOWANCE')
order by p.citizen_id, scheme"""

_RIGHTS = """
create unlogged table if not exists bench_right
  (n bigint, citizen_id uuid, scheme scheme, account bigint);
truncate bench_right"""
_MAKE_RIGHTS = """
insert into bench_right
select p.n, r.citizen_id, r.scheme, r.bank_account_id
from bench_person p join registration r using (citizen_id) order by 2, 3"""

_PAYMENTS = """
insert into payment (citizen_id, scheme, period, sequence, kind, repays_period, amount_satang,
  status, channel, paid_on, bank_account_id, reason_code, source_code, local_authority_code,
  batch_id)
select r.citizen_id, r.scheme, $1, p.sequence, p.kind, p.repays_period, 60000, p.status,
  'BANK_TRANSFER', case when p.status = 'PAID' then $1::date + 9 end, r.account, p.reason,
  case when p.reason is null then '00' else '21' end, lpad((r.n % 7850)::text, 8, '0'), $3
from bench_right r
cross join lateral (
  select $5::integer as sequence, 'BACKPAY'::payment_kind as kind, $4::date as repays_period,
    'PAID'::payment_status as status, null::text as reason
  where $4 is not null and (r.n + ($2 - 2) * 7) % 50 = 0
  union all
  select 0, 'REGULAR', null,
    case when (r.n + $2 * 7) % 50 = 0 then 'FAILED'::payment_status else 'PAID' end,
    case when (r.n + $2 * 7) % 50 = 0 then 'ACCOUNT_CLOSED' end
) p"""

# A batch for two citizens, a citizen in three batches, as many agencies ask for one at a time.
_ACCESS_BATCHES = """
insert into access_batch
select seq, timestamptz '2026-01-01' + seq * interval '1 second', 'agency ' || seq % 20,
  'audit of payments', 'CitizenByNationalId', sha256(int8send(seq)), sha256(int8send(seq)),
  sha256(int8send(seq - 1)), sha256(int8send(seq))
from generate_series($1::bigint + 1, $1::bigint + $2::bigint) seq"""
_ACCESS_RECORDS = """
insert into access_record
select distinct on (seq, citizen_id)
  citizen_id, $1::bigint + 1 + (n * 7919 + k * 104729) % $2::bigint as seq, array['PAYMENT']
from bench_person, generate_series(0, 2) k
order by 2, 1"""

_HELPERS = "drop table if exists bench_person, bench_right"


@dataclass(frozen=True, slots=True)
class Filled:
    """What one fill added, and the seconds that its payments took."""

    payments: int
    seconds: float


async def set_up_server(connection: asyncpg.Connection) -> None:
    """Spare a server of our own what only costs time while it is filled."""
    for setting in _SETTINGS:
        await connection.execute(setting)


async def prepare(connection: asyncpg.Connection) -> None:
    """Put into a migrated, empty database what does not grow with the citizens."""
    await connection.execute(_FILES)
    await connection.execute(_BATCHES, months(), BATCHES_A_MONTH)
    for year in sorted({fiscal_year(month) for month in months()}):
        await connection.execute("select ensure_payment_partition($1)", year)


async def add_citizens(dsn: str, first: int, beyond: int) -> Filled:
    """Add the citizens from number `first` up to `beyond`, with all that belongs to them."""
    connection = await asyncpg.connect(dsn)
    try:
        await _add_people(connection, first, beyond)
        started = time.monotonic()
        payments = await _add_payments(dsn)
        filled = Filled(payments, time.monotonic() - started)
        await connection.execute(_HELPERS)
        await connection.execute("vacuum (analyze)")
        await connection.execute("checkpoint")
    finally:
        await connection.close()
    return filled


async def _add_people(connection: asyncpg.Connection, first: int, beyond: int) -> None:
    await connection.execute(_PEOPLE)
    await connection.execute(_MAKE_PEOPLE, first, beyond)
    for statement in (_CITIZENS, _LOOKUPS, _ACCOUNTS):
        await connection.execute(statement)
    await connection.execute("analyze bench_person, bank_account")
    await connection.execute(_REGISTRATIONS, months()[0], months()[-1])
    await connection.execute(_RIGHTS)
    await connection.execute(_MAKE_RIGHTS)
    await connection.execute("analyze registration, bench_right")
    await _add_reads(connection, first, beyond)


async def _add_reads(connection: asyncpg.Connection, first: int, beyond: int) -> None:
    batches = (beyond - first + 1) // 2
    start = await connection.fetchval("select coalesce(max(seq), 0) from access_batch")
    await connection.execute(_ACCESS_BATCHES, start, batches)
    await connection.execute(_ACCESS_RECORDS, start, batches)


async def _add_payments(dsn: str) -> int:
    """Every month in turn; fiscal years side by side, for they are tables of their own."""
    years: dict[int, list[int]] = defaultdict(list)
    for number, month in enumerate(months()):
        years[fiscal_year(month)].append(number)
    free = asyncio.Semaphore(_AT_ONCE)

    async def fill(numbers: Sequence[int]) -> int:
        async with free:
            return await _add_year(dsn, numbers)

    return sum(await asyncio.gather(*map(fill, years.values())))


async def _add_year(dsn: str, numbers: Sequence[int]) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return sum([await _add_month(connection, number) for number in numbers])
    finally:
        await connection.close()


async def _add_month(connection: asyncpg.Connection, number: int) -> int:
    repaid: date | None = months()[number - 2] if number >= 2 else None
    sequence = None
    if repaid is not None:
        sequence = payment_sequence(PaymentKind.BACKPAY, YearMonth(repaid))
    status = await connection.execute(
        _PAYMENTS, months()[number], number, 2 * number * BATCHES_A_MONTH + 1, repaid, sequence
    )
    return int(status.split()[-1])
