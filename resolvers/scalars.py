"""The scalars of the graph: how each is written and read."""

from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from app.baht import baht_text
from app.clock import BANGKOK
from app.errors import BadInput
from app.rules.calendar import YearMonth, format_year_month, parse_year_month
from app.rules.national_id import NationalId

Baht = NewType("Baht", int)  # satang

_REMEMBERED = 20_000  # days, 3 MB: pay days, and births of forty years


def _read_baht(value: object) -> int:
    whole, point, part = value.partition(".") if isinstance(value, str) else ("", "", "")
    digits = whole.removeprefix("-")
    if not digits.isdecimal() or not digits.isascii() or len(digits) > 12:
        raise BadInput('expected baht as a string with two decimals, such as "600.00".')
    if point and not (len(part) == 2 and part.isdecimal() and part.isascii()):
        raise BadInput('expected baht as a string with two decimals, such as "600.00".')
    satang = int(digits) * 100 + int(part or 0)
    return -satang if whole.startswith("-") else satang


def _read_year_month(value: object) -> YearMonth:
    try:
        return parse_year_month(str(value))
    except ValueError as error:
        raise BadInput(str(error)) from None


def _read_date(value: object) -> date:
    try:
        return date.fromisoformat(str(value)) if len(str(value)) == 10 else _no_date()
    except ValueError:
        return _no_date()


def _no_date() -> date:
    raise BadInput("expected a Gregorian date such as 2026-11-10.")


def _write_date_time(moment: datetime) -> str:
    return moment.astimezone(BANGKOK).isoformat()


def _read_date_time(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadInput("expected a time with its offset, such as 2026-11-10T08:00:00+07:00.")
    return moment


def _scalar(
    name: str,
    description: str,
    *,
    serialize: Callable[[Any], object],
    parse_value: Callable[[Any], object],
) -> ScalarDefinition:
    return strawberry.scalar(
        name=name, description=description, serialize=serialize, parse_value=parse_value
    )


SCALARS: dict[object, ScalarDefinition] = {
    date: _scalar(
        "Date",
        "A day by ISO 8601, Gregorian: `2026-11-10`.",
        serialize=lru_cache(_REMEMBERED)(date.isoformat),
        parse_value=_read_date,
    ),
    datetime: _scalar(
        "DateTime",
        "A moment by RFC 3339, with its offset; written in Bangkok's.",
        serialize=_write_date_time,
        parse_value=_read_date_time,
    ),
    YearMonth: _scalar(
        "YearMonth",
        "The month an allowance is for, Gregorian: `2026-11`.",
        serialize=format_year_month,
        parse_value=_read_year_month,
    ),
    Baht: _scalar(
        "Baht",
        'An amount of Thai baht as a decimal string with two places: `"600.00"`. Never a float.',
        serialize=baht_text,
        parse_value=_read_baht,
    ),
    # Read as it stands and checked where it is used: an error of the library's own reading would
    # repeat the value.
    NationalId: _scalar(
        "NationalId",
        "A Thai national ID (เลขประจำตัวประชาชน): 13 digits, the last a check digit (mod 11). "
        "No error ever repeats the value.",
        serialize=str,
        parse_value=str,
    ),
}
