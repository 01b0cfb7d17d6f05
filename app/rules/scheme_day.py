"""What one scheme's rules say on one day, worked out once for all who share a date."""

from datetime import date

from app.rules.amounts import MonthRates, month_rates
from app.rules.assessment import RegistrationFacts, UpcomingPayment
from app.rules.calendar import (
    YearMonth,
    add_months,
    fiscal_year,
    fiscal_year_months,
    month_after,
    month_of,
)
from app.rules.rows import Effect, Rate, Subject
from app.rules.rule_book import RuleBook
from app.rules.vocabulary import Scheme
from app.rules.windows import RegistrationWindow

_START_SUBJECTS = {
    Scheme.OLD_AGE_ALLOWANCE: Subject.LATE_REGISTRATION,
    Scheme.DISABILITY_ALLOWANCE: Subject.DISABILITY_START,
}


class SchemeDay:
    """The dated look-ups of one scheme on one day, each remembered."""

    def __init__(self, scheme: Scheme, today: date, book: RuleBook) -> None:
        self.scheme = scheme
        self.today = today
        self.month = month_of(today)
        self.book = book
        self.lowest_age = book.minimum_age(scheme, self.month)
        self.next_month = month_after(today)
        self._this_months = month_rates(scheme, self.month, book)
        self._next_months = month_rates(scheme, self.next_month, book)
        self._due_next = self.month if book.pay_day(self.month) >= today else self.next_month
        starts = reversed(book.provisions_on(_START_SUBJECTS[scheme]))
        self._start_effects = [(row.valid_from, row.effect) for row in starts]
        self._windows: dict[int, RegistrationWindow | None] = {}
        self._payments: dict[tuple[YearMonth, int], UpcomingPayment] = {}

    def rate(self, birth: date) -> Rate | None:
        """This month's rate of somebody born on `birth`, paid or not."""
        return self._this_months.rate(birth)

    def first_month(self, natural: YearMonth, registration: RegistrationFacts) -> YearMonth:
        """The first month of the right: by the rule, or an earlier one that was paid."""
        paid = registration.first_paid_month or registration.latest_paid_month
        if registration.registered_on is None:
            return paid or natural
        month = max(natural, self.start_after(registration.registered_on))
        return month if paid is None else min(month, paid)

    def start_after(self, registered_on: date) -> YearMonth:
        """The first month that a registration of a day can be paid for, whatever the age."""
        effect = self._start_effects[-1][1]
        for since, later in self._start_effects:
            if since <= registered_on:
                effect = later
                break
        if effect is Effect.NEXT_FISCAL_YEAR:
            return fiscal_year_months(fiscal_year(registered_on) + 1)[0]
        return month_after(registered_on)

    def open_window(self, natural_month: YearMonth) -> RegistrationWindow | None:
        """The window of a cohort, or for one whose turn is over the part open today or next."""
        year = max(fiscal_year(natural_month), fiscal_year(self.today) + 1)
        if year not in self._windows:
            # The last part of a year's window may be over; then it is the next year's turn.
            parts = [*self.book.windows_for(year), *self.book.windows_for(year + 1)]
            usable = (part for part in parts if part.closes_on >= self.today)
            self._windows[year] = next(usable, None)
        return self._windows[year]

    def next_payment(
        self, birth: date, first_month: YearMonth, registration: RegistrationFacts
    ) -> UpcomingPayment | None:
        """The next payment that is due today or later and was not made yet."""
        latest = registration.latest_paid_month or registration.first_paid_month
        period = max(self._due_next, first_month)
        if latest is not None and latest >= period:
            period = add_months(latest, 1)
        rates = self._next_months if period == self.next_month else self._rates_of(period)
        rate = rates.rate(birth)
        return None if rate is None else self._payment(period, rate.amount_satang)

    def _payment(self, period: YearMonth, amount_satang: int) -> UpcomingPayment:
        key = (period, amount_satang)
        if key not in self._payments:
            due_on = self.book.pay_day(period)
            self._payments[key] = UpcomingPayment(period, due_on, amount_satang)
        return self._payments[key]

    def _rates_of(self, period: YearMonth) -> MonthRates:
        return month_rates(self.scheme, period, self.book)
