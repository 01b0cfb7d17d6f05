"""The loaders' statements, each with arguments as requests bring them."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from app.rules.vocabulary import Scheme
from bench.storage.population import citizen_id, months, national_id_hmac
from loaders import (
    access_records,
    bank_accounts,
    batches,
    citizens,
    own_citizen,
    payment_pages,
    payments,
)
from loaders.payment_pages import NEWEST, OLDEST, Place, Shape

Arguments = tuple[object, ...]
Make = Callable[[random.Random, Sequence[int]], Arguments]

SCHEMES = [scheme.value for scheme in Scheme]
PAGE = 13  # a year of months, and one more that tells whether there are more
ALL_PARTITIONS = 6
NEWEST_FIRST = Shape(newest_first=True, repayments=True)
OLDEST_FIRST = Shape(newest_first=False, repayments=True)
ALONE = Shape(newest_first=True, repayments=False)
PARTLY = Shape(newest_first=True, repayments=True, whole=False)


@dataclass(frozen=True, slots=True)
class Statement:
    """A loader's statement and how much it may touch, whatever the size of the register.

    `arguments` of some citizens, given by number. `partitions`: of the payments, at most so many
    are read. `pages`: at most so many buffers for each row returned, past those of the first row.
    `one_range`: the page is the newest or oldest part of one index range for each entitlement.
    """

    name: str
    sql: str
    arguments: Make
    partitions: int = 0
    pages: float = 8
    one_range: bool = False


def _ids(_chance: random.Random, people: Sequence[int]) -> Arguments:
    return ([citizen_id(n) for n in people],)


def _hmacs(_chance: random.Random, people: Sequence[int]) -> Arguments:
    return ([national_id_hmac(n) for n in people],)


def _part(below: Place = NEWEST, above: Place = OLDEST, statuses: list[str] | None = None) -> Make:
    def arguments(chance: random.Random, people: Sequence[int]) -> Arguments:
        return (*_page(chance, people), *below, *above, statuses)

    return arguments


def _page(_chance: random.Random, people: Sequence[int]) -> Arguments:
    return ([citizen_id(n) for n in people], SCHEMES, PAGE)


def _own_page(_chance: random.Random, people: Sequence[int]) -> Arguments:
    return ([national_id_hmac(n) for n in people], SCHEMES, PAGE)


def _keys(chance: random.Random, people: Sequence[int]) -> Arguments:
    """A regular payment of a month by chance for each citizen, in the scheme they have."""
    schemes = [SCHEMES[n % 10 == 9] for n in people]
    periods = [chance.choice(months()) for _ in people]
    return [citizen_id(n) for n in people], schemes, periods, [0] * len(people)


def _totals(first: date, last: date) -> Make:
    return lambda _chance, people: ([citizen_id(n) for n in people], SCHEMES, first, last)


def _reads(_chance: random.Random, people: Sequence[int]) -> Arguments:
    return [citizen_id(n) for n in people], access_records.NEWEST, PAGE


def _two_years_ago() -> Place:
    return Place(months()[-24], 0)


def _fiscal_year() -> tuple[date, date]:
    return date(2024, 10, 1), date(2025, 9, 1)


_OF_A_YEAR = _part(
    Place(date(2025, 10, 1), OLDEST.sequence), Place(date(2024, 9, 1), NEWEST.sequence)
)

OF_CITIZENS = [
    Statement("citizens by id", citizens.BY_ID, _ids),
    Statement("citizens by HMAC", citizens.BY_NATIONAL_ID_HMAC, _hmacs, pages=12),
    Statement("own citizens", own_citizen.OWN, _hmacs, pages=16),
    Statement("bank accounts", bank_accounts.BY_CITIZEN, _ids),
    Statement("newest 12", payment_pages.PAGES[NEWEST_FIRST], _page, 3, 3, one_range=True),
    Statement("newest 12 alone", payment_pages.PAGES[ALONE], _page, 3, 3, one_range=True),
    Statement(
        "own newest 12 alone", own_citizen.OWN_AND_PAGE[ALONE], _own_page, 3, 3.5, one_range=True
    ),
    Statement(
        "own newest 12", own_citizen.OWN_AND_PAGE[NEWEST_FIRST], _own_page, 3, 3.5, one_range=True
    ),
    Statement(
        "12 from two years ago",
        payment_pages.PAGES[PARTLY],
        _part(below=_two_years_ago()),
        4,
        3.5,
        one_range=True,
    ),
    Statement("a fiscal year", payment_pages.PAGES[PARTLY], _OF_A_YEAR, 4, 3.5, one_range=True),
    Statement(
        "oldest 12", payment_pages.PAGES[OLDEST_FIRST], _page, ALL_PARTITIONS, 3.5, one_range=True
    ),
    Statement(
        "failed ones",
        payment_pages.PAGES[PARTLY],
        _part(statuses=["FAILED"]),
        ALL_PARTITIONS,
        200,
    ),
    Statement("payments by key", payments.BY_KEY, _keys, ALL_PARTITIONS, 8),
    Statement("totals", payments.TOTALS, _totals(date.min, date.max), ALL_PARTITIONS, 100),
    Statement("totals of a fiscal year", payments.TOTALS, _totals(*_fiscal_year()), 1, 30),
    Statement("access records", access_records.PAGE, _reads, pages=12),
]
FRESHNESS = Statement("freshness", batches.FRESHNESS, lambda _chance, _people: (months()[-1],))
