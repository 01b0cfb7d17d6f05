"""The made-up population: drawn from a seed, the same people whatever day it is.

It is drawn as of 1 January 2026 and lives on with the calendar: people come of age, register, let
a card expire and die on days that the seed alone decides. So files of a later day continue those
of an earlier one. Each person takes the next draws of one sequence: a larger crowd begins with the
same people as a smaller one.
"""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from app.demo.dice import Dice
from app.demo.holdings import draw_disability, draw_old_age, draw_route
from app.demo.national_ids import crowd_id
from app.demo.person import End, Holding, Person, Sex
from app.demo.reference import authorities, family_names, given_names
from app.rules.age import BirthDate, deemed_birth_date
from app.rules.vocabulary import ReasonCode

_DRAWN_ON = date(2026, 1, 1)
_DAYS_OF_YEAR = 365.25
_ENDS_FROM = date(2024, 1, 1).toordinal()
_ENDS_TO = date(2033, 12, 31).toordinal()
_ELDER_NAMES_BEFORE = 1980
_CHILDREN_FROM = 2011


class _Life(NamedTuple):
    """A birth date, whether a disability came to it, and a death."""

    birth: BirthDate
    disabled: bool
    died_on: date | None


def crowd(citizens: int, seed: int) -> Iterator[Person]:
    """So many people of a seed, one after the other."""
    dice = Dice(seed)
    codes = tuple(row["code"] for row in authorities())
    start = dice.bits(64)
    for place in range(citizens):
        yield _draw_person(dice, crowd_id(start, place), codes)


def _draw_person(dice: Dice, national_id: str, codes: tuple[str, ...]) -> Person:
    life = _draw_life(dice)
    sex = Sex.FEMALE if dice.chance(0.56) else Sex.MALE
    given_name, family_name = _given_name(dice, sex, life.birth.day), dice.pick(family_names())
    return Person(
        national_id=national_id,
        sex=sex,
        married=dice.chance(0.7),
        given_name=given_name,
        family_name=family_name,
        birth=life.birth,
        authority=dice.pick(codes),
        phone=f"0-2000-1{dice.below(1000):03}" if dice.chance(0.3) else "",
        died_on=life.died_on,
        holdings=_draw_holdings(dice, life, given_name, family_name),
    )


_SEXES = (Sex.MALE, Sex.FEMALE)


def _draw_life(dice: Dice) -> _Life:
    kind, share = dice.fraction(), dice.fraction()
    if kind < 0.86:
        birth = _draw_birth(dice, 60 + 36 * share * share)
        died_on = dice.day(_ENDS_FROM, _ENDS_TO) if dice.chance(0.2) else None
        return _Life(birth, dice.chance(0.12), died_on)
    if kind < 0.92:
        return _Life(_draw_birth(dice, 50 + 10 * share), False, None)
    return _Life(_draw_birth(dice, 2 + 58 * share), dice.chance(0.92), None)


def _draw_birth(dice: Dice, age: float) -> BirthDate:
    """A birth date by the age when drawn; for 2 of 100 the register lacks parts of it."""
    day = date.fromordinal(_DRAWN_ON.toordinal() - int(age * _DAYS_OF_YEAR))
    unknown = dice.fraction()
    if unknown < 0.01:
        return deemed_birth_date(day.year)
    if unknown < 0.02:
        return deemed_birth_date(day.year, day.month)
    return deemed_birth_date(day.year, day.month, day.day)


def _given_name(dice: Dice, sex: Sex, birth: date) -> str:
    generation = "ELDER" if birth.year < _ELDER_NAMES_BEFORE else "YOUNGER"
    return dice.pick(given_names(sex, generation))


def _draw_holdings(
    dice: Dice, life: _Life, given_name: str, family_name: str
) -> tuple[Holding, ...]:
    birth = life.birth.day
    proxy_name = f"{_given_name(dice, dice.pick(_SEXES), date(1985, 1, 1))} {family_name}"
    child = birth.year >= _CHILDREN_FROM
    route = draw_route(dice, f"{given_name} {family_name}", proxy_name, 0.8 if child else 0.03)
    drawn = (
        draw_old_age(dice, birth, route),
        draw_disability(dice, birth, route) if life.disabled else None,
    )
    waived_on = dice.day(_ENDS_FROM, _ENDS_TO) if dice.chance(0.01) else None
    held = (_until_end(holding, waived_on, life.died_on) for holding in drawn if holding)
    return tuple(holding for holding in held if holding)


def _until_end(holding: Holding, waived_on: date | None, died_on: date | None) -> Holding | None:
    """The holding with the first of its ends; None where death came before it."""
    if died_on is not None and died_on <= holding.registered_on:
        return None
    ends = [End(died_on, ReasonCode.DECEASED)] if died_on else []
    if waived_on and waived_on > holding.registered_on:
        ends.append(End(waived_on, ReasonCode.WAIVED))
    return holding._replace(end=min(ends, key=_end_day)) if ends else holding


def _end_day(end: End) -> date:
    return end.day
