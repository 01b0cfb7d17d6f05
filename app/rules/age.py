"""Birth dates and ages as the law counts them."""

from calendar import isleap
from dataclasses import dataclass
from datetime import date, timedelta

from app.rules.vocabulary import DatePrecision

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BirthDate:
    """A birth date (Gregorian): the known day, or the deemed one, and what is known of it."""

    day: date
    precision: DatePrecision = DatePrecision.DAY


def deemed_birth_date(year: int, month: int | None = None, day: int | None = None) -> BirthDate:
    """The birth date that the rules use where the civil register lacks a part of it.

    Only the year known: 1 January [S32 S33]. Day unknown: the first of the month (our reading, no
    source found). A day without its month counts for nothing. `year` is Gregorian. `ValueError`
    where the parts are no date.
    """
    precision = _precision(month, day)
    known_month = 1 if month is None else month
    known_day = 1 if month is None or day is None else day
    try:
        return BirthDate(date(year, known_month, known_day), precision)
    except ValueError:
        raise ValueError(
            "The birth date is not a day of the calendar; give a Gregorian year, and where they are"
            " known a month of 1 to 12 and a day that this month has."
        ) from None


def _precision(month: int | None, day: int | None) -> DatePrecision:
    if month is None:
        return DatePrecision.YEAR
    return DatePrecision.MONTH if day is None else DatePrecision.DAY


def reached_on(birth: date, years: int) -> date:
    """The day an age is reached: the day before the birthday (Civil and Commercial Code s. 16).

    Life counts from the day of birth, so one born on 1 September completes a year on 31 August.
    One born on 29 February completes it on 28 February, in leap years as the day before the
    birthday, in other years as the last day of the month (s. 193/5): both fall on the same day.
    """
    return _birthday(birth, birth.year + years) - _ONE_DAY


def _birthday(birth: date, year: int) -> date:
    if (birth.month, birth.day) == (2, 29) and not isleap(year):
        return date(year, 3, 1)
    return birth.replace(year=year)


def age_on(birth: date, day: date) -> int:
    """Completed years by law on `day`: an age counts from the day before the birthday (s. 16).

    The rules count with this one. Negative before birth.
    """
    return displayed_age(birth, day + _ONE_DAY)


def displayed_age(birth: date, day: date) -> int:
    """Completed years as people count them, from the birthday on: for `Citizen.age`.

    A screen that shows somebody a year older on the eve of the birthday would look wrong, so only
    the rules use `age_on`; the two differ on that one day of the year. Negative before birth.
    """
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def latest_birth(years: int, day: date) -> date:
    """The latest birth date with which an age is reached by law on `day`; the inverse of `age_on`:
    `birth <= latest_birth(years, day)` is `age_on(birth, day) >= years`."""
    birthday = day + _ONE_DAY
    year = birthday.year - years
    if (birthday.month, birthday.day) == (2, 29) and not isleap(year):
        return date(year, 2, 28)
    return birthday.replace(year=year)
