"""Pages of payments: of many entitlements in one statement."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import groupby, product, starmap
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from app.database import Database
from app.ids import EntitlementKey, PaymentKey
from app.rules.vocabulary import PaymentStatus, Scheme
from loaders.payments import COLUMNS, MADE_GOOD_BY, NOT_ARRIVED, PaymentRow


class Place(NamedTuple):
    """Where a payment stands in its entitlement's list."""

    period: date
    sequence: int


NEWEST = Place(date(9999, 1, 1), 32767)
OLDEST = Place(date(1, 1, 1), -32768)


class Shape(NamedTuple):
    """What makes the statement of a page another one.

    `repayments`: whether it brings what the payments repay, and what repays them; `whole`: whether
    no payment is left out, wherever it stands and of whatever status.
    """

    newest_first: bool = True
    repayments: bool = True
    whole: bool = True


class Window(NamedTuple):
    """Which payments of an entitlement: all strictly between two places, of some statuses.

    `repayments`: with what they repay, and what repays them.
    """

    below: Place = NEWEST
    above: Place = OLDEST
    statuses: tuple[PaymentStatus, ...] | None = None
    newest_first: bool = True
    repayments: bool = True

    @property
    def shape(self) -> Shape:
        whole = (self.below, self.above, self.statuses) == (NEWEST, OLDEST, None)
        return Shape(self.newest_first, self.repayments, whole)


_Owner = tuple[UUID | None, str | None]  # whose payment, and of which scheme, as rows have it
_OWNER: Callable[[PaymentRow], _Owner] = itemgetter(0, 1)  # they lead
_NOBODY = None, None


class PageKey(NamedTuple):
    """The first `limit` payments of an entitlement's window."""

    entitlement: EntitlementKey
    window: Window
    limit: int


class PaymentPage(NamedTuple):
    """A page's payments in its order, and those outside it that they repay.

    `named` are the keys that payments of the page give as what they repay, or are repaid by, where
    that was asked.
    """

    rows: tuple[PaymentRow, ...]
    repaid: tuple[PaymentRow, ...]
    named: frozenset[PaymentKey]


_PAGE = """
with page as (
  select p.*
  from {owners}
  cross join lateral (
    select {columns}
    from payment p
    where p.citizen_id = k.citizen_id and p.scheme = k.scheme{bounds}
    order by p.period {direction}, p.sequence {direction}
    limit $3
  ) p
  where {owner} = any($1) and k.scheme = any($2::scheme[])
)"""

# Where they would leave nothing out they are not asked of each partition.
_BOUNDS = """
      and p.period <= $4 and (p.period, p.sequence) < ($4, $5)
      and p.period >= $6 and (p.period, p.sequence) > ($6, $7)
      and ($8::payment_status[] is null or p.status = any($8))"""

_KNOWN_ALONE = ", known as (select * from page)"

# What a payment of the page repays comes along, though it may lie beyond the page's end. LIMIT
# makes that a look-up by key; a plain join of many rows may be planned as a read of every payment.
# Most repay nothing and have arrived: for those nothing is looked for.
_KNOWN_WITH_REPAYMENTS = """, shown as (
  select page.*, true as in_page from page
  union all
  select p.*, false
  from page cross join lateral (
    select {columns}
    from payment p
    where p.citizen_id = page.citizen_id and p.scheme = page.scheme
      and p.period = page.repays_period and p.sequence = 0
    limit 1
  ) p
  where page.repays_period is not null
), known as (
  select {columns}, p.in_page, r.repaid_by_period, r.repaid_by_sequence
  from shown p {made_good_by}
  where p.status in {not_arrived}
  union all
  select {columns}, p.in_page, null, null
  from shown p
  where p.status not in {not_arrived}
)"""


def page_statements(owners: str, owner: str, rest: str) -> dict[Shape, str]:
    """Statements whose `rest` reads the page as `known`. `owners`: where `k`, the registrations,
    and `owner`, whose of them $1 is, come from."""
    return {
        shape: _statement(shape, owners, owner, rest)
        for shape in starmap(Shape, product((True, False), repeat=3))
    }


def _statement(shape: Shape, owners: str, owner: str, rest: str) -> str:
    direction = "desc" if shape.newest_first else "asc"
    page = (_PAGE + (_KNOWN_WITH_REPAYMENTS if shape.repayments else _KNOWN_ALONE)).format(
        owners=owners,
        bounds="" if shape.whole else _BOUNDS,
        owner=owner,
        direction=direction,
        columns=COLUMNS,
        made_good_by=MADE_GOOD_BY,
        not_arrived=NOT_ARRIVED,
    )
    place = f"p.period {direction}, p.sequence {direction}"
    return f"{page}{rest}\norder by p.citizen_id, p.scheme, {place}"


PAGES = page_statements("registration k", "k.citizen_id", "\nselect p.* from known p")


async def payment_pages(database: Database, keys: Sequence[PageKey]) -> list[PaymentPage]:
    """For each key its page; the keys have one window, and any limits."""
    window = keys[0].window
    rows = await database.fetch(
        PAGES[window.shape],
        list({key.entitlement.citizen_id for key in keys}),
        list({key.entitlement.scheme.value for key in keys}),
        *window_arguments(window, max(key.limit for key in keys)),
        row=PaymentRow,
    )
    pages = Pages(rows, window)
    return [pages.of(key.entitlement.citizen_id, key.entitlement.scheme, key.limit) for key in keys]


def window_arguments(window: Window, limit: int) -> tuple[object, ...]:
    """The longest page and its window as the statement of its shape has them, from $3 on."""
    if window.shape.whole:
        return (limit,)
    statuses = None if window.statuses is None else [each.value for each in window.statuses]
    return (limit, *window.below, *window.above, statuses)


class Pages:
    """Rows of pages by whose they are and of which scheme: those shown, and those they repay.

    They are read fastest in that order. `others`: rows that came beside, and are of no payment.
    """

    def __init__(self, rows: Iterable[PaymentRow], window: Window | None) -> None:
        self._repayments = window is not None and window.repayments
        self._rows: dict[_Owner, list[PaymentRow]] = {}
        for whose, of_one in groupby(rows, _OWNER):
            self._rows.setdefault(whose, []).extend(of_one)
        self.others: Sequence[PaymentRow] = self._rows.pop(_NOBODY, ())

    def of(self, citizen_id: UUID, scheme: Scheme, limit: int) -> PaymentPage:
        """The first payments of an entitlement, at most so many."""
        rows = self._rows.get((citizen_id, scheme.value), ())
        if not self._repayments:
            return PaymentPage(tuple(rows[:limit]), (), frozenset())
        shown = [row for row in rows if row["in_page"]][:limit]
        repaid = [row for row in rows if not row["in_page"]]
        keys = (key for row in shown for key in (row.repays_key, row.repaid_by_key))
        named = frozenset(key for key in keys if key is not None)
        return PaymentPage(tuple(shown), tuple(repaid), named)
