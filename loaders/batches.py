"""Disbursement batches: what arrived, when, and how fresh each scheme is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from app.database import Database
from app.rules.calendar import YearMonth
from app.rules.vocabulary import Scheme


@dataclass(frozen=True, slots=True)
class FreshnessRow:
    """The newest month that has arrived for a scheme."""

    latest_period: YearMonth | None = None
    received_at: datetime | None = None


# The end of one index range for each scheme, however many batches there have been.
FRESHNESS = """
select s.scheme, b.period, b.received_at
from unnest(enum_range(null::scheme)) s (scheme)
cross join lateral (
  select period, received_at
  from disbursement_batch
  where scheme = s.scheme and period <= $1 and accepted + unchanged > 0
  order by period desc, version desc
  limit 1
) b"""


class FreshnessKey(NamedTuple):
    """A scheme, and the month up to which to look: a row sent early must not hide a month."""

    scheme: Scheme
    month: YearMonth


async def freshness(database: Database, keys: Sequence[FreshnessKey]) -> list[FreshnessRow]:
    """For each scheme its newest month; empty where nothing has arrived yet."""
    found: dict[FreshnessKey, FreshnessRow] = {}
    for month in {key.month for key in keys}:
        for row in await database.fetch(FRESHNESS, month):
            key = FreshnessKey(Scheme(row["scheme"]), month)
            found[key] = FreshnessRow(YearMonth(row["period"]), row["received_at"])
    return [found.get(key, FreshnessRow()) for key in keys]
