"""What the outbox holds, for who looks after it: counts, dead letters, and trying them again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

_STANDING = """
select
  (select count(*) from notification_outbox
    where state = 'WAITING' and push_key is null and not awaits_user_id and due_at <= now()) as due,
  (select count(*) from notification_outbox
    where state = 'WAITING' and push_key is null and not awaits_user_id and due_at > now()
  ) as later,
  (select count(*) from notification_outbox
    where push_key is not null and state = 'WAITING') as under_way,
  (select count(*) from notification_outbox
    where awaits_user_id and state = 'WAITING') as awaiting_user_id,
  (select count(*) from notification_outbox where state = 'DEAD') as dead
"""
_DEAD = """
select o.notification_id, n.kind::text, n.created_at, o.attempts, o.last_error
from notification_outbox o
join notification n on n.citizen_id = o.citizen_id and n.id = o.notification_id
where o.state = 'DEAD' order by o.notification_id limit $1
"""
# A push that was given up may have been taken in: it goes again whole, and by its key.
_RETRY = """
with chosen as materialized (
  select notification_id, push_key from notification_outbox
  where state = 'DEAD' and ($1::bigint[] is null or notification_id = any($1))
), pushes as (
  update notification_push set due_at = now(), attempts = 0
  where key in (select push_key from chosen) returning key
), d as materialized (
  select notification_id from notification_outbox
  where state = 'DEAD' and (
    notification_id in (select notification_id from chosen)
    or push_key in (select key from pushes))
  order by notification_id for update
)
update notification_outbox o set state = 'WAITING', attempts = 0, due_at = now()
from d where o.notification_id = d.notification_id
returning o.notification_id
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How many notifications of the outbox wait for what; those sent are not counted."""

    due: int
    later: int
    under_way: int  # in a push that has no certain outcome yet
    awaiting_user_id: int
    dead: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A notification that was given up; names nobody."""

    notification_id: int
    kind: str
    created_at: datetime
    attempts: int
    last_error: str


async def standing(connection: asyncpg.Connection) -> Standing:
    """Where the outbox stands now."""
    (row,) = await connection.fetch(_STANDING)
    return Standing(**row)


async def dead_letters(connection: asyncpg.Connection, most: int) -> list[DeadLetter]:
    """The dead letters, oldest first."""
    return [DeadLetter(**row) for row in await connection.fetch(_DEAD, most)]


async def retry(connection: asyncpg.Connection, ids: Sequence[int] | None) -> set[int]:
    """Make dead letters due again, all where `ids` is None, and with each what had been sent in
    one request with it. Returns the notifications that are due again."""
    return {row["notification_id"] for row in await connection.fetch(_RETRY, ids)}
