"""The state of an entitlement: rules asked in order, the first that applies decides.

`assess` and `explain` both walk this list, so an explanation can not differ from the answer.
"""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from app.rules.assessment import THAI, RegistrationFacts, reason_code_for
from app.rules.calendar import fiscal_year, fiscal_year_months
from app.rules.case import Case
from app.rules.rows import Effect, Subject
from app.rules.vocabulary import EntitlementState, ReasonCode, RegistrationStatus, Scheme


class Verdict(NamedTuple):
    """A state and why; `source_code` is the register's own reason where ours has no such code."""

    state: EntitlementState
    reason: ReasonCode | None = None
    source_code: str | None = None
    ended_on: date | None = None


class StateRule(NamedTuple):
    """One question: `decide` gives the verdict, or None to ask the next rule."""

    name: str
    rule: str
    source: str
    decide: Callable[[Case], Verdict | None]


_NOT_YET = Verdict(EntitlementState.NOT_YET_ELIGIBLE, ReasonCode.NOT_YET_OF_AGE)
_OF_AGE = Verdict(EntitlementState.ELIGIBLE_NOT_REGISTERED, ReasonCode.OF_AGE_NOT_REGISTERED)
_NOT_REGISTERED = Verdict(EntitlementState.NOT_REGISTERED, ReasonCode.NO_REGISTRATION)
_AHEAD = Verdict(EntitlementState.REGISTERED, ReasonCode.FIRST_MONTH_AHEAD)
_RECEIVING = Verdict(EntitlementState.RECEIVING)
_CARD_EXPIRED = Verdict(EntitlementState.SUSPENDED, ReasonCode.CARD_EXPIRED)
_NOT_QUALIFIED = {
    Scheme.OLD_AGE_ALLOWANCE: Verdict(EntitlementState.NOT_YET_ELIGIBLE, ReasonCode.NOT_QUALIFIED),
    Scheme.DISABILITY_ALLOWANCE: Verdict(EntitlementState.NOT_REGISTERED, ReasonCode.NOT_QUALIFIED),
}


def first_verdict(case: Case) -> Verdict:
    """The verdict of the first rule that applies; the last one always does."""
    for rule in rules_for(case):
        verdict = rule.decide(case)
        if verdict is not None:
            return verdict
    raise AssertionError("the last state rule decides every case")


def rules_for(case: Case) -> tuple[StateRule, ...]:
    """The rules to ask, in order; a registration has questions of its own."""
    return UNREGISTERED_RULES if case.registration is None else REGISTERED_RULES


def _by_death(case: Case) -> Verdict | None:
    died_on = case.facts.died_on
    if died_on is None or died_on > case.day.today:
        return None
    return Verdict(EntitlementState.ENDED, ReasonCode.DECEASED, ended_on=died_on)


def _by_nationality(case: Case) -> Verdict | None:
    return None if case.facts.nationality == THAI else _NOT_QUALIFIED[case.facts.scheme]


def _by_missing_registration(case: Case) -> Verdict | None:
    if case.facts.scheme is Scheme.DISABILITY_ALLOWANCE:
        return _NOT_REGISTERED
    return _NOT_YET if case.day.today < case.reached_on else _OF_AGE


def _by_end(case: Case) -> Verdict | None:
    registration = case.registration
    if registration is None or registration.status is not RegistrationStatus.ENDED:
        return None
    return _by_order(case, registration, EntitlementState.ENDED)


def _by_suspension(case: Case) -> Verdict | None:
    registration = case.registration
    if registration is None or registration.status is not RegistrationStatus.SUSPENDED:
        return None
    if _is_renewed(registration, case.day.today):
        return None
    return _by_order(case, registration, EntitlementState.SUSPENDED)


def _by_order(
    case: Case, registration: RegistrationFacts, state: EntitlementState
) -> Verdict | None:
    reason = ReasonCode(reason_code_for(registration.status_reason))
    takes_effect = _takes_effect_on(case, registration, reason)
    if takes_effect is not None and case.day.today < takes_effect:
        return None
    source_code = registration.status_reason if reason is ReasonCode.OTHER else None
    ended_on = takes_effect if state is EntitlementState.ENDED else None
    return Verdict(state, reason, source_code, ended_on)


def _takes_effect_on(
    case: Case, registration: RegistrationFacts, reason: ReasonCode
) -> date | None:
    ordered = registration.status_on
    old_age = case.facts.scheme is Scheme.OLD_AGE_ALLOWANCE
    if ordered is None or not old_age or reason is not ReasonCode.MOVED:
        return ordered
    if case.day.book.provision(Subject.MOVE, ordered).effect is Effect.AT_ONCE:
        return ordered
    return fiscal_year_months(fiscal_year(ordered) + 1)[0]


def _is_renewed(registration: RegistrationFacts, today: date) -> bool:
    """Whether a suspension for an expired card is overtaken by a card that is valid today."""
    reason = reason_code_for(registration.status_reason)
    if reason != ReasonCode.CARD_EXPIRED.value or _expired(registration, today):
        return False
    suspended = registration.status_on
    evidence = (registration.card_issued_on, registration.card_expires_on)
    return any(day is not None and (suspended is None or day >= suspended) for day in evidence)


def _by_card(case: Case) -> Verdict | None:
    registration = case.registration
    if registration is None or case.facts.scheme is not Scheme.DISABILITY_ALLOWANCE:
        return None
    return _CARD_EXPIRED if _expired(registration, case.day.today) else None


def _expired(registration: RegistrationFacts, today: date) -> bool:
    expires_on = registration.card_expires_on
    return expires_on is not None and expires_on < today


def _by_payment(case: Case) -> Verdict | None:
    paid = case.registration is not None and case.registration.has_been_paid()
    return _RECEIVING if paid else None


def _by_first_month(case: Case) -> Verdict:
    return _RECEIVING if case.first_month <= case.day.month else _AHEAD


_DEATH = StateRule(
    "Death", "The right ends with death", "Regulation B.E. 2566 cl. 14 (1) [S39]", _by_death
)

UNREGISTERED_RULES = (
    _DEATH,
    StateRule(
        "Nationality",
        "The allowance is for Thai nationals; who is registered stays so until an order ends it",
        "Regulation B.E. 2566 cl. 6 [S11 S12] and cl. 14 [S39]",
        _by_nationality,
    ),
    StateRule(
        "Registration",
        "The right is registered or confirmed; old age from the day the age is reached",
        "Regulation B.E. 2566 cl. 7 [S10]; disability [S3c]",
        _by_missing_registration,
    ),
)
"""What is asked where there is no registration, in order."""

REGISTERED_RULES = (
    _DEATH,
    StateRule(
        "End",
        "Loss of qualification, waiver or move ends the right; only an order of the authority does",
        "Regulation B.E. 2566 cl. 14 [S39]; move cl. 8 [S37]",
        _by_end,
    ),
    StateRule(
        "Suspension",
        "The authority's order suspends; a renewed disability card resumes",
        "Regulation B.E. 2566 cl. 14 [S39]; renewal [S3f S3g]",
        _by_suspension,
    ),
    StateRule(
        "Disability card",
        "An expired card suspends payment until it is renewed",
        "Local authority notices and press [S3f S3g]",
        _by_card,
    ),
    StateRule(
        "Payments",
        "Who was paid receives: the data win over the rule",
        "The paying department's files",
        _by_payment,
    ),
    StateRule(
        "First month",
        "The right begins with the first payable month",
        "Notices of local authorities [S14b S20]",
        _by_first_month,
    ),
)
"""What is asked of a registration, in order."""
