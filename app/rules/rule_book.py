"""The rule book: all dated rules, checked as a whole, and the look-ups that the rules need."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import TypeVar

from app.rules.calendar import Holidays, YearMonth, pay_day
from app.rules.rows import (
    ALLOWED_EFFECTS,
    AgeCounting,
    DatedRow,
    Holiday,
    PayDayRule,
    Provision,
    Rate,
    Row,
    RowStatus,
    Subject,
    WindowRule,
)
from app.rules.tables import (
    NumberedRow,
    RuleBookError,
    numbered_rows,
    parse_age_countings,
    parse_holidays,
    parse_pay_days,
    parse_provisions,
    parse_rates,
    parse_registration_windows,
)
from app.rules.validity import month_edge_faults, rate_faults, timeline_faults
from app.rules.vocabulary import Scheme
from app.rules.windows import RegistrationWindow, rules_of_year, window_faults, window_parts

_AnyRow = TypeVar("_AnyRow", bound=Row)
_AnyDatedRow = TypeVar("_AnyDatedRow", bound=DatedRow)


@dataclass(frozen=True, slots=True, eq=False)
class RuleBook:
    """All rules by their dates. Rates, windows, pay days and provisions hold only rows in force;
    `countings` keeps the proposed ones too, because an amount paid by them is no error."""

    rates: tuple[Rate, ...]
    countings: tuple[AgeCounting, ...]
    windows: tuple[WindowRule, ...]
    pay_days: tuple[PayDayRule, ...]
    holidays: Holidays
    provisions: tuple[Provision, ...]

    @classmethod
    def from_tables(
        cls,
        rates: Iterable[Rate],
        countings: Iterable[AgeCounting],
        windows: Iterable[WindowRule],
        pay_days: Iterable[PayDayRule],
        holidays: Iterable[Holiday],
        provisions: Iterable[Provision] | None = None,
    ) -> "RuleBook":
        """A checked rule book; without `provisions` the shipped ones hold.

        `RuleBookError` names every gap and overlap by table and line.
        """
        book = cls(
            rates=_in_force(rates),
            countings=tuple(countings),
            windows=_in_force(windows),
            pay_days=_in_force(pay_days),
            holidays=_holidays(holidays),
            provisions=_in_force(shipped_provisions() if provisions is None else provisions),
        )
        if faults := _faults(book):
            raise RuleBookError("\n".join(faults))
        return book

    def rates_in(self, scheme: Scheme, period: YearMonth) -> tuple[Rate, ...]:
        """The bands in force for a month; none before the first rule."""
        return tuple(rate for rate in self.rates if rate.scheme is scheme and rate.valid_on(period))

    def minimum_age(self, scheme: Scheme, period: YearMonth) -> int:
        """The age from which a scheme pays: the lowest band of that month, or of the first rule."""
        rows = [rate for rate in self.rates if rate.scheme is scheme]
        valid = [rate for rate in rows if rate.valid_on(period)]
        earliest = _earliest(rows).valid_from
        bands = valid or [rate for rate in rows if rate.valid_from == earliest]
        return min(rate.minimum_age for rate in bands)

    def counting(self, scheme: Scheme, period: YearMonth) -> AgeCounting | None:
        """The counting of the age in force for a month."""
        rows = [row for row in self.countings if row.scheme is scheme]
        return _valid(_in_force(rows), period)

    def pay_day_rule(self, period: YearMonth) -> PayDayRule:
        """The pay day rule of a month; before the first rule, the first one."""
        return _valid(self.pay_days, period) or _earliest(self.pay_days)

    def pay_day(self, period: YearMonth) -> date:
        """The day on which a month is paid."""
        rule = self.pay_day_rule(period)
        return pay_day(period, self.holidays, rule.day_of_month, rule.working_weekdays)

    def provision(self, subject: Subject, day: date) -> Provision:
        """What holds on a subject on a day; before the first rule, the first one."""
        rows = self.provisions_on(subject)
        return _valid(rows, day) or rows[0]

    def provisions_on(self, subject: Subject) -> list[Provision]:
        """All that held and holds on a subject, by date."""
        rows = (row for row in self.provisions if row.subject is subject)
        return sorted(rows, key=lambda row: row.valid_from)

    def windows_for(self, fiscal_year: int) -> tuple[RegistrationWindow, ...]:
        """The parts of a fiscal year's registration window, by date; none before the first rule."""
        return window_parts(self.windows, fiscal_year)

    def window_rules(self, fiscal_year: int) -> list[WindowRule]:
        """The rows that make the window of a fiscal year (Buddhist era)."""
        return rules_of_year(self.windows, fiscal_year)


def _in_force(rows: Iterable[_AnyRow]) -> tuple[_AnyRow, ...]:
    return tuple(row for row in rows if row.status is RowStatus.IN_FORCE)


def _valid(rows: Iterable[_AnyDatedRow], day: date) -> _AnyDatedRow | None:
    return next((row for row in rows if row.valid_on(day)), None)


def _earliest(rows: Iterable[_AnyDatedRow]) -> _AnyDatedRow:
    return min(rows, key=lambda row: row.valid_from)


def _holidays(rows: Iterable[Holiday]) -> Holidays:
    days = frozenset(row.day for row in rows)
    return Holidays(days, frozenset(day.year for day in days))


def _faults(book: RuleBook) -> list[str]:
    faults: list[str] = []
    for scheme in Scheme:
        rates = [row for row in book.rates if row.scheme is scheme]
        countings = [row for row in _in_force(book.countings) if row.scheme is scheme]
        faults += rate_faults(f"rates of {scheme.value}", rates)
        faults += timeline_faults(f"age_countings of {scheme.value}", countings)
    for subject in Subject:
        provisions = [row for row in book.provisions if row.subject is subject]
        faults += timeline_faults(f"provisions on {subject.value}", provisions)
    faults += timeline_faults("pay_days", book.pay_days)
    faults += month_edge_faults("rates", book.rates)
    faults += month_edge_faults("age_countings", book.countings)
    return faults + window_faults(book.windows) + _effect_faults(book.provisions)


def _effect_faults(provisions: Iterable[Provision]) -> list[str]:
    return [
        f"provisions: line {row.line} gives {row.subject.value} the effect {row.effect.value};"
        f" write one of {', '.join(sorted(e.value for e in ALLOWED_EFFECTS[row.subject]))}."
        for row in provisions
        if row.effect not in ALLOWED_EFFECTS[row.subject]
    ]


@cache
def shipped_rule_book() -> RuleBook:
    """The rule book made of the tables that come with the project, read once."""
    return RuleBook.from_tables(
        rates=parse_rates(shipped_rows("rates")),
        countings=parse_age_countings(shipped_rows("age_countings")),
        windows=parse_registration_windows(shipped_rows("registration_windows")),
        pay_days=parse_pay_days(shipped_rows("pay_days")),
        holidays=parse_holidays(shipped_rows("holidays")),
        provisions=shipped_provisions(),
    )


@cache
def shipped_provisions() -> tuple[Provision, ...]:
    """The provisions that come with the project, read once."""
    return tuple(parse_provisions(shipped_rows("provisions")))


def shipped_rows(table: str) -> Sequence[NumberedRow]:
    """The lines of a shipped table: rates, age_countings, registration_windows, pay_days,
    provisions or holidays."""
    text = resources.files(__package__).joinpath("data", f"{table}.csv").read_text("utf-8")
    return list(numbered_rows(text.splitlines()))
