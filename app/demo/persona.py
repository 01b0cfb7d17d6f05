"""What a persona is, and the few of its dates that move with the day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from app.demo.person import Card, End, Holding, Person, Sex
from app.rules.age import BirthDate
from app.rules.calendar import (
    BUDDHIST_OFFSET,
    YearMonth,
    add_months,
    fiscal_year,
    month_of,
    year_month,
)
from app.rules.vocabulary import ReasonCode

_ONE_DAY = timedelta(days=1)
_CARD_YEARS = 8

BirthOn = Callable[[date], date]
HoldingsOn = Callable[[date], tuple[Holding, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """A made-up citizen by name; `description` is one English sentence.

    `born` and `holdings` answer for the day that the demo plays.
    """

    name: str
    national_id: str
    description: str
    sex: Sex
    title: str
    given_name: str
    family_name: str
    authority: str
    born: BirthOn
    holdings: HoldingsOn

    def person(self, today: date) -> Person:
        """The persona as the files of `today` have it."""
        return Person(
            national_id=self.national_id,
            sex=self.sex,
            married=self.title == "นาง",
            given_name=self.given_name,
            family_name=self.family_name,
            birth=BirthDate(self.born(today)),
            authority=self.authority,
            holdings=self.holdings(today),
        )


def always(day: date) -> BirthOn:
    """Born on one day, whatever day it is."""
    return lambda _today: day


def holds(*holdings: Holding) -> HoldingsOn:
    """Holds the same, whatever day it is."""
    return lambda _today: holdings


def sixty_in(months: int) -> BirthOn:
    """Born so that the sixtieth birthday lies that many months ahead, or up to two more."""

    def born(today: date) -> date:
        birthday = _quarter_from(add_months(month_of(today), months))
        return date(birthday.year - 60, birthday.month, 15)

    return born


def _quarter_from(month: YearMonth) -> YearMonth:
    """The first month of a quarter: `month`, or the next such after it."""
    return add_months(month, -(month.month - 1) % 3)


def quarter_end(today: date, days: int) -> date:
    """The last day of the newest quarter that ended at least so many days ago."""
    latest = today - timedelta(days=days - 1)
    return year_month(latest.year, latest.month - (latest.month - 1) % 3) - _ONE_DAY


def registered_in_advance(holding: Holding, born: BirthOn) -> HoldingsOn:
    """Registers in February of the fiscal year before that of the first payable month."""

    def holdings(today: date) -> tuple[Holding, ...]:
        sixtieth = month_of(born(today).replace(year=born(today).year + 60))
        cohort = fiscal_year(add_months(sixtieth, 1)) - BUDDHIST_OFFSET
        return (holding._replace(registered_on=date(cohort - 1, 2, 10)),)

    return holdings


def with_valid_card(holding: Holding) -> HoldingsOn:
    """Holds a card that is good for three more years, renewed each new year, and had one before."""

    def holdings(today: date) -> tuple[Holding, ...]:
        card = _card_to(date(today.year + 3, 12, 31))
        return (holding._replace(cards=(Card(holding.registered_on, _eve(card)), card)),)

    return holdings


def with_expired_card(holding: Holding) -> HoldingsOn:
    """Holds a card that expired with a quarter, 30 days to four months ago, and had one before."""

    def holdings(today: date) -> tuple[Holding, ...]:
        card = _card_to(quarter_end(today, days=30))
        return (holding._replace(cards=(Card(holding.registered_on, _eve(card)), card)),)

    return holdings


def waived(holding: Holding) -> HoldingsOn:
    """Gave the right up at the end of a quarter, three to six months ago."""

    def holdings(today: date) -> tuple[Holding, ...]:
        return (holding._replace(end=End(quarter_end(today, days=90), ReasonCode.WAIVED)),)

    return holdings


def _card_to(expires_on: date) -> Card:
    after = expires_on + _ONE_DAY
    return Card(after.replace(year=after.year - _CARD_YEARS), expires_on)


def _eve(card: Card) -> date:
    return card.issued_on - _ONE_DAY
