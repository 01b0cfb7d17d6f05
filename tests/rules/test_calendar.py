"""Months, fiscal years and pay days, against published dates."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.calendar import (
    Holidays,
    add_months,
    fiscal_year,
    fiscal_year_months,
    format_year_month,
    month_after,
    month_of,
    parse_year_month,
    pay_day,
    year_month,
)
from app.rules.rule_book import shipped_rule_book
from tests.rules.strategies import days_of_200_years

NO_HOLIDAYS = Holidays(frozenset(), frozenset())

PUBLISHED_PAY_DAYS = [
    (date(2020, 1, 10), "S35 1479hotline.org"),
    (date(2020, 2, 7), "S36 pitloknews.com: the 10th was a holiday Monday"),
    (date(2020, 3, 10), "S36 pitloknews.com"),
    (date(2023, 9, 8), "S35: the 10th was a Sunday"),
    (date(2025, 1, 10), "S24 thethaiger.com 1319787"),
    (date(2025, 10, 10), "S22 thethaiger.com 1467409"),
]


@pytest.mark.parametrize(("paid_on", "source"), PUBLISHED_PAY_DAYS)
def test_published_pay_days(paid_on: date, source: str) -> None:
    assert shipped_rule_book().pay_day(month_of(paid_on)) == paid_on, source


@pytest.mark.parametrize(
    ("period", "paid_on"),
    [
        ((2023, 12), date(2023, 12, 8)),  # 10 Dec is a Sunday and Constitution Day
        ((2024, 12), date(2024, 12, 9)),  # 10 Dec is a Tuesday and Constitution Day
        ((2025, 7), date(2025, 7, 9)),  # 10 Jul is Asalha Bucha
        ((2026, 12), date(2026, 12, 9)),
        ((2027, 10), date(2027, 10, 8)),
    ],
)
def test_pay_days_that_follow_from_the_holidays(period: tuple[int, int], paid_on: date) -> None:
    assert shipped_rule_book().pay_day(year_month(*period)) == paid_on


def test_years_without_holidays_are_known_as_such() -> None:
    holidays = shipped_rule_book().holidays
    assert all(holidays.covers(year) for year in range(2020, 2028))
    assert not holidays.covers(2028)
    assert shipped_rule_book().pay_day(year_month(2028, 12)) == date(2028, 12, 8)


def test_a_long_holiday_is_walked_back_over() -> None:
    closed = Holidays(frozenset(date(2026, 6, day) for day in (8, 9, 10)), frozenset({2026}))
    assert pay_day(year_month(2026, 6), closed, 10) == date(2026, 6, 5)


def test_the_working_week_is_a_parameter() -> None:
    saturday = year_month(2026, 10)
    assert pay_day(saturday, NO_HOLIDAYS, 10) == date(2026, 10, 9)
    assert pay_day(saturday, NO_HOLIDAYS, 10, frozenset(range(1, 7))) == date(2026, 10, 10)


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(2023, 9, 30), 2566),
        (date(2023, 10, 1), 2567),  # S21
        (date(2024, 9, 30), 2567),
        (date(2026, 12, 31), 2570),
        (date(2027, 1, 1), 2570),
    ],
)
def test_fiscal_year_is_buddhist_and_begins_in_october(day: date, year: int) -> None:
    assert fiscal_year(day) == year


@given(days_of_200_years)
def test_a_day_lies_between_the_months_of_its_fiscal_year(day: date) -> None:
    first, last = fiscal_year_months(fiscal_year(day))
    assert first <= month_of(day) <= last
    assert add_months(first, 11) == last


@given(days_of_200_years, st.integers(-600, 600))
def test_adding_months_can_be_undone(day: date, count: int) -> None:
    month = month_of(day)
    moved = add_months(month, count)
    assert add_months(moved, -count) == month
    assert moved.day == 1
    assert (moved.year - month.year) * 12 + moved.month - month.month == count


@given(days_of_200_years)
def test_the_month_after_is_the_next(day: date) -> None:
    assert month_after(day) == add_months(month_of(day), 1)


@given(days_of_200_years)
def test_a_month_reads_as_it_is_written(day: date) -> None:
    month = month_of(day)
    assert parse_year_month(format_year_month(month)) == month


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "2026-1", "11/2026", "0000-01", "", "๒๕๖๙-๐๑"]
)
def test_a_text_that_is_no_month_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(ValueError, match="as 2026-11"):
        parse_year_month(text)
