"""Every edge of the graph, for one request."""

from collections.abc import Awaitable, Sequence
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from uuid import UUID

from app.accountability import Access
from app.ids import BankAccountKey
from loaders.access_records import access_pages, record_access
from loaders.asked import Perhaps
from loaders.bank_accounts import BankAccountRow, bank_accounts_by_citizen
from loaders.batches import batch_pages, batches_by_id, freshness
from loaders.batching import Edge, Loader, Queues
from loaders.citizens import citizens_by_id, citizens_by_national_id_hmac
from loaders.entitlements import entitlements_by_key
from loaders.notifications import (
    mark_read,
    notification_pages,
    notifications_by_key,
    notifications_since,
)
from loaders.payments import (
    PageKey,
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
    entitlement_by_key = Edge(entitlements_by_key)
    payment_by_key = Edge(payments_by_key)
    payment_totals = Edge(payment_totals, apart=attrgetter("span"))
    batch_by_id = Edge(batches_by_id)
    batch_pages = Edge(batch_pages, apart=lambda page: page)
    freshness = Edge(freshness, apart=attrgetter("month"))
    access_records_by_citizen = Edge(access_pages, apart=attrgetter("below"))
    notifications_by_citizen = Edge(notification_pages, apart=attrgetter("window"))
    notifications_since = Edge(notifications_since)
    notification_by_key = Edge(notifications_by_key)
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

    def bank_account(self, key: BankAccountKey) -> Perhaps[BankAccountRow]:
        """An account; the others of the same citizen come with it, and are then not awaited."""
        accounts = self._bank_accounts_by_citizen.load(key.citizen_id)
        if accounts.done():
            return _account(accounts.result(), key)
        return self._awaited_account(accounts, key)

    async def _awaited_account(
        self, accounts: Awaitable[Sequence[BankAccountRow]], key: BankAccountKey
    ) -> BankAccountRow | None:
        return _account(await accounts, key)

    async def payments_by_entitlement(self, page: PageKey) -> tuple[PaymentRow, ...]:
        """A page of an entitlement's payments; those that others of it name are then known too."""
        found = await self._payment_pages.load(page)
        if found.named:
            for row in (*found.rows, *found.repaid):
                if row.key in found.named:
                    self.payment_by_key.prime(row.key, row)
        return found.rows


def _account(accounts: Sequence[BankAccountRow], key: BankAccountKey) -> BankAccountRow | None:
    return next((account for account in accounts if account.key == key), None)
