"""Streams of notifications on real servers: every replica, both transports, nothing missed."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.errors import TooFarBehind
from app.ids import NotificationKey, decode_notification_id, encode_notification_id
from app.ingest.importer import ImportKind as Kind
from loaders import live_notifications
from tests.http.test_websocket import bearer, hear, let_in, tell
from tests.ingest.office import NOW, Office, disbursement
from tests.notices.conftest import Open, Town

ADDED = (
    "subscription ($after: ID) { notificationAdded(after: $after) { id kind payment { status } } }"
)


class Stream:
    """An event stream, read event by event."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def event(self) -> Any:
        """The next event's data; None where the stream is complete."""
        async with asyncio.timeout(20):
            async for line in self._lines:
                if line.startswith("data: "):
                    return json.loads(line.removeprefix("data: "))
                if line == "event: complete":
                    return None
        raise AssertionError("the stream broke off")

    async def added(self) -> Any:
        event = await self.event()
        assert "errors" not in event, event
        return event["data"]["notificationAdded"]


@asynccontextmanager
async def streaming(
    town: Town, number: int = 1, after: str | None = None, token: str | None = None
) -> AsyncIterator[Stream]:
    """A stream of a citizen that is open by the time it is given."""
    headers = {
        "Accept": "text/event-stream",
        "Authorization": f"Bearer {token or town.citizen(number)}",
    }
    body = {"query": ADDED, "variables": {"after": after}}
    before = len(town.service.live)
    async with (
        httpx.AsyncClient(timeout=20) as http,
        http.stream("POST", f"{town.url}/graphql", json=body, headers=headers) as response,
    ):
        assert response.status_code == 200
        if after is None:
            await open_streams(town, before + 1)
        yield Stream(response)


async def open_streams(town: Town, count: int) -> None:
    async with asyncio.timeout(20):
        while len(town.service.live) != count:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)


async def pay(office: Office, number: int, *, month: str = "2026-11", amount: str = "600") -> None:
    row = disbursement(number, period=month, amount=amount, account_number=f"98600000{number:02}")
    await office.load(Kind.DISBURSEMENTS, [row], now=NOW)


async def test_two_processes_and_two_transports_hear_the_same(
    town: Open, home_office: Office
) -> None:
    async with town() as one, town() as two, streaming(one) as first, streaming(one, 2) as other:
        async with streaming(two) as second, two.connect() as socket:
            await let_in(socket, **bearer(two.citizen()))
            await tell(socket, type="subscribe", id="1", payload={"query": ADDED})
            await open_streams(two, 2)
            await pay(home_office, 1)
            seen = [await first.added(), await second.added()]
            seen.append((await hear(socket))["payload"]["data"]["notificationAdded"])
        assert seen[0] == seen[1] == seen[2]
        assert seen[0]["kind"] == "PAYMENT_SENT"
        assert seen[0]["payment"] == {"status": "PAID"}
        await pay(home_office, 2)
        theirs = await other.added()
        assert theirs["id"] != seen[0]["id"]
        await open_streams(two, 0)


async def test_each_event_is_read_anew(town: Open, home_office: Office) -> None:
    """Nothing that was read for one event is given with a later one."""
    async with town() as here, streaming(here) as stream:
        await pay(home_office, 1)
        assert (await stream.added())["payment"] == {"status": "PAID"}
        failed = disbursement(1, status="FAILED", paid_on="", failure_code="ACCOUNT_CLOSED")
        await home_office.load(Kind.DISBURSEMENTS, [failed], now=NOW)
        assert await stream.added() | {"id": ""} == {
            "id": "", "kind": "PAYMENT_FAILED", "payment": {"status": "FAILED"}
        }  # fmt: skip


async def test_who_comes_again_misses_nothing(
    town: Open, home_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.subscription.AT_ONCE", 2)
    monkeypatch.setattr("loaders.notifications.AT_ONCE", 2)
    async with town() as here:
        async with streaming(here) as stream:
            await pay(home_office, 1)
            last = (await stream.added())["id"]
        for number in range(5):
            await pay(home_office, 1, amount=str(610 + number), month="2026-10")
            await pay(home_office, 1, month=f"2026-0{number + 4}")
        expected = [
            row["id"]
            for row in await home_office.connection.fetch(
                "select id from notification where withdrawn_at is null and id > $1 order by id",
                decode_notification_id("", last).number,
            )
        ]
        assert len(expected) == 6
        async with streaming(here, after=last) as stream:
            seen = [await stream.added() for _ in expected]
            assert [decode_notification_id("", each["id"]).number for each in seen] == expected
            await pay(home_office, 1, amount="800")
            assert decode_notification_id("", (await stream.added())["id"]).number > expected[-1]


async def test_what_was_made_while_nothing_was_heard_comes(town: Open, home_office: Office) -> None:
    listeners = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
      and query like '%max(notification_id)%'"""
    async with town() as here, streaming(here) as stream:
        await pay(home_office, 1)
        await stream.added()
        for amount in ("700", "800"):
            assert len(await home_office.connection.fetch(listeners)) >= 1
            await pay(home_office, 1, amount=amount)
            await stream.added()


async def test_a_slow_reader_is_let_go_and_nobody_else(
    town: Open, home_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_notifications, "MOST_WAITING", 3)
    citizen = await home_office.value(
        "select citizen_id from citizen_lookup order by citizen_id limit 1"
    )
    async with town() as here:
        with (
            here.service.live.subscribed(citizen) as slow,
            here.service.live.subscribed(citizen) as quick,
        ):
            taken, reading = [], quick.rows()
            for number in range(6):
                await home_office.connection.execute(
                    "with made as (insert into notification (citizen_id, kind, subject, scheme,"
                    " created_at) values ($1, 'PAYMENT_SENT', $2, 'OLD_AGE_ALLOWANCE', now())"
                    " returning id) select pg_notify('notification_made', id::text) from made",
                    citizen,
                    str(number),
                )
                async with asyncio.timeout(20):
                    taken.append((await anext(reading)).key.number)
            assert taken == sorted(set(taken))
            assert len(taken) == 6
            assert slow.too_slow
            assert len(here.service.live) == 1
            with pytest.raises(TooFarBehind, match="Subscribe again"):
                await anext(slow.rows())
        assert len(here.service.live) == 0


async def test_a_client_that_takes_nothing_is_let_go(
    town: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection is filled until the server can write no more."""
    monkeypatch.setattr("app.http.event_stream.UNREAD_SECONDS", 0.3)
    monkeypatch.setattr("app.http.event_stream.HEARTBEAT_SECONDS", 0.001)
    monkeypatch.setattr("app.http.event_stream._HEARTBEAT", b":" + b" " * 500_000 + b"\n\n")
    async with town() as here:
        port = int(here.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        body = json.dumps({"query": ADDED}).encode()
        writer.write(
            b"POST /graphql HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
            b"Content-Type: application/json\r\nAuthorization: Bearer %b\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (here.citizen().encode(), len(body), body)
        )
        try:
            await open_streams(here, 1)
            assert len(here.service.gate.connections) == 1
            await open_streams(here, 0)
            assert len(here.service.gate.connections) == 0
            assert reader is not None
        finally:
            writer.transport.abort()


async def test_the_stream_ends_with_the_token(town: Open) -> None:
    async with town(token_leeway_seconds=0) as here:
        token = here.citizen(expires_in=timedelta(seconds=2))
        async with streaming(here, token=token) as stream:
            event = await stream.event()
            assert event["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
            assert await stream.event() is None
        await open_streams(here, 0)


async def refusal(town: Town, token: str | None, after: str | None = None) -> str:
    headers = {"Accept": "text/event-stream"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    body = {"query": ADDED, "variables": {"after": after}}
    async with httpx.AsyncClient(timeout=20) as http:
        text = (await http.post(f"{town.url}/graphql", json=body, headers=headers)).text
    line = next(line for line in text.splitlines() if line.startswith("data: {"))
    code: str = json.loads(line.removeprefix("data: "))["errors"][0]["extensions"]["code"]
    return code


async def test_it_is_for_the_citizen_alone(town: Open, home_office: Office) -> None:
    await pay(home_office, 2)
    row = await home_office.row("select citizen_id, id from notification")
    others = encode_notification_id(NotificationKey(row["citizen_id"], row["id"]))
    async with town() as here:
        assert await refusal(here, None) == "UNAUTHENTICATED"
        assert await refusal(here, here.agency("citizen:read payment:read")) == "FORBIDDEN"
        assert await refusal(here, here.citizen(77)) == "FORBIDDEN"
        assert await refusal(here, here.citizen(1), others) == "BAD_USER_INPUT"
        assert await refusal(here, here.citizen(1), "nonsense") == "BAD_USER_INPUT"


async def test_the_connection_that_hears_is_asked_whether_it_is_there(
    town: Open, home_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loaders.announcements._KEEPALIVE_SECONDS", 0.05)
    asked = """
    select count(*) from pg_stat_activity
    where datname = current_database() and query = 'select' and state = 'idle'"""
    async with town() as here, streaming(here) as stream:
        async with asyncio.timeout(20):
            while not await home_office.value(asked):  # noqa: ASYNC110 - no event for it
                await asyncio.sleep(0.05)
        await pay(home_office, 1)
        await stream.added()
