"""Typed values to the texts that a CSV file of the same rows would have."""

from datetime import date, datetime
from decimal import Decimal


def number_text(value: int | float | Decimal, digits: int = 15) -> str:
    """A number without needless zeros; an integer of all its digits, as far as it has them.

    A binary float of so many sure decimal digits; one beyond them is written as 9.2e+12, by which
    a national ID that lost digits is known. Not a number is empty.
    """
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if value.is_integer() and abs(value) < 10**digits:
        return str(int(value))
    return "" if value != value else f"{value:.{digits}g}"


def date_text(value: date) -> str:
    """`YYYY-MM-DD`; a time of day is left out."""
    return (value.date() if isinstance(value, datetime) else value).isoformat()


def truth_text(value: bool) -> str:
    """As spreadsheets write it."""
    return "TRUE" if value else "FALSE"
