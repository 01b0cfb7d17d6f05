"""The rows of the citizens and registrations files, as the register stands on a day."""

from datetime import date, timedelta

from app.demo.layouts import csv_line
from app.demo.person import Account, Holding, Person, birth_text, month_number
from app.rules.vocabulary import ReasonCode, RegistrationStatus

_ONE_DAY = timedelta(days=1)


def citizen_line(person: Person, today: date) -> str:
    """A line of the citizens file; a death after `today` is not known yet."""
    died_on = person.died_on if person.died_on and person.died_on <= today else None
    return csv_line(
        (
            person.national_id,
            person.title(today),
            person.given_name,
            person.family_name,
            birth_text(person.birth),
            "TH",
            iso(died_on),
            person.authority,
            person.phone,
        )
    )


def registration_line(person: Person, holding: Holding, today: date) -> str:
    """A line of the registrations file, with the account and the card of `today`."""
    status, reason, status_on = _status(holding, today)
    card = holding.card_on(today)
    return csv_line(
        (
            person.national_id,
            holding.scheme.value,
            person.authority,
            holding.registered_on.isoformat(),
            status.value,
            reason.value if reason else "",
            iso(status_on),
            *route_cells(holding, holding.account_in(month_number(today))),
            iso(card and card.issued_on),
            iso(card and card.expires_on),
            ";".join(kind.value for kind in holding.disabilities),
        )
    )


def _status(
    holding: Holding, today: date
) -> tuple[RegistrationStatus, ReasonCode | None, date | None]:
    if end := holding.end_by(today):
        return RegistrationStatus.ENDED, end.reason, end.day
    if expired_on := holding.lapsed_on(today):
        return RegistrationStatus.SUSPENDED, ReasonCode.CARD_EXPIRED, expired_on + _ONE_DAY
    return RegistrationStatus.ACTIVE, None, None


def route_cells(holding: Holding, account: Account | None) -> tuple[str, str, str, str, str]:
    """The cells `channel` to `holder`, alike in the registrations and disbursements files."""
    if account is None:
        return holding.channel.value, "", "", "", ""
    return (
        holding.channel.value,
        account.bank_code,
        account.number,
        account.name,
        account.holder.value,
    )


def iso(day: date | None) -> str:
    """A date as the files write it; empty for none."""
    return "" if day is None else day.isoformat()
