"""The next payment, and the rate that gives it."""

from dataclasses import replace
from datetime import date

import pytest

from app.rules.calendar import YearMonth, year_month
from app.rules.entitlement import UpcomingPayment
from tests.rules.test_states import AGED, DEC, LONG_AGO, NOV, OLD, case, on


@pytest.mark.parametrize(
    ("today", "latest", "payment"),
    [
        (date(2026, 11, 9), None, UpcomingPayment(NOV, date(2026, 11, 10), 60_000)),
        (date(2026, 11, 10), None, UpcomingPayment(NOV, date(2026, 11, 10), 60_000)),
        # After the pay day the next month, and in it the next tier: 70 is reached in November.
        (date(2026, 11, 11), None, UpcomingPayment(DEC, date(2026, 12, 9), 70_000)),
        (date(2026, 11, 9), NOV, UpcomingPayment(DEC, date(2026, 12, 9), 70_000)),
        (
            date(2026, 12, 31),
            None,
            UpcomingPayment(year_month(2027, 1), date(2027, 1, 8), 70_000),
        ),
    ],
)
def test_the_next_payment(today: date, latest: YearMonth | None, payment: UpcomingPayment) -> None:
    registration = replace(LONG_AGO, latest_paid_month=latest)
    assert on(case(OLD, date(1956, 11, 15), registration), today).next_payment == payment


def test_the_next_payment_of_one_registered_in_advance_is_the_first() -> None:
    answer = on(case(OLD, date(1967, 3, 15), LONG_AGO))
    assert answer.next_payment == UpcomingPayment(year_month(2027, 4), date(2027, 4, 9), 60_000)
    assert answer.monthly_amount_satang is None
    assert answer.effective_from == date(2027, 4, 1)


def test_the_rate_names_its_rule() -> None:
    rate = on(case(OLD, AGED, LONG_AGO)).rate
    assert rate is not None
    assert (rate.minimum_age, rate.maximum_age, rate.valid_from) == (70, 79, date(2011, 10, 1))
    assert rate.rule
    assert rate.source
