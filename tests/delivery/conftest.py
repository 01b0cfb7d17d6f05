"""A portal that stands in, and an outbox filled by hand."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

from app.delivery.sender import Sender
from app.migrations.service_role import as_delivery, make_service_logins
from app.settings import DeliverySettings
from tests.delivery.portal_server import StandIn, stand_in_portal

_CITIZENS = """
insert into citizen (id, national_id_encrypted, national_id_tail, given_name, family_name,
  birth_date, birth_date_precision, nationality, local_authority_code, as_of)
select gen_random_uuid(), '', '000', 'มาลี', 'ใจดี', '1950-01-01', 'DAY', 'THAI', '05810109', now()
from generate_series(1, $1) returning id
"""
_NOTIFICATIONS = """
insert into notification (citizen_id, kind, subject, scheme, period, created_at)
select citizen, $2, gen_random_uuid()::text, 'DISABILITY_ALLOWANCE', $3, now() - $4::interval
from unnest($1::uuid[]) citizen returning citizen_id, id
"""
_ROWS = """
insert into notification_outbox (notification_id, citizen_id, due_at)
select n.id, n.citizen_id, now() - $2::interval from notification n where n.id = any($1::bigint[])
"""
_LEARN = """
insert into portal_user
select n.citizen_id, 'user-' || n.id, now()
from unnest($1::bigint[]) with ordinality u (id, place) join notification n on n.id = u.id
order by u.place
"""

# Everything quick, so that a test that waits does not wait long.
QUICK: dict[str, Any] = {
    "quiet_hours": "00:00-00:00",
    "portal_timeout_seconds": "10",
    "push_batch_size": "10",
    "push_messages_per_second": "100000",
    "push_backoff_seconds": "0.02",
    "push_longest_backoff_seconds": "0.1",
    "push_poll_seconds": "0.05",
    "breaker_failures": "50",
    "breaker_seconds": "0.2",
}
# For a portal that answers late, and for leases that have to run out.
HASTY: dict[str, Any] = {
    "portal_timeout_seconds": "0.4",
    "push_lease_seconds": "1.7",
    "push_max_attempts": "100",
}

WAITS_FOR_A_LOCK = """
select count(*) > 0 from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock'
"""

# As if the time of every lease were over.
LAPSE = "update notification_push set claimed_until = now() - interval '1 second'"


@dataclass
class Letters:
    """The outbox of a database of the test's own."""

    connection: asyncpg.Connection
    url: str
    portal: StandIn

    async def add(
        self,
        count: int,
        *,
        known: bool = True,
        kind: str = "PAYMENT_SENT",
        due_ago: timedelta = timedelta(minutes=1),
        age: timedelta = timedelta(hours=1),
    ) -> list[int]:
        """So many citizens with one notification each; the citizen of number 7 is `user-7`."""
        citizens = [row["id"] for row in await self.connection.fetch(_CITIZENS, count)]
        month = date(2026, 11, 1) if kind.startswith("PAYMENT") else None
        rows = await self.connection.fetch(_NOTIFICATIONS, citizens, kind, month, age)
        ids = [row["id"] for row in rows]
        await self.connection.execute(_ROWS, ids, due_ago)
        if known:
            await self.learn(ids)
        return ids

    async def learn(self, ids: list[int]) -> None:
        """The citizens of these sign in at the portal, in this order."""
        await self.connection.execute(_LEARN, ids)

    def settings(self, **changed: Any) -> DeliverySettings:
        given = {name.lower(): value for name, value in self.portal.environment.items()}
        own = {"delivery_database_url": as_delivery(self.url)}
        return DeliverySettings(**{**given, **QUICK, **own, **changed})

    def environment(self, **changed: str) -> dict[str, str]:
        """What a command needs to deliver this."""
        own = {"DELIVERY_DATABASE_URL": as_delivery(self.url), "DATABASE_URL": self.url}
        quick = {name.upper(): value for name, value in (QUICK | changed).items()}
        return {**os.environ, **self.portal.environment, **quick, **own}

    @asynccontextmanager
    async def sender(self, **changed: Any) -> AsyncIterator[Sender]:
        settings = self.settings(**changed)
        async with Sender.open(settings, settings.own_database_url()) as sender:
            yield sender

    async def drain(self, **changed: Any) -> Sender:
        """One sender's `deliver --once`."""
        async with self.sender(**changed) as sender:
            await sender.drain()
            return sender

    async def run_until_settled(self, senders: int = 1, **changed: Any) -> list[Sender]:
        """Senders at work until nothing waits any more; the senders."""
        async with AsyncExitStack() as opened:
            running = [
                await opened.enter_async_context(self.sender(**changed)) for _ in range(senders)
            ]
            tasks = [asyncio.create_task(each.run()) for each in running]
            try:
                await self.until(
                    "select count(*) = 0 from notification_outbox"
                    " where state = 'WAITING' and not awaits_user_id"
                )
            finally:
                for each in running:
                    each.stop()
                await asyncio.gather(*tasks)
        return running

    async def until(self, question: str) -> None:
        """Until the database says yes."""
        async with asyncio.timeout(30):
            while not await self.connection.fetchval(question):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def count(self, condition: str = "true") -> int:
        return int(
            await self.connection.fetchval(
                f"select count(*) from notification_outbox where {condition}"  # noqa: S608
            )
        )

    async def states(self) -> dict[str, int]:
        rows = await self.connection.fetch(
            "select state::text, count(*) from notification_outbox group by state"
        )
        return {row["state"]: row["count"] for row in rows}

    async def dead(self) -> dict[int, str]:
        """The dead letters, each with why."""
        rows = await self.connection.fetch(
            "select notification_id, last_error from notification_outbox where state = 'DEAD'"
        )
        return {row["notification_id"]: row["last_error"] for row in rows}

    def assert_each_shown_once(self, ids: list[int]) -> None:
        assert self.portal.users_shown() == {f"user-{each}": 1 for each in ids}
        assert self.portal.problems == []

    async def assert_all_sent_once(self, ids: list[int]) -> None:
        """Every one was shown to its citizen exactly once, and the outbox knows it."""
        self.assert_each_shown_once(ids)
        assert await self.states() == {"SENT": len(ids)}
        assert await self.count("sent_at is null or push_key is not null") == 0
        assert await self.connection.fetchval("select count(*) from notification_push") == 0


@pytest.fixture
def portal() -> Iterator[StandIn]:
    with stand_in_portal() as portal:
        yield portal


@pytest.fixture
async def letters(connection: asyncpg.Connection, database_url: str, portal: StandIn) -> Letters:
    await make_service_logins(connection)
    return Letters(connection, database_url, portal)
