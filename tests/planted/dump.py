"""A database, whole, into a file."""

from pathlib import Path

import asyncpg

_TABLES = """
select n.nspname as schema, c.relname as name
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
  and n.nspname !~ '^pg_toast'
"""


async def dump(url: str, path: Path) -> None:
    """Append every row of every table and partition to the file; bytea is in hex.

    By COPY and not by pg_dump, which takes a third of a second for each of 300 databases.
    """
    connection = await asyncpg.connect(url)
    try:
        with path.open("ab") as file:
            for table in await connection.fetch(_TABLES):
                await connection.copy_from_table(
                    table["name"], schema_name=table["schema"], output=file
                )
    finally:
        await connection.close()
