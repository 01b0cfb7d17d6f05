"""All that the rules say of an entitlement on one day."""

from datetime import date
from functools import lru_cache

from app.rules.age import reached_on
from app.rules.assessment import Assessment, Facts, RegistrationFacts
from app.rules.calendar import YearMonth, month_after
from app.rules.case import Case
from app.rules.rule_book import RuleBook
from app.rules.scheme_day import SchemeDay
from app.rules.states import Verdict, first_verdict
from app.rules.vocabulary import EntitlementState, ReasonCode, Scheme

_DAYS_REMEMBERED = 2
_BIRTHS_REMEMBERED = 65_536  # twice 80 years of birth dates: two schemes


class Assessor:
    """The rules of one book, applied on one day (Asia/Bangkok)."""

    def __init__(self, today: date, book: RuleBook) -> None:
        self.today = today
        self.book = book
        self._old_age = SchemeDay(Scheme.OLD_AGE_ALLOWANCE, today, book)
        self._disability = SchemeDay(Scheme.DISABILITY_ALLOWANCE, today, book)

    def assess(self, facts: Facts) -> Assessment:
        """The whole answer for one entitlement."""
        case = self.case(facts)
        return self.answer(case, first_verdict(case))

    def day(self, scheme: Scheme) -> SchemeDay:
        """The look-ups of a scheme."""
        return self._old_age if scheme is Scheme.OLD_AGE_ALLOWANCE else self._disability

    def case(self, facts: Facts) -> Case:
        """The facts as the state rules see them."""
        day = self.day(facts.scheme)
        reached, natural = age_dates(facts.birth.day, day.lowest_age)
        registration = facts.registration
        if registration is None or self._is_ahead(registration):
            return Case(facts, day, reached, natural, None, natural)
        first = day.first_month(natural, registration)
        return Case(facts, day, reached, natural, registration, first)

    def _is_ahead(self, registration: RegistrationFacts) -> bool:
        registered_on = registration.registered_on
        if registered_on is None or registered_on <= self.today:
            return False
        return not registration.has_been_paid()

    def answer(self, case: Case, verdict: Verdict) -> Assessment:
        """The verdict with the dates and amounts that belong to it."""
        if case.registration is None:
            return self._unregistered(case, verdict)
        if verdict.state is EntitlementState.RECEIVING:
            return self._receiving(case, case.registration)
        return self._registered(case, case.registration, verdict)

    def _unregistered(self, case: Case, verdict: Verdict) -> Assessment:
        old_age = case.facts.scheme is Scheme.OLD_AGE_ALLOWANCE
        if not old_age or verdict.reason is ReasonCode.NOT_QUALIFIED:
            return Assessment(verdict.state, _code(verdict), ended_on=verdict.ended_on)
        if verdict.state is EntitlementState.ENDED:
            return Assessment(
                verdict.state,
                _code(verdict),
                eligible_on=case.reached_on,
                ended_on=verdict.ended_on,
            )
        return self._to_register(case, verdict)

    def _to_register(self, case: Case, verdict: Verdict) -> Assessment:
        window = case.day.open_window(case.natural_month)
        registers_on = self.today if window is None else max(self.today, window.opens_on)
        start = case.day.start_after(registers_on)
        return Assessment(
            verdict.state,
            _code(verdict),
            eligible_on=case.reached_on,
            first_payable_month=max(case.natural_month, start),
            registration_window=window,
        )

    def _receiving(self, case: Case, registration: RegistrationFacts) -> Assessment:
        birth = case.facts.birth.day
        rate = case.day.rate(birth)
        return Assessment(
            state=EntitlementState.RECEIVING,
            eligible_on=_eligible_on(case),
            first_payable_month=case.first_month,
            effective_from=case.first_month,
            monthly_amount_satang=None if rate is None else rate.amount_satang,
            rate=rate,
            next_payment=case.day.next_payment(birth, case.first_month, registration),
        )

    def _registered(
        self, case: Case, registration: RegistrationFacts, verdict: Verdict
    ) -> Assessment:
        began = verdict.ended_on is None or case.first_month <= verdict.ended_on
        first_month = case.first_month if began else None
        answer = Assessment(
            state=verdict.state,
            reason_code=_code(verdict),
            source_code=verdict.source_code,
            eligible_on=_eligible_on(case),
            first_payable_month=first_month,
            effective_from=first_month,
            ended_on=verdict.ended_on,
        )
        if verdict.state is not EntitlementState.REGISTERED:
            return answer
        birth = case.facts.birth.day
        payment = case.day.next_payment(birth, case.first_month, registration)
        return answer._replace(next_payment=payment)


@lru_cache(maxsize=_BIRTHS_REMEMBERED)
def age_dates(birth: date, years: int) -> tuple[date, YearMonth]:
    """The day an age is reached, and the month after it."""
    reached = reached_on(birth, years)
    return reached, month_after(reached)


def _code(verdict: Verdict) -> str | None:
    return None if verdict.reason is None else verdict.reason.value


def _eligible_on(case: Case) -> date | None:
    return case.reached_on if case.facts.scheme is Scheme.OLD_AGE_ALLOWANCE else None


@lru_cache(maxsize=_DAYS_REMEMBERED)
def assessor(today: date, book: RuleBook) -> Assessor:
    """The assessor of a day, shared by all who ask on it."""
    return Assessor(today, book)
