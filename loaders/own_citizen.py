"""The citizen who signed in, with what their own screens go on to: accounts and payments."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from app.database import Database, Record
from app.ids import EntitlementKey
from app.rules.vocabulary import Scheme
from loaders.bank_accounts import OF_CITIZEN, BankAccountRow, bank_accounts_of
from loaders.citizens import COLUMNS, CitizenRow, citizen_of, rows_by
from loaders.payment_pages import (
    PageKey,
    Pages,
    PaymentPage,
    Window,
    page_statements,
    window_arguments,
)
from loaders.payments import PaymentRow

Other = TypeVar("Other")


class ExpectedPage(NamedTuple):
    """The first `limit` payments of a window, in a scheme; without one, in each."""

    scheme: Scheme | None
    window: Window
    limit: int

    @property
    def schemes(self) -> tuple[Scheme, ...]:
        return tuple(Scheme) if self.scheme is None else (self.scheme,)


class OwnKey(NamedTuple):
    """Who signed in, and the pages of payments that are expected: all of one window."""

    national_id_hmac: bytes
    pages: tuple[ExpectedPage, ...]

    @property
    def window(self) -> Window | None:
        return self.pages[0].window if self.pages else None


class OwnCitizen(NamedTuple):
    """A citizen, all accounts of theirs by number, and the pages that were expected, all of one
    window, by scheme and limit."""

    citizen: CitizenRow
    bank_accounts: Mapping[int, BankAccountRow]
    window: Window | None
    pages: Mapping[tuple[Scheme, int], PaymentPage]

    def page(self, key: PageKey, otherwise: Other) -> PaymentPage | Other:
        """A page, where it is of this citizen and was expected."""
        entitlement = key.entitlement
        if entitlement.citizen_id != self.citizen.citizen_id or key.window != self.window:
            return otherwise
        return self.pages.get((entitlement.scheme, key.limit), otherwise)

    def pages_by_key(self) -> Iterator[tuple[PageKey, PaymentPage]]:
        """The pages as they are asked for."""
        if self.window is None:
            return
        for (scheme, limit), page in self.pages.items():
            entitlement = EntitlementKey(self.citizen.citizen_id, scheme)
            yield PageKey(entitlement, self.window, limit), page


OWN = f"""
select {COLUMNS}, l.national_id_hmac, {OF_CITIZEN.format(citizen_id="c.id")} as bank_accounts
from citizen_lookup l
join citizen c on c.id = l.citizen_id
left join registration r on r.citizen_id = c.id
where l.national_id_hmac = any($1)"""

# Rows of payments without a citizen, and of citizens without a payment, in one statement: who is
# alone waits once. What rows are sorted by stands first, or a row is taken apart to compare it.
OWN_AND_PAGE = page_statements(
    "citizen_lookup l join registration k on k.citizen_id = l.citizen_id",
    "l.national_id_hmac",
    f", own as ({OWN}) select p.*, o.* from known p full join own o on false",
)


async def own_citizens(database: Database, keys: Sequence[OwnKey]) -> list[OwnCitizen | None]:
    """For each key the citizen; the keys expect pages of one window, or none."""
    window = keys[0].window
    row = Record if window is None else PaymentRow
    rows = await database.fetch(*_asked(keys), row=row)
    pages = Pages(() if window is None else rows, window)
    found = rows_by(rows if window is None else pages.others, "national_id_hmac")
    return [_own(key, found.get(key.national_id_hmac), pages) for key in keys]


def _asked(keys: Sequence[OwnKey]) -> tuple[Any, ...]:
    hmacs = list({key.national_id_hmac for key in keys})
    window = keys[0].window
    if window is None:
        return OWN, hmacs
    pages = [page for key in keys for page in key.pages]
    return (
        OWN_AND_PAGE[window.shape],
        hmacs,
        list({scheme.value for page in pages for scheme in page.schemes}),
        *window_arguments(window, max(page.limit for page in pages)),
    )


def _own(key: OwnKey, rows: Sequence[Any] | None, pages: Pages) -> OwnCitizen | None:
    if rows is None:
        return None
    citizen = citizen_of(rows)
    return OwnCitizen(
        citizen,
        bank_accounts_of(citizen.citizen_id, rows[0]["bank_accounts"]),
        key.window,
        {
            (scheme, page.limit): pages.of(citizen.citizen_id, scheme, page.limit)
            for page in key.pages
            for scheme in page.schemes
        },
    )
