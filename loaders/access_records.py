"""Access records: putting on record who read whom, and the pages of a citizen's own history."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.accountability import Access
from app.database import Database
from app.ids import AccessRecordKey


@dataclass(frozen=True, slots=True)
class AccessRecordRow:
    """That an agency read data of a citizen."""

    key: AccessRecordKey
    at: datetime
    agency: str
    purpose: str
    operation: str  # "" where it has no name
    categories: list[str]


class AccessPageKey(NamedTuple):
    """The newest `limit` records of a citizen whose batch is below a number."""

    citizen_id: UUID
    below: int
    limit: int


NEWEST = 2**63 - 1

RECORD = "select record_access($1, $2, $3, $4, $5, $6)"

PAGE = """
select r.citizen_id, r.seq, b.at, b.agency, b.purpose, b.operation, r.categories
from citizen k
cross join lateral (
  select p.citizen_id, p.seq, p.categories
  from access_record p
  where p.citizen_id = k.id and p.seq < $2
  order by p.seq desc
  limit $3
) r
join access_batch b on b.seq = r.seq
where k.id = any($1)
order by r.seq desc"""


async def record_access(database: Database, access: Access) -> None:
    """Put a request's reads on record, whatever their number: one statement, durable when done."""
    await database.fetch(
        RECORD,
        access.agency,
        access.purpose,
        access.operation,
        access.operation_hash,
        list(access.categories),
        [",".join(c.value for c in categories) for categories in access.categories.values()],
    )


async def access_pages(
    database: Database, keys: Sequence[AccessPageKey]
) -> list[list[AccessRecordRow]]:
    """For each key its page, newest first; pages below the same number share a statement."""
    by_place: dict[int, list[AccessPageKey]] = defaultdict(list)
    for key in keys:
        by_place[key.below].append(key)
    pages: dict[AccessPageKey, list[AccessRecordRow]] = {}
    for below, wanted in by_place.items():
        limit = max(key.limit for key in wanted)
        citizens = list({key.citizen_id for key in wanted})
        found: dict[UUID, list[AccessRecordRow]] = defaultdict(list)
        for row in await database.fetch(PAGE, citizens, below, limit):
            found[row["citizen_id"]].append(_access_record(row))
        pages.update({key: found[key.citizen_id][: key.limit] for key in wanted})
    return [pages[key] for key in keys]


def _access_record(row: Any) -> AccessRecordRow:
    return AccessRecordRow(AccessRecordKey(row[0], row[1]), *row[2:])
