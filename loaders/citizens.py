"""Citizens with what they are registered for, by id and by the HMAC of their national ID."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from app.database import Database
from app.rules.vocabulary import DatePrecision


class CitizenRow(NamedTuple):
    """A person in the register, with the rows of their registrations, one for a scheme at most:
    whoever asks for a citizen mostly goes on to those."""

    citizen_id: UUID
    national_id_encrypted: bytes
    national_id_tail: str
    title: str | None
    given_name: str
    family_name: str
    birth_date: date
    birth_date_precision: DatePrecision
    nationality: str  # ISO 3166
    died_on: date | None
    local_authority_code: str  # of domicile
    as_of: float  # seconds since 1970; a moment takes the driver ten times as long as a number
    registrations: tuple[Any, ...]

    @property
    def registered_at(self) -> list[str]:
        """The local authorities where a right is registered."""
        return [row["local_authority_code"] for row in self.registrations]


COLUMNS = """
  c.id, c.national_id_encrypted, c.national_id_tail, c.title, c.given_name, c.family_name,
  c.birth_date, c.birth_date_precision, c.nationality, c.died_on,
  c.local_authority_code as domicile_code, date_part('epoch', c.as_of) as citizen_as_of,
  r.scheme as registered_scheme, r.local_authority_code, r.registered_on,
  r.status as registration_status, r.status_reason, r.status_on,
  r.bank_account_id as paid_into, r.card_issued_on, r.card_expires_on,
  array_to_string(r.disability_types, ' ') as disability_types,
  r.first_paid_month, r.latest_paid_month, date_part('epoch', r.as_of) as as_of"""
_OF_PERSON = itemgetter(
    *("id", "national_id_encrypted", "national_id_tail", "title", "given_name", "family_name"),
    *("birth_date", "birth_date_precision", "nationality", "died_on"),
    *("domicile_code", "citizen_as_of"),
)
_PRECISIONS = {each.value: each for each in DatePrecision}

BY_ID = f"""
select {COLUMNS}
from citizen c left join registration r on r.citizen_id = c.id
where c.id = any($1)"""

BY_NATIONAL_ID_HMAC = f"""
select {COLUMNS}, l.national_id_hmac
from citizen_lookup l
join citizen c on c.id = l.citizen_id
left join registration r on r.citizen_id = c.id
where l.national_id_hmac = any($1)"""


async def citizens_by_id(database: Database, ids: Sequence[UUID]) -> list[CitizenRow | None]:
    found = _citizens(await database.fetch(BY_ID, ids), "id")
    return [found.get(each) for each in ids]


async def citizens_by_national_id_hmac(
    database: Database, hmacs: Sequence[bytes]
) -> list[CitizenRow | None]:
    found = _citizens(await database.fetch(BY_NATIONAL_ID_HMAC, hmacs), "national_id_hmac")
    return [found.get(each) for each in hmacs]


def _citizens(rows: Iterable[Any], key: str) -> dict[Any, CitizenRow]:
    return {each: citizen_of(of_one) for each, of_one in rows_by(rows, key).items()}


def rows_by(rows: Iterable[Any], key: str) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found


def citizen_of(rows: Sequence[Any]) -> CitizenRow:
    """Of one row for each registration, or of a single one without."""
    registrations = () if rows[0]["registered_scheme"] is None else tuple(rows)
    person = _OF_PERSON(rows[0])
    precision = _PRECISIONS[person[7]]
    return CitizenRow._make((*person[:7], precision, *person[8:], registrations))
