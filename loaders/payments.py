"""Payments: single ones by key, and yearly totals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from app.database import Database, Record
from app.ids import BankAccountKey, EntitlementKey, PaymentKey
from app.rules.calendar import YearMonth
from app.rules.vocabulary import Scheme
from loaders.batching import one_by_key

_NAMES = (
    *("citizen_id", "scheme", "period", "sequence", "kind", "amount_satang", "status", "channel"),
    *("paid_on", "reason_code", "source_code", "bank_account_id", "batch_id", "repays_period"),
)
COLUMNS = ", ".join(f"p.{name}" for name in _NAMES)  # every row of payments begins with them


def _column(name: str) -> Any:
    """By its place, which takes half as long."""
    return property(itemgetter(_NAMES.index(name)))


_SCHEMES = {each.value: each for each in Scheme}


class PaymentRow(Record):
    """One payment of a month as the driver brings it, and the keys of what it belongs to.

    A value is made when it is asked for: of many payments, few are asked for all.
    """

    __slots__ = ()

    citizen_id: UUID = _column("citizen_id")
    period: YearMonth = _column("period")
    sequence: int = _column("sequence")
    # Values of PaymentKind, PaymentStatus and PaymentChannel: nobody but the graph asks, which
    # writes an enum by its value too.
    kind: str = _column("kind")
    status: str = _column("status")
    channel: str = _column("channel")
    amount: int = _column("amount_satang")
    paid_on: date | None = _column("paid_on")
    reason_code: str | None = _column("reason_code")
    source_code: str | None = _column("source_code")
    batch_id: int = _column("batch_id")
    bank_account_id: int | None = _column("bank_account_id")

    @property
    def key(self) -> PaymentKey:
        return PaymentKey(self.citizen_id, self.scheme, self.period, self.sequence)

    @property
    def entitlement_key(self) -> EntitlementKey:
        return EntitlementKey(self.citizen_id, self.scheme)

    @property
    def scheme(self) -> Scheme:
        return _SCHEMES[self["scheme"]]

    @property
    def bank_account(self) -> BankAccountKey | None:
        number = self.bank_account_id
        return None if number is None else BankAccountKey(self.citizen_id, number)

    @property
    def repays_key(self) -> PaymentKey | None:
        """Of a regular payment, which has the place 0 in its month."""
        period = self["repays_period"]
        return None if period is None else PaymentKey(self.citizen_id, self.scheme, period, 0)

    @property
    def repaid_by_key(self) -> PaymentKey | None:
        period = self["repaid_by_period"]
        if period is None:
            return None
        return PaymentKey(self.citizen_id, self.scheme, period, self["repaid_by_sequence"])


class TotalsKey(NamedTuple):
    """The payments of an entitlement from one month to another, both included."""

    entitlement: EntitlementKey
    first_month: date
    last_month: date

    @property
    def span(self) -> tuple[date, date]:
        return self.first_month, self.last_month


@dataclass(frozen=True, slots=True)
class TotalsRow:
    """Counts, and what was paid in satang."""

    count: int = 0
    paid_count: int = 0
    paid_amount: int = 0
    failed_count: int = 0


NOT_ARRIVED = "('FAILED', 'RETURNED', 'WITHHELD')"

# Only a payment that did not arrive can have been made good; the condition stands inside, so that
# for the others no row is looked for. What repays has a place below 0, so the index passes over the
# regular payments since.
MADE_GOOD_BY = f"""
left join lateral (
  select m.period as repaid_by_period, m.sequence as repaid_by_sequence
  from payment m
  where p.status in {NOT_ARRIVED}
    and m.citizen_id = p.citizen_id and m.scheme = p.scheme
    and m.period >= p.period and m.sequence < 0 and m.repays_period = p.period
    and m.status in ('PAID', 'SUBMITTED', 'SCHEDULED')
  order by m.status = 'PAID' desc, m.period desc, m.sequence desc
  limit 1
) r on true"""

BY_KEY = f"""
select {COLUMNS}, r.repaid_by_period, r.repaid_by_sequence
from unnest($1::uuid[], $2::scheme[], $3::date[], $4::smallint[])
  k (citizen_id, scheme, period, sequence)
join payment p using (citizen_id, scheme, period, sequence)
{MADE_GOOD_BY}"""

# An aggregate for each entitlement, so that nothing is sorted to be grouped.
TOTALS = """
select k.citizen_id, k.scheme, t.count, t.paid_count, t.paid_amount, t.failed_count
from registration k
cross join lateral (
  select count(*) as count,
    count(*) filter (where status = 'PAID') as paid_count,
    coalesce(sum(amount_satang) filter (where status = 'PAID'), 0)::bigint as paid_amount,
    count(*) filter (where status in ('FAILED', 'RETURNED')) as failed_count
  from payment p
  where p.citizen_id = k.citizen_id and p.scheme = k.scheme and p.period between $3 and $4
) t
where k.citizen_id = any($1) and k.scheme = any($2::scheme[])"""


async def payments_by_key(
    database: Database, keys: Sequence[PaymentKey]
) -> list[PaymentRow | None]:
    rows = await database.fetch(
        BY_KEY,
        [key.citizen_id for key in keys],
        [key.scheme.value for key in keys],
        [key.period for key in keys],
        [key.sequence for key in keys],
        row=PaymentRow,
    )
    return one_by_key(keys, rows, attrgetter("key"))


async def payment_totals(database: Database, keys: Sequence[TotalsKey]) -> list[TotalsRow]:
    """For each key its totals; the keys are of the same months."""
    rows = await database.fetch(
        TOTALS,
        list({key.entitlement.citizen_id for key in keys}),
        list({key.entitlement.scheme.value for key in keys}),
        *keys[0].span,
    )
    found = {
        EntitlementKey(citizen_id, Scheme(scheme)): TotalsRow(*totals)
        for citizen_id, scheme, *totals in rows
    }
    return [found.get(key.entitlement, TotalsRow()) for key in keys]
