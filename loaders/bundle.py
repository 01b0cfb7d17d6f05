"""Every edge of the graph, for one request."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import TypeVar
from uuid import UUID

from app.accountability import Access
from app.ids import BankAccountKey
from app.rules.vocabulary import Scheme
from loaders.access_records import access_pages, record_access
from loaders.asked import Perhaps
from loaders.bank_accounts import BankAccountRow, PaidInto, bank_accounts_by_citizen
from loaders.batches import batch_pages, batches_by_id, freshness
from loaders.batching import Edge, Loader, Queues
from loaders.citizens import CitizenRow, citizens_by_id, citizens_by_national_id_hmac
from loaders.notifications import (
    mark_read,
    notification_pages,
    notifications_by_key,
    notifications_since,
)
from loaders.own_citizen import ExpectedPage, OwnCitizen, OwnKey, own_citizens
from loaders.payment_pages import PageKey, PaymentPage, Window, payment_pages
from loaders.payments import PaymentRow, payment_totals, payments_by_key
from loaders.reference import LocalAuthorityRow, Reference

Other = TypeVar("Other")


class Loaders:
    """Named by direction. Made anew for each request, so no value outlives it.

    What comes of them may be given to other requests too, and is not to be changed.
    """

    citizen_by_id = Edge(citizens_by_id)
    citizen_by_national_id_hmac = Edge(citizens_by_national_id_hmac)
    payment_by_key = Edge(payments_by_key)
    payment_totals = Edge(payment_totals, apart=attrgetter("span"))
    batch_by_id = Edge(batches_by_id)
    batch_pages = Edge(batch_pages, apart=lambda page: page)
    freshness = Edge(freshness, apart=attrgetter("month"))
    access_records_by_citizen = Edge(access_pages, apart=attrgetter("below"))
    notifications_by_citizen = Edge(notification_pages, apart=attrgetter("window"))
    notifications_since = Edge(notifications_since)
    notification_by_key = Edge(notifications_by_key)
    _own_citizen = Edge(own_citizens, apart=attrgetter("window"))
    _bank_accounts_by_citizen = Edge(bank_accounts_by_citizen)
    _payment_pages = Edge(payment_pages, apart=attrgetter("window"))

    def __init__(self, queues: Queues, reference: Reference) -> None:
        self.queues = queues
        self._reference = reference
        self._expected: list[ExpectedPage] = []
        self._own: OwnCitizen | None = None
        self._authorities = reference.current.authorities

    async def record_access(self, access: Access) -> None:
        """Put on record what an agency read; durable once this returns."""
        await record_access(self.queues.database, access)

    async def mark_notifications_read(
        self, citizen_id: UUID, numbers: Sequence[int], at: datetime
    ) -> None:
        """Note what a citizen has read of theirs."""
        await mark_read(self.queues.database, citizen_id, numbers, at)

    def local_authority(self, code: str) -> Perhaps[LocalAuthorityRow]:
        """The authority of a code, as of the beginning of the request; an unseen one is awaited."""
        return self._authorities.get(code) or self._unseen_authority.load(code)

    @cached_property
    def _unseen_authority(self) -> Loader[str, LocalAuthorityRow | None]:
        return Loader(self._reference.unseen)

    def expect_payments(self, scheme: Scheme | None, window: Window, limit: int) -> None:
        """A page of payments will be asked, of a scheme or of each: with a citizen's own data come
        those of the window that is named first."""
        if not self._expected or self._expected[0].window == window:
            self._expected.append(ExpectedPage(scheme, window, limit))

    async def own_citizen(self, national_id_hmac: bytes) -> CitizenRow | None:
        """The citizen who signed in; their bank accounts, and what is expected of their payments,
        are at hand from then on."""
        key = OwnKey(national_id_hmac, tuple(self._expected))
        self._own = await self._own_citizen.load(key)
        return None if self._own is None else self._own.citizen

    def bank_accounts_at_hand(
        self, otherwise: Other
    ) -> Callable[[PaidInto], BankAccountRow | Other | None]:
        """Gives of whom is paid their account, where it came with the citizen; None for no
        number."""
        own = self._own
        citizen_id = None if own is None else own.citizen.citizen_id
        accounts: Mapping[int, BankAccountRow] = {} if own is None else own.bank_accounts

        def known(paid: PaidInto) -> BankAccountRow | Other | None:
            number = paid.bank_account_id
            if number is None:
                return None
            return accounts.get(number, otherwise) if paid.citizen_id == citizen_id else otherwise

        return known

    async def bank_accounts(
        self, keys: Sequence[BankAccountKey | None]
    ) -> list[BankAccountRow | Exception | None]:
        """For each key its account; the others of the same citizen come with it, and are then not
        waited for."""
        by_citizen = self._bank_accounts_by_citizen
        if self._own is not None:
            accounts = tuple(self._own.bank_accounts.values())
            by_citizen.prime(self._own.citizen.citizen_id, accounts)
        distinct = {key for key in keys if key is not None}
        citizens = list({key.citizen_id for key in distinct})
        of_citizen = dict(zip(citizens, await by_citizen.load_each(citizens), strict=True))
        found = {key: _account(of_citizen[key.citizen_id], key) for key in distinct}
        return [None if key is None else found[key] for key in keys]

    async def payments_by_entitlement(
        self, keys: Sequence[PageKey]
    ) -> list[tuple[PaymentRow, ...] | Exception]:
        """Pages of entitlements' payments; those that others of one name are then known too."""
        for key, page in () if self._own is None else self._own.pages_by_key():
            self._payment_pages.prime(key, page)
        return [
            page if isinstance(page, Exception) else self._noted(page)
            for page in await self._payment_pages.load_each(keys)
        ]

    @property
    def has_pages(self) -> bool:
        """Whether any page of payments came with its citizen."""
        return self._own is not None and bool(self._own.pages)

    def payments_at_hand(self, key: PageKey, otherwise: Other) -> tuple[PaymentRow, ...] | Other:
        """A page that came with its citizen."""
        page = None if self._own is None else self._own.page(key, None)
        return otherwise if page is None else self._noted(page)

    def _noted(self, page: PaymentPage) -> tuple[PaymentRow, ...]:
        if page.named:
            for row in (*page.rows, *page.repaid):
                if row.key in page.named:
                    self.payment_by_key.prime(row.key, row)
        return page.rows


def _account(
    accounts: Sequence[BankAccountRow] | Exception, key: BankAccountKey
) -> BankAccountRow | Exception | None:
    if isinstance(accounts, Exception):
        return accounts
    return next((account for account in accounts if account.key == key), None)
