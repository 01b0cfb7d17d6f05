"""Bank accounts: every account of a citizen comes at once, for it is one to three rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.database import Database
from app.ids import BankAccountKey
from app.rules.vocabulary import AccountHolder
from loaders.batching import many_by_key


@dataclass(frozen=True, slots=True)
class BankAccountRow:
    """Where money is sent; of the number only the last four digits exist."""

    key: BankAccountKey
    bank_code: str
    last_four: str
    account_name: str
    holder: AccountHolder
    active: bool


BY_CITIZEN = """
select citizen_id, id, bank_code, last_four, name, holder, active
from bank_account
where citizen_id = any($1)"""


async def bank_accounts_by_citizen(
    database: Database, citizens: Sequence[UUID]
) -> list[tuple[BankAccountRow, ...]]:
    rows = await database.fetch(BY_CITIZEN, citizens)
    return many_by_key(citizens, map(_bank_account, rows), lambda row: row.key.citizen_id)


def _bank_account(row: Any) -> BankAccountRow:
    return BankAccountRow(
        key=BankAccountKey(row[0], row[1]),
        bank_code=row[2],
        last_four=row[3],
        account_name=row[4],
        holder=AccountHolder(row[5]),
        active=row[6],
    )
