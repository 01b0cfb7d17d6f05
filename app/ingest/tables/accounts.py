"""The accounts that staged rows name, into `bank_account`.

The staged table has national_id_hmac, bank_code, number_hmac, last_four, account_name, holder, and
fact_on, the day from which the row speaks. An older fact never replaces a newer one.
"""

import asyncpg

from app.ingest.sql import sql

_DIFFERING = """
create temporary table differing_account on commit drop as
select distinct s.national_id_hmac, s.bank_code, s.number_hmac
from {table} s
join citizen_lookup l using (national_id_hmac)
left join bank_account a using (citizen_id, bank_code, number_hmac)
where s.number_hmac is not null
  and (a.id is null or s.account_name <> a.name or s.holder <> a.holder)
"""

# Of the rows that name one account, the newest that tells its holder's name speaks for it; the rest
# of the order only makes the choice independent of the order of the rows in the file.
_SPEAKING = """
create temporary table speaking_account on commit drop as
select distinct on (national_id_hmac, bank_code, number_hmac)
  l.citizen_id, a.id, s.line, s.bank_code, s.number_hmac, s.last_four, s.fact_on,
  coalesce(s.holder, a.holder, 'SELF') as holder,
  coalesce(s.account_name,
    case when s.holder = 'SELF' and a.holder = 'PROXY' then null else a.name end,
    c.given_name || ' ' || c.family_name) as name
from {table} s
join differing_account using (national_id_hmac, bank_code, number_hmac)
join citizen_lookup l using (national_id_hmac)
join citizen c on c.id = l.citizen_id
left join bank_account a using (citizen_id, bank_code, number_hmac)
order by national_id_hmac, bank_code, number_hmac,
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


async def open_accounts(connection: asyncpg.Connection, table: str) -> None:
    """Add the accounts not yet known, and correct names and holders.

    The lines whose row corrected an account stand in the temporary table `corrected_account`.
    """
    for statement in (_DROP, _CORRECTED, sql(_DIFFERING, table=table)):
        await connection.execute(statement)
    if await connection.fetchval("select exists (select from differing_account)"):
        for statement in (
            "analyze differing_account",
            sql(_SPEAKING, table=table),
            _OPEN,
            _CORRECT,
        ):
            await connection.execute(statement)
