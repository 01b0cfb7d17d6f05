"""Registration windows: when one registers for a fiscal year, part by part."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from app.rules.calendar import BUDDHIST_OFFSET, YearMonth, add_months, year_month
from app.rules.rows import WindowRule

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RegistrationWindow:
    """Days, both included, on which one registers for a fiscal year (Buddhist era)."""

    opens_on: date
    closes_on: date
    fiscal_year: int


def window_parts(rules: Iterable[WindowRule], fiscal_year: int) -> tuple[RegistrationWindow, ...]:
    """The parts of a fiscal year's window, by date; parts that meet are one."""
    parts: list[RegistrationWindow] = []
    for opens, closes in sorted(
        _span(rule, fiscal_year) for rule in rules_of_year(rules, fiscal_year)
    ):
        meets = parts and opens <= parts[-1].closes_on + _ONE_DAY
        first = parts.pop().opens_on if meets else opens
        parts.append(RegistrationWindow(first, closes, fiscal_year))
    return tuple(parts)


def rules_of_year(rules: Iterable[WindowRule], fiscal_year: int) -> list[WindowRule]:
    """The rows that make the window of a fiscal year."""
    return [
        rule
        for rule in rules
        if rule.first_fiscal_year <= fiscal_year
        and (rule.last_fiscal_year is None or fiscal_year <= rule.last_fiscal_year)
    ]


def _span(rule: WindowRule, fiscal_year: int) -> tuple[date, date]:
    opens = _month_before(rule.first_month, fiscal_year)
    closes = add_months(_month_before(rule.last_month, fiscal_year), 1) - _ONE_DAY
    return opens, closes


def _month_before(month: int, fiscal_year: int) -> YearMonth:
    """The month of that number in the fiscal year that precedes `fiscal_year`."""
    year = fiscal_year - 1 - BUDDHIST_OFFSET
    return year_month(year - 1 if month >= 10 else year, month)


def window_faults(rules: Sequence[WindowRule]) -> list[str]:
    """What is wrong with the windows: years without one, parts that overlap or run backwards."""
    if not rules:
        return ["registration_windows: no row is in force; give at least one."]
    turning = {rule.first_fiscal_year for rule in rules}
    turning |= {rule.last_fiscal_year + 1 for rule in rules if rule.last_fiscal_year is not None}
    return [fault for year in sorted(turning) for fault in _year_faults(rules, year)]


def _year_faults(rules: Iterable[WindowRule], fiscal_year: int) -> list[str]:
    where = f"registration_windows: from fiscal year {fiscal_year} on"
    parts = sorted(
        (*_span(rule, fiscal_year), rule.line) for rule in rules_of_year(rules, fiscal_year)
    )
    if not parts:
        return [f"{where} there is no window; close the gap or leave last_fiscal_year empty."]
    backwards = [
        f"{where} line {line} ends before it begins; a fiscal year runs from October to September."
        for opens, closes, line in parts
        if closes < opens
    ]
    overlaps = [
        f"{where} lines {earlier[2]} and {later[2]} overlap; part them."
        for earlier, later in pairwise(parts)
        if later[0] <= earlier[1]
    ]
    return backwards + overlaps
