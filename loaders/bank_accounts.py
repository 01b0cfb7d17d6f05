"""Bank accounts: every account of a citizen comes at once, for it is one to three rows."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from app.database import Database
from app.ids import BankAccountKey
from app.rules.vocabulary import AccountHolder
from loaders.batching import many_by_key


class BankAccountRow(NamedTuple):
    """Where money is sent; of the number only the last four digits exist."""

    key: BankAccountKey
    bank_code: str
    last_four: str
    account_name: str
    holder: AccountHolder
    active: bool


class PaidInto(Protocol):
    """Who is paid into an account: a payment, or an entitlement; in cash, where it is None."""

    @property
    def citizen_id(self) -> UUID: ...

    @property
    def bank_account_id(self) -> int | None: ...


# An array of arrays of text, for a statement that brings more: of `citizen_id`.
OF_CITIZEN = """array(
  select array[a.id::text, a.bank_code, a.last_four, a.name, a.holder::text, a.active::text]
  from bank_account a
  where a.citizen_id = {citizen_id})"""
_TRUE = "true"

BY_CITIZEN = """
select citizen_id, id, bank_code, last_four, name, holder, active
from bank_account
where citizen_id = any($1)"""


_HOLDERS = {each.value: each for each in AccountHolder}


async def bank_accounts_by_citizen(
    database: Database, citizens: Sequence[UUID]
) -> list[tuple[BankAccountRow, ...]]:
    rows = await database.fetch(BY_CITIZEN, citizens)
    return many_by_key(citizens, map(_bank_account, rows), lambda row: row.key.citizen_id)


def bank_accounts_of(citizen_id: UUID, texts: Sequence[Sequence[str]]) -> dict[int, BankAccountRow]:
    """By their number, from what `OF_CITIZEN` brings."""
    return {
        (number := int(text)): _bank_account((citizen_id, number, *rest, active == _TRUE))
        for text, *rest, active in texts
    }


def _bank_account(row: Sequence[Any]) -> BankAccountRow:
    citizen_id, number, bank_code, last_four, name, holder, active = row
    key = BankAccountKey(citizen_id, number)
    return BankAccountRow(key, bank_code, last_four, name, _HOLDERS[holder], active)
