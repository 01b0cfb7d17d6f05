"""The rows of the disbursements files: what each month paid to a person, or why it did not."""

from collections.abc import Iterator, Sequence
from datetime import date

from app.demo.layouts import csv_cells
from app.demo.person import Holding, Person, month_number
from app.demo.register import route_cells
from app.demo.runs import Cells, Run
from app.demo.timeline import PayMonth
from app.rules.age import BirthDate
from app.rules.entitlement import (
    Facts,
    RegistrationFacts,
    assess,
    last_payable_month,
    rate_in,
)
from app.rules.rule_book import RuleBook
from app.rules.vocabulary import PaymentKind, ReasonCode, Scheme

_SUPPLEMENT = "100.00"
_SUPPLEMENT_MONTH = 4
_NEVER = 1 << 30
_LONG_OF_AGE = BirthDate(date(1900, 1, 2))

Amounts = tuple[str, ...]
"""Baht of each month, as the files write them; empty where the scheme pays nothing."""


class PaymentRows:
    """Writes the rows of one person after the other, by the rules of one book and as of one day."""

    def __init__(self, months: Sequence[PayMonth], today: date, book: RuleBook) -> None:
        self._runs = [Run(month) for month in months]
        self._first = months[0].number
        self._today = today
        self._book = book
        self._starts: dict[tuple[str, date], int] = {}
        self._known: dict[tuple[str, date], tuple[Amounts, list[Cells | None]]] = {}

    def write(self, person: Person, files: Sequence[list[str]]) -> None:
        """Append every row of a person to the lines of its month's file."""
        for holding in person.registered(self._today):
            whose = csv_cells((person.national_id, holding.scheme.value, person.authority))
            begin = self._begin(holding)
            amounts, ordinary = self._due(holding.scheme, person.birth.day)
            if self._is_eventful(holding):
                self._write_eventful(holding, whose, begin, amounts, files)
                continue
            route = self._route(holding, begin)
            for lines, cells in zip(files[begin:], ordinary[begin:], strict=True):
                if cells is not None:
                    lines.append(whose + cells.middle + route + cells.ending)

    def _write_eventful(
        self,
        holding: Holding,
        whose: str,
        begin: int,
        amounts: Amounts,
        files: Sequence[list[str]],
    ) -> None:
        for place, cells in self._eventful(holding, begin, amounts):
            files[place].append(whose + cells.middle + self._route(holding, place) + cells.ending)

    def _route(self, holding: Holding, place: int) -> str:
        return csv_cells(route_cells(holding, holding.account_in(self._first + place)))

    def _is_eventful(self, holding: Holding) -> bool:
        """Whether any month is not simply paid as the rules say, into one account."""
        trouble, runs = holding.trouble, self._runs
        return (
            holding.supplemented
            or holding.end_by(self._today) is not None
            or (trouble is not None and trouble.touches(self._first, len(runs)))
            or holding.lapses_between(runs[0].month.due_on, runs[-1].month.due_on)
        )

    def _due(self, scheme: Scheme, birth: date) -> tuple[Amounts, list[Cells | None]]:
        """What the months owe to one who is registered, and the cells if all goes well."""
        key = (scheme.value, birth)
        known = self._known.get(key)
        if known is None:
            periods = (run.month.period for run in self._runs)
            rates = (rate_in(scheme, birth, period, self._book) for period in periods)
            amounts = tuple(_baht(rate.amount_satang) if rate else "" for rate in rates)
            paired = zip(self._runs, amounts, strict=True)
            ordinary = [run.sent(amount) if amount else None for run, amount in paired]
            known = self._known[key] = amounts, ordinary
        return known

    def _begin(self, holding: Holding) -> int:
        """The place of the first month that the registration can be paid for."""
        key = (holding.scheme.value, holding.registered_on)
        begin = self._starts.get(key)
        if begin is None:
            start = self._start(holding.scheme, holding.registered_on)
            begin = min(max(start - self._first, 0), len(self._runs))
            self._starts[key] = begin
        return begin

    def _start(self, scheme: Scheme, registered_on: date) -> int:
        """The first month for one who is long of age; too young an age shows in the amounts."""
        facts = Facts(scheme, _LONG_OF_AGE, registration=RegistrationFacts(registered_on))
        month = assess(facts, self._today, self._book).first_payable_month
        return _NEVER if month is None else month_number(month)

    def _eventful(
        self, holding: Holding, begin: int, amounts: Amounts
    ) -> Iterator[tuple[int, Cells]]:
        last, cancelled = self._last_numbers(holding)
        for place in range(begin, len(self._runs)):
            run, amount = self._runs[place], amounts[place]
            if run.month.number > last:
                if run.month.number == cancelled and amount:
                    yield place, run.cancelled(amount)
                return
            if amount:
                yield place, self._regular(holding, run, amount)
                for cells in self._extras(holding, run, begin, amounts):
                    yield place, cells

    def _last_numbers(self, holding: Holding) -> tuple[int, int]:
        """The last month paid, and the month whose submitted payment a death took back."""
        end = holding.end_by(self._today)
        if end is None:
            return _NEVER, _NEVER
        if end.reason is not ReasonCode.DECEASED:
            return month_number(end.day), _NEVER
        last = month_number(last_payable_month(end.day, self._book))
        of_death = month_number(end.day)
        return last, of_death if of_death > last else _NEVER

    def _regular(self, holding: Holding, run: Run, amount: str) -> Cells:
        if self._is_withheld(holding, run.month):
            return run.withheld(amount)
        trouble = holding.trouble
        if trouble is not None and run.month.settled and trouble.fails(run.month.number):
            return run.failed(amount, trouble.failure)
        return run.sent(amount)

    def _is_withheld(self, holding: Holding, month: PayMonth) -> bool:
        """Whether an expired card keeps a month's payment back."""
        day = min(month.due_on, self._today)
        return bool(holding.cards) and holding.lapsed_on(day) is not None

    def _extras(self, holding: Holding, run: Run, begin: int, amounts: Amounts) -> Iterator[Cells]:
        if holding.supplemented and run.month.period.month == _SUPPLEMENT_MONTH:
            yield run.sent(_SUPPLEMENT, PaymentKind.SUPPLEMENT)
        if holding.trouble is None:
            return
        for number in holding.trouble.repaid_in(run.month.number):
            place = number - self._first
            # A month before the files begin has no failed payment in them to repay.
            if place >= begin and amounts[place]:
                failed = self._runs[place].month
                if not self._is_withheld(holding, failed):
                    yield run.sent(amounts[place], PaymentKind.BACKPAY, failed.text)


def _baht(satang: int) -> str:
    return f"{satang // 100}.{satang % 100:02}"
