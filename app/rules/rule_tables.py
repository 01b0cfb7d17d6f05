"""The rule tables by name: from the rows of each, loaded or shipped, to one checked rule book."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from app.rules.rule_book import RuleBook, shipped_rows
from app.rules.tables import (
    NumberedRow,
    parse_age_countings,
    parse_holidays,
    parse_pay_days,
    parse_provisions,
    parse_rates,
    parse_registration_windows,
)

_PARSERS: dict[str, Callable[[Iterable[NumberedRow]], Sequence[Any]]] = {
    "rates": parse_rates,
    "age_countings": parse_age_countings,
    "registration_windows": parse_registration_windows,
    "pay_days": parse_pay_days,
    "provisions": parse_provisions,
    "holidays": parse_holidays,
}

RULE_TABLES = tuple(_PARSERS)
"""The names of the tables, as files and commands use them."""


def rule_book_of(loaded: Mapping[str, Sequence[NumberedRow]]) -> RuleBook:
    """The rule book of the tables loaded, the shipped ones standing in for the others.

    `RuleBookError` names every wrong line, and every gap and overlap of what is valid when.
    """
    parsed = {
        name: parse(loaded[name] if name in loaded else shipped_rows(name))
        for name, parse in _PARSERS.items()
    }
    return RuleBook.from_tables(
        parsed["rates"],
        parsed["age_countings"],
        parsed["registration_windows"],
        parsed["pay_days"],
        parsed["holidays"],
        parsed["provisions"],
    )
