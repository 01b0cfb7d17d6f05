"""Entitlements: what the register knows of a citizen in each scheme, registered or not."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from app.database import Database
from app.ids import BankAccountKey, EntitlementKey
from app.rules.age import BirthDate
from app.rules.assessment import Facts, RegistrationFacts
from app.rules.calendar import YearMonth
from app.rules.vocabulary import (
    DatePrecision,
    DisabilityType,
    RegistrationStatus,
    Scheme,
)


class EntitlementRow(NamedTuple):
    """One scheme of one citizen, as rows of the register have it: the facts that its state follows
    from, and where it is paid. `registration` is None where there is none."""

    key: EntitlementKey
    person: Any
    registration: Any | None

    @property
    def facts(self) -> Facts:
        """Made anew each time: of many that are asked for, few are judged."""
        row, person = self.registration, self.person
        return Facts(
            scheme=self.key.scheme,
            birth=BirthDate(person["birth_date"], DatePrecision(person["birth_date_precision"])),
            nationality=person["nationality"],
            died_on=person["died_on"],
            registration=None if row is None else _registration(row),
        )

    @property
    def registered_on(self) -> date | None:
        return cast(date | None, self._of_registration("registered_on"))

    @property
    def local_authority_code(self) -> str | None:
        """Of the authority where it is registered."""
        return cast(str | None, self._of_registration("local_authority_code"))

    @property
    def domicile_code(self) -> str:
        return cast(str, self.person["domicile_code"])

    @property
    def bank_account(self) -> BankAccountKey | None:
        number = self._of_registration("bank_account_id")
        return None if number is None else BankAccountKey(self.key.citizen_id, number)

    @property
    def disability_types(self) -> tuple[DisabilityType, ...]:
        names = self._of_registration("disability_types") or ""
        return tuple(map(DisabilityType, names.split()))

    @property
    def as_of(self) -> datetime:
        of_citizen = cast(datetime, self.person["citizen_as_of"])
        row = self.registration
        return of_citizen if row is None else max(row["as_of"], of_citizen)

    def _of_registration(self, name: str) -> Any:
        return None if self.registration is None else self.registration[name]


BY_CITIZEN = """
select c.id as citizen_id, c.birth_date, c.birth_date_precision, c.nationality, c.died_on,
  c.local_authority_code as domicile_code, c.as_of as citizen_as_of,
  r.scheme, r.local_authority_code, r.registered_on, r.status, r.status_reason, r.status_on,
  r.bank_account_id, r.card_issued_on, r.card_expires_on,
  array_to_string(r.disability_types, ' ') as disability_types,
  r.first_paid_month, r.latest_paid_month, r.as_of
from citizen c left join registration r on r.citizen_id = c.id
where c.id = any($1)"""


async def entitlements_by_key(
    database: Database, keys: Sequence[EntitlementKey]
) -> list[EntitlementRow | None]:
    """For each key its entitlement; None only where the citizen is unknown."""
    rows = await database.fetch(BY_CITIZEN, list({key.citizen_id for key in keys}))
    people = {row["citizen_id"]: row for row in rows}
    registered = {(row["citizen_id"], row["scheme"]): row for row in rows}
    found: list[EntitlementRow | None] = []
    for key in keys:
        person = people.get(key.citizen_id)
        row = registered.get((key.citizen_id, key.scheme.value))
        found.append(None if person is None else EntitlementRow(key, person, row))
    return found


def _registration(row: Any) -> RegistrationFacts:
    return RegistrationFacts(
        registered_on=row["registered_on"],
        status=RegistrationStatus(row["status"]),
        status_reason=row["status_reason"],
        status_on=row["status_on"],
        card_issued_on=row["card_issued_on"],
        card_expires_on=row["card_expires_on"],
        first_paid_month=_month(row["first_paid_month"]),
        latest_paid_month=_month(row["latest_paid_month"]),
    )


def _month(day: date | None) -> YearMonth | None:
    return None if day is None else YearMonth(day)


_ALL_SCHEMES = tuple(Scheme)


def entitlement_keys(citizen_id: UUID, scheme: Scheme | None) -> list[EntitlementKey]:
    """The keys of a citizen's entitlements: one per scheme, or the one asked for."""
    schemes = _ALL_SCHEMES if scheme is None else (scheme,)
    return [EntitlementKey(citizen_id, each) for each in schemes]
