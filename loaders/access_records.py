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
    categories: tuple[str, ...]


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
) -> list[tuple[AccessRecordRow, ...]]:
    """For each key its page, newest first; the keys have one `below`."""
    citizens = list({key.citizen_id for key in keys})
    found: dict[UUID, list[AccessRecordRow]] = defaultdict(list)
    for row in await database.fetch(PAGE, citizens, keys[0].below, max(key.limit for key in keys)):
        found[row["citizen_id"]].append(_access_record(row))
    return [tuple(found[key.citizen_id][: key.limit]) for key in keys]


def _access_record(row: Any) -> AccessRecordRow:
    citizen_id, seq, at, agency, purpose, operation, categories = row
    key = AccessRecordKey(citizen_id, seq)
    return AccessRecordRow(key, at, agency, purpose, operation, tuple(categories))
