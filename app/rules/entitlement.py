"""What a citizen is entitled to: the public face of the rules."""

from collections.abc import Iterable
from datetime import date

from app.rules.amounts import expected_amounts, last_payable_month, rate_in
from app.rules.assessment import (
    Assessment,
    Facts,
    RegistrationFacts,
    UpcomingPayment,
    reason_code_for,
)
from app.rules.assessor import assessor
from app.rules.explanation import Step, explain
from app.rules.rule_book import RuleBook
from app.rules.windows import RegistrationWindow

__all__ = [
    "Assessment",
    "Facts",
    "RegistrationFacts",
    "RegistrationWindow",
    "Step",
    "UpcomingPayment",
    "assess",
    "assess_many",
    "expected_amounts",
    "explain",
    "last_payable_month",
    "rate_in",
    "reason_code_for",
]


def assess(facts: Facts, today: date, book: RuleBook) -> Assessment:
    """The state of an entitlement on `today` (Asia/Bangkok), with its dates, rate and payment."""
    return assessor(today, book).assess(facts)


def assess_many(facts: Iterable[Facts], today: date, book: RuleBook) -> list[Assessment]:
    """The same answers as `assess`, in the order given; made for thousands at once."""
    judge = assessor(today, book).assess
    return [judge(each) for each in facts]
