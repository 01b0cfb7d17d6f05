"""Who is to be told to register on a day, as spans of birth dates."""

from dataclasses import dataclass
from datetime import date

from app.rules.age import latest_birth
from app.rules.calendar import fiscal_year, fiscal_year_months, month_of
from app.rules.rule_book import RuleBook
from app.rules.vocabulary import Scheme
from app.rules.windows import RegistrationWindow

_ONE_MONTH_EARLIER = 8  # who reaches the age in August is first paid in September


@dataclass(frozen=True, slots=True)
class RegisterNow:
    """Who is to register for a fiscal year: all born until `of_age_until`, who are of age, and in
    advance those born until `in_advance_until`, while `window` is open."""

    fiscal_year: int
    of_age_until: date
    in_advance_until: date
    window: RegistrationWindow | None

    @property
    def told_until(self) -> date:
        """The youngest who are told today."""
        return self.of_age_until if self.window is None else self.in_advance_until


def register_now(today: date, book: RuleBook) -> RegisterNow:
    """Old age: the year that one registers for now is the next one, and its newest cohort reaches
    the age in time for its last month."""
    age = book.minimum_age(Scheme.OLD_AGE_ALLOWANCE, month_of(today))
    year = fiscal_year(today) + 1
    _first, last = fiscal_year_months(year)
    of_age = latest_birth(age, today)
    cohort = latest_birth(age, date(last.year, _ONE_MONTH_EARLIER, 31))
    parts = book.windows_for(year)
    window = next((part for part in parts if part.opens_on <= today <= part.closes_on), None)
    return RegisterNow(year, of_age, max(of_age, cohort), window)


def is_delayed(latest_period: date | None, today: date, book: RuleBook) -> bool:
    """Whether a month is past its pay day, while the newest that has arrived is an earlier one."""
    month = month_of(today)
    missing = latest_period is None or latest_period < month
    return missing and today > book.pay_day(month)
