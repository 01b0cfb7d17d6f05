"""The dates and months of the files: Gregorian with dashes, the other forms in either era."""

import re
from datetime import date

from app.ingest.refusals import RefusalCode, RefusedError
from app.rules.age import BirthDate, deemed_birth_date
from app.rules.calendar import BUDDHIST_OFFSET, YearMonth, add_months, month_of, year_month

_FIRST_BUDDHIST_YEAR = 2400
_EARLIEST_BIRTH = date(1880, 1, 1)
_EARLIEST, _LATEST = date(1900, 1, 1), date(2199, 12, 31)
_FIRST_PERIOD = year_month(2009, 10)  # the allowance as a right of all begins [S14]
_MONTHS_AHEAD = 2

_UNKNOWN = r"|-{0,2}"
_COMPACT = re.compile(r"(?P<y>[0-9]{4})(?P<m>[0-9]{2}|--)(?P<d>[0-9]{2}|--)")
_DASHED = re.compile(rf"(?P<y>[0-9]{{4}})-(?P<m>[0-9]{{2}}{_UNKNOWN})-(?P<d>[0-9]{{2}}{_UNKNOWN})")
_SLASHED = re.compile(
    rf"(?P<d>[0-9]{{1,2}}{_UNKNOWN})/(?P<m>[0-9]{{1,2}}{_UNKNOWN})/(?P<y>[0-9]{{4}})"
)
_PERIOD = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])(?:-01)?")  # a workbook makes a day of a month

_EXPECTED = "Write 2026-11-10, or 10/11/2569, or 25691110."


def read_date(text: str) -> date:
    """A whole date, 1900 to 2199 (Gregorian); `RefusedError` when it is none."""
    year, month, day = _parts(text)
    if month is None or day is None:
        raise RefusedError(
            RefusalCode.DATE_INVALID, f"The day or the month is missing. {_EXPECTED}"
        )
    return _within(_calendar_day(year, month, day), _EARLIEST, _LATEST)


def read_past_date(text: str, today: date) -> date:
    """A whole date that is not after `today`."""
    return _within(read_date(text), _EARLIEST, today)


def read_birth_date(text: str, today: date) -> BirthDate:
    """A birth date whose day and month may be unknown; the year must be known, 1880 to today."""
    try:
        birth = deemed_birth_date(*_parts(text))
    except ValueError:
        raise _no_such_day() from None
    _within(birth.day, _EARLIEST_BIRTH, today)
    return birth


def read_period(text: str, today: date) -> YearMonth:
    """A month, `2026-11` (Gregorian), from October 2009 to two months after `today`."""
    match = _PERIOD.fullmatch(text)
    if match is None:
        raise RefusedError(
            RefusalCode.PERIOD_INVALID, "A month is a Gregorian year and month: write 2026-11."
        )
    year, month = int(match[1]), int(match[2])
    if year > _FIRST_BUDDHIST_YEAR:
        raise RefusedError(
            RefusalCode.DATE_ERA, "A month takes the Gregorian year: 2026-11, not 2569-11."
        )
    return _payable(year, month, today)


def _payable(year: int, month: int, today: date) -> YearMonth:
    last = add_months(month_of(today), _MONTHS_AHEAD)
    if not (_FIRST_PERIOD.year, _FIRST_PERIOD.month) <= (year, month) <= (last.year, last.month):
        raise RefusedError(
            RefusalCode.PERIOD_OUT_OF_RANGE,
            "The month lies before 2009-10 or more than two months ahead.",
        )
    return year_month(year, month)


def _parts(text: str) -> tuple[int, int | None, int | None]:
    match = _COMPACT.fullmatch(text) or _SLASHED.fullmatch(text)
    if match is not None:
        return _gregorian(int(match["y"])), _part(match["m"]), _part(match["d"])
    match = _DASHED.fullmatch(text)
    if match is None:
        raise RefusedError(RefusalCode.DATE_INVALID, f"This is not a date. {_EXPECTED}")
    if int(match["y"]) > _FIRST_BUDDHIST_YEAR:
        raise RefusedError(
            RefusalCode.DATE_ERA,
            "With dashes the year is Gregorian: write 2026-11-10 (or 10/11/2569).",
        )
    return int(match["y"]), _part(match["m"]), _part(match["d"])


def _gregorian(year: int) -> int:
    return year - BUDDHIST_OFFSET if year > _FIRST_BUDDHIST_YEAR else year


def _part(text: str) -> int | None:
    return int(text) or None if text.strip("-") else None


def _calendar_day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise _no_such_day() from None


def _no_such_day() -> RefusedError:
    return RefusedError(RefusalCode.DATE_INVALID, f"The calendar has no such day. {_EXPECTED}")


def _within(day: date, earliest: date, latest: date) -> date:
    if not earliest <= day <= latest:
        raise RefusedError(
            RefusalCode.DATE_OUT_OF_RANGE,
            f"The date has to lie between {earliest} and {latest}; check the year and its era.",
        )
    return day
