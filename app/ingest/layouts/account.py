"""The account of a row: which fields come together, and the form that may be kept."""

from functools import partial
from typing import NamedTuple

import pyarrow as pa

from app.ingest import fields
from app.ingest.arrow import Array, compute, where
from app.ingest.context import BANK_CODES
from app.ingest.layout import Column, Columns, Own
from app.ingest.layouts.digests import digests
from app.ingest.refusals import RefusalCode, RefusedError
from app.privacy import PrivacyKeys
from app.rules.vocabulary import AccountHolder

ACCOUNT_COLUMNS = (
    Column("bank_code", partial(fields.read_bank_code, known=BANK_CODES)),
    Column(
        "account_number",
        fields.read_account_number,
        seldom_repeats=True,
        convert_all=fields.read_account_numbers,
    ),
    Column("account_name", fields.read_text),
    Column("holder", fields.one_of(AccountHolder)),
)


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


def account_places(keys: PrivacyKeys, first: int) -> tuple[Own, ...]:
    """What is a row's own in an `Account` that stands at place `first` of a record."""
    bank_code, number_hmac, last_four, name, _ = range(first, first + len(_NONE))

    def hmacs(numbers: Array, columns: Columns) -> Array:
        banks = columns[bank_code].cast(pa.string())
        accounts: Array = compute.binary_join_element_wise(banks, numbers, ":")
        return digests(keys.account_hmacs, accounts)

    def names(given: Array, columns: Columns) -> Array:
        return where(columns[number_hmac].is_valid(), given)

    return (
        Own(number_hmac, "account_number", hmacs),
        Own(last_four, "account_number", _last_fours),
        Own(name, "account_name", names),
    )


def _last_fours(numbers: Array, _columns: Columns) -> Array:
    last_fours: Array = compute.utf8_slice_codeunits(numbers, -4)
    return last_fours


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
