"""Citizens, by id and by the HMAC of their national ID."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.database import Database
from app.rules.vocabulary import DatePrecision
from loaders.batching import one_by_key


@dataclass(frozen=True, slots=True)
class CitizenRow:
    """A person in the register."""

    citizen_id: UUID
    national_id_encrypted: bytes
    national_id_tail: str
    title: str | None
    given_name: str
    family_name: str
    birth_date: date
    birth_date_precision: DatePrecision
    local_authority_code: str
    as_of: datetime
    registered_at: tuple[str, ...]  # the local authorities where a right is registered


_COLUMNS = """
  c.id, c.national_id_encrypted, c.national_id_tail, c.title, c.given_name, c.family_name,
  c.birth_date, c.birth_date_precision, c.local_authority_code, c.as_of,
  array(select r.local_authority_code from registration r where r.citizen_id = c.id)"""

BY_ID = f"select {_COLUMNS} from citizen c where c.id = any($1)"

BY_NATIONAL_ID_HMAC = f"""
select {_COLUMNS}, l.national_id_hmac
from citizen_lookup l join citizen c on c.id = l.citizen_id
where l.national_id_hmac = any($1)"""


async def citizens_by_id(database: Database, ids: Sequence[UUID]) -> list[CitizenRow | None]:
    rows = await database.fetch(BY_ID, ids)
    return one_by_key(ids, map(_citizen, rows), lambda row: row.citizen_id)


async def citizens_by_national_id_hmac(
    database: Database, hmacs: Sequence[bytes]
) -> list[CitizenRow | None]:
    rows = await database.fetch(BY_NATIONAL_ID_HMAC, hmacs)
    found = {row["national_id_hmac"]: _citizen(row) for row in rows}
    return [found.get(hmac) for hmac in hmacs]


def _citizen(row: Any) -> CitizenRow:
    return CitizenRow(
        citizen_id=row[0],
        national_id_encrypted=row[1],
        national_id_tail=row[2],
        title=row[3],
        given_name=row[4],
        family_name=row[5],
        birth_date=row[6],
        birth_date_precision=DatePrecision(row[7]),
        local_authority_code=row[8],
        as_of=row[9],
        registered_at=tuple(row[10]),
    )
