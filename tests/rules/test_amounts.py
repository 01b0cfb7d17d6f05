"""Amounts: the tiers by both countings, turning 18, and what may have been paid."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.amounts import expected_amounts, last_payable_month, rate_in
from app.rules.calendar import YearMonth, year_month
from app.rules.rule_book import shipped_rows, shipped_rule_book
from app.rules.rule_tables import rule_book_of
from app.rules.vocabulary import Scheme
from tests.rules.strategies import births, periods, schemes

OLD, DIS = Scheme.OLD_AGE_ALLOWANCE, Scheme.DISABILITY_ALLOWANCE
BOOK = shipped_rule_book()


def baht(scheme: Scheme, birth: date, period: tuple[int, int]) -> int | None:
    rate = rate_in(scheme, birth, year_month(*period), BOOK)
    return None if rate is None else rate.amount_satang // 100


@pytest.mark.parametrize(
    ("birth", "period", "amount"),
    [
        # The old counting: the age on 1 October holds for the fiscal year [S21].
        (date(1952, 3, 15), (2022, 9), 600),
        (date(1952, 3, 15), (2022, 10), 700),
        (date(1952, 11, 15), (2023, 9), 600),  # 70 in November 2022, a year too early for it
        # The new one: from the month after the one in which the age is reached [S20].
        (date(1952, 11, 15), (2023, 10), 700),
        (date(1956, 11, 15), (2026, 11), 600),
        (date(1956, 11, 15), (2026, 12), 700),
        (date(1956, 11, 1), (2026, 10), 600),
        (date(1956, 11, 1), (2026, 11), 700),  # reached on 31 October
        (date(1946, 11, 15), (2026, 12), 800),
        (date(1936, 11, 15), (2026, 12), 1_000),
        (date(1906, 11, 15), (2026, 12), 1_000),
        # Who is new within a fiscal year is paid the lowest tier, in both countings.
        (date(1962, 3, 15), (2022, 3), None),
        (date(1962, 3, 15), (2022, 4), 600),
        (date(1966, 11, 15), (2026, 11), None),
        (date(1966, 11, 15), (2026, 12), 600),
        (date(1930, 1, 1), (2011, 9), None),  # before the first rule
    ],
)
def test_old_age_tiers(birth: date, period: tuple[int, int], amount: int | None) -> None:
    assert baht(OLD, birth, period) == amount


@pytest.mark.parametrize(
    ("birth", "period", "amount"),
    [
        (date(2008, 11, 23), (2026, 10), 1_000),
        (date(2008, 11, 23), (2026, 11), 1_000),  # the month of turning 18
        (date(2008, 11, 23), (2026, 12), 800),
        (date(2008, 11, 1), (2026, 11), 800),  # reached on 31 October
        (date(1980, 1, 1), (2026, 11), 800),
        (date(2026, 11, 2), (2026, 11), None),
    ],
)
def test_disability_rates(birth: date, period: tuple[int, int], amount: int | None) -> None:
    assert baht(DIS, birth, period) == amount


@pytest.mark.parametrize(
    ("scheme", "birth", "period", "amounts"),
    [
        (OLD, date(1952, 11, 15), (2023, 9), {600, 700}),  # the countings differ
        (OLD, date(1956, 11, 15), (2026, 12), {600, 700}),
        (OLD, date(1956, 11, 15), (2027, 10), {700}),
        (OLD, date(1950, 1, 1), (2026, 11), {700}),
        (OLD, date(1970, 1, 1), (2026, 11), set()),
        (DIS, date(2008, 6, 15), (2026, 6), {1_000, 800}),  # either reading of turning 18
        (DIS, date(2008, 6, 15), (2026, 10), {800}),
    ],
)
def test_amounts_that_fit_some_counting(
    scheme: Scheme, birth: date, period: tuple[int, int], amounts: set[int]
) -> None:
    fitting = expected_amounts(scheme, birth, year_month(*period), BOOK)
    assert {satang // 100 for satang in fitting} == amounts


@given(schemes, births, periods)
def test_the_amount_of_the_rule_is_among_the_expected(
    scheme: Scheme, birth: date, period: YearMonth
) -> None:
    rate = rate_in(scheme, birth, period, BOOK)
    fitting = expected_amounts(scheme, birth, period, BOOK)
    assert (rate is None) == (not fitting)
    assert rate is None or rate.amount_satang in fitting


@given(births, births, periods)
def test_the_older_never_gets_less_under_one_rule(
    one: date, other: date, period: YearMonth
) -> None:
    older, younger = sorted((one, other))
    upper, lower = (rate_in(OLD, birth, period, BOOK) for birth in (older, younger))
    if lower is not None:
        assert upper is not None
        assert upper.amount_satang >= lower.amount_satang


@given(births, st.lists(periods, min_size=2, max_size=5))
def test_the_tier_never_falls_as_time_passes_under_one_rule(
    birth: date, months: list[YearMonth]
) -> None:
    first_of_new_counting = year_month(2023, 10)
    rates = [
        rate.amount_satang
        for month in sorted(months)
        if month >= first_of_new_counting and (rate := rate_in(OLD, birth, month, BOOK))
    ]
    assert rates == sorted(rates)


@pytest.mark.parametrize(
    ("died_on", "month"),
    [
        (date(2026, 11, 9), (2026, 10)),
        (date(2026, 11, 10), (2026, 11)),  # alive on the pay day [S8]
        (date(2026, 12, 9), (2026, 12)),  # the pay day is the 9th
        (date(2027, 1, 1), (2026, 12)),
    ],
)
def test_the_month_of_death(died_on: date, month: tuple[int, int]) -> None:
    assert last_payable_month(died_on, BOOK) == year_month(*month)


def test_the_month_of_death_is_a_row() -> None:
    rows = [
        (line, {**cells, "effect": "WHOLE_MONTH"})
        if cells["subject"] == "MONTH_OF_DEATH"
        else (line, cells)
        for line, cells in shipped_rows("provisions")
    ]
    book = rule_book_of({"provisions": rows})
    assert last_payable_month(date(2026, 11, 1), book) == year_month(2026, 11)
