"""What holds for every citizen on every day."""

from datetime import date, timedelta

from hypothesis import given

from app.rules.age import BirthDate
from app.rules.entitlement import Facts, assess, assess_many, explain
from app.rules.rule_book import shipped_rule_book
from app.rules.vocabulary import EntitlementState, Scheme
from tests.rules import strategies as draw

S = EntitlementState
BOOK = shipped_rule_book()
STATES = {
    Scheme.OLD_AGE_ALLOWANCE: set(S) - {S.NOT_REGISTERED},
    Scheme.DISABILITY_ALLOWANCE: set(S) - {S.NOT_YET_ELIGIBLE, S.ELIGIBLE_NOT_REGISTERED},
}
UNREGISTERED = {S.NOT_YET_ELIGIBLE, S.ELIGIBLE_NOT_REGISTERED, S.NOT_REGISTERED}


@given(draw.facts, draw.todays)
def test_exactly_one_state_of_the_scheme(facts: Facts, today: date) -> None:
    assert assess(facts, today, BOOK).state in STATES[facts.scheme]


@given(draw.facts, draw.todays, draw.later)
def test_the_state_never_goes_back_to_not_yet(facts: Facts, today: date, passed: timedelta) -> None:
    before, after = (assess(facts, day, BOOK).state for day in (today, today + passed))
    if before not in UNREGISTERED:
        assert after not in UNREGISTERED
    if before is not S.NOT_YET_ELIGIBLE:
        assert after is not S.NOT_YET_ELIGIBLE


@given(draw.days_of_200_years, draw.days_of_200_years, draw.schemes)
def test_every_date_of_200_years_is_accepted(birth: date, today: date, scheme: Scheme) -> None:
    facts = Facts(scheme, BirthDate(birth))
    assert assess(facts, today, BOOK).state in UNREGISTERED
    assert explain(facts, today, BOOK)


@given(draw.facts, draw.todays)
def test_money_is_promised_only_to_who_receives_it(facts: Facts, today: date) -> None:
    answer = assess(facts, today, BOOK)
    if answer.state is not S.RECEIVING:
        assert answer.rate is None
        assert answer.monthly_amount_satang is None
    if answer.state not in (S.RECEIVING, S.REGISTERED):
        assert answer.next_payment is None
    if answer.rate is not None:
        assert answer.monthly_amount_satang == answer.rate.amount_satang


@given(draw.facts, draw.todays)
def test_the_next_payment_is_ahead_and_on_a_working_day(facts: Facts, today: date) -> None:
    answer = assess(facts, today, BOOK)
    payment = answer.next_payment
    if payment is None:
        return
    assert payment.due_on >= today
    assert payment.due_on == BOOK.pay_day(payment.period)
    assert payment.due_on.isoweekday() < 6
    assert payment.due_on not in BOOK.holidays.days
    assert answer.first_payable_month is not None
    assert payment.period >= answer.first_payable_month


@given(draw.facts, draw.todays)
def test_every_state_but_receiving_has_a_reason(facts: Facts, today: date) -> None:
    answer = assess(facts, today, BOOK)
    assert (answer.reason_code is None) == (answer.state is S.RECEIVING)


@given(draw.facts, draw.todays)
def test_a_window_is_for_who_can_still_register(facts: Facts, today: date) -> None:
    answer = assess(facts, today, BOOK)
    if answer.registration_window is not None:
        assert answer.state in (S.NOT_YET_ELIGIBLE, S.ELIGIBLE_NOT_REGISTERED)
        assert answer.registration_window.closes_on >= today
        assert answer.first_payable_month is not None
        assert answer.effective_from is None


@given(draw.facts, draw.todays)
def test_a_batch_gives_the_same_answers(facts: Facts, today: date) -> None:
    answer = assess(facts, today, BOOK)
    assert assess_many([facts, facts], today, BOOK) == [answer, answer]


@given(draw.facts, draw.todays)
def test_the_explanation_ends_in_the_answer(facts: Facts, today: date) -> None:
    answer, steps = assess(facts, today, BOOK), explain(facts, today, BOOK)
    expected = f"{answer.state.value}, reason {answer.reason_code or 'none'}"
    assert steps[-1].outcome.split(" (")[0] == expected
    deciding = [step for step in steps if step.outcome == answer.state.value]
    assert len(deciding) == 1
    assert all(step.rule and step.version and step.source for step in steps)
