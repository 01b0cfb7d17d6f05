"""Disbursement batches: what arrived and when, the pages of them, and how fresh each scheme is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from app.database import Database
from app.rules.calendar import YearMonth
from app.rules.vocabulary import BatchStatus, Scheme
from loaders.batching import one_by_key


@dataclass(frozen=True, slots=True)
class BatchRow:
    """What a file or a submission brought for one month of a scheme; nothing of a citizen."""

    id: int
    scheme: Scheme
    period: YearMonth
    local_authority_code: str | None
    status: BatchStatus
    received_at: datetime
    version: int
    rows: int
    accepted: int
    rejected: int
    unchanged: int
    waiting: int
    amount: int  # satang


class BatchPageKey(NamedTuple):
    """The newest `limit` batches below a number; None where it does not matter which."""

    below: int
    limit: int
    scheme: Scheme | None
    period: YearMonth | None
    local_authority_codes: frozenset[str] | None


NEWEST = 2**63 - 1

_COLUMNS = """id, scheme, period, local_authority_code, status, received_at, version,
  rows, accepted, rejected, unchanged, waiting, amount_satang"""
BY_ID = f"select {_COLUMNS} from disbursement_batch where id = any($1)"
PAGE = f"""
select {_COLUMNS}
from disbursement_batch
where id < $1
  and ($3::scheme is null or scheme = $3)
  and ($4::date is null or period = $4)
  and ($5::text[] is null or local_authority_code = any($5))
order by id desc
limit $2"""


@dataclass(frozen=True, slots=True)
class FreshnessRow:
    """The newest month that has arrived for a scheme."""

    latest_period: YearMonth | None = None
    received_at: datetime | None = None


# The end of one index range for each scheme, however many batches there have been. What was taken
# back has not arrived.
FRESHNESS = """
select s.scheme, b.period, b.received_at
from unnest(enum_range(null::scheme)) s (scheme)
cross join lateral (
  select period, received_at
  from disbursement_batch a
  where scheme = s.scheme and period <= $1 and accepted + unchanged > 0 and reverts is null
    and not exists (select from disbursement_batch r where r.reverts = a.id)
  order by period desc, version desc
  limit 1
) b"""


async def batches_by_id(database: Database, ids: Sequence[int]) -> list[BatchRow | None]:
    """For each number its batch."""
    rows = map(_batch, await database.fetch(BY_ID, list(ids)))
    return one_by_key(ids, rows, lambda row: row.id)


async def batch_pages(
    database: Database, keys: Sequence[BatchPageKey]
) -> list[tuple[BatchRow, ...]]:
    """For each key its page, newest first; a request seldom has more than one."""
    return [await _page(database, key) for key in keys]


async def _page(database: Database, key: BatchPageKey) -> tuple[BatchRow, ...]:
    codes = key.local_authority_codes
    rows = await database.fetch(
        PAGE,
        key.below,
        key.limit,
        None if key.scheme is None else key.scheme.value,
        key.period,
        None if codes is None else sorted(codes),
    )
    return tuple(map(_batch, rows))


def _batch(row: Any) -> BatchRow:
    return BatchRow(
        row[0], Scheme(row[1]), YearMonth(row[2]), row[3], BatchStatus(row[4]), *row[5:]
    )


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
