"""Staged registrations into `registration`, or aside where the citizen is not known yet."""

from collections.abc import Collection

import asyncpg

from app.ingest.context import Context
from app.ingest.sql import sql
from app.ingest.staging import BY_CITIZEN, Staged
from app.ingest.tables.accounts import open_accounts
from app.ingest.tables.recognising import recognise
from app.ingest.tables.resolving import differ, resulting, selected, upsert

STAGED = Staged(
    table="staged_registration",
    columns=[
        ("line", "integer"),
        ("national_id_hmac", "bytea"),
        ("scheme", "scheme"),
        ("local_authority_code", "text"),
        ("registered_on", "date"),
        ("status", "registration_status"),
        ("status_reason", "text"),
        ("status_on", "date"),
        ("channel", "payment_channel"),
        ("bank_code", "text"),
        ("number_hmac", "bytea"),
        ("last_four", "text"),
        ("account_name", "text"),
        ("holder", "account_holder"),
        ("card_issued_on", "date"),
        ("card_expires_on", "date"),
        ("disability_types", "text[]"),
        ("fact_on", "date"),
    ],
    key=["national_id_hmac", "scheme"],
    field="national_id",
    noun="registration",
    counted="local_authority_code, scheme, null::date",
    slice_key=BY_CITIZEN,
)

# COPY's binary format has arrays of text alone: the number of another type is the database's own.
_TYPED = ", ".join(
    f"{name}::disability_type[]" if name == "disability_types" else name
    for name in STAGED.applied_names
)

NO_ACCOUNT_FACT = "date '1900-01-01'"
"""`account_as_of` of a registration whose account nothing tells; any fact is newer."""

_FACTS = [
    "local_authority_code",
    "registered_on",
    "status",
    "status_reason",
    "status_on",
    "card_issued_on",
    "card_expires_on",
    "disability_types",
]
_PAID_TO = ["channel", "bank_account_id"]

# A row says where the money goes when it names an account or says CASH; empty fields say nothing.
_CHANNEL = """coalesce(s.channel,
    case when s.number_hmac is not null then 'BANK_TRANSFER'::payment_channel end,
    r.channel, 'BANK_TRANSFER')"""
_ACCOUNT = "case when s.channel = 'CASH' then null else coalesce(a.id, r.bank_account_id) end"

_RESOLVE = """
create temporary table resolved_registration on commit drop as
select s.citizen_id, s.scheme, {values}, {channel} as channel, {account} as bank_account_id,
  case when ({channel}, {account}) is not distinct from (r.channel, r.bank_account_id)
      then r.account_as_of
    when s.channel = 'CASH' or s.number_hmac is not null then s.fact_on
    else coalesce(r.account_as_of, {no_fact}) end as account_as_of,
  case when s.citizen_id is null then 'waiting'
    when r.citizen_id is null or {differ}
      or ({channel}, {account}) is distinct from (r.channel, r.bank_account_id) then 'written'
    when k.line is not null then 'corrected'
    else 'unchanged' end as outcome
from (select {typed} from staged_registration) s
left join bank_account a on a.citizen_id = s.citizen_id and a.bank_code = s.bank_code
  and a.number_hmac = s.number_hmac and a.citizen_id between $1 and $2
left join registration r on r.citizen_id = s.citizen_id and r.scheme = s.scheme
  and r.citizen_id between $1 and $2
left join corrected_account k on k.line = s.line
"""
_TALLY = """
insert into tally
select case when outcome in ('written', 'corrected') then 'accepted' else outcome end,
  local_authority_code, scheme, null, count(*), 0
from resolved_registration group by 1, 2, 3
"""
_UPSERT = upsert(
    "registration",
    ["citizen_id", "scheme"],
    [*_FACTS, *_PAID_TO, "account_as_of", "as_of"],
    "(select *, $1::timestamptz as as_of from resolved_registration where outcome = 'written') r",
)

_WAIT = """
insert into waiting_registration (national_id_hmac, scheme, import_file_id, record)
select s.national_id_hmac, s.scheme, $1, to_jsonb(s) - array['line', 'citizen_id']
from staged_registration s where s.citizen_id is null
order by 1, 2
on conflict (national_id_hmac, scheme) do update
set import_file_id = excluded.import_file_id, record = excluded.record || coalesce((
  select jsonb_object_agg(kept.key, kept.value)
  from jsonb_each(waiting_registration.record) kept where kept.key = any($2)), '{}')
where waiting_registration.record - 'fact_on' is distinct from excluded.record - 'fact_on'
"""
_RELEASE = """
with found as (
  delete from waiting_registration w using citizen_lookup l
  where l.national_id_hmac = w.national_id_hmac returning w.*
), numbered as (
  select record || jsonb_build_object('line', row_number() over (order by national_id_hmac, scheme))
    as record
  from found
)
insert into staged_registration
select r.* from numbered n
cross join lateral jsonb_populate_record(null::staged_registration, n.record) r
"""


async def apply_registrations(connection: asyncpg.Connection, context: Context) -> None:
    """Write what is new or changed."""
    citizens = await recognise(connection, STAGED.table, context.citizens)
    await open_accounts(connection, STAGED.table, citizens)
    values = resulting(_FACTS, "r", context.absent)
    resolve = sql(
        _RESOLVE,
        values=selected(_FACTS, values),
        differ=differ(_FACTS, values, "r"),
        channel=_CHANNEL,
        account=_ACCOUNT,
        no_fact=NO_ACCOUNT_FACT,
        typed=_TYPED,
    )
    await connection.execute("drop table if exists resolved_registration")
    await connection.execute(resolve, *citizens)
    await connection.execute(_TALLY)
    await connection.execute(_UPSERT, context.now)


async def keep_registrations_waiting(
    connection: asyncpg.Connection, import_file_id: int, absent: Collection[str]
) -> None:
    """Put the rows of unknown citizens aside; a newer row takes the place of an older one, which
    keeps what the newer file has no column for."""
    await connection.execute(_WAIT, import_file_id, list(absent))


async def stage_released_registrations(connection: asyncpg.Connection) -> int:
    """Stage the waiting rows whose citizen is known by now; returns how many."""
    await STAGED.create_own(connection)
    status = await connection.execute(_RELEASE)
    return int(status.split()[-1])
