"""Explanations: what they look at, by which rule, version and source."""

from datetime import date

from app.rules.age import BirthDate
from app.rules.calendar import year_month
from app.rules.entitlement import Facts, RegistrationFacts, Step, explain
from app.rules.rule_book import shipped_rule_book
from app.rules.vocabulary import DatePrecision, RegistrationStatus, Scheme

TODAY = date(2026, 11, 23)


def steps_of(facts: Facts) -> dict[str, Step]:
    return {step.name: step for step in explain(facts, TODAY, shipped_rule_book())}


def test_one_who_receives() -> None:
    registration = RegistrationFacts(date(2015, 5, 5), latest_paid_month=year_month(2026, 11))
    birth = BirthDate(date(1950, 1, 1), DatePrecision.YEAR)
    steps = steps_of(Facts(Scheme.OLD_AGE_ALLOWANCE, birth, registration=registration))
    assert steps["Birth date"].outcome == "deemed 1950-01-01"
    assert steps["Age"].outcome == "reached on 2009-12-31"
    assert steps["Cohort"].outcome == "fiscal year 2553, from 2010-01"
    assert steps["End"].outcome == "does not decide"
    assert steps["Payments"].facts == "latest month paid 2026-11"
    assert steps["Payments"].outcome == "RECEIVING"
    assert "First month" not in steps, "nothing is asked after the rule that decides"
    assert steps["Qualification"].outcome == "RIGHT_KEPT"
    assert steps["Late registration"].version == "from 1900-01-01 to 2023-09-30"
    assert steps["Age that counts"].outcome == "age on 2026-10-31"
    assert steps["Rate"].outcome == "700.00 baht"
    assert "[S22]" in steps["Rate"].source
    assert steps["Next payment"].outcome == "700.00 baht on 2026-12-09"
    assert steps["State"].outcome == "RECEIVING, reason none"


def test_one_who_should_register() -> None:
    steps = steps_of(Facts(Scheme.OLD_AGE_ALLOWANCE, BirthDate(date(1960, 5, 5))))
    window = steps["Registration window"]
    assert window.outcome == "for fiscal year 2571: 2026-10-01 to 2026-11-30"
    assert window.version == "fiscal years 2570 to further notice"
    assert steps["First month if registered"].outcome == "paid from 2026-12"
    assert steps["State"].outcome == "ELIGIBLE_NOT_REGISTERED, reason OF_AGE_NOT_REGISTERED"


def test_one_whose_card_expired() -> None:
    registration = RegistrationFacts(date(2024, 5, 5), card_expires_on=date(2026, 11, 1))
    birth = BirthDate(date(1990, 5, 5))
    steps = steps_of(Facts(Scheme.DISABILITY_ALLOWANCE, birth, registration=registration))
    assert "Age" not in steps
    assert steps["Disability card"].facts == "card expires 2026-11-01"
    assert steps["Disability card"].outcome == "SUSPENDED"
    assert steps["Disability start"].outcome == "paid from 2024-06"
    assert "Rate" not in steps


def test_one_who_died() -> None:
    facts = Facts(
        Scheme.OLD_AGE_ALLOWANCE,
        BirthDate(date(1950, 5, 5)),
        died_on=date(2026, 11, 9),
        registration=RegistrationFacts(date(2015, 5, 5)),
    )
    steps = steps_of(facts)
    assert steps["Month of death"].outcome == "last payable month 2026-10"
    assert steps["State"].outcome == "ENDED, reason DECEASED"


def test_the_register_s_own_reason_is_told() -> None:
    registration = RegistrationFacts(
        date(2015, 5, 5), RegistrationStatus.SUSPENDED, "D99", date(2026, 3, 1)
    )
    birth = BirthDate(date(1950, 5, 5))
    steps = steps_of(Facts(Scheme.OLD_AGE_ALLOWANCE, birth, registration=registration))
    assert steps["Suspension"].facts == "status SUSPENDED since 2026-03-01, reason D99"
    assert steps["State"].outcome == "SUSPENDED, reason OTHER (source: D99)"
