"""The outbox as a sender sees it: pushes are claimed, sent and settled, each step one statement.

A push is one request to the portal. Its notifications and its key stay together until the portal
has said what became of them: a sender killed at any point, or an answer that got lost, leads to the
very same request again.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from app.database import Database
from app.errors import Unavailable

_MEMBER = """
  d.notification_id, n.kind::text as kind, n.period, u.user_id,
  case
    when d.state = 'WITHDRAWN' or n.withdrawn_at is not null then 'WITHDRAWN'
    when u.user_id is null then 'UNKNOWN'
    when d.push_key is null and d.last_error is null and n.created_at < now() - $2::interval
      then 'TOO_OLD'
    else 'SEND'
  end as fate
"""
_JOINED = """
  join notification n on n.citizen_id = d.citizen_id and n.id = d.notification_id
  left join portal_user u on u.citizen_id = d.citizen_id
"""
# Those due longest, with no push of theirs under way. One never tried that is too old is withdrawn.
_NEW_PUSH = f"""
with d as materialized (
  select * from notification_outbox
  where state = 'WAITING' and push_key is null and not awaits_user_id and due_at <= now()
  order by due_at, notification_id limit $3 for update skip locked
), member as (
  select {_MEMBER}, d.due_at from d {_JOINED}
), push as (
  insert into notification_push (key, due_at, claimed_until, attempts)
  select $4, now(), now() + $1::interval, 1 where exists (select from member where fate = 'SEND')
  returning key, attempts, claimed_until, shrunk
), taken as (
  update notification_outbox o set push_key = $4 from member m
  where o.notification_id = m.notification_id and m.fate = 'SEND'
), ended as (
  update notification_outbox o
  set state = 'WITHDRAWN', last_error = nullif(m.fate, 'WITHDRAWN') from member m
  where o.notification_id = m.notification_id and m.fate in ('WITHDRAWN', 'TOO_OLD')
)
select push.*, member.*, extract(epoch from now() - member.due_at)::float8 as lag
from member left join push on true
"""
# One that failed before, or whose sender is no more.
_OLD_PUSH = f"""
with push as (
  update notification_push p
  set claimed_until = now() + $1::interval, attempts = attempts + 1,
    shrunk = shrunk or exists (
      select from notification_outbox d {_JOINED}
      where d.push_key = p.key
        and (d.state = 'WITHDRAWN' or n.withdrawn_at is not null or u.user_id is null))
  where key = (
    select key from notification_push
    where due_at <= now() and (claimed_until is null or claimed_until < now())
    order by due_at limit 1 for update skip locked)
  returning key, attempts, claimed_until, shrunk, due_at
), d as materialized (
  select o.* from notification_outbox o where o.push_key in (select key from push)
  order by o.notification_id for update
), member as (
  select {_MEMBER} from d {_JOINED}
), ended as (
  update notification_outbox o
  set push_key = null, state = case m.fate when 'WITHDRAWN' then 'WITHDRAWN' else o.state end
  from member m where o.notification_id = m.notification_id and m.fate <> 'SEND'
)
select push.key, push.attempts, push.claimed_until, push.shrunk, member.*,
  extract(epoch from now() - push.due_at)::float8 as lag
from push left join member on true
"""
# A push is locked before its rows, and rows by number, as who withdraws them locks them: so nobody
# holds up another for good.
_ITS_ROWS = """d as materialized (
  select notification_id from notification_outbox
  where push_key in (select key from held) order by notification_id for update
)"""
# What was handed over is sent, also where it was withdrawn meanwhile.
_SENT = f"""
with held as (
  delete from notification_push where key = $1 returning key
), {_ITS_ROWS}
update notification_outbox o
set state = case o.state when 'WITHDRAWN' then o.state else 'SENT' end,
  push_key = null, attempts = $2, last_error = null, sent_at = now()
from d where o.notification_id = d.notification_id
"""
# From here on the push has to be held still: who was too slow, and lost it, settles nothing.
_FAILED = """
update notification_push
set claimed_until = null, due_at = now() + $3::interval, last_error = $4
where key = $1 and claimed_until = $2
"""
_GIVEN_UP = f"""
with held as (
  update notification_push set claimed_until = null, due_at = 'infinity', last_error = $3
  where key = $1 and claimed_until = $2 returning key, attempts
), {_ITS_ROWS}
update notification_outbox o set state = 'DEAD', attempts = held.attempts, last_error = $3
from held, d where o.notification_id = d.notification_id and o.state = 'WAITING'
"""
_REFUSED = f"""
with held as (
  delete from notification_push where key = $1 and claimed_until = $2 returning key, attempts
), {_ITS_ROWS}
update notification_outbox o
set state = case o.state when 'WAITING' then 'DEAD' else o.state end, push_key = null,
  attempts = held.attempts, last_error = $3
from held, d where o.notification_id = d.notification_id
"""
_HALVED = f"""
with held as (
  delete from notification_push where key = $1 and claimed_until = $2 returning key
), {_ITS_ROWS}, halves as (
  insert into notification_push (key, due_at)
  select half, now() from unnest($3::uuid[]) half where exists (select from held)
)
update notification_outbox o
set push_key = ($3::uuid[])[case when o.notification_id = any($4::bigint[]) then 1 else 2 end]
from d where o.notification_id = d.notification_id
"""
# Learning a user ID shares this lock (0005): each sees what the other did.
_SET_ASIDE_ALONE = "select pg_advisory_xact_lock(hashtext('notification_outbox'))"
_SET_ASIDE = """
update notification_outbox set awaits_user_id = true
where notification_id in (
  select o.notification_id from notification_outbox o
  where o.state = 'WAITING' and o.push_key is null and not o.awaits_user_id and o.due_at <= now()
    and not exists (select from portal_user u where u.citizen_id = o.citizen_id)
  order by o.due_at, o.notification_id limit $1 for update of o skip locked)
"""
_SET_ASIDE_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Member:
    """A notification in a push."""

    notification_id: int
    kind: str
    period: date | None
    user_id: str


@dataclass(frozen=True, slots=True)
class Push:
    """One request to the portal, held until `claimed_until`; its members always in one order."""

    key: UUID
    attempts: int  # this one included
    claimed_until: datetime
    members: tuple[Member, ...]
    shrunk: bool  # since it was first sent, some of it was withdrawn
    lag: float  # seconds since it was due


class NoPush(enum.Enum):
    """Why a claim gives no push."""

    NOTHING_DUE = "nothing is due"
    LOOK_AGAIN = "what was met is not to be sent, and is out of the way now"


class Outbox:
    """Claims and settles pushes; `Unavailable` when the database does not answer."""

    def __init__(
        self, database: Database, *, batch: int, lease_seconds: float, max_age_days: float
    ) -> None:
        self._database = database
        self._batch = batch
        self._lease = timedelta(seconds=lease_seconds)
        self._max_age = timedelta(days=max_age_days)

    async def claim(self) -> Push | NoPush:
        """A push to send now, held for the lease, an old one first; one look, or why there is none.

        However much there is that is not to be sent, whoever claims is soon back.
        """
        old = await self._old_push()
        return await self._new_push() if old is NoPush.NOTHING_DUE else old

    async def _old_push(self) -> Push | NoPush:
        rows = await self._database.fetch(_OLD_PUSH, self._lease, self._max_age)
        push = _push(rows)
        if push is NoPush.LOOK_AGAIN:
            await self._database.fetch(_SENT, rows[0]["key"], rows[0]["attempts"])  # none is left
        return push

    async def _new_push(self) -> Push | NoPush:
        rows = await self._database.fetch(
            _NEW_PUSH, self._lease, self._max_age, self._batch, uuid4()
        )
        push = _push(rows)
        if any(row["fate"] == "UNKNOWN" for row in rows):
            await self._set_aside(needed=push is NoPush.LOOK_AGAIN)
        return push

    async def _set_aside(self, *, needed: bool) -> None:
        try:
            async with self._database.connection() as connection, connection.transaction():
                await connection.execute(_SET_ASIDE_ALONE)
                await connection.execute(_SET_ASIDE, _SET_ASIDE_AT_ONCE)
        except Unavailable:
            if needed:  # else the next claim meets them again
                raise

    async def sent(self, push: Push) -> None:
        """The portal has it."""
        await self._database.fetch(_SENT, push.key, push.attempts)

    async def failed(self, push: Push, code: str, again_in: float) -> None:
        """It is to be sent again, as it is, in so many seconds."""
        delay = timedelta(seconds=again_in)
        await self._database.fetch(_FAILED, push.key, push.claimed_until, delay, code)

    async def given_up(self, push: Push, code: str) -> None:
        """It failed too often: all of it are dead letters, which are retried as they were."""
        await self._database.fetch(_GIVEN_UP, push.key, push.claimed_until, code)

    async def refused(self, push: Push, code: str) -> int:
        """The portal will not have it: one alone is a dead letter, more are parted in halves, so
        that only the guilty one fails. Returns the dead letters.

        All of one that has shrunk are dead letters: what is refused may be that its key came with
        other content before, and then the portal has it. Under new keys it would be shown twice.
        """
        if push.shrunk:
            await self.given_up(push, code)
            return len(push.members)
        if len(push.members) == 1:
            await self._database.fetch(_REFUSED, push.key, push.claimed_until, code)
            return 1
        first = [each.notification_id for each in push.members[: len(push.members) // 2]]
        keys = [uuid4(), uuid4()]
        await self._database.fetch(_HALVED, push.key, push.claimed_until, keys, first)
        return 0


def _push(rows: Sequence[Any]) -> Push | NoPush:
    """The push of the rows that are to be sent; where none is, whether there are rows."""
    to_send = sorted(
        (row for row in rows if row["fate"] == "SEND"), key=lambda row: row["notification_id"]
    )
    if not to_send:
        return NoPush.LOOK_AGAIN if rows else NoPush.NOTHING_DUE
    members = (
        Member(row["notification_id"], row["kind"], row["period"], row["user_id"])
        for row in to_send
    )
    first = to_send[0]
    return Push(
        key=first["key"],
        attempts=first["attempts"],
        claimed_until=first["claimed_until"],
        members=tuple(members),
        shrunk=first["shrunk"],
        lag=max(row["lag"] for row in to_send),
    )
