"""What the people of the crowd hold: registrations, cards, accounts and their troubles, drawn."""

from datetime import date, timedelta
from itertools import accumulate
from typing import NamedTuple

from app.demo.dice import Dice
from app.demo.person import Account, Card, Holding, Trouble
from app.demo.reference import BANKS, CLOSED, FAILURES
from app.rules.age import reached_on
from app.rules.calendar import BUDDHIST_OFFSET, add_months, fiscal_year, month_of
from app.rules.vocabulary import AccountHolder, DisabilityType, Scheme

OLD_AGE = 60
_FIRST_REGISTRATION = date(2009, 4, 1)
_TROUBLE_CYCLE = 36
_CARD_YEARS = 8
_CARDS_UNTIL = date(2045, 1, 1)
_DISABILITY_FROM = date(2011, 1, 1).toordinal()
_DISABILITY_TO = date(2025, 12, 31).toordinal()
_INFANCY_DAYS = 700
_TYPES = tuple(DisabilityType)
_BANK_OF_100 = tuple(
    next(
        (code, digits)
        for (code, digits, _), below in zip(BANKS, accumulate(b[2] for b in BANKS), strict=True)
        if number < below
    )
    for number in range(100)
)


class Route(NamedTuple):
    """How somebody is paid, whatever the scheme; no account is cash."""

    accounts: tuple[Account, ...] = ()
    trouble: Trouble | None = None


def draw_route(dice: Dice, own_name: str, proxy_name: str, proxy_chance: float) -> Route:
    """Cash or an account, whose it is, and whether payments to it fail."""
    if dice.chance(0.03):
        return Route()
    proxy = dice.chance(proxy_chance)
    holder = AccountHolder.PROXY if proxy else AccountHolder.SELF
    name = proxy_name if proxy else own_name
    first = _draw_account(dice, name, holder)
    if not dice.chance(0.27):
        return Route((first,))
    trouble = _draw_trouble(dice)
    if trouble.failure is not CLOSED:
        return Route((first,), trouble)
    return Route((first, _draw_account(dice, name, holder)), trouble)


def _draw_account(dice: Dice, name: str, holder: AccountHolder) -> Account:
    code, digits = dice.pick(_BANK_OF_100)
    return Account(code, dice.digits(digits), name, holder)


def _draw_trouble(dice: Dice) -> Trouble:
    """With 27 of 100 in trouble for 2 months of 36, about 1.5 % of all payments fail."""
    return Trouble(
        failure=dice.pick(FAILURES),
        cycle=_TROUBLE_CYCLE,
        phase=dice.below(_TROUBLE_CYCLE),
        length=1 + dice.below(3),
        repaid=not dice.chance(0.12),
    )


def draw_old_age(dice: Dice, birth: date, route: Route) -> Holding | None:
    """The old-age registration of a life: in advance, late, or never."""
    fate = dice.fraction()
    if fate < 0.03:
        return None
    of_age = reached_on(birth, OLD_AGE)
    late = fate < 0.06
    registered_on = _late_day(dice, of_age) if late else _advance_day(dice, of_age)
    return Holding(
        Scheme.OLD_AGE_ALLOWANCE,
        registered_on,
        accounts=route.accounts,
        trouble=route.trouble,
        supplemented=dice.chance(0.01),
    )


def _advance_day(dice: Dice, of_age: date) -> date:
    """A day of January to September in the fiscal year before that of the first payment."""
    cohort = fiscal_year(add_months(month_of(of_age), 1)) - BUDDHIST_OFFSET
    year = max(cohort - 1, _FIRST_REGISTRATION.year)
    return date(year, 1 + dice.below(9), 1 + dice.below(28))


def _late_day(dice: Dice, of_age: date) -> date:
    day = max(of_age, _FIRST_REGISTRATION) + timedelta(days=30 + dice.below(1000))
    # December lies in no registration window of these years.
    return day if day.month != 12 else day + timedelta(days=31)


def draw_disability(dice: Dice, birth: date, route: Route) -> Holding | None:
    """A disability registration; None for an infant."""
    earliest = max(_DISABILITY_FROM, birth.toordinal() + _INFANCY_DAYS)
    if earliest > _DISABILITY_TO:
        return None
    registered_on = dice.day(earliest, _DISABILITY_TO)
    elder = reached_on(birth, OLD_AGE) <= registered_on
    first, second = dice.pick(_TYPES), dice.pick(_TYPES)
    types = (first, second) if second is not first and dice.chance(0.1) else (first,)
    return Holding(
        Scheme.DISABILITY_ALLOWANCE,
        registered_on,
        accounts=route.accounts,
        cards=_draw_cards(dice, registered_on - timedelta(days=10), elder),
        disabilities=types,
        trouble=route.trouble,
        supplemented=dice.chance(0.01),
    )


def _draw_cards(dice: Dice, issued_on: date, elder: bool) -> tuple[Card, ...]:
    """All cards of a life: renewed in time, late each time, or never."""
    if elder and dice.chance(0.5):
        return (Card(issued_on, None),)
    habit, late_days = dice.fraction(), 20 + dice.below(380)
    gap = timedelta(days=late_days if habit < 0.18 else -20)
    cards = [_card(issued_on)]
    while habit >= 0.06 and (renewed_on := cards[-1][1] + gap) < _CARDS_UNTIL:
        cards.append(_card(renewed_on))
    return tuple(Card(*card) for card in cards)


def _card(issued_on: date) -> tuple[date, date]:
    # A card of 29 February would end on a day that its last year lacks.
    first = issued_on if (issued_on.month, issued_on.day) != (2, 29) else issued_on.replace(day=28)
    return issued_on, first.replace(year=first.year + _CARD_YEARS) - timedelta(days=1)
