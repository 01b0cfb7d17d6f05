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


FRESHNESS = """
select distinct on (scheme) scheme, period, received_at
from disbursement_batch
where accepted + unchanged > 0 and period <= $1
order by scheme, period desc, version desc"""


class FreshnessKey(NamedTuple):
    """A scheme, and the month up to which to look: a row sent early must not hide a month."""

    scheme: Scheme
    month: YearMonth


async def freshness(database: Database, keys: Sequence[FreshnessKey]) -> list[FreshnessRow]:
    """For each scheme its newest month; empty where nothing has arrived yet. Keys of one month."""
    found: dict[Scheme, FreshnessRow] = {}
    for scheme, period, received_at in await database.fetch(FRESHNESS, keys[0].month):
        found[Scheme(scheme)] = FreshnessRow(YearMonth(period), received_at)
    return [found.get(key.scheme, FreshnessRow()) for key in keys]
