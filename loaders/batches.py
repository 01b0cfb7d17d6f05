"""Disbursement batches: what arrived, when, and how fresh each scheme is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
where accepted + unchanged > 0
order by scheme, period desc, version desc"""


async def freshness(database: Database, schemes: Sequence[Scheme]) -> list[FreshnessRow]:
    """For each scheme its newest month; empty where nothing has arrived yet."""
    rows: Sequence[Any] = await database.fetch(FRESHNESS)
    found = {
        Scheme(row["scheme"]): FreshnessRow(YearMonth(row["period"]), row["received_at"])
        for row in rows
    }
    return [found.get(scheme, FreshnessRow()) for scheme in schemes]
