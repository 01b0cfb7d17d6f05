"""The words of a state: the screen's heading, and the sentence below it."""

from collections.abc import Awaitable
from datetime import date

from app.policies import Refused, Scope, may_use
from app.rules.texts import amount
from app.rules.vocabulary import EntitlementState, Language, Scheme
from resolvers.context import Context
from resolvers.entitlement_view import EntitlementView
from resolvers.local_authority import local_authority


def state_heading(context: Context, view: EntitlementView, language: Language) -> str:
    """The heading of the screen for the state."""
    reason = view.assessment.reason_code
    return context.texts.state(view.scheme, view.state, language, reason)


async def state_message(context: Context, view: EntitlementView, language: Language) -> str:
    """The sentence below the heading, with the dates and amounts that the viewer may see."""
    texts, assessment = context.texts, view.assessment
    code = view.row.local_authority_code or view.row.citizen.local_authority_code
    found = local_authority(context, code)
    authority = await found if isinstance(found, Awaitable) else found
    day, window = _day(context, view), assessment.registration_window
    month, satang = assessment.first_payable_month, _satang(view)
    return texts.message(
        view.scheme,
        view.state,
        language,
        assessment.reason_code,
        authority=None if authority is None else authority.name(language),
        amount=None if satang is None else amount(satang),
        date=None if day is None else texts.date(day, language),
        window=None if window is None else texts.window(window, language),
        month=None if month is None else texts.month(month, language),
    )


def _satang(view: EntitlementView) -> int | None:
    upcoming = view.assessment.next_payment
    if view.state is EntitlementState.REGISTERED and upcoming is not None:
        return upcoming.amount_satang
    return view.assessment.monthly_amount_satang


def _day(context: Context, view: EntitlementView) -> date | None:
    """Old age: the day the age is reached. Disability: the card's last day, to who may see it."""
    registration = view.row.facts.registration
    if view.scheme is Scheme.OLD_AGE_ALLOWANCE:
        return view.assessment.eligible_on
    if registration is None or isinstance(may_use(context.viewer, Scope.DISABILITY_READ), Refused):
        return None
    return registration.card_expires_on
