"""A population lived day by day, with rules told as events, against the closed-form answers.

Nothing of app.rules is used to find what is expected: birthdays are counted as they pass, and what
happens on the first of a month depends only on what happened before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import cycle

from app.rules.age import BirthDate
from app.rules.calendar import month_of
from app.rules.entitlement import Facts, RegistrationFacts, assess
from app.rules.rule_book import shipped_rule_book
from app.rules.vocabulary import EntitlementState, RegistrationStatus, Scheme

ONE_DAY = timedelta(days=1)
FROM, TO = date(2019, 1, 1), date(2026, 12, 31)
MONTHLY_SINCE = date(2023, 10, 1)
OLD, DIS = Scheme.OLD_AGE_ALLOWANCE, Scheme.DISABILITY_ALLOWANCE
OLD_TIERS = {60: 60_000, 70: 70_000, 80: 80_000, 90: 100_000}


@dataclass
class Life:
    """A citizen who lives through the days; `live` is called once for each, in order."""

    scheme: Scheme
    birth: date
    registers_on: date | None
    dies_on: date | None
    card_expires_on: date | None
    waives_on: date | None
    age: int = 0
    age_at_october: int = 0
    age_at_month_end: int = 0
    registered: bool = False
    registered_before_year: bool = False
    began: bool = False
    dead: bool = False
    waived: bool = False
    card_over: bool = False

    def live(self, day: date) -> None:
        if day.day == 1:
            self._begin_month(day)
        tomorrow = day + ONE_DAY
        leap_child = (self.birth.month, self.birth.day) == (2, 29)
        no_29th = leap_child and (tomorrow.month, tomorrow.day) == (3, 1) and day.day == 28
        if tomorrow > self.birth and (
            (tomorrow.month, tomorrow.day) == (self.birth.month, self.birth.day) or no_29th
        ):
            self.age += 1
        if (day.month, day.day) == (10, 1):
            self.age_at_october = self.age
        self.registered |= day == self.registers_on
        self.dead |= day == self.dies_on
        self.waived |= self.registered and self.waives_on is not None and day >= self.waives_on
        self.card_over |= self.card_expires_on is not None and day > self.card_expires_on

    def _begin_month(self, day: date) -> None:
        self.age_at_month_end = self.age
        if day.month == 10:
            self.registered_before_year = self.registered
        entitled = self.registered if self._is_monthly() else self.registered_before_year
        old_enough = self.scheme is DIS or self.age_at_month_end >= 60
        self.began |= entitled and old_enough

    def _is_monthly(self) -> bool:
        if self.scheme is DIS:
            return True
        return self.registers_on is not None and self.registers_on >= MONTHLY_SINCE

    def state(self) -> EntitlementState:
        if self.dead:
            return EntitlementState.ENDED
        if not self.registered:
            if self.scheme is DIS:
                return EntitlementState.NOT_REGISTERED
            of_age = self.age >= 60
            return (
                EntitlementState.ELIGIBLE_NOT_REGISTERED
                if of_age
                else EntitlementState.NOT_YET_ELIGIBLE
            )
        if self.waived:
            return EntitlementState.ENDED
        if self.scheme is DIS and self.card_over:
            return EntitlementState.SUSPENDED
        return EntitlementState.RECEIVING if self.began else EntitlementState.REGISTERED

    def amount(self, day: date) -> int | None:
        if self.state() is not EntitlementState.RECEIVING:
            return None
        if self.scheme is DIS:
            child = day >= date(2020, 10, 1) and self.age_at_month_end < 18
            return 100_000 if child else 80_000
        by_month = day >= MONTHLY_SINCE
        age = max(60, self.age_at_month_end if by_month else self.age_at_october)
        return OLD_TIERS[min(90, age // 10 * 10)]

    def facts(self) -> Facts:
        registration = None
        if self.registers_on is not None:
            registration = RegistrationFacts(
                self.registers_on,
                RegistrationStatus.ACTIVE if self.waives_on is None else RegistrationStatus.ENDED,
                None if self.waives_on is None else "WAIVED",
                self.waives_on,
                None,
                self.card_expires_on,
            )
        return Facts(self.scheme, BirthDate(self.birth), "TH", self.dies_on, registration)


OLD_AGE_BIRTHS = [
    date(year, month, day)
    for year in (1929, 1939, 1949, 1954, 1959, 1961, 1963, 1964, 1966)
    for month, day in ((1, 1), (9, 1), (9, 2), (10, 1), (10, 2), (12, 31))
] + [date(1960, 2, 29), date(1964, 2, 29), date(1954, 3, 1)]
CHILD_BIRTHS = [
    date(year, month, day)
    for year in (1980, 2002, 2004, 2006, 2008)
    for month, day in ((2, 28), (5, 1), (10, 1), (10, 2))
] + [date(2004, 2, 29)]


def population() -> Iterator[Life]:
    """Births on the edges of months, fiscal years and tiers; what befalls them differs by lists of
    lengths without common factor, so that every mixture comes up."""
    registers = cycle(
        (
            *(date(2012, 9, 30), date(2019, 10, 1), date(2023, 9, 30), date(2023, 10, 1)),
            *(None, date(2020, 12, 31), date(2025, 2, 28)),
        )
    )
    dies = cycle((None, None, None, date(2026, 10, 10), None))
    expires = cycle((None, date(2024, 2, 29), date(2027, 5, 31)))
    waives = cycle((None,) * 9 + (date(2019, 3, 1), date(2024, 11, 15)))
    for birth in OLD_AGE_BIRTHS:
        yield Life(OLD, birth, next(registers), next(dies), next(expires), next(waives))
    for birth in CHILD_BIRTHS:
        yield Life(DIS, birth, next(registers), next(dies), next(expires), next(waives))


def test_a_population_lived_day_by_day_agrees() -> None:
    book = shipped_rule_book()
    lives = [(life, life.facts()) for life in population()]
    seen = set()
    day = min(life.birth for life, _ in lives) - ONE_DAY
    while day < TO:
        day += ONE_DAY
        for life, facts in lives:
            life.live(day)
            if day < FROM:
                continue
            answer = assess(facts, day, book)
            expected = (life.state(), life.amount(day))
            assert (answer.state, answer.monthly_amount_satang) == expected, (day, facts)
            seen.add((life.scheme, answer.state))
            if life.began and not life.dead and not life.waived:
                assert answer.effective_from is not None
                assert answer.effective_from <= month_of(day)
    assert len(seen) == 10, "every state but an ordered suspension of old age has to come up"
