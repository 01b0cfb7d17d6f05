"""Every edge of the graph, for one request."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from uuid import UUID

from app.accountability import Access
from app.ids import BankAccountKey
from loaders.access_records import access_pages, record_access
from loaders.asked import Other, Perhaps
from loaders.bank_accounts import BankAccountRow, bank_accounts_by_citizen
from loaders.batches import batch_pages, batches_by_id, freshness
from loaders.batching import Edge, Loader, Queues
from loaders.citizens import (
    CitizenRow,
    citizens_by_id,
    citizens_by_national_id_hmac,
    own_citizens,
)
from loaders.notifications import (
    mark_read,
    notification_pages,
    notifications_by_key,
    notifications_since,
)
from loaders.payments import (
    PageKey,
    PaymentPage,
    PaymentRow,
    payment_pages,
    payment_totals,
    payments_by_key,
)
from loaders.reference import LocalAuthorityRow, Reference


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
    _own_citizen = Edge(own_citizens)
    _bank_accounts_by_citizen = Edge(bank_accounts_by_citizen)
    _payment_pages = Edge(payment_pages, apart=attrgetter("window"))

    def __init__(self, queues: Queues, reference: Reference) -> None:
        self.queues = queues
        self._reference = reference
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

    async def own_citizen(self, national_id_hmac: bytes) -> CitizenRow | None:
        """The citizen who signed in; their bank accounts are at hand from then on."""
        own = await self._own_citizen.load(national_id_hmac)
        if own is None:
            return None
        self._bank_accounts_by_citizen.prime(own.citizen.citizen_id, own.bank_accounts)
        return own.citizen

    def bank_account_at_hand(
        self, key: BankAccountKey | None, otherwise: Other
    ) -> BankAccountRow | Other | None:
        """The account of a key, where those of its citizen are at hand."""
        if key is None:
            return None
        accounts = self._bank_accounts_by_citizen.at_hand(key.citizen_id, None)
        return otherwise if accounts is None else _account(accounts, key)

    async def bank_accounts(
        self, keys: Sequence[BankAccountKey | None]
    ) -> list[BankAccountRow | Exception | None]:
        """For each key its account; the others of the same citizen come with it, and are then not
        waited for."""
        distinct = {key for key in keys if key is not None}
        citizens = list({key.citizen_id for key in distinct})
        loaded = await self._bank_accounts_by_citizen.load_each(citizens)
        of_citizen = dict(zip(citizens, loaded, strict=True))
        found: dict[BankAccountKey | None, BankAccountRow | Exception | None] = {None: None}
        for key in distinct:
            accounts = of_citizen[key.citizen_id]
            found[key] = accounts if isinstance(accounts, Exception) else _account(accounts, key)
        return [found[key] for key in keys]

    async def payments_by_entitlement(
        self, keys: Sequence[PageKey]
    ) -> list[tuple[PaymentRow, ...] | Exception]:
        """Pages of entitlements' payments; those that others of one name are then known too."""
        return [
            page if isinstance(page, Exception) else self._noted(page)
            for page in await self._payment_pages.load_each(keys)
        ]

    def _noted(self, page: PaymentPage) -> tuple[PaymentRow, ...]:
        if page.named:
            for row in (*page.rows, *page.repaid):
                if row.key in page.named:
                    self.payment_by_key.prime(row.key, row)
        return page.rows


def _account(accounts: Sequence[BankAccountRow], key: BankAccountKey) -> BankAccountRow | None:
    for account in accounts:
        if account.key.number == key.number:
            return account
    return None
