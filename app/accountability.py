"""What an agency read of whom: gathered while a request runs, on record before it is answered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.policies import Scope
from app.rules.vocabulary import Word


class Category(Word):
    """A kind of data of a citizen, as an access record names it; declared in the order shown."""

    IDENTITY = "IDENTITY"
    NATIONAL_ID = "NATIONAL_ID"
    ENTITLEMENT = "ENTITLEMENT"
    PAYMENT = "PAYMENT"
    BANK_ACCOUNT = "BANK_ACCOUNT"
    DISABILITY = "DISABILITY"


# What a field that needs the scope gives. The other scopes give nothing of a citizen.
CATEGORIES: Mapping[Scope, Category] = {
    Scope.CITIZEN_READ: Category.IDENTITY,
    Scope.CITIZEN_LOOKUP: Category.NATIONAL_ID,
    Scope.ENTITLEMENT_READ: Category.ENTITLEMENT,
    Scope.PAYMENT_READ: Category.PAYMENT,
    Scope.BANK_ACCOUNT_READ: Category.BANK_ACCOUNT,
    Scope.DISABILITY_READ: Category.DISABILITY,
}


@dataclass(frozen=True, slots=True)
class Access:
    """What one request of an agency read, and why; `operation_hash` is the document's SHA-256."""

    agency: str
    purpose: str
    operation: str
    operation_hash: bytes
    categories: Mapping[UUID, Sequence[Category]]


class Reads:
    """The citizens that a running operation has read, and the categories of each."""

    def __init__(self) -> None:
        self._by_category: dict[Category, set[UUID]] = {category: set() for category in Category}

    def note(self, citizen_ids: Iterable[UUID], category: Category) -> None:
        """Data of this category are about to be given."""
        self._by_category[category].update(citizen_ids)

    def take(self) -> dict[UUID, list[Category]]:
        """What was noted since the last time, by citizen."""
        taken: dict[UUID, list[Category]] = {}
        for category, citizens in self._by_category.items():
            for citizen_id in citizens:
                taken.setdefault(citizen_id, []).append(category)
            citizens.clear()
        return taken
