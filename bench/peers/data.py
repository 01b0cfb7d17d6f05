"""The statements of the Python peers: one for all keys, rows as their schemas have them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from aiodataloader import DataLoader

from app.ids import decode_citizen_id, encode_citizen_id

__all__ = ["decode_citizen_id"]

HERE = Path(__file__).parent


def statement(name: str) -> str:
    """A file of `sql`."""
    return (HERE / "sql" / f"{name}.sql").read_text(encoding="utf-8")


CITIZENS = statement("citizens")
AUTHORITIES = statement("authorities")
REGISTRATIONS = statement("registrations")
ACCOUNTS = statement("accounts")
PAYMENTS = statement("payments")

Pool = Any


async def _keep_session_state(_connection: object) -> None:
    """Nothing sets session state, so a release has nothing to reset."""


async def open_pool(size: int, dsn: str | None = None) -> Pool:
    """The pool, on the database that `dsn` or else the PG variables name."""
    return await asyncpg.create_pool(dsn, min_size=2, max_size=size, reset=_keep_session_state)


class AccountKey(NamedTuple):
    """An account of a citizen; None for cash."""

    citizen_id: UUID
    account_id: int | None


class PageKey(NamedTuple):
    """The newest payments of a registration."""

    citizen_id: UUID
    scheme: str
    first: int


@dataclass
class CitizenRow:
    """A citizen, and the keys of what belongs to it. No slots: Ariadne notes its type on it."""

    id: str
    citizen_id: UUID
    title: str | None
    given_name: str
    family_name: str
    birth_date: date
    birth_date_precision: str
    authority_code: str


@dataclass(slots=True)
class AuthorityRow:
    """A local authority."""

    code: str
    kind: str
    province: str
    phone: str | None


@dataclass(slots=True)
class RegistrationRow:
    """A registration, and the key of its account."""

    citizen_id: UUID
    scheme: str
    registered_on: date | None
    account_id: int | None


@dataclass(slots=True)
class BankRow:
    """A bank by its code."""

    code: str


@dataclass(slots=True)
class AccountRow:
    """A bank account."""

    bank: BankRow
    masked_number: str
    account_name: str
    holder: str
    active: bool


@dataclass(slots=True)
class PaymentRow:
    """A payment, and the key of its account."""

    citizen_id: UUID
    account_id: int | None
    period: str
    kind: str
    amount: str
    status: str
    channel: str
    paid_on: date | None


@dataclass(slots=True)
class PageInfoRow:
    """Whether more follows."""

    has_next_page: bool


@dataclass(slots=True)
class PageRow:
    """A page of payments."""

    nodes: list[PaymentRow]
    page_info: PageInfoRow


class Loaders:
    """The loaders of one request."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.citizens: DataLoader[UUID, CitizenRow | None] = DataLoader(self._citizens)
        self.authorities: DataLoader[str, AuthorityRow] = DataLoader(self._authorities)
        self.registrations: DataLoader[UUID, list[RegistrationRow]] = DataLoader(
            self._registrations
        )
        self.accounts: DataLoader[AccountKey, AccountRow | None] = DataLoader(self._accounts)
        self.payments: DataLoader[PageKey, PageRow] = DataLoader(self._payments)

    async def _citizens(self, ids: list[UUID]) -> list[CitizenRow | None]:
        rows = await self._pool.fetch(CITIZENS, ids)
        found = {row[0]: CitizenRow(encode_citizen_id(row[0]), *row) for row in rows}
        return [found.get(key) for key in ids]

    async def _authorities(self, codes: list[str]) -> list[AuthorityRow]:
        found = {row[0]: AuthorityRow(*row) for row in await self._pool.fetch(AUTHORITIES, codes)}
        return [found[code] for code in codes]

    async def _registrations(self, ids: list[UUID]) -> list[list[RegistrationRow]]:
        found: dict[UUID, list[RegistrationRow]] = defaultdict(list)
        for row in await self._pool.fetch(REGISTRATIONS, ids):
            found[row[0]].append(RegistrationRow(*row))
        return [found[key] for key in ids]

    async def _accounts(self, keys: list[AccountKey]) -> list[AccountRow | None]:
        asked = {key.citizen_id for key in keys if key.account_id is not None}
        rows = await self._pool.fetch(ACCOUNTS, asked) if asked else ()
        found = {AccountKey(row[0], row[1]): _account(row) for row in rows}
        return [found.get(key) for key in keys]

    async def _payments(self, keys: list[PageKey]) -> list[PageRow]:
        sizes: dict[int, list[PageKey]] = defaultdict(list)
        for key in keys:
            sizes[key.first].append(key)
        found: dict[PageKey, list[PaymentRow]] = defaultdict(list)
        for first, some in sizes.items():
            ids, schemes = {key.citizen_id for key in some}, {key.scheme for key in some}
            for row in await self._pool.fetch(PAYMENTS, ids, schemes, first + 1):
                found[PageKey(row[0], row[1], first)].append(_payment(row))
        return [_page(found[key], key.first) for key in keys]


def _account(row: Sequence[Any]) -> AccountRow:
    return AccountRow(BankRow(row[2]), f"xxxxxx{row[3]}", row[4], row[5], row[6])


def _payment(row: Sequence[Any]) -> PaymentRow:
    return PaymentRow(
        citizen_id=row[0],
        account_id=row[8],
        period=f"{row[2].year:04}-{row[2].month:02}",
        kind=row[3],
        amount=f"{row[4] / 100:.2f}",
        status=row[5],
        channel=row[6],
        paid_on=row[7],
    )


def _page(rows: list[PaymentRow], first: int) -> PageRow:
    return PageRow(rows[:first], PageInfoRow(len(rows) > first))
