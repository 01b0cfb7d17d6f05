"""DataFreshness: how new the data are, for anyone."""

from dataclasses import dataclass
from datetime import date, datetime

import strawberry

from app.rules.calendar import YearMonth, month_of
from app.rules.reminders import is_delayed
from app.rules.rule_book import RuleBook
from app.rules.vocabulary import Scheme
from loaders.batches import FreshnessKey, FreshnessRow
from loaders.batching import load_all
from resolvers.context import Context
from resolvers.fields import plain


@strawberry.type(description="How new the data of a scheme are.")
class SchemeFreshness:
    latest_period: YearMonth | None = plain("The newest month that has arrived.")
    received_at: datetime | None = plain("When its newest file arrived.")
    delayed: bool = plain("Whether the pay day has passed and this month has not arrived.")


@strawberry.type(description="How new the data of both schemes are.")
class DataFreshness:
    old_age: SchemeFreshness = plain("The old-age allowance.")
    disability: SchemeFreshness = plain("The disability allowance.")


@dataclass(frozen=True, slots=True)
class SchemeFreshnessRow:
    """A scheme's freshness on a day."""

    latest_period: YearMonth | None
    received_at: datetime | None
    delayed: bool

    @classmethod
    def of(cls, row: FreshnessRow, today: date, book: RuleBook) -> "SchemeFreshnessRow":
        delayed = is_delayed(row.latest_period, today, book)
        return cls(row.latest_period, row.received_at, delayed)


@dataclass(frozen=True, slots=True)
class DataFreshnessRow:
    """Both schemes."""

    old_age: SchemeFreshnessRow
    disability: SchemeFreshnessRow


async def data_freshness(context: Context) -> DataFreshnessRow:
    """The freshness of both schemes on the day of the request."""
    month = month_of(context.today)
    schemes = (Scheme.OLD_AGE_ALLOWANCE, Scheme.DISABILITY_ALLOWANCE)
    keys = [FreshnessKey(scheme, month) for scheme in schemes]
    rows = await load_all(context.loaders.freshness, keys)
    return DataFreshnessRow(
        *(SchemeFreshnessRow.of(row, context.today, context.book) for row in rows)
    )
