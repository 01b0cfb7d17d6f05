"""Entitlements: what the register knows of a citizen in each scheme, registered or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.database import Database
from app.ids import BankAccountKey, EntitlementKey
from app.rules.age import BirthDate
from app.rules.assessment import Facts, RegistrationFacts
from app.rules.calendar import YearMonth
from app.rules.vocabulary import (
    DatePrecision,
    DisabilityType,
    PaymentChannel,
    RegistrationStatus,
    Scheme,
)
from loaders.batching import one_by_key


@dataclass(frozen=True, slots=True)
class EntitlementRow:
    """One scheme of one citizen: the facts that its state follows from, and where it is paid."""

    key: EntitlementKey
    facts: Facts
    local_authority_code: str | None  # where registered
    domicile_code: str
    channel: PaymentChannel | None
    bank_account: BankAccountKey | None
    disability_types: tuple[DisabilityType, ...]
    as_of: datetime


BY_CITIZEN = """
select c.id as citizen_id, c.birth_date, c.birth_date_precision, c.nationality, c.died_on,
  c.local_authority_code as domicile_code, c.as_of as citizen_as_of,
  r.scheme, r.local_authority_code, r.registered_on, r.status, r.status_reason, r.status_on,
  r.channel, r.bank_account_id, r.card_issued_on, r.card_expires_on, r.disability_types,
  r.first_paid_month, r.latest_paid_month, r.as_of
from citizen c left join registration r on r.citizen_id = c.id
where c.id = any($1)"""


async def entitlements_by_key(
    database: Database, keys: Sequence[EntitlementKey]
) -> list[EntitlementRow | None]:
    """For each key its entitlement; None only where the citizen is unknown."""
    citizens = list({key.citizen_id for key in keys})
    rows = await database.fetch(BY_CITIZEN, citizens)
    registered = {
        EntitlementKey(row["citizen_id"], Scheme(row["scheme"])): row
        for row in rows
        if row["scheme"] is not None
    }
    people = {row["citizen_id"]: row for row in rows}
    found = [
        _entitlement(key, people[key.citizen_id], registered.get(key))
        for key in keys
        if key.citizen_id in people
    ]
    return one_by_key(keys, found, lambda row: row.key)


def _entitlement(key: EntitlementKey, person: Any, registration: Any | None) -> EntitlementRow:
    facts = Facts(
        scheme=key.scheme,
        birth=BirthDate(person["birth_date"], DatePrecision(person["birth_date_precision"])),
        nationality=person["nationality"],
        died_on=person["died_on"],
        registration=None if registration is None else _registration(registration),
    )
    if registration is None:
        return EntitlementRow(
            key, facts, None, person["domicile_code"], None, None, (), person["citizen_as_of"]
        )
    channel, account = registration["channel"], registration["bank_account_id"]
    return EntitlementRow(
        key=key,
        facts=facts,
        local_authority_code=registration["local_authority_code"],
        domicile_code=person["domicile_code"],
        channel=None if channel is None else PaymentChannel(channel),
        bank_account=None if account is None else BankAccountKey(key.citizen_id, account),
        disability_types=tuple(map(DisabilityType, registration["disability_types"])),
        as_of=max(registration["as_of"], person["citizen_as_of"]),
    )


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


def entitlement_keys(citizen_id: UUID, scheme: Scheme | None) -> list[EntitlementKey]:
    """The keys of a citizen's entitlements: one per scheme, or the one asked for."""
    return [EntitlementKey(citizen_id, s) for s in Scheme if scheme is None or s is scheme]
