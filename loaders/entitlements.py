"""Entitlements: what the register knows of a citizen in each scheme, registered or not."""

from datetime import UTC, date, datetime
from typing import Any, NamedTuple, cast

from app.ids import BankAccountKey, EntitlementKey
from app.rules.age import BirthDate
from app.rules.assessment import Facts, RegistrationFacts
from app.rules.calendar import YearMonth
from app.rules.vocabulary import DisabilityType, RegistrationStatus, Scheme
from loaders.citizens import CitizenRow


class EntitlementRow(NamedTuple):
    """One scheme of one citizen, as the register has it: the facts that its state follows from, and
    where it is paid. `registration` is None where there is none."""

    key: EntitlementKey
    citizen: CitizenRow
    registration: Any | None

    @classmethod
    def of(cls, citizen: CitizenRow, scheme: Scheme) -> "EntitlementRow":
        key, name = EntitlementKey(citizen.citizen_id, scheme), _NAMES[scheme]
        for row in citizen.registrations:
            if row["registered_scheme"] == name:
                return cls(key, citizen, row)
        return cls(key, citizen, None)

    @property
    def facts(self) -> Facts:
        """Made anew each time: of many that are asked for, few are judged."""
        row, citizen = self.registration, self.citizen
        return Facts(
            scheme=self.key.scheme,
            birth=BirthDate(citizen.birth_date, citizen.birth_date_precision),
            nationality=citizen.nationality,
            died_on=citizen.died_on,
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
    def bank_account_id(self) -> int | None:
        """The number of the account that it is paid into."""
        return cast(int | None, self._of_registration("paid_into"))

    @property
    def bank_account(self) -> BankAccountKey | None:
        number = self.bank_account_id
        return None if number is None else BankAccountKey(self.key.citizen_id, number)

    @property
    def disability_types(self) -> tuple[DisabilityType, ...]:
        names = self._of_registration("disability_types") or ""
        return tuple(map(DisabilityType, names.split()))

    @property
    def as_of(self) -> datetime:
        row, seconds = self.registration, self.citizen.as_of
        if row is not None:
            seconds = max(row["as_of"], seconds)
        return datetime.fromtimestamp(seconds, UTC)

    def _of_registration(self, name: str) -> Any:
        return None if self.registration is None else self.registration[name]


def _registration(row: Any) -> RegistrationFacts:
    return RegistrationFacts(
        registered_on=row["registered_on"],
        status=RegistrationStatus(row["registration_status"]),
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
_NAMES = {each: each.value for each in Scheme}


def entitlements_of(citizen: CitizenRow, scheme: Scheme | None) -> list[EntitlementRow]:
    """A citizen's entitlements: one per scheme, or the one asked for."""
    schemes = _ALL_SCHEMES if scheme is None else (scheme,)
    return [EntitlementRow.of(citizen, each) for each in schemes]
