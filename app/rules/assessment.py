"""What is known of an entitlement, and what the rules say of it."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from app.rules.age import BirthDate
from app.rules.calendar import YearMonth
from app.rules.rows import Rate
from app.rules.vocabulary import EntitlementState, ReasonCode, RegistrationStatus, Scheme
from app.rules.windows import RegistrationWindow

THAI = "TH"


@dataclass(frozen=True, slots=True)
class RegistrationFacts:
    """What the register and the payments know; months paid win over what the rules compute.

    `registered_on` None: known only from a payment. `status_on` None: the status holds since ever.
    `status_reason` is a code of ours or the source's own.
    """

    registered_on: date | None
    status: RegistrationStatus = RegistrationStatus.ACTIVE
    status_reason: str | None = None
    status_on: date | None = None
    card_issued_on: date | None = None
    card_expires_on: date | None = None
    first_paid_month: YearMonth | None = None
    latest_paid_month: YearMonth | None = None

    def has_been_paid(self) -> bool:
        """Whether a month is known to have been paid."""
        return self.first_paid_month is not None or self.latest_paid_month is not None


@dataclass(frozen=True, slots=True)
class Facts:
    """A citizen in one scheme, registered or not; `nationality` is an ISO 3166 code."""

    scheme: Scheme
    birth: BirthDate
    nationality: str = THAI
    died_on: date | None = None
    registration: RegistrationFacts | None = None


class UpcomingPayment(NamedTuple):
    """The next payment that the rules expect; amount in satang."""

    period: YearMonth
    due_on: date
    amount_satang: int


class Assessment(NamedTuple):
    """What the rules say of an entitlement on one day; a tuple, which is made three times faster
    than a frozen dataclass.

    - `reason_code` is one of `ReasonCode`, None while the allowance is received; `source_code` is
      what the register said where our catalogue has no such code.
    - `eligible_on`: the day the age is reached; None for disability and for who can not qualify.
    - `first_payable_month`: of a registered citizen, the first month of the right; of one who is
      not, the first month if they register on the first day they still can.
    - `effective_from`: the first day of the right, None without registration.
    - `ended_on`: the day of death, or the first day without the right.
    - `registration_window`: old age, not registered: the part of a window that is open, or the
      next to open.
    - `rate` and `monthly_amount_satang`: of this month, only while the allowance is received.
    """

    state: EntitlementState
    reason_code: str | None = None
    source_code: str | None = None
    eligible_on: date | None = None
    first_payable_month: YearMonth | None = None
    effective_from: date | None = None
    ended_on: date | None = None
    registration_window: RegistrationWindow | None = None
    monthly_amount_satang: int | None = None
    rate: Rate | None = None
    next_payment: UpcomingPayment | None = None


REASON_CODES = frozenset(code.value for code in ReasonCode)


def reason_code_for(source_code: str | None, catalogue: frozenset[str] = REASON_CODES) -> str:
    """Our code for a source's: the same if the catalogue has it, UNKNOWN for none, else OTHER."""
    code = (source_code or "").strip().upper()
    if not code:
        return ReasonCode.UNKNOWN.value
    return code if code in catalogue else ReasonCode.OTHER.value
