"""What the graph shows of an entitlement: its facts, and what the rules make of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from uuid import UUID

from app.ids import EntitlementKey
from app.rules.assessment import Assessment
from app.rules.calendar import YearMonth
from app.rules.entitlement import assess
from app.rules.rows import Rate
from app.rules.rule_book import RuleBook
from app.rules.vocabulary import DisabilityType, EntitlementState, Scheme
from app.rules.windows import RegistrationWindow
from loaders.citizens import CitizenRow
from loaders.entitlements import EntitlementRow, entitlements_of
from resolvers.context import Context
from resolvers.reason import ReasonRow


@dataclass(frozen=True, slots=True)
class RateRow:
    """A rate as the graph shows it; `amount` in satang."""

    amount: int
    minimum_age: int | None
    maximum_age: int | None
    valid_from: date
    valid_to: date | None
    rule: str

    @classmethod
    def of(cls, rate: Rate | None) -> "RateRow | None":
        if rate is None:
            return None
        return cls(
            rate.amount_satang,
            rate.minimum_age,
            rate.maximum_age,
            rate.valid_from,
            rate.valid_to,
            rate.rule,
        )


@dataclass(frozen=True, slots=True)
class UpcomingPaymentRow:
    """The next payment; `amount` in satang."""

    period: YearMonth
    due_on: date
    amount: int


@dataclass(frozen=True, slots=True)
class DisabilityCardRow:
    """A card, judged on the day of the request."""

    issued_on: date | None
    expires_on: date | None
    expired: bool
    types: tuple[DisabilityType, ...]


@dataclass(eq=False)
class EntitlementView:
    """The facts of an entitlement and what the rules make of them on the day of the request."""

    row: EntitlementRow
    today: date
    book: RuleBook

    @cached_property
    def assessment(self) -> Assessment:
        """Worked out where it is asked for: a batch of a thousand often asks facts alone."""
        return assess(self.row.facts, self.today, self.book)

    @property
    def key(self) -> EntitlementKey:
        return self.row.key

    @property
    def citizen_id(self) -> UUID:
        return self.row.key.citizen_id

    @property
    def scheme(self) -> Scheme:
        return self.row.key.scheme

    @property
    def bank_account_id(self) -> int | None:
        return self.row.bank_account_id

    @property
    def state(self) -> EntitlementState:
        return self.assessment.state

    @property
    def as_of(self) -> datetime:
        return self.row.as_of

    @property
    def registered_on(self) -> date | None:
        return self.row.registered_on

    @property
    def effective_from(self) -> date | None:
        return self.assessment.effective_from

    @property
    def ended_on(self) -> date | None:
        return self.assessment.ended_on

    @property
    def eligible_on(self) -> date | None:
        return self.assessment.eligible_on

    @property
    def first_payable_month(self) -> YearMonth | None:
        return self.assessment.first_payable_month

    @property
    def registration_window(self) -> RegistrationWindow | None:
        return self.assessment.registration_window

    @property
    def monthly_amount(self) -> int | None:
        return self.assessment.monthly_amount_satang

    @property
    def rate(self) -> RateRow | None:
        return RateRow.of(self.assessment.rate)

    @property
    def next_payment(self) -> UpcomingPaymentRow | None:
        upcoming = self.assessment.next_payment
        if upcoming is None:
            return None
        return UpcomingPaymentRow(upcoming.period, upcoming.due_on, upcoming.amount_satang)

    @property
    def state_reason(self) -> ReasonRow | None:
        code = self.assessment.reason_code
        return None if code is None else ReasonRow.of(code, self.assessment.source_code)


async def entitlement(context: Context, key: EntitlementKey) -> EntitlementView | None:
    """An entitlement as of the day of the request; None where the citizen is unknown."""
    citizen = await context.loaders.citizen_by_id.load(key.citizen_id)
    return None if citizen is None else _view(context, EntitlementRow.of(citizen, key.scheme))


async def entitlements_by_key(
    context: Context, keys: Sequence[EntitlementKey]
) -> list[EntitlementView | Exception | None]:
    """The same for many, asked together."""
    citizens = await context.loaders.citizen_by_id.load_each(key.citizen_id for key in keys)
    return [
        _view(context, EntitlementRow.of(citizen, key.scheme))
        if isinstance(citizen, CitizenRow)
        else citizen
        for key, citizen in zip(keys, citizens, strict=True)
    ]


def entitlements(
    context: Context, citizen: CitizenRow, scheme: Scheme | None
) -> list[EntitlementView]:
    """A citizen's entitlements, old age first: always one per scheme."""
    return [_view(context, row) for row in entitlements_of(citizen, scheme)]


def _view(context: Context, row: EntitlementRow) -> EntitlementView:
    return EntitlementView(row, context.today, context.book)
