"""Notifications: the pages of a citizen's own, those that are new to a stream, and what is read."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.database import Database
from app.ids import EntitlementKey, NotificationKey, PaymentKey
from app.notices.wording import Notice
from app.rules.calendar import YearMonth
from app.rules.vocabulary import NotificationKind, Scheme


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """What a citizen was told, and the keys of what it is about."""

    key: NotificationKey
    notice: Notice
    sequence: int | None
    created_at: datetime
    read_at: datetime | None

    @property
    def citizen_id(self) -> UUID:
        return self.key.citizen_id

    @property
    def kind(self) -> NotificationKind:
        return self.notice.kind

    @property
    def entitlement_key(self) -> EntitlementKey:
        return EntitlementKey(self.key.citizen_id, self.notice.scheme)

    @property
    def payment_key(self) -> PaymentKey | None:
        """The payment that it is about, if it is about one."""
        if self.notice.period is None or self.sequence is None:
            return None
        return PaymentKey(
            self.key.citizen_id, self.notice.scheme, self.notice.period, self.sequence
        )


class NotificationPageKey(NamedTuple):
    """The newest `limit` of a citizen below a number; `unread_only`, or all."""

    citizen_id: UUID
    below: int
    unread_only: bool
    limit: int

    @property
    def window(self) -> tuple[int, bool]:
        return self.below, self.unread_only


class SinceKey(NamedTuple):
    """What a citizen was told above a number, the oldest AT_ONCE of it."""

    citizen_id: UUID
    after: int


NEWEST = 2**63 - 1
AT_ONCE = 100

_COLUMNS = """n.citizen_id, n.id, n.kind, n.scheme, n.period, n.facts, n.sequence, n.created_at,
  n.read_at"""
PAGE = f"""
select n.*
from citizen k
cross join lateral (
  select {_COLUMNS}
  from notification n
  where n.citizen_id = k.id and n.id < $2 and n.withdrawn_at is null
    and (not $3::boolean or n.read_at is null)
  order by n.id desc
  limit $4
) n
where k.id = any($1)
order by n.id desc"""
BY_KEY = f"""
select {_COLUMNS}
from unnest($1::uuid[], $2::bigint[]) k (citizen_id, id)
join notification n using (citizen_id, id)
where n.withdrawn_at is null"""
SINCE = f"""
select k.after, n.*
from unnest($1::uuid[], $2::bigint[]) k (citizen_id, after)
cross join lateral (
  select {_COLUMNS}
  from notification n
  where n.citizen_id = k.citizen_id and n.id > k.after and n.withdrawn_at is null
  order by n.id
  limit $3
) n
order by n.id"""
NEWEST_NUMBER = "select coalesce(max(notification_id), 0) as number from notification_outbox"
MARK_READ = "select mark_notifications_read($1, $2, $3)"
LEARN = "select learn_portal_users($1, $2, $3) as national_id_hmac"


async def notification_pages(
    database: Database, keys: Sequence[NotificationPageKey]
) -> list[tuple[NotificationRow, ...]]:
    """For each key its page, newest first; the keys have one `window`."""
    citizens = list({key.citizen_id for key in keys})
    rows = await database.fetch(PAGE, citizens, *keys[0].window, max(key.limit for key in keys))
    found = _by_citizen(rows)
    return [tuple(found[key.citizen_id][: key.limit]) for key in keys]


async def notifications_by_key(
    database: Database, keys: Sequence[NotificationKey]
) -> list[NotificationRow | None]:
    """For each key its notification; None where it is withdrawn, or never was."""
    rows = await database.fetch(BY_KEY, *_columns(keys))
    found = {row.key: row for row in map(_notification, rows)}
    return [found.get(key) for key in keys]


async def notifications_since(
    database: Database, keys: Sequence[SinceKey]
) -> list[tuple[NotificationRow, ...]]:
    """For each key what is above its number, the oldest first and at most AT_ONCE."""
    found: dict[SinceKey, list[NotificationRow]] = defaultdict(list)
    for after, *row in await database.fetch(SINCE, *_columns(keys), AT_ONCE):
        notification = _notification(row)
        found[SinceKey(notification.citizen_id, after)].append(notification)
    return [tuple(found[key]) for key in keys]


async def newest_number(database: Database) -> int:
    """The highest number there is; 0 where there is none."""
    (row,) = await database.fetch(NEWEST_NUMBER)
    return int(row["number"])


async def mark_read(
    database: Database, citizen_id: UUID, numbers: Sequence[int], at: datetime
) -> None:
    """Note that a citizen has read these of theirs; the first time counts."""
    await database.fetch(MARK_READ, citizen_id, list(numbers), at)


async def learn_portal_users(
    database: Database, names: Mapping[bytes, str], at: datetime
) -> set[bytes]:
    """Keep by what name the portal knows each citizen, by look-up key; returns the keys of those
    who are in the register."""
    rows = await database.fetch(LEARN, list(names), list(names.values()), at)
    return {row["national_id_hmac"] for row in rows}


def _columns(keys: Sequence[tuple[UUID, int]]) -> tuple[list[UUID], list[int]]:
    return [citizen_id for citizen_id, _ in keys], [number for _, number in keys]


def _by_citizen(rows: Sequence[Any]) -> dict[UUID, list[NotificationRow]]:
    found: dict[UUID, list[NotificationRow]] = defaultdict(list)
    for row in rows:
        found[row["citizen_id"]].append(_notification(row))
    return found


def _notification(row: Any) -> NotificationRow:
    citizen_id, number, kind, scheme, period, facts, sequence, created_at, read_at = row
    month = None if period is None else YearMonth(period)
    notice = Notice(NotificationKind(kind), Scheme(scheme), month, json.loads(facts))
    return NotificationRow(
        NotificationKey(citizen_id, number), notice, sequence, created_at, read_at
    )
