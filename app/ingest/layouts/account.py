"""The account of a row: which fields come together, and the form that may be kept."""

from typing import NamedTuple

from app.ingest.refusals import RefusalCode, RefusedError
from app.privacy import PrivacyKeys


class Account(NamedTuple):
    """An account without its number. Name and holder are None where the file does not say."""

    bank_code: str | None
    number_hmac: bytes | None
    last_four: str | None
    name: str | None
    holder: str | None


_NONE = Account(None, None, None, None, None)


def account_of(
    keys: PrivacyKeys,
    channel: str | None,
    bank_code: str | None,
    number: str | None,
    name: str | None,
    holder: str | None,
) -> Account:
    """The account that a row names; `RefusedError` where its fields contradict each other.

    Bank and number come together. Cash goes to no account. An account of somebody else, holder
    PROXY, needs that person's name. Name and holder without an account say nothing.
    """
    if bank_code is None and number is None:
        return _NONE
    if bank_code is None or number is None:
        missing = "bank_code" if bank_code is None else "account_number"
        raise RefusedError(
            RefusalCode.ACCOUNT_INCOMPLETE,
            "An account needs both the bank code and the account number.",
            missing,
        )
    _refuse_contradictions(channel, name, holder)
    return Account(bank_code, keys.account_hmac(bank_code, number), number[-4:], name, holder)


def _refuse_contradictions(channel: str | None, name: str | None, holder: str | None) -> None:
    if channel == "CASH":
        raise RefusedError(
            RefusalCode.ACCOUNT_WITH_CASH,
            "Cash goes to no account: leave the account empty, or write BANK_TRANSFER.",
            "channel",
        )
    if holder == "PROXY" and name is None:
        raise RefusedError(
            RefusalCode.ACCOUNT_NAME_MISSING,
            "An account of a PROXY needs the name of its holder.",
            "account_name",
        )
