"""How the payments just resolved fare, counted: few rows, so what follows asks these.

They are counted from the temporary table `resolved_disbursement` into the temporary table `fate`.
"""

import asyncpg

from app.ingest.sql import sql
from app.notices.standing import PUT_OFF

_COUNT = sql(
    """
drop table if exists fate;
create temporary table fate on commit drop as
select outcome, local_authority_code, scheme, period, status,
  coalesce(reason_code = 'BUDGET_DELAY', false) as late, coalesce({put_off}, false) as put_off,
  count(*) as rows, sum(amount_satang) as amount_satang
from resolved_disbursement p group by 1, 2, 3, 4, 5, 6, 7
""",
    put_off=PUT_OFF,
)
_ANY_CHANGED = "select exists (select from fate where outcome = 'changed')"


async def count_fates(connection: asyncpg.Connection) -> None:
    """Make `fate`."""
    await connection.execute(_COUNT)


async def any_changed(connection: asyncpg.Connection) -> bool:
    """Whether a payment that stood is changed."""
    return bool(await connection.fetchval(_ANY_CHANGED))
