"""The facts of one entitlement as they stand on one day."""

from dataclasses import dataclass
from datetime import date

from app.rules.assessment import Facts, RegistrationFacts
from app.rules.calendar import YearMonth
from app.rules.scheme_day import SchemeDay


@dataclass(slots=True)
class Case:
    """What the state rules are asked about.

    `reached_on` is the day the scheme's lowest age is reached; `natural_month` the first month of
    one who registers in time, and its fiscal year the cohort; `registration` is None where there
    is none yet; `first_month` is its first payable month, without one the natural month.
    """

    facts: Facts
    day: SchemeDay
    reached_on: date
    natural_month: YearMonth
    registration: RegistrationFacts | None
    first_month: YearMonth
