"""Months, Thai fiscal years, holidays and the pay day; no clock is read here."""

import re
from collections.abc import Set
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import NewType

YearMonth = NewType("YearMonth", date)
"""A calendar month, held as the date of its first day (Gregorian)."""

MONDAY_TO_FRIDAY = frozenset(range(1, 6))
"""ISO weekdays of the ordinary working week."""

BUDDHIST_OFFSET = 543
"""Buddhist era year = Gregorian year + 543."""

_FISCAL_YEAR_FIRST_MONTH = 10
_YEAR_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_ONE_DAY = timedelta(days=1)
_REMEMBERED = 1024  # months that are written: a screen has a dozen, and the next one the same


def year_month(year: int, month: int) -> YearMonth:
    """The month of a Gregorian year; `ValueError` if there is none such."""
    return YearMonth(date(year, month, 1))


def month_of(day: date) -> YearMonth:
    """The month that `day` lies in."""
    return YearMonth(date(day.year, day.month, 1))


def add_months(month: YearMonth, count: int) -> YearMonth:
    """The month `count` months later, or earlier where `count` is negative."""
    years, months = divmod(month.month - 1 + count, 12)
    return YearMonth(date(month.year + years, months + 1, 1))


def month_after(day: date) -> YearMonth:
    """The month that follows the one `day` lies in."""
    if day.month == 12:
        return YearMonth(date(day.year + 1, 1, 1))
    return YearMonth(date(day.year, day.month + 1, 1))


def parse_year_month(text: str) -> YearMonth:
    """Read `2026-11`, a Gregorian year and month; `ValueError` says what was expected."""
    if not _YEAR_MONTH.fullmatch(text) or text.startswith("0000"):
        raise ValueError(
            f"{text[:20]!r} is not a month; write the Gregorian year and the month, as 2026-11."
        )
    return year_month(int(text[:4]), int(text[5:]))


@lru_cache(_REMEMBERED)
def format_year_month(month: YearMonth) -> str:
    """Write a month as `2026-11` (Gregorian)."""
    return f"{month.year:04}-{month.month:02}"


def fiscal_year(day: date) -> int:
    """The fiscal year, in Buddhist era, of a day: 2567 is 1 Oct 2023 to 30 Sep 2024 [S21]."""
    return day.year + BUDDHIST_OFFSET + (day.month >= _FISCAL_YEAR_FIRST_MONTH)


def fiscal_year_months(year: int) -> tuple[YearMonth, YearMonth]:
    """The first and the last month, October and September, of a fiscal year in Buddhist era."""
    gregorian = year - BUDDHIST_OFFSET
    return year_month(gregorian - 1, _FISCAL_YEAR_FIRST_MONTH), year_month(gregorian, 9)


@dataclass(frozen=True, slots=True)
class Holidays:
    """The holidays of government offices, and the Gregorian years whose list is complete."""

    days: Set[date]
    years: Set[int]

    def covers(self, year: int) -> bool:
        """Whether the holidays of a Gregorian year are known; if not, only weekends count."""
        return year in self.years


def pay_day(
    period: YearMonth,
    holidays: Holidays,
    day_of_month: int,
    working_weekdays: Set[int] = MONDAY_TO_FRIDAY,
) -> date:
    """The day `period` is paid: `day_of_month`, or the working day before it [S34 S35].

    `working_weekdays` are ISO numbers, Monday 1. In a year that `holidays.covers` denies, only the
    weekend is avoided.
    """
    day = period.replace(day=day_of_month)
    while day.isoweekday() not in working_weekdays or day in holidays.days:
        day -= _ONE_DAY
    return day
