"""The months of the files: when each is due, when it is paid, and whether that has happened."""

from datetime import date
from typing import NamedTuple

from app.demo.person import month_number
from app.rules.calendar import YearMonth, add_months, format_year_month, month_of, pay_day
from app.rules.rule_book import RuleBook

DELAYED_MONTH = 9
"""The month of each year that is paid late as a whole, as September 2020 was [S26]."""

_DELAYED_TO_DAY = 22


class PayMonth(NamedTuple):
    """A month and its run: submitted, perhaps overdue, and `settled` once it has happened."""

    period: YearMonth
    number: int
    text: str
    due_on: date
    paid_on: date
    overdue: bool
    settled: bool


def timeline(today: date, months: int, book: RuleBook) -> tuple[PayMonth, ...]:
    """The last `months` months up to that of `today`, oldest first."""
    current = month_of(today)
    periods = (add_months(current, -back) for back in reversed(range(months)))
    return tuple(_pay_month(period, today, book) for period in periods)


def _pay_month(period: YearMonth, today: date, book: RuleBook) -> PayMonth:
    due_on = paid_on = book.pay_day(period)
    if period.month == DELAYED_MONTH:
        paid_on = pay_day(period, book.holidays, _DELAYED_TO_DAY)
    return PayMonth(
        period=period,
        number=month_number(period),
        text=format_year_month(period),
        due_on=due_on,
        paid_on=paid_on,
        overdue=due_on <= today < paid_on,
        settled=paid_on <= today,
    )
