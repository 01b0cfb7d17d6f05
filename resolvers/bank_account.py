"""BankAccount and Bank: where money is sent, as far as it may be shown."""

from collections.abc import Callable
from dataclasses import dataclass

import strawberry
from graphql import Undefined

from app.ids import encode_bank_account_id
from app.rules.vocabulary import AccountHolder, Language
from loaders.bank_accounts import BankAccountRow, PaidInto
from resolvers.context import Info
from resolvers.fields import plain, resolved


@dataclass(frozen=True, slots=True)
class BankRow:
    """A bank by its three-digit code."""

    code: str


@strawberry.type(description="A bank (ธนาคาร).")
class Bank:
    code: strawberry.ID = plain("Three digits, as the Bank of Thailand numbers them.")

    @resolved("Its name; the code where the bank is not in our catalogue.")
    def name(
        root: strawberry.Parent[BankRow], info: Info, language: Language | None = Language.TH
    ) -> str:
        return info.context.texts.bank(root.code, language or Language.TH)


def bank_account_at_hand(info: Info) -> Callable[[PaidInto], object]:
    """Of the citizen who signed in; see `at_hand`."""
    return info.context.loaders.bank_accounts_at_hand(Undefined)


@strawberry.type(description="A bank account (บัญชีธนาคาร) that an allowance is paid into.")
class BankAccount:
    account_name: str = plain("The name it is held in.")
    holder: AccountHolder = plain("Whose account it is.")
    active: bool = plain("False once a payment came back because the account is closed.")

    @resolved("Opaque and stable.")
    def id(root: strawberry.Parent[BankAccountRow]) -> strawberry.ID:
        return strawberry.ID(encode_bank_account_id(root.key))

    @resolved("The bank.", gives=Bank)
    def bank(root: strawberry.Parent[BankAccountRow]) -> BankRow:
        return BankRow(root.bank_code)

    @resolved("The last four digits, as `xxxxxx1234`: the only form there is.")
    def masked_number(root: strawberry.Parent[BankAccountRow]) -> str:
        return f"xxxxxx{root.last_four}"
