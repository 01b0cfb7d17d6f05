"""Why an entitlement stands where it does: the walk of `assess`, told step by step."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.rules.amounts import age_day, last_payable_month
from app.rules.assessment import Assessment, Facts, RegistrationFacts
from app.rules.assessor import assessor
from app.rules.calendar import fiscal_year, format_year_month
from app.rules.case import Case
from app.rules.rows import DatedRow, Row, Subject
from app.rules.rule_book import RuleBook
from app.rules.states import Verdict, first_verdict, rules_for
from app.rules.vocabulary import DatePrecision, Scheme

_CIVIL_CODE = "Civil and Commercial Code ss. 16 and 193/5"
_NO_VERSION = "undated"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the question, the facts it looked at, the rule with its version and source, and
    what followed. Dates are Gregorian, fiscal years Buddhist era. No national ID, no account."""

    name: str
    facts: str
    rule: str
    version: str
    source: str
    outcome: str


def explain(facts: Facts, today: date, book: RuleBook) -> list[Step]:
    """The steps that lead from the facts to the answer of `assess`, the state last."""
    judge = assessor(today, book)
    case = judge.case(facts)
    verdict = first_verdict(case)
    answer = judge.answer(case, verdict)
    return [
        *_age_steps(case),
        *_state_steps(case),
        *_date_steps(case, answer),
        *_amount_steps(case, answer),
        _conclusion(case, verdict, answer),
    ]


def _version(row: DatedRow) -> str:
    return f"from {row.valid_from} to {row.valid_to or 'further notice'}"


def _by_row(name: str, facts: str, row: Row, version: str, outcome: str) -> Step:
    return Step(name, facts, row.rule, version, row.source, outcome)


def _age_steps(case: Case) -> Iterator[Step]:
    birth = case.facts.birth
    if birth.precision is not DatePrecision.DAY:
        yield Step(
            "Birth date",
            f"known to the {birth.precision.value.lower()}",
            "Unknown parts of a birth date are taken as the first",
            _NO_VERSION,
            "Local authority notices [S32 S33]; for an unknown day our reading",
            f"deemed {birth.day}",
        )
    if case.facts.scheme is not Scheme.OLD_AGE_ALLOWANCE:
        return
    lowest = case.day.book.minimum_age(case.facts.scheme, case.day.month)
    yield Step(
        "Age",
        f"born {birth.day}",
        f"Age {lowest} is reached on the day before the birthday",
        _NO_VERSION,
        _CIVIL_CODE,
        f"reached on {case.reached_on}",
    )
    natural = case.natural_month
    yield Step(
        "Cohort",
        f"age reached on {case.reached_on}",
        "In time registered, paid from the month after; its fiscal year is the cohort",
        _NO_VERSION,
        "Notices of fiscal years 2564 to 2570 [S15 S16 S18 S29], [S14b S20]",
        f"fiscal year {fiscal_year(natural)}, from {format_year_month(natural)}",
    )


def _state_steps(case: Case) -> Iterator[Step]:
    for rule in rules_for(case):
        verdict = rule.decide(case)
        outcome = verdict.state.value if verdict else "does not decide"
        yield Step(
            rule.name, _facts_of(rule.name, case), rule.rule, _NO_VERSION, rule.source, outcome
        )
        if verdict is not None:
            return


def _facts_of(name: str, case: Case) -> str:
    facts, registration = case.facts, case.registration
    if name == "Death":
        return f"died {facts.died_on}" if facts.died_on else "no death known"
    if name == "Nationality":
        return f"nationality {facts.nationality}"
    if registration is None:
        return "no registration"
    return {
        "Registration": f"registered {registration.registered_on or 'on an unknown day'}",
        "End": _order(registration),
        "Suspension": _order(registration),
        "Disability card": f"card expires {registration.card_expires_on or 'never or unknown'}",
        "Payments": _paid(registration),
        "First month": f"first payable month {format_year_month(case.first_month)}",
    }[name]


def _order(registration: RegistrationFacts) -> str:
    since = f" since {registration.status_on}" if registration.status_on else ""
    reason = f", reason {registration.status_reason}" if registration.status_reason else ""
    return f"status {registration.status.value}{since}{reason}"


def _paid(registration: RegistrationFacts) -> str:
    months = [
        f"{name} month paid {format_year_month(month)}"
        for name, month in (
            ("first", registration.first_paid_month),
            ("latest", registration.latest_paid_month),
        )
        if month is not None
    ]
    return ", ".join(months) or "no month known as paid"


def _date_steps(case: Case, answer: Assessment) -> Iterator[Step]:
    if answer.registration_window is not None:
        yield from _window_steps(case, answer)
    registration = case.registration
    if registration is not None and registration.registered_on is not None:
        yield from _registration_steps(case, registration.registered_on, answer)
    died_on = case.facts.died_on
    if case.registration is not None and died_on is not None and answer.ended_on == died_on:
        row = case.day.book.provision(Subject.MONTH_OF_DEATH, died_on)
        last = format_year_month(last_payable_month(died_on, case.day.book))
        yield _by_row(
            "Month of death", f"died {died_on}", row, _version(row), f"last payable month {last}"
        )


def _window_steps(case: Case, answer: Assessment) -> Iterator[Step]:
    window = answer.registration_window
    if window is None or answer.first_payable_month is None:
        return
    for row in case.day.book.window_rules(window.fiscal_year):
        yield _by_row(
            "Registration window",
            f"on {case.day.today}",
            row,
            f"fiscal years {row.first_fiscal_year} to {row.last_fiscal_year or 'further notice'}",
            f"for fiscal year {window.fiscal_year}: {window.opens_on} to {window.closes_on}",
        )
    registers_on = max(case.day.today, window.opens_on)
    late = case.day.book.provision(Subject.LATE_REGISTRATION, registers_on)
    yield _by_row(
        "First month if registered",
        f"on {registers_on} at the earliest",
        late,
        _version(late),
        f"paid from {format_year_month(answer.first_payable_month)}",
    )


def _registration_steps(case: Case, registered_on: date, answer: Assessment) -> Iterator[Step]:
    old_age = case.facts.scheme is Scheme.OLD_AGE_ALLOWANCE
    start = Subject.LATE_REGISTRATION if old_age else Subject.DISABILITY_START
    subjects = (Subject.QUALIFICATION, start) if old_age else (start,)
    month = answer.first_payable_month
    payable = f"paid from {format_year_month(month)}" if month else "ended before its first month"
    for subject in subjects:
        row = case.day.book.provision(subject, registered_on)
        outcome = payable if subject is start else row.effect.value
        yield _by_row(
            subject.value.replace("_", " ").capitalize(),
            f"registered {registered_on}",
            row,
            _version(row),
            outcome,
        )


def _amount_steps(case: Case, answer: Assessment) -> Iterator[Step]:
    rate = answer.rate
    counting = case.day.book.counting(case.facts.scheme, case.day.month)
    if rate is not None and counting is not None:
        month = format_year_month(case.day.month)
        yield _by_row(
            "Age that counts",
            f"month {month}",
            counting,
            _version(counting),
            f"age on {age_day(counting.basis, case.day.month)}",
        )
        band = f"ages {rate.minimum_age} to {rate.maximum_age or 'any'}"
        yield _by_row("Rate", band, rate, _version(rate), f"{rate.amount_satang / 100:.2f} baht")
    payment = answer.next_payment
    if payment is not None:
        pay_day_rule = case.day.book.pay_day_rule(payment.period)
        known = "known" if case.day.book.holidays.covers(payment.period.year) else "unknown"
        yield _by_row(
            "Next payment",
            f"month {format_year_month(payment.period)}, holidays {known}",
            pay_day_rule,
            _version(pay_day_rule),
            f"{payment.amount_satang / 100:.2f} baht on {payment.due_on}",
        )


def _conclusion(case: Case, verdict: Verdict, answer: Assessment) -> Step:
    reason = verdict.reason.value if verdict.reason is not None else "none"
    source_code = f" (source: {answer.source_code})" if answer.source_code else ""
    return Step(
        "State",
        f"{case.facts.scheme.value} on {case.day.today}",
        "The first rule that applies decides",
        _NO_VERSION,
        "app/rules/states.py",
        f"{answer.state.value}, reason {reason}{source_code}",
    )
