"""Every edge of the graph, for one request."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from app.accountability import Access
from app.database import Database
from app.ids import BankAccountKey, EntitlementKey, PaymentKey
from loaders.access_records import (
    AccessPageKey,
    AccessRecordRow,
    access_pages,
    record_access,
)
from loaders.bank_accounts import BankAccountRow, bank_accounts_by_citizen
from loaders.batches import (
    BatchPageKey,
    BatchRow,
    FreshnessKey,
    FreshnessRow,
    batch_pages,
    batches_by_id,
    freshness,
)
from loaders.batching import Key, Loader, Value
from loaders.citizens import CitizenRow, citizens_by_id, citizens_by_national_id_hmac
from loaders.entitlements import EntitlementRow, entitlements_by_key
from loaders.payments import (
    PageKey,
    PaymentPage,
    PaymentRow,
    TotalsKey,
    TotalsRow,
    payment_pages,
    payment_totals,
    payments_by_key,
)
from loaders.reference import LocalAuthorityRow, Reference


class Loaders:
    """Named by direction. Made anew for each request, so no value outlives it."""

    def __init__(self, database: Database, reference: Reference) -> None:
        def asking(
            fetch: Callable[[Database, Sequence[Key]], Awaitable[Sequence[Value]]],
        ) -> Loader[Key, Value]:
            return Loader(lambda keys: fetch(database, keys))

        self.citizen_by_id: Loader[UUID, CitizenRow | None] = asking(citizens_by_id)
        self.citizen_by_national_id_hmac: Loader[bytes, CitizenRow | None] = asking(
            citizens_by_national_id_hmac
        )
        self.entitlement_by_key: Loader[EntitlementKey, EntitlementRow | None] = asking(
            entitlements_by_key
        )
        self.payment_by_key: Loader[PaymentKey, PaymentRow | None] = asking(payments_by_key)
        self.payment_totals: Loader[TotalsKey, TotalsRow] = asking(payment_totals)
        self.batch_by_id: Loader[int, BatchRow | None] = asking(batches_by_id)
        self.batch_pages: Loader[BatchPageKey, list[BatchRow]] = asking(batch_pages)
        self.freshness: Loader[FreshnessKey, FreshnessRow] = asking(freshness)
        self.local_authority_by_code: Loader[str, LocalAuthorityRow | None] = Loader(
            reference.local_authorities
        )
        self.access_records_by_citizen: Loader[AccessPageKey, list[AccessRecordRow]] = asking(
            access_pages
        )
        self._database = database
        self._bank_accounts_by_citizen: Loader[UUID, list[BankAccountRow]] = asking(
            bank_accounts_by_citizen
        )
        self._payment_pages: Loader[PageKey, PaymentPage] = asking(payment_pages)

    async def record_access(self, access: Access) -> None:
        """Put on record what an agency read; durable once this returns."""
        await record_access(self._database, access)

    async def bank_account(self, key: BankAccountKey) -> BankAccountRow | None:
        """An account; the others of the same citizen come with it."""
        accounts = await self._bank_accounts_by_citizen.load(key.citizen_id)
        return next((account for account in accounts if account.key == key), None)

    async def payments_by_entitlement(self, page: PageKey) -> list[PaymentRow]:
        """A page of an entitlement's payments; each is then known by its key as well."""
        found = await self._payment_pages.load(page)
        for row in (*found.rows, *found.repaid):
            self.payment_by_key.prime(row.key, row)
        return found.rows
