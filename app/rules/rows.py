"""The rows of the rule tables: what each dated rule says, since when, and by what source."""

import enum
from dataclasses import dataclass
from datetime import date

from app.rules.vocabulary import Scheme


class RowStatus(enum.Enum):
    """Whether a row takes part: a proposal is kept beside the rules until it is in force."""

    IN_FORCE = "IN_FORCE"
    PROPOSED = "PROPOSED"


class CountingBasis(enum.Enum):
    """The day on which the age is taken that decides a month's rate."""

    FISCAL_YEAR_START = "FISCAL_YEAR_START"
    PREVIOUS_MONTH_END = "PREVIOUS_MONTH_END"
    MONTH_END = "MONTH_END"


class Confidence(enum.Enum):
    """Whether a holiday was announced, or only follows from the calendar so far."""

    ANNOUNCED = "ANNOUNCED"
    CALCULATED = "CALCULATED"


class Subject(enum.Enum):
    """What a provision settles; which day it is looked up by stands beside it."""

    LATE_REGISTRATION = "LATE_REGISTRATION"  # the day of registering
    DISABILITY_START = "DISABILITY_START"  # the day of registering
    QUALIFICATION = "QUALIFICATION"  # the day of registering
    MOVE = "MOVE"  # the day of the register's order
    MONTH_OF_DEATH = "MONTH_OF_DEATH"  # the day of death


class Effect(enum.Enum):
    """What a provision does."""

    NEXT_MONTH = "NEXT_MONTH"
    NEXT_FISCAL_YEAR = "NEXT_FISCAL_YEAR"
    AT_ONCE = "AT_ONCE"
    ALIVE_ON_PAY_DAY = "ALIVE_ON_PAY_DAY"
    WHOLE_MONTH = "WHOLE_MONTH"
    RIGHT_KEPT = "RIGHT_KEPT"
    CRITERIA_OF_2552 = "CRITERIA_OF_2552"


ALLOWED_EFFECTS: dict[Subject, frozenset[Effect]] = {
    Subject.LATE_REGISTRATION: frozenset({Effect.NEXT_MONTH, Effect.NEXT_FISCAL_YEAR}),
    Subject.DISABILITY_START: frozenset({Effect.NEXT_MONTH, Effect.NEXT_FISCAL_YEAR}),
    Subject.QUALIFICATION: frozenset({Effect.RIGHT_KEPT, Effect.CRITERIA_OF_2552}),
    Subject.MOVE: frozenset({Effect.AT_ONCE, Effect.NEXT_FISCAL_YEAR}),
    Subject.MONTH_OF_DEATH: frozenset({Effect.ALIVE_ON_PAY_DAY, Effect.WHOLE_MONTH}),
}
"""The effects that the code knows for each subject; a table may choose only among these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What all rules carry: a name with its version, where it was read, and its line in a file."""

    rule: str
    source: str
    status: RowStatus = RowStatus.IN_FORCE
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedRow(Row):
    """A rule of a period: both days belong to it; `valid_to` None is until further notice."""

    valid_from: date
    valid_to: date | None = None

    def valid_on(self, day: date) -> bool:
        """Whether the rule holds on `day`."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate(DatedRow):
    """An amount a month, in satang, for an age band; `maximum_age` None is without upper end."""

    scheme: Scheme
    amount_satang: int
    minimum_age: int
    maximum_age: int | None = None

    def covers_age(self, age: int) -> bool:
        """Whether an age of completed years lies in the band."""
        return self.minimum_age <= age and (self.maximum_age is None or age <= self.maximum_age)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeCounting(DatedRow):
    """Which day's age decides the rate of a month."""

    scheme: Scheme
    basis: CountingBasis


@dataclass(frozen=True, slots=True, kw_only=True)
class PayDayRule(DatedRow):
    """The day of the month that is paid on, and the weekdays (ISO, Monday 1) that are worked."""

    day_of_month: int
    working_weekdays: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision(DatedRow):
    """A clause that changed, or may change, with the years."""

    subject: Subject
    effect: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRule(Row):
    """Months in which one registers for a fiscal year: they lie in the fiscal year before it.

    Fiscal years are Buddhist era; `last_fiscal_year` None is until further notice. Several rows
    of one year are the parts of its window, as where December is left out.
    """

    first_fiscal_year: int
    last_fiscal_year: int | None
    first_month: int
    last_month: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """A day on which government offices are closed."""

    day: date
    name: str
    confidence: Confidence
    source: str
    line: int = 0
