"""How long one entitlement takes in a batch of 10,000; the budget is 10 us."""

import random
import time
from datetime import date, timedelta

from app.rules.age import BirthDate
from app.rules.amounts import month_rates
from app.rules.assessor import age_dates, assessor
from app.rules.calendar import month_of
from app.rules.entitlement import Facts, RegistrationFacts, assess_many
from app.rules.rule_book import RuleBook, shipped_rule_book
from app.rules.vocabulary import RegistrationStatus, Scheme

COUNT = 10_000
TODAY = date(2026, 11, 23)
BUDGET_MICROSECONDS = 10.0
ROUNDS = 25


def population(count: int, seed: int = 2569) -> list[Facts]:
    """Both schemes, all ages, seven in ten registered."""
    chance = random.Random(seed)
    return [_facts(chance) for _ in range(count)]


def _facts(chance: random.Random) -> Facts:
    birth = BirthDate(date(1925, 1, 1) + timedelta(days=chance.randrange(30_000)))
    registration = _registration(chance) if chance.random() < 0.7 else None
    return Facts(chance.choice(list(Scheme)), birth, registration=registration)


def _registration(chance: random.Random) -> RegistrationFacts:
    registered_on = date(2012, 1, 1) + timedelta(days=chance.randrange(5_400))
    status = chance.choices(list(RegistrationStatus), (90, 6, 4))[0]
    return RegistrationFacts(
        registered_on,
        status,
        card_expires_on=TODAY + timedelta(days=chance.randrange(-200, 3_000)),
        latest_paid_month=month_of(TODAY) if chance.random() < 0.8 else None,
    )


def microseconds_each(facts: list[Facts], book: RuleBook) -> float:
    """The processor time that one entitlement takes in one batch."""
    start = time.process_time()
    assess_many(facts, TODAY, book)
    return (time.process_time() - start) / len(facts) * 1e6


def _cold(facts: list[Facts], book: RuleBook) -> float:
    assessor.cache_clear()
    month_rates.cache_clear()
    age_dates.cache_clear()
    return microseconds_each(facts, book)


def main() -> None:
    """Print the time of a day's first batch and of a later one, the best of some runs each."""
    facts, book = population(COUNT), shipped_rule_book()
    first = min(_cold(facts, book) for _ in range(ROUNDS))
    later = min(microseconds_each(facts, book) for _ in range(ROUNDS))
    print(f"{COUNT} entitlements: {first:.2f} us each in a day's first batch, {later:.2f} us later")
    if later > BUDGET_MICROSECONDS:
        raise SystemExit(f"over the budget of {BUDGET_MICROSECONDS} us")


if __name__ == "__main__":
    main()
