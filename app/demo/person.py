"""A person of the demo and what they hold: facts on absolute dates, whatever day it is."""

import enum
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from app.rules.age import BirthDate, displayed_age
from app.rules.calendar import YearMonth
from app.rules.vocabulary import (
    AccountHolder,
    DatePrecision,
    DisabilityType,
    PaymentChannel,
    PaymentStatus,
    ReasonCode,
    Scheme,
)

_ADULT_TITLE_FROM = 15
_ONE_DAY = timedelta(days=1)


class Sex(enum.Enum):
    """As the register has it."""

    MALE = "M"
    FEMALE = "F"


class Account(NamedTuple):
    """A bank account and whose it is."""

    bank_code: str
    number: str
    name: str
    holder: AccountHolder


class Card(NamedTuple):
    """A disability card; `expires_on` is its last valid day, None where it never expires."""

    issued_on: date
    expires_on: date | None


class Failure(NamedTuple):
    """What a bank says of a payment it could not make: the source's code and text."""

    code: str
    text: str
    status: PaymentStatus


class Trouble(NamedTuple):
    """Payments that fail `length` months running, once in `cycle` months, from `phase` on.

    Months are counted as `month_number` does, so the same months fail whenever one looks.
    """

    failure: Failure
    cycle: int
    phase: int
    length: int
    repaid: bool

    def fails(self, month: int) -> bool:
        """Whether a month's payment fails."""
        return (month - self.phase) % self.cycle < self.length

    def repaid_in(self, month: int) -> range:
        """The months whose failed payments are made good in `month`."""
        due = self.repaid and (month - self.phase) % self.cycle == self.length
        return range(month - self.length, month) if due else range(0)

    def touches(self, first: int, count: int) -> bool:
        """Whether any of `count` months from `first` on fails or is one that repays."""
        place = (first - self.phase) % self.cycle
        return place <= self.length or place + count > self.cycle

    def changes_before(self, month: int) -> int:
        """How often the trouble was over by `month`: each time, another account may be in use."""
        rounds, place = divmod(month - self.phase, self.cycle)
        return rounds + (place >= self.length)


class End(NamedTuple):
    """The last day of a right, and why it ended."""

    day: date
    reason: ReasonCode


class Holding(NamedTuple):
    """An allowance that somebody registered for; `accounts` is empty where it is paid in cash."""

    scheme: Scheme
    registered_on: date
    accounts: tuple[Account, ...] = ()
    cards: tuple[Card, ...] = ()
    disabilities: tuple[DisabilityType, ...] = ()
    trouble: Trouble | None = None
    end: End | None = None
    supplemented: bool = False

    @property
    def channel(self) -> PaymentChannel:
        """How it is paid."""
        return PaymentChannel.BANK_TRANSFER if self.accounts else PaymentChannel.CASH

    def account_in(self, month: int) -> Account | None:
        """The account of a month; the next one is in use after each trouble."""
        if not self.accounts:
            return None
        changes = 0 if self.trouble is None else self.trouble.changes_before(month)
        return self.accounts[changes % len(self.accounts)]

    def card_on(self, day: date) -> Card | None:
        """The card held on a day: the newest one issued by then."""
        return next((card for card in reversed(self.cards) if card.issued_on <= day), None)

    def lapsed_on(self, day: date) -> date | None:
        """The last day of the card held on `day`, if that day is past."""
        card = self.card_on(day)
        if card is None or card.expires_on is None or card.expires_on >= day:
            return None
        return card.expires_on

    def lapses_between(self, first: date, last: date) -> bool:
        """Whether on any day from `first` to `last` the newest card is an expired one."""
        renewals = [card.issued_on for card in self.cards[1:]] + [date.max]
        return any(
            card.expires_on is not None
            and card.expires_on < last
            and first < renewed_on
            and card.expires_on < renewed_on - _ONE_DAY
            for card, renewed_on in zip(self.cards, renewals, strict=False)
        )

    def end_by(self, day: date) -> End | None:
        """How the right ended, if it has by a day."""
        return self.end if self.end is not None and self.end.day <= day else None


class Person(NamedTuple):
    """A citizen of the register."""

    national_id: str
    sex: Sex
    married: bool
    given_name: str
    family_name: str
    birth: BirthDate
    authority: str
    phone: str = ""
    died_on: date | None = None
    holdings: tuple[Holding, ...] = ()

    def title(self, today: date) -> str:
        """The title of that day: children grow out of theirs."""
        if displayed_age(self.birth.day, today) < _ADULT_TITLE_FROM:
            return "ด.ช." if self.sex is Sex.MALE else "ด.ญ."
        if self.sex is Sex.MALE:
            return "นาย"
        return "นาง" if self.married else "นางสาว"

    def registered(self, today: date) -> Iterator[Holding]:
        """What is registered by a day."""
        return (holding for holding in self.holdings if holding.registered_on <= today)


def birth_text(birth: BirthDate) -> str:
    """A birth date as the files write it: `00` for the parts that the register lacks."""
    text = birth.day.isoformat()
    if birth.precision is DatePrecision.YEAR:
        return f"{text[:4]}-00-00"
    return f"{text[:7]}-00" if birth.precision is DatePrecision.MONTH else text


def month_number(month: YearMonth | date) -> int:
    """Months since the year 0, one number for each month."""
    return month.year * 12 + month.month - 1
