"""Old-age cohorts and registration windows, against the published notices."""

from datetime import date, timedelta

import pytest
from hypothesis import given

from app.rules.age import BirthDate
from app.rules.calendar import fiscal_year, fiscal_year_months, year_month
from app.rules.entitlement import Assessment, Facts, RegistrationFacts, assess
from app.rules.rule_book import shipped_rule_book
from app.rules.vocabulary import EntitlementState, Scheme
from app.rules.windows import RegistrationWindow
from tests.rules.strategies import births, todays

ONE_DAY = timedelta(days=1)

# Fiscal year, the printed "born before" date (Gregorian), the notice.
PUBLISHED_COHORTS = [
    (2564, date(1961, 9, 2), "S15 S16: born before 2 Sep 2504"),
    (2565, date(1962, 9, 2), "S15 S16: born before 2 Sep 2505"),
    (2566, date(1963, 9, 2), "by the same rule"),
    (2567, date(1964, 9, 2), "by the same rule"),
    (2568, date(1965, 9, 2), "S29 klongjinda.go.th: born before 2 Sep 2508"),
    (2569, date(1966, 9, 2), "S29 onlinecartoonist.com: born before 2 Sep 2509"),
    (2570, date(1967, 9, 2), "S18 muangfak.go.th: born before 2 Sep 2510"),
]


def of_old_age(birth: date, today: date, registered_on: date | None = None) -> Assessment:
    registration = None if registered_on is None else RegistrationFacts(registered_on)
    facts = Facts(Scheme.OLD_AGE_ALLOWANCE, BirthDate(birth), registration=registration)
    return assess(facts, today, shipped_rule_book())


def first_month_in_time(birth: date) -> date:
    answer = of_old_age(birth, date(1900, 1, 1), registered_on=date(1899, 1, 1))
    assert answer.first_payable_month is not None
    return answer.first_payable_month


@pytest.mark.parametrize(("year", "born_before", "source"), PUBLISHED_COHORTS)
def test_published_cohorts(year: int, born_before: date, source: str) -> None:
    first, last = fiscal_year_months(year)
    youngest = born_before - ONE_DAY
    oldest = born_before.replace(year=born_before.year - 1)
    assert first_month_in_time(youngest) == last, source
    assert first_month_in_time(oldest) == first, source
    assert fiscal_year(first_month_in_time(born_before)) == year + 1, source


@pytest.mark.parametrize(
    ("birth", "month"),
    [
        (date(1966, 9, 1), (2026, 9)),  # reached on 31 August
        (date(1966, 9, 2), (2026, 10)),
        (date(1966, 8, 31), (2026, 9)),
        (date(1964, 2, 29), (2024, 3)),
    ],
)
def test_the_first_month_follows_the_day_the_age_is_reached(
    birth: date, month: tuple[int, int]
) -> None:
    assert first_month_in_time(birth) == year_month(*month)


@pytest.mark.parametrize(
    ("year", "parts"),
    [
        # S29: Oct-Dec 2566 and Jan-Sep 2567 meet, so they are one.
        (2568, [(date(2023, 10, 1), date(2024, 9, 30))]),
        # S18: Oct-Nov 2568 and Jan-Sep 2569.
        (2570, [(date(2025, 10, 1), date(2025, 11, 30)), (date(2026, 1, 1), date(2026, 9, 30))]),
        # S16b: January to November each year.
        (2564, [(date(2019, 10, 1), date(2019, 11, 30)), (date(2020, 1, 1), date(2020, 9, 30))]),
        (2550, []),
    ],
)
def test_published_windows(year: int, parts: list[tuple[date, date]]) -> None:
    windows = shipped_rule_book().windows_for(year)
    assert list(windows) == [RegistrationWindow(*part, fiscal_year=year) for part in parts]


OF_2570 = date(1967, 3, 15)
PART_1 = RegistrationWindow(date(2025, 10, 1), date(2025, 11, 30), 2570)
PART_2 = RegistrationWindow(date(2026, 1, 1), date(2026, 9, 30), 2570)
NEXT = RegistrationWindow(date(2026, 10, 1), date(2026, 11, 30), 2571)


@pytest.mark.parametrize(
    ("today", "window", "month"),
    [
        (date(2020, 1, 1), PART_1, (2027, 4)),
        (date(2025, 10, 1), PART_1, (2027, 4)),
        (date(2025, 11, 30), PART_1, (2027, 4)),
        (date(2025, 12, 15), PART_2, (2027, 4)),  # the December gap
        (date(2026, 9, 30), PART_2, (2027, 4)),
        (date(2026, 10, 1), NEXT, (2027, 4)),  # missed, but still before the first month
        (
            date(2026, 12, 10),
            RegistrationWindow(date(2027, 1, 1), date(2027, 9, 30), 2571),
            (2027, 4),
        ),
        (
            date(2027, 3, 31),
            RegistrationWindow(date(2027, 1, 1), date(2027, 9, 30), 2571),
            (2027, 4),
        ),
        (
            date(2027, 4, 1),
            RegistrationWindow(date(2027, 1, 1), date(2027, 9, 30), 2571),
            (2027, 5),
        ),
        (
            date(2030, 12, 24),
            RegistrationWindow(date(2031, 1, 1), date(2031, 9, 30), 2575),
            (2031, 2),
        ),
    ],
)
def test_the_window_of_one_who_has_not_registered(
    today: date, window: RegistrationWindow, month: tuple[int, int]
) -> None:
    answer = of_old_age(OF_2570, today)
    assert answer.registration_window == window
    assert answer.first_payable_month == year_month(*month)


@pytest.mark.parametrize(
    ("registered_on", "month"),
    [
        (date(2019, 1, 15), (2019, 10)),  # S14b: registered Jan-Sep 2562, paid from Oct 2562
        (date(2019, 9, 30), (2019, 10)),
        (date(2019, 10, 1), (2020, 10)),
        (date(2023, 9, 30), (2023, 10)),
        (date(2023, 10, 1), (2023, 11)),  # our reading since fiscal year 2567: the month after
        (date(2026, 11, 23), (2026, 12)),
    ],
)
def test_late_registration(registered_on: date, month: tuple[int, int]) -> None:
    answer = of_old_age(date(1950, 5, 5), date(2030, 1, 1), registered_on)
    assert answer.first_payable_month == year_month(*month)


@given(births, todays)
def test_window_and_first_month_agree(birth: date, today: date) -> None:
    """Registering on the first day still open gives exactly the month that was announced."""
    answer = of_old_age(birth, today)
    window = answer.registration_window
    assert window is not None
    assert today <= window.closes_on
    assert window.opens_on.year >= 2010
    registered_on = max(today, window.opens_on)
    registered = of_old_age(birth, registered_on, registered_on)
    assert registered.first_payable_month == answer.first_payable_month
    assert registered.registration_window is None
    assert registered.state in (EntitlementState.REGISTERED, EntitlementState.RECEIVING)


@given(births)
def test_the_window_of_a_cohort_lies_in_the_year_before_it(birth: date) -> None:
    first_month = first_month_in_time(birth)
    cohort = fiscal_year(first_month)
    first, last = fiscal_year_months(cohort)
    # Born 2 September of 61 years before to 1 September of 60 years before.
    assert date(last.year - 61, 9, 2) <= birth <= date(last.year - 60, 9, 1)
    for window in shipped_rule_book().windows_for(cohort):
        assert window.fiscal_year == cohort
        assert fiscal_year(window.opens_on) == fiscal_year(window.closes_on) == cohort - 1
        assert window.closes_on < first <= first_month
        answer = of_old_age(birth, window.closes_on, registered_on=window.closes_on)
        assert answer.first_payable_month == first_month
