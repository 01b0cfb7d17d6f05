"""From the lines of a CSV file to rows of the rule tables; every wrong line is named."""

import csv
import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from app.rules.rows import (
    AgeCounting,
    Confidence,
    CountingBasis,
    Effect,
    Holiday,
    PayDayRule,
    Provision,
    Rate,
    RowStatus,
    Subject,
    WindowRule,
)
from app.rules.vocabulary import Scheme

NumberedRow = tuple[int, Mapping[str, str]]
"""A line number and the line's cells by column."""

_Row = TypeVar("_Row")
_Enum = TypeVar("_Enum", bound=enum.Enum)
_MOST_ERRORS_SHOWN = 20


class RuleBookError(ValueError):
    """A rule table can not be used; the text names the table, the lines and what to write."""


class _CellError(ValueError):
    pass


def numbered_rows(lines: Iterable[str]) -> Iterator[NumberedRow]:
    """The rows of a CSV text with a header; lines count from 1, so the first row is line 2."""
    reader = csv.DictReader(lines, restval="", restkey="")
    for cells in reader:
        yield reader.line_num, {name: cell for name, cell in cells.items() if name}


def parse_rates(rows: Iterable[NumberedRow]) -> list[Rate]:
    """Rates, amounts given in baht; `RuleBookError` names every wrong line."""
    return _parse_all("rates", rows, _rate)


def parse_age_countings(rows: Iterable[NumberedRow]) -> list[AgeCounting]:
    """Ways of counting the age; `RuleBookError` names every wrong line."""
    return _parse_all("age_countings", rows, _age_counting)


def parse_registration_windows(rows: Iterable[NumberedRow]) -> list[WindowRule]:
    """Registration windows; `RuleBookError` names every wrong line."""
    return _parse_all("registration_windows", rows, _window)


def parse_pay_days(rows: Iterable[NumberedRow]) -> list[PayDayRule]:
    """Pay day rules; `RuleBookError` names every wrong line."""
    return _parse_all("pay_days", rows, _pay_day)


def parse_provisions(rows: Iterable[NumberedRow]) -> list[Provision]:
    """Provisions; `RuleBookError` names every wrong line."""
    return _parse_all("provisions", rows, _provision)


def parse_holidays(rows: Iterable[NumberedRow]) -> list[Holiday]:
    """Holidays of government offices; `RuleBookError` names every wrong line."""
    return _parse_all("holidays", rows, _holiday)


def _parse_all(
    table: str, rows: Iterable[NumberedRow], parse: Callable[["_Cells"], _Row]
) -> list[_Row]:
    parsed: list[_Row] = []
    errors: list[str] = []
    for line, cells in rows:
        try:
            parsed.append(parse(_Cells(line, cells)))
        except _CellError as error:
            errors.append(f"{table}, line {line}: {error}")
    if errors:
        raise RuleBookError(_listed(errors))
    if not parsed:
        raise RuleBookError(f"{table}: there are no rows; give a header line and at least one row.")
    return parsed


def _listed(errors: list[str]) -> str:
    more = len(errors) - _MOST_ERRORS_SHOWN
    tail = [f"and {more} more lines"] if more > 0 else []
    return "\n".join(errors[:_MOST_ERRORS_SHOWN] + tail)


class _Cells:
    """One line, read cell by cell."""

    def __init__(self, line: int, cells: Mapping[str, str]) -> None:
        self.line = line
        self._cells = cells

    def optional(self, column: str) -> str | None:
        return (self._cells.get(column) or "").strip() or None

    def text(self, column: str) -> str:
        value = self.optional(column)
        if value is None:
            raise _CellError(f"{column} is missing; every row needs one.")
        return value

    def day(self, column: str) -> date:
        try:
            return date.fromisoformat(self.text(column))
        except ValueError as error:
            raise self._wrong(column, "a Gregorian date as 2026-10-01", error) from None

    def optional_day(self, column: str) -> date | None:
        return self.day(column) if self.optional(column) else None

    def number(self, column: str, lowest: int, highest: int) -> int:
        text = self.text(column)
        if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
            raise self._wrong(column, f"a whole number from {lowest} to {highest}")
        return int(text)

    def optional_number(self, column: str, lowest: int, highest: int) -> int | None:
        return self.number(column, lowest, highest) if self.optional(column) else None

    def baht(self, column: str) -> int:
        expected = "an amount in baht as 600 or 600.50"
        try:
            satang = Decimal(self.text(column)) * 100
        except InvalidOperation:
            raise self._wrong(column, expected) from None
        if not satang.is_finite() or satang <= 0 or satang != satang.to_integral_value():
            raise self._wrong(column, expected)
        return int(satang)

    def choice(self, column: str, kind: type[_Enum], default: _Enum | None = None) -> _Enum:
        if default is not None and self.optional(column) is None:
            return default
        try:
            return kind(self.text(column).upper())
        except ValueError as error:
            names = ", ".join(str(member.value) for member in kind)
            raise self._wrong(column, f"one of {names}", error) from None

    def status(self) -> RowStatus:
        return self.choice("status", RowStatus, RowStatus.IN_FORCE)

    def _wrong(self, column: str, expected: str, cause: Exception | None = None) -> _CellError:
        if isinstance(cause, _CellError):
            return cause
        return _CellError(f"{column} is {self.optional(column)!r}; write {expected}.")


def _valid_period(cells: _Cells) -> tuple[date, date | None]:
    first, last = cells.day("valid_from"), cells.optional_day("valid_to")
    if last is not None and last < first:
        raise _CellError(
            f"valid_to {last} lies before valid_from {first}; exchange or correct them."
        )
    return first, last


def _rate(cells: _Cells) -> Rate:
    valid_from, valid_to = _valid_period(cells)
    youngest = cells.number("minimum_age", 0, 150)
    oldest = cells.optional_number("maximum_age", 0, 150)
    if oldest is not None and oldest < youngest:
        raise _CellError(f"maximum_age {oldest} is below minimum_age {youngest}; correct one.")
    return Rate(
        scheme=cells.choice("scheme", Scheme),
        amount_satang=cells.baht("amount_baht"),
        minimum_age=youngest,
        maximum_age=oldest,
        valid_from=valid_from,
        valid_to=valid_to,
        rule=cells.text("rule"),
        source=cells.text("source"),
        status=cells.status(),
        line=cells.line,
    )


def _age_counting(cells: _Cells) -> AgeCounting:
    valid_from, valid_to = _valid_period(cells)
    return AgeCounting(
        scheme=cells.choice("scheme", Scheme),
        basis=cells.choice("basis", CountingBasis),
        valid_from=valid_from,
        valid_to=valid_to,
        rule=cells.text("rule"),
        source=cells.text("source"),
        status=cells.status(),
        line=cells.line,
    )


def _window(cells: _Cells) -> WindowRule:
    first = cells.number("first_fiscal_year", 2400, 3000)
    last = cells.optional_number("last_fiscal_year", 2400, 3000)
    if last is not None and last < first:
        raise _CellError(f"last_fiscal_year {last} lies before first_fiscal_year {first}.")
    return WindowRule(
        first_fiscal_year=first,
        last_fiscal_year=last,
        first_month=cells.number("first_month", 1, 12),
        last_month=cells.number("last_month", 1, 12),
        rule=cells.text("rule"),
        source=cells.text("source"),
        status=cells.status(),
        line=cells.line,
    )


def _pay_day(cells: _Cells) -> PayDayRule:
    valid_from, valid_to = _valid_period(cells)
    weekdays = cells.text("working_weekdays")
    if not set(weekdays) <= set("1234567"):
        raise _CellError(f"working_weekdays is {weekdays!r}; write 12345 for Monday to Friday.")
    return PayDayRule(
        # Every month has a 28th; what lies later would need a rule of its own.
        day_of_month=cells.number("day_of_month", 1, 28),
        working_weekdays=frozenset(map(int, weekdays)),
        valid_from=valid_from,
        valid_to=valid_to,
        rule=cells.text("rule"),
        source=cells.text("source"),
        status=cells.status(),
        line=cells.line,
    )


def _provision(cells: _Cells) -> Provision:
    valid_from, valid_to = _valid_period(cells)
    return Provision(
        subject=cells.choice("subject", Subject),
        effect=cells.choice("effect", Effect),
        valid_from=valid_from,
        valid_to=valid_to,
        rule=cells.text("rule"),
        source=cells.text("source"),
        status=cells.status(),
        line=cells.line,
    )


def _holiday(cells: _Cells) -> Holiday:
    return Holiday(
        day=cells.day("day"),
        name=cells.text("name"),
        confidence=cells.choice("confidence", Confidence, Confidence.ANNOUNCED),
        source=cells.text("source"),
        line=cells.line,
    )
