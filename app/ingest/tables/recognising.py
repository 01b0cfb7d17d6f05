"""Whose the staged rows are: looked up once, for all statements that apply them.

The rows of a file were looked up when they were put in order; one of an unknown citizen is looked
up again, for they may have come since.
"""

from typing import NamedTuple
from uuid import UUID

import asyncpg

from app.ingest.sql import sql

_RECOGNISE = """
drop table if exists {recognised};
create temporary table {recognised} on commit drop as
select * from {staged};
analyze {recognised} (citizen_id);
update {recognised} r set citizen_id = l.citizen_id
from citizen_lookup l where l.national_id_hmac = r.national_id_hmac and r.citizen_id is null
"""
_CITIZENS = """
select (select citizen_id from {table} where citizen_id is not null
    order by citizen_id limit 1) as first,
  (select citizen_id from {table} where citizen_id is not null
    order by citizen_id desc limit 1) as last
"""


class Citizens(NamedTuple):
    """The first and the last in the order of their numbers; None where nobody is known.

    A slice holds every row between them: with both the planner reads one range of a table's key.
    """

    first: UUID | None
    last: UUID | None


async def recognise(connection: asyncpg.Connection, staged: str, recognised: str) -> Citizens:
    """The temporary table `recognised`: the staged rows, each with its citizen_id if known."""
    await connection.execute(sql(_RECOGNISE, staged=staged, recognised=recognised))
    return await citizens_of(connection, recognised)


async def citizens_of(connection: asyncpg.Connection, table: str) -> Citizens:
    """From whom to whom the rows of a table with a citizen_id are."""
    (row,) = await connection.fetch(sql(_CITIZENS, table=table))
    return Citizens(row["first"], row["last"])
