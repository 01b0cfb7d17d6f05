"""Staged authorities into `local_authority`."""

from collections.abc import Collection

import asyncpg

from app.ingest.layouts.authorities import FIELDS
from app.ingest.sql import sql
from app.ingest.staging import Staged
from app.ingest.tables.resolving import differ, resulting, selected, upsert

STAGED = Staged(
    table="staged_authority",
    columns=[("line", "integer"), *((name, "text") for name in FIELDS)],
    key=["code"],
    field="code",
    noun="authority",
    counted="code, null::scheme, null::date",
    slice_key="convert_to(s.code, 'UTF8')",
)

_NAMES = FIELDS[1:]

_KNOWN = "select code from local_authority"
_RESOLVE = """
drop table if exists resolved_authority;
create temporary table resolved_authority on commit drop as
select s.code, {values},
  case when a.code is null or {differ} then 'accepted' else 'unchanged' end as outcome
from staged_authority s left join local_authority a on a.code = s.code
"""
_TALLY = """
insert into tally
select outcome, code, null, null, count(*), 0 from resolved_authority group by 1, 2
"""
_UPSERT = upsert(
    "local_authority",
    ["code"],
    _NAMES,
    "resolved_authority where outcome = 'accepted'",
)


async def known_authorities(connection: asyncpg.Connection) -> frozenset[str]:
    """The codes of the reference table."""
    return frozenset(row["code"] for row in await connection.fetch(_KNOWN))


async def apply_authorities(connection: asyncpg.Connection, absent: Collection[str]) -> None:
    """Write what is new or changed."""
    values = resulting(_NAMES, "a", absent)
    resolve = sql(_RESOLVE, values=selected(_NAMES, values), differ=differ(_NAMES, values, "a"))
    for statement in (resolve, _TALLY, _UPSERT):
        await connection.execute(statement)
