"""The accounts that recognised rows name, into `bank_account`.

Their table has citizen_id, bank_code, number_hmac, last_four, account_name, holder, and fact_on,
the day from which the row speaks. An older fact never replaces a newer one.
"""

import asyncpg

from app.ingest.context import Citizens
from app.ingest.sql import sql

_DIFFERING = """
create temporary table differing_account on commit drop as
select distinct s.citizen_id, s.bank_code, s.number_hmac
from {table} s
left join bank_account a on a.citizen_id = s.citizen_id and a.bank_code = s.bank_code
  and a.number_hmac = s.number_hmac and a.citizen_id between $1 and $2
where {differs}
"""

# Whether the staged row `s` says of its account what `a`, if it is known, does not.
DIFFERS = """(s.citizen_id is not null and s.number_hmac is not null
  and (a.id is null or s.account_name <> a.name or s.holder <> a.holder))"""

# Of the rows that name one account, the newest that tells its holder's name speaks for it; the rest
# of the order only makes the choice independent of the order of the rows in the file.
_SPEAKING = """
create temporary table speaking_account on commit drop as
select distinct on (s.citizen_id, s.bank_code, s.number_hmac)
  s.citizen_id, a.id, s.line, s.bank_code, s.number_hmac, s.last_four, s.fact_on,
  coalesce(s.holder, a.holder, 'SELF') as holder,
  coalesce(s.account_name,
    case when s.holder = 'SELF' and a.holder = 'PROXY' then null else a.name end,
    c.given_name || ' ' || c.family_name) as name
from {table} s
join differing_account using (citizen_id, bank_code, number_hmac)
join citizen c on c.id = s.citizen_id and c.id between $1 and $2
left join bank_account a on a.citizen_id = s.citizen_id and a.bank_code = s.bank_code
  and a.number_hmac = s.number_hmac and a.citizen_id between $1 and $2
order by s.citizen_id, s.bank_code, s.number_hmac,
  s.account_name is null, s.fact_on desc, s.account_name, s.holder, s.line
"""
_OPEN = """
insert into bank_account (citizen_id, bank_code, number_hmac, last_four, name, holder)
select citizen_id, bank_code, number_hmac, last_four, name, holder
from speaking_account where id is null
order by citizen_id, bank_code, number_hmac
"""
_CORRECT = """
with corrected as (
  update bank_account a set name = s.name, holder = s.holder
  from speaking_account s
  where a.citizen_id = s.citizen_id and a.id = s.id
    and (a.name, a.holder) is distinct from (s.name, s.holder)
    and not exists (select from registration r
      where r.citizen_id = s.citizen_id and r.account_as_of > s.fact_on)
  returning s.line
)
insert into corrected_account select line from corrected
"""
_DROP = "drop table if exists differing_account, speaking_account, corrected_account"
_CORRECTED = "create temporary table corrected_account (line integer not null) on commit drop"


async def no_account_corrected(connection: asyncpg.Connection) -> None:
    """Make the temporary table `corrected_account`, empty."""
    for statement in (_DROP, _CORRECTED):
        await connection.execute(statement)


async def open_accounts(connection: asyncpg.Connection, table: str, citizens: Citizens) -> None:
    """Add the accounts not yet known, and correct names and holders.

    The lines whose row corrected an account stand in the temporary table `corrected_account`.
    """
    await no_account_corrected(connection)
    await connection.execute(sql(_DIFFERING, table=table, differs=DIFFERS), *citizens)
    if await connection.fetchval("select exists (select from differing_account)"):
        await write_differing(connection, table, citizens)


async def write_differing(connection: asyncpg.Connection, table: str, citizens: Citizens) -> None:
    """As `open_accounts`, of the temporary table `differing_account`."""
    await connection.execute("analyze differing_account")
    await connection.execute(sql(_SPEAKING, table=table), *citizens)
    await connection.execute(_OPEN)
    await connection.execute(_CORRECT)
