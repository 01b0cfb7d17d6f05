"""The states, one case a line; today is 23 November 2026 unless the line says otherwise."""

from dataclasses import replace
from datetime import date
from typing import NamedTuple

import pytest

from app.rules.age import BirthDate
from app.rules.calendar import YearMonth, year_month
from app.rules.entitlement import (
    Assessment,
    Facts,
    RegistrationFacts,
    assess,
    reason_code_for,
)
from app.rules.rule_book import shipped_rule_book
from app.rules.vocabulary import EntitlementState, RegistrationStatus, Scheme

TODAY = date(2026, 11, 23)
OLD, DIS = Scheme.OLD_AGE_ALLOWANCE, Scheme.DISABILITY_ALLOWANCE
S = EntitlementState
SUSPENDED, ENDED = RegistrationStatus.SUSPENDED, RegistrationStatus.ENDED
AGED, YOUNG = date(1950, 5, 5), date(1990, 5, 5)
LONG_AGO = RegistrationFacts(date(2015, 5, 5))


def on(facts: Facts, today: date = TODAY) -> Assessment:
    return assess(facts, today, shipped_rule_book())


def none_of(*values: object) -> bool:
    return all(value is None for value in values)


def case(scheme: Scheme, birth: date, registration: RegistrationFacts | None = None) -> Facts:
    return Facts(scheme, BirthDate(birth), registration=registration)


class Expected(NamedTuple):
    state: EntitlementState
    reason: str | None = None


UNREGISTERED = [
    (case(OLD, YOUNG), Expected(S.NOT_YET_ELIGIBLE, "NOT_YET_OF_AGE")),
    (case(OLD, date(1966, 11, 25)), Expected(S.NOT_YET_ELIGIBLE, "NOT_YET_OF_AGE")),
    (case(OLD, date(1966, 11, 24)), Expected(S.ELIGIBLE_NOT_REGISTERED, "OF_AGE_NOT_REGISTERED")),
    (case(OLD, AGED), Expected(S.ELIGIBLE_NOT_REGISTERED, "OF_AGE_NOT_REGISTERED")),
    (case(DIS, AGED), Expected(S.NOT_REGISTERED, "NO_REGISTRATION")),
    (case(DIS, date(2020, 1, 1)), Expected(S.NOT_REGISTERED, "NO_REGISTRATION")),
    (
        replace(case(OLD, AGED), nationality="LA"),
        Expected(S.NOT_YET_ELIGIBLE, "NOT_QUALIFIED"),
    ),
    (replace(case(DIS, YOUNG), nationality="LA"), Expected(S.NOT_REGISTERED, "NOT_QUALIFIED")),
    (replace(case(OLD, AGED), died_on=TODAY), Expected(S.ENDED, "DECEASED")),
    (replace(case(DIS, YOUNG), died_on=date(2020, 1, 1)), Expected(S.ENDED, "DECEASED")),
    # A death after the day that is asked about has not happened yet.
    (
        replace(case(OLD, AGED), died_on=date(2026, 11, 24)),
        Expected(S.ELIGIBLE_NOT_REGISTERED, "OF_AGE_NOT_REGISTERED"),
    ),
    # Nor has a registration.
    (
        case(OLD, AGED, RegistrationFacts(date(2026, 11, 24))),
        Expected(S.ELIGIBLE_NOT_REGISTERED, "OF_AGE_NOT_REGISTERED"),
    ),
]

NOV, DEC = year_month(2026, 11), year_month(2026, 12)

REGISTERED = [
    (case(OLD, AGED, LONG_AGO), Expected(S.RECEIVING)),
    (case(OLD, date(1966, 12, 9), LONG_AGO), Expected(S.REGISTERED, "FIRST_MONTH_AHEAD")),
    (case(OLD, YOUNG, LONG_AGO), Expected(S.REGISTERED, "FIRST_MONTH_AHEAD")),
    (case(OLD, date(1966, 11, 1), RegistrationFacts(date(2026, 5, 1))), Expected(S.RECEIVING)),
    (
        case(OLD, date(1966, 11, 2), RegistrationFacts(date(2026, 5, 1))),
        Expected(S.REGISTERED, "FIRST_MONTH_AHEAD"),
    ),
    (
        case(OLD, AGED, RegistrationFacts(date(2026, 11, 3))),
        Expected(S.REGISTERED, "FIRST_MONTH_AHEAD"),
    ),
    (case(OLD, AGED, RegistrationFacts(date(2026, 10, 30))), Expected(S.RECEIVING)),
    (
        case(DIS, YOUNG, RegistrationFacts(date(2026, 11, 3))),
        Expected(S.REGISTERED, "FIRST_MONTH_AHEAD"),
    ),
    (case(DIS, YOUNG, RegistrationFacts(date(2026, 10, 30))), Expected(S.RECEIVING)),
    # The data win: who was paid receives, whatever the rule says of the first month.
    (
        case(OLD, AGED, RegistrationFacts(date(2026, 11, 3), first_paid_month=NOV)),
        Expected(S.RECEIVING),
    ),
    (case(OLD, YOUNG, RegistrationFacts(None, latest_paid_month=NOV)), Expected(S.RECEIVING)),
    (case(DIS, YOUNG, RegistrationFacts(None)), Expected(S.RECEIVING)),
    # A foreign national whom the authority registered stays so until an order says otherwise.
    (replace(case(OLD, AGED, LONG_AGO), nationality="LA"), Expected(S.RECEIVING)),
    (replace(case(OLD, AGED, LONG_AGO), died_on=TODAY), Expected(S.ENDED, "DECEASED")),
]


def ordered(
    status: RegistrationStatus, reason: str | None, status_on: date | None = date(2026, 3, 1)
) -> RegistrationFacts:
    return replace(LONG_AGO, status=status, status_reason=reason, status_on=status_on)


ORDERS = [
    (case(OLD, AGED, ordered(ENDED, "WAIVED")), Expected(S.ENDED, "WAIVED")),
    (case(OLD, AGED, ordered(ENDED, "NOT_QUALIFIED")), Expected(S.ENDED, "NOT_QUALIFIED")),
    (case(OLD, AGED, ordered(ENDED, "MOVED")), Expected(S.ENDED, "MOVED")),
    (case(OLD, AGED, ordered(ENDED, None, None)), Expected(S.ENDED, "UNKNOWN")),
    (case(OLD, AGED, ordered(SUSPENDED, "D99")), Expected(S.SUSPENDED, "OTHER")),
    (case(OLD, AGED, ordered(SUSPENDED, " moved ")), Expected(S.SUSPENDED, "MOVED")),
    (case(DIS, YOUNG, ordered(SUSPENDED, "CARD_EXPIRED")), Expected(S.SUSPENDED, "CARD_EXPIRED")),
    # An order of a later day does not hold yet; on its day it does.
    (case(OLD, AGED, ordered(ENDED, "WAIVED", date(2026, 11, 24))), Expected(S.RECEIVING)),
    (case(OLD, AGED, ordered(ENDED, "WAIVED", TODAY)), Expected(S.ENDED, "WAIVED")),
    # Somebody paid before the order is still ended by it.
    (
        case(OLD, AGED, replace(ordered(ENDED, "WAIVED"), latest_paid_month=DEC)),
        Expected(S.ENDED, "WAIVED"),
    ),
]


def card(
    expires_on: date | None,
    issued_on: date | None = None,
    status: RegistrationStatus = RegistrationStatus.ACTIVE,
) -> RegistrationFacts:
    reason = "CARD_EXPIRED" if status is SUSPENDED else None
    return RegistrationFacts(
        date(2015, 5, 5), status, reason, date(2026, 3, 1), issued_on, expires_on
    )


CARDS = [
    (card(date(2026, 11, 22)), Expected(S.SUSPENDED, "CARD_EXPIRED")),
    (card(TODAY), Expected(S.RECEIVING)),
    (card(None), Expected(S.RECEIVING)),
    # Renewal resumes, even where the register still carries the old order.
    (card(date(2034, 3, 10), date(2026, 3, 10), SUSPENDED), Expected(S.RECEIVING)),
    (card(date(2034, 3, 10), None, SUSPENDED), Expected(S.RECEIVING)),
    (card(None, date(2026, 3, 10), SUSPENDED), Expected(S.RECEIVING)),
    (card(None, date(2026, 3, 1), SUSPENDED), Expected(S.RECEIVING)),
    (card(None, date(2018, 3, 10), SUSPENDED), Expected(S.SUSPENDED, "CARD_EXPIRED")),
    (card(None, None, SUSPENDED), Expected(S.SUSPENDED, "CARD_EXPIRED")),
    (card(date(2026, 2, 28), None, SUSPENDED), Expected(S.SUSPENDED, "CARD_EXPIRED")),
    # A renewed card that expired again.
    (card(date(2026, 11, 1), date(2026, 3, 10), SUSPENDED), Expected(S.SUSPENDED, "CARD_EXPIRED")),
]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [*UNREGISTERED, *REGISTERED, *ORDERS, *((case(DIS, YOUNG, c), e) for c, e in CARDS)],
)
def test_state_and_reason(facts: Facts, expected: Expected) -> None:
    answer = on(facts)
    assert (answer.state, answer.reason_code) == expected


def test_a_card_says_nothing_about_old_age() -> None:
    assert on(case(OLD, AGED, card(date(2020, 1, 1)))).state is S.RECEIVING


def test_both_allowances_stand_side_by_side() -> None:
    assert on(case(OLD, AGED, LONG_AGO)).monthly_amount_satang == 70_000
    assert on(case(DIS, AGED, LONG_AGO)).monthly_amount_satang == 80_000


def test_a_reason_of_the_register_that_we_lack_is_kept() -> None:
    answer = on(case(OLD, AGED, ordered(SUSPENDED, "D99")))
    assert (answer.reason_code, answer.source_code) == ("OTHER", "D99")


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("CARD_EXPIRED", "CARD_EXPIRED"),
        (" moved", "MOVED"),
        ("D99", "OTHER"),
        ("", "UNKNOWN"),
        (None, "UNKNOWN"),
    ],
)
def test_codes_of_a_source(source: str | None, code: str) -> None:
    assert reason_code_for(source) == code


@pytest.mark.parametrize(
    ("moved_on", "today", "state", "ended_on"),
    [
        # Amendment 2560: the old authority pays to the end of the fiscal year [S38].
        (date(2022, 12, 5), date(2023, 9, 30), S.RECEIVING, None),
        (date(2022, 12, 5), date(2023, 10, 1), S.ENDED, date(2023, 10, 1)),
        # Regulation 2566 cl. 8 [S37].
        (date(2023, 8, 12), date(2023, 8, 12), S.ENDED, date(2023, 8, 12)),
        (date(2023, 8, 12), date(2023, 8, 11), S.RECEIVING, None),
    ],
)
def test_a_move_ends_by_the_rule_of_its_day(
    moved_on: date, today: date, state: EntitlementState, ended_on: date | None
) -> None:
    answer = on(case(OLD, AGED, ordered(ENDED, "MOVED", moved_on)), today)
    assert (answer.state, answer.ended_on) == (state, ended_on)


def test_one_who_has_not_registered_learns_when_and_where_to() -> None:
    answer = on(case(OLD, AGED))
    assert answer.eligible_on == date(2010, 5, 4)
    assert answer.registration_window is not None
    assert answer.effective_from is None
    assert none_of(answer.monthly_amount_satang, answer.rate, answer.next_payment)


def test_disability_knows_no_age_and_no_window() -> None:
    for registration in (None, LONG_AGO):
        answer = on(case(DIS, YOUNG, registration))
        assert none_of(answer.eligible_on, answer.registration_window)
    assert on(case(DIS, YOUNG)).first_payable_month is None


def test_who_can_not_qualify_gets_no_promise() -> None:
    answer = on(replace(case(OLD, AGED), nationality="LA"))
    assert none_of(answer.eligible_on, answer.first_payable_month, answer.registration_window)


def test_death_leaves_nothing_to_come() -> None:
    answer = on(replace(case(OLD, AGED, LONG_AGO), died_on=date(2026, 11, 1)))
    assert answer.ended_on == date(2026, 11, 1)
    assert none_of(answer.next_payment, answer.rate, answer.registration_window)
    assert answer.effective_from == date(2015, 10, 1)


def test_a_right_that_ended_before_its_first_month_never_began() -> None:
    registration = RegistrationFacts(date(2026, 10, 5))
    answer = on(replace(case(OLD, AGED, registration), died_on=date(2026, 10, 20)))
    assert none_of(answer.effective_from, answer.first_payable_month)


def test_a_right_that_ended_on_its_first_day_had_begun() -> None:
    registration = RegistrationFacts(date(2026, 10, 5))
    answer = on(replace(case(OLD, AGED, registration), died_on=date(2026, 11, 1)))
    assert answer.effective_from == answer.ended_on == date(2026, 11, 1)


def test_a_suspension_keeps_the_first_month_and_stops_the_money() -> None:
    answer = on(case(OLD, AGED, ordered(SUSPENDED, "MOVED")))
    assert answer.effective_from == date(2015, 10, 1)
    assert none_of(answer.ended_on, answer.next_payment, answer.monthly_amount_satang)


@pytest.mark.parametrize(
    ("birth", "registered_on", "first_paid", "month"),
    [
        (AGED, date(2026, 1, 5), None, year_month(2026, 2)),
        (AGED, date(2026, 1, 5), year_month(2026, 1), year_month(2026, 1)),
        (AGED, date(2026, 1, 5), year_month(2026, 4), year_month(2026, 2)),
        (AGED, None, year_month(2019, 10), year_month(2019, 10)),
        (AGED, None, None, year_month(2010, 6)),
    ],
)
def test_an_earlier_payment_moves_the_first_month(
    birth: date, registered_on: date | None, first_paid: YearMonth | None, month: YearMonth
) -> None:
    registration = RegistrationFacts(registered_on, first_paid_month=first_paid)
    assert on(case(OLD, birth, registration)).effective_from == month
