"""The database that all servers ask: it holds the data in its own memory, as in production.

With Postgres' small default most pages that a request needs are copied from the system's cache, for
which all servers wait alike: what is measured then is that copying.
"""

from contextlib import AbstractContextManager

import asyncpg

from app.demo.home import DataDirectory
from app.embedded_postgres import embedded_postgres
from app.errors import BadInput

SHARED_BUFFERS = "3GB"  # people and payments take 1.2

_FORGET = """
set local session_replication_role = replica;  -- or the records refuse it
truncate access_record, access_batch
"""
# By the indexes that the servers look in, so that those are read too.
_LOOK_UPS_ALONE = """
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off
"""
_EVERYTHING = """
select count(p.batch_id), count(c.given_name), count(a.name)
from citizen_lookup l
join citizen c on c.id = l.citizen_id
join registration r on r.citizen_id = c.id
left join bank_account a on a.citizen_id = r.citizen_id and a.id = r.bank_account_id
join payment p on p.citizen_id = r.citizen_id and p.scheme = r.scheme
"""


def bench_database(home: DataDirectory) -> AbstractContextManager[str]:
    """Gives its DSN, as `embedded_postgres` does."""
    return embedded_postgres(home.path, shared_buffers=SHARED_BUFFERS)


async def make_ready(connection: asyncpg.Connection) -> None:
    """As a new one is, and read: what earlier runs put on record goes, and no server waits for the
    disk for others. `BadInput` where somebody else started the server, and otherwise."""
    held = await connection.fetchval("show shared_buffers")
    if held != SHARED_BUFFERS:
        raise BadInput(f"Postgres runs with shared_buffers of {held}: end who started it first.")
    async with connection.transaction():
        await connection.execute(_FORGET)
    async with connection.transaction():
        await connection.execute(_LOOK_UPS_ALONE)
        await connection.fetch(_EVERYTHING)
