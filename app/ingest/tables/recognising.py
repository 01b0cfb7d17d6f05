"""Whose the staged rows are: looked up once, for all statements that apply them.

The rows of a file were looked up when they were put in order; one of an unknown citizen is looked
up again, for they may have come since.
"""

import asyncpg

from app.ingest.context import Citizens
from app.ingest.sql import sql

_RECOGNISE = """
update {staged} s set citizen_id = l.citizen_id
from citizen_lookup l where l.national_id_hmac = s.national_id_hmac and s.citizen_id is null
"""
_CITIZENS = """
select (select citizen_id from {table} where citizen_id is not null
    order by citizen_id limit 1) as first,
  (select citizen_id from {table} where citizen_id is not null
    order by citizen_id desc limit 1) as last
"""


async def recognise(
    connection: asyncpg.Connection, staged: str, citizens: Citizens | None
) -> Citizens:
    """Look up whose the staged rows are where nobody was known; `citizens` if all were."""
    if citizens is not None:
        return citizens
    await connection.execute(sql(_RECOGNISE, staged=staged))
    return await citizens_of(connection, staged)


async def citizens_of(connection: asyncpg.Connection, table: str) -> Citizens:
    """From whom to whom the rows of a table with a citizen_id are."""
    (row,) = await connection.fetch(sql(_CITIZENS, table=table))
    return Citizens(row["first"], row["last"])
