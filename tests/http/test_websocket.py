"""The graphql-transport-ws protocol on a real server: the way in, the limits, and bad messages."""

import asyncio
import contextlib
import json
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from app.demo.personas import PERSONAS
from tests.http.conftest import ClientConnection, Serve, Streaming

ME = "{me{givenName}}"


async def tell(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def hear(socket: ClientConnection) -> Any:
    text = await asyncio.wait_for(socket.recv(), 10)
    assert isinstance(text, str)
    return json.loads(text)


async def let_in(socket: ClientConnection, **payload: Any) -> None:
    await tell(socket, type="connection_init", payload=payload)
    assert await hear(socket) == {"type": "connection_ack"}


async def ask(socket: ClientConnection, query: str, id_: str = "1", **more: Any) -> Any:
    """The first answer to an operation."""
    await tell(socket, type="subscribe", id=id_, payload={"query": query, **more})
    answer = await hear(socket)
    assert answer["id"] == id_
    return answer


async def closed(socket: ClientConnection) -> tuple[int, str]:
    with contextlib.suppress(ConnectionClosedError):
        async with asyncio.timeout(10):
            async for _ in socket:
                pass
    assert socket.close_code is not None
    return socket.close_code, socket.close_reason or ""


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_who_connects_says_so_in_the_parameters_or_in_the_header(streaming: Serve) -> None:
    expected = {"data": {"me": {"givenName": "สมบูรณ์"}}}
    async with streaming() as server:
        async with server.connect() as socket:
            await let_in(socket, authorization=f"Bearer {server.citizen()}")
            assert (await ask(socket, ME))["payload"] == expected
            assert await hear(socket) == {"id": "1", "type": "complete"}
        async with server.connect(additional_headers=bearer(server.citizen())) as socket:
            await let_in(socket)
            assert (await ask(socket, ME))["payload"] == expected
        async with server.connect(additional_headers=bearer(server.citizen("proxy"))) as socket:
            await let_in(socket, **bearer(server.citizen()))
            assert (await ask(socket, ME))["payload"] == expected
        async with server.connect() as socket:
            await let_in(socket)
            assert (await ask(socket, ME))["payload"] == {"data": {"me": None}}


async def test_a_token_that_is_not_good_is_4403(streaming: Serve) -> None:
    async with streaming() as server:
        for token in ("Bearer made.up.x", "nonsense", f"Bearer {server.citizen()}x"):
            async with server.connect() as socket:
                await tell(socket, type="connection_init", payload={"Authorization": token})
                code, reason = await closed(socket)
                assert code == 4403
                assert reason
                assert token not in reason


async def test_a_subscription_comes_event_by_event_and_can_be_stopped(streaming: Serve) -> None:
    async with streaming() as server, server.connect() as socket:
        await let_in(socket)
        assert (await ask(socket, "subscription{count(to:2)}"))["payload"] == {"data": {"count": 1}}
        assert (await hear(socket))["payload"] == {"data": {"count": 2}}
        assert await hear(socket) == {"id": "1", "type": "complete"}
        await ask(socket, "subscription{count(to:100000,pause:0.01)}", "2")
        await tell(socket, type="complete", id="2")
        await tell(socket, type="subscribe", id="3", payload={"query": "{__typename}"})
        while (last := await hear(socket))["id"] == "2":
            pass
        assert last["payload"] == {"data": {"__typename": "Query"}}


async def test_access_is_the_same_as_over_http(streaming: Serve, demo_database: str) -> None:
    async with streaming() as server:
        async with server.connect() as socket:
            await let_in(socket, **bearer(server.citizen()))
            own = (await ask(socket, "subscription{myself{id}}"))["payload"]["data"]["myself"]["id"]
        query = f'subscription Watch{{watched(id:"{own}"){{givenName}}}}'
        found = {}
        for scope in ("citizen:read", ""):
            async with server.connect() as socket:
                await let_in(socket, **bearer(server.agency(scope)))
                found[scope] = (await ask(socket, query))["payload"]
        assert found["citizen:read"] == {"data": {"watched": {"givenName": "สมบูรณ์"}}}
        assert found[""] == {"data": {"watched": None}}
    connection = await asyncpg.connect(demo_database)
    operations = await connection.fetch("select operation from access_batch order by seq desc")
    await connection.close()
    assert operations[0]["operation"] == "Watch"


async def test_limits_hold_here_too(streaming: Serve) -> None:
    changed = {"max_aliases": 2, "operations_per_connection": 2, "requests_per_minute": 8}
    async with streaming(**changed) as server, server.connect() as socket:
        await let_in(socket)
        answer = await ask(socket, "{a:__typename b:__typename c:__typename}")
        assert answer["type"] == "error"
        assert answer["payload"][0]["extensions"]["code"] == "MAX_ALIASES_LIMIT"
        for id_ in "23":
            payload = {"query": "subscription{count(to:1,pause:60)}", "variables": None}
            await tell(socket, type="subscribe", id=id_, payload=payload)
        answer = await ask(socket, "{__typename}", "4")
        assert answer["payload"][0]["extensions"] == {"code": "TOO_MANY_CONNECTIONS"}
    async with streaming(requests_per_minute=3) as server, server.connect() as socket:
        await let_in(socket)
        codes = []
        for id_ in "123":
            answer = await ask(socket, "{__typename}", id_)
            if answer["type"] == "next":
                await hear(socket)
            else:
                codes = [each["extensions"]["code"] for each in answer["payload"]]
        assert codes == ["REQUEST_RATE_LIMITED"]


async def test_an_operation_past_its_deadline_is_stopped(
    streaming: Serve, demo_database: str
) -> None:
    async with streaming(request_deadline_seconds=0.3) as server, server.connect() as socket:
        await let_in(socket, **bearer(server.citizen()))
        connection = await asyncpg.connect(demo_database)
        async with connection.transaction():
            await connection.execute("lock table citizen in access exclusive mode")
            answer = await ask(socket, ME)
        await connection.close()
        assert answer["type"] == "error"
        assert answer["payload"][0]["extensions"] == {"code": "DEADLINE_EXCEEDED"}
        assert (await ask(socket, ME, "2"))["payload"]["data"]["me"]


async def test_each_operation_reads_anew(streaming: Serve, demo_database: str) -> None:
    async with streaming() as server, server.connect() as socket:
        await let_in(socket, **bearer(server.citizen("cash")))
        first = (await ask(socket, "{me{title}}"))["payload"]["data"]["me"]["title"]
        await hear(socket)
        connection = await asyncpg.connect(demo_database)
        async with connection.transaction():
            hmac = server.service.settings.privacy_keys.national_id_hmac(
                PERSONAS["cash"].national_id
            )
            change = (
                "update citizen set title = $2 where id = "
                "(select citizen_id from citizen_lookup where national_id_hmac = $1)"
            )
            await connection.execute(change, hmac, "พลเอก")
        try:
            assert (await ask(socket, "{me{title}}", "2"))["payload"]["data"] == {
                "me": {"title": "พลเอก"}
            }
        finally:
            await connection.execute(change, hmac, first)
            await connection.close()


async def test_the_connection_ends_with_the_token(streaming: Serve) -> None:
    async with streaming(token_leeway_seconds=0) as server, server.connect() as socket:
        await let_in(socket, **bearer(server.citizen(expires_in=timedelta(seconds=2))))
        await ask(socket, "subscription{count(to:1000,pause:0.1)}")
        assert await closed(socket) == (4403, "The token has expired.")


async def test_a_caller_keeps_so_many_open_and_no_more(streaming: Serve) -> None:
    async with streaming(connections_per_caller=1) as server:
        token = bearer(server.citizen())
        async with server.connect() as first:
            await let_in(first, **token)
            async with server.connect() as second:
                await tell(second, type="connection_init", payload=token)
                assert (await closed(second))[0] == 4429
            async with server.connect() as other:
                await let_in(other, **bearer(server.citizen("proxy")))
        await gone(server)
        async with server.connect() as again:
            await let_in(again, **token)


async def gone(server: Streaming) -> None:
    for _ in range(200):
        if not len(server.service.gate.connections):
            return
        await asyncio.sleep(0.01)
    pytest.fail("a connection is still counted")


MESSAGES: dict[str, str] = {
    "no JSON": "{",
    "a list": "[]",
    "a number": "7",
    "null": "null",
    "no type": "{}",
    "a type that is none": '{"type":[]}',
    "an unknown type": '{"type":"start","id":"1","payload":{}}',
    "no id": '{"type":"subscribe","payload":{"query":"{a}"}}',
    "a number as id": '{"type":"subscribe","id":1,"payload":{"query":"{a}"}}',
    "a list as id": '{"type":"complete","id":[]}',
    "no payload": '{"type":"subscribe","id":"1"}',
    "a list as payload": '{"type":"subscribe","id":"1","payload":[]}',
    "no query": '{"type":"subscribe","id":"1","payload":{}}',
    "a number as query": '{"type":"subscribe","id":"1","payload":{"query":1}}',
    "a list as variables": (
        '{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":[]}}'
    ),
    "a list as name": '{"type":"subscribe","id":"1","payload":{"query":"{a}","operationName":[]}}',
}


@pytest.mark.parametrize("text", MESSAGES.values(), ids=MESSAGES.keys())
async def test_a_message_that_is_none_is_4400(streaming: Serve, text: str) -> None:
    async with streaming() as server, server.connect() as socket:
        await let_in(socket)
        await socket.send(text)
        assert (await closed(socket))[0] == 4400


async def test_bytes_are_no_message(streaming: Serve) -> None:
    async with streaming() as server, server.connect() as socket:
        await let_in(socket)
        await socket.send(b"{}")
        assert (await closed(socket))[0] == 4400


async def test_the_order_of_messages(streaming: Serve) -> None:
    async with streaming() as server:
        async with server.connect() as socket:
            await tell(socket, type="subscribe", id="1", payload={"query": ME})
            assert (await closed(socket))[0] == 4401
        async with server.connect() as socket:
            await let_in(socket)
            await tell(socket, type="connection_init")
            assert (await closed(socket))[0] == 4429
        async with server.connect() as socket:
            await tell(socket, type="connection_init", payload={"authorization": 7})
            assert (await closed(socket))[0] == 4400
        async with server.connect() as socket:
            await let_in(socket)
            await tell(socket, type="ping")
            assert await hear(socket) == {"type": "pong"}


async def test_another_site_may_not_connect(streaming: Serve) -> None:
    async with streaming() as server:
        with pytest.raises(InvalidStatus) as refused:
            async with server.connect(origin="https://elsewhere.example"):
                pass
        assert refused.value.response.status_code == 403


async def test_a_message_over_the_limit_closes_the_connection(streaming: Serve) -> None:
    async with streaming() as server, server.connect() as socket:
        await let_in(socket)
        await socket.send(json.dumps({"type": "ping", "payload": {"x": "y" * 1_000_001}}))
        assert (await closed(socket))[0] == 1009
