"""Staged citizens into `citizen` and `citizen_lookup`."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg

from app.ingest.layout import Record
from app.ingest.sql import sql
from app.ingest.staging import Staged
from app.ingest.tables.resolving import differ, resulting, selected, upsert
from app.privacy import PrivacyKeys

_FACTS = [
    ("title", "text"),
    ("given_name", "text"),
    ("family_name", "text"),
    ("birth_date", "date"),
    ("birth_date_precision", "date_precision"),
    ("nationality", "text"),
    ("died_on", "date"),
    ("phone", "text"),
    ("local_authority_code", "text"),
]
_IDENTITY = [
    ("national_id_hmac", "bytea"),
    ("citizen_id", "uuid"),
    ("national_id_encrypted", "bytea"),
    ("national_id_tail", "text"),
    ("previous_hmac", "bytea"),  # while the look-up key is rotated
]

STAGED = Staged(
    table="staged_citizen",
    columns=[("line", "integer"), *_IDENTITY, *_FACTS],
    key=["national_id_hmac"],
    field="national_id",
    noun="citizen",
    counted="local_authority_code, null::scheme, null::date",
    slice_key="s.national_id_hmac",
    own=["line", "citizen_id", "national_id_encrypted", "previous_hmac"],
)

_NAMES = [name for name, _ in _FACTS]

_KNOWN = "select national_id_hmac, citizen_id from citizen_lookup where national_id_hmac = any($1)"
# Another import may have brought a citizen since their row was staged: what is looked up stands.
_TAKE_ID = """
update staged_citizen s set citizen_id = l.citizen_id, national_id_encrypted = null
from citizen_lookup l
where l.national_id_hmac in (s.national_id_hmac, s.previous_hmac)
  and l.citizen_id <> s.citizen_id
"""
_RESOLVE = """
drop table if exists resolved_citizen;
create temporary table resolved_citizen on commit drop as
select s.national_id_hmac, s.previous_hmac, s.citizen_id as id, s.national_id_tail,
  coalesce(s.national_id_encrypted, c.national_id_encrypted) as national_id_encrypted, {values},
  case when c.id is null then 'new' when {differ} then 'changed' else 'unchanged' end as outcome
from staged_citizen s left join citizen c on c.id = s.citizen_id
"""
_TALLY = """
insert into tally
select case outcome when 'unchanged' then outcome else 'accepted' end,
  local_authority_code, null, null, count(*), 0
from resolved_citizen group by 1, 2
"""
_LOOK_UP = """
insert into citizen_lookup (national_id_hmac, citizen_id)
select hmac, id from resolved_citizen,
  unnest(array[national_id_hmac, previous_hmac]) as hmac
where hmac is not null and (outcome = 'new' or previous_hmac is not null)
order by hmac on conflict do nothing
"""
_UPSERT = upsert(
    "citizen",
    ["id"],
    ["national_id_encrypted", "national_id_tail", *_NAMES, "as_of"],
    "(select *, $1::timestamptz as as_of from resolved_citizen where outcome <> 'unchanged') r",
)


async def identify(
    connection: asyncpg.Connection, keys: PrivacyKeys, records: Sequence[Record]
) -> list[Record]:
    """Put each citizen's id in place of the national ID: the known one, or one newly drawn.

    The encryption is bound to the id, so the known ids are asked for first; what is known is not
    encrypted again.
    """
    hmacs = [_hmacs(keys, cast(str, record[1])) for record in records]
    asked = [hmac for both in hmacs for hmac in both if hmac is not None]
    rows: Sequence[Any] = await connection.fetch(_KNOWN, asked)
    known: dict[bytes | None, UUID] = {row[0]: row[1] for row in rows}
    return [
        _identified(keys, record, both, known.get(both[0]) or known.get(both[1]))
        for record, both in zip(records, hmacs, strict=True)
    ]


_Hmacs = tuple[bytes, bytes | None]


def _hmacs(keys: PrivacyKeys, national_id: str) -> _Hmacs:
    """By the current look-up key, and by the previous one where there is one."""
    return keys.national_id_hmac(national_id), keys.previous_national_id_hmac(national_id)


def _identified(keys: PrivacyKeys, record: Record, hmacs: _Hmacs, known: UUID | None) -> Record:
    line, national_id, *facts = record
    text = cast(str, national_id)
    citizen_id = known or uuid4()
    encrypted = None if known else keys.encrypt_national_id(text, citizen_id)
    return (line, hmacs[0], citizen_id, encrypted, text[-3:], hmacs[1], *facts)


async def apply_citizens(
    connection: asyncpg.Connection, now: datetime, absent: Collection[str]
) -> None:
    """Write who is new or changed."""
    values = resulting(_NAMES, "c", absent)
    resolve = sql(_RESOLVE, values=selected(_NAMES, values), differ=differ(_NAMES, values, "c"))
    for statement in (_TAKE_ID, resolve, _TALLY, _LOOK_UP):
        await connection.execute(statement)
    await connection.execute(_UPSERT, now)
