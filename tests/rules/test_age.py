"""Ages by law and as displayed, and birth dates that are known in part."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.age import age_on, deemed_birth_date, displayed_age, latest_birth, reached_on
from app.rules.vocabulary import DatePrecision
from tests.rules.strategies import days_of_200_years

ONE_DAY = timedelta(days=1)
ages = st.integers(0, 120)


@pytest.mark.parametrize(
    ("birth", "years", "reached"),
    [
        (date(1966, 9, 1), 60, date(2026, 8, 31)),
        (date(1966, 9, 2), 60, date(2026, 9, 1)),
        (date(1966, 1, 1), 60, date(2025, 12, 31)),
        (date(1964, 2, 29), 60, date(2024, 2, 28)),  # a leap year: the day before the birthday
        (date(1964, 2, 29), 61, date(2025, 2, 28)),  # none: the last day of the month
        (date(1966, 3, 1), 60, date(2026, 2, 28)),
        (date(1964, 3, 1), 60, date(2024, 2, 29)),
        (date(2008, 11, 24), 18, date(2026, 11, 23)),
    ],
)
def test_an_age_is_reached_on_the_eve_of_the_birthday(
    birth: date, years: int, reached: date
) -> None:
    assert reached_on(birth, years) == reached


@given(days_of_200_years, ages)
def test_an_age_holds_from_the_day_it_is_reached(birth: date, years: int) -> None:
    reached = reached_on(birth, years)
    assert age_on(birth, reached) == years
    assert age_on(birth, reached - ONE_DAY) == years - 1


@given(days_of_200_years, days_of_200_years)
def test_the_displayed_age_lags_by_one_day_a_year(birth: date, day: date) -> None:
    assert displayed_age(birth, day) == age_on(birth, day - ONE_DAY)
    assert age_on(birth, day) - displayed_age(birth, day) in (0, 1)


@given(days_of_200_years, ages, days_of_200_years)
def test_the_latest_birth_divides_who_has_reached_an_age(
    birth: date, years: int, day: date
) -> None:
    assert (birth <= latest_birth(years, day)) == (age_on(birth, day) >= years)


@given(ages, days_of_200_years)
def test_the_latest_birth_is_the_last_one(years: int, day: date) -> None:
    latest = latest_birth(years, day)
    assert age_on(latest, day) >= years
    assert age_on(latest + ONE_DAY, day) < years


@pytest.mark.parametrize(
    ("parts", "day", "precision"),
    [
        ((1950, 3, 9), date(1950, 3, 9), DatePrecision.DAY),
        ((1950, 3, None), date(1950, 3, 1), DatePrecision.MONTH),
        ((1950, None, None), date(1950, 1, 1), DatePrecision.YEAR),  # S32 S33
        ((1950, None, 9), date(1950, 1, 1), DatePrecision.YEAR),
    ],
)
def test_unknown_parts_are_taken_as_the_first(
    parts: tuple[int, int | None, int | None], day: date, precision: DatePrecision
) -> None:
    birth = deemed_birth_date(*parts)
    assert (birth.day, birth.precision) == (day, precision)


@pytest.mark.parametrize("parts", [(1950, 2, 30), (1950, 13, 1), (1950, 0, 1), (0, 1, 1)])
def test_parts_that_are_no_date_are_refused_without_repeating_them(
    parts: tuple[int, int, int],
) -> None:
    with pytest.raises(ValueError, match="Gregorian year") as caught:
        deemed_birth_date(*parts)
    assert "1950" not in str(caught.value)
