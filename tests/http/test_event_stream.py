"""Subscriptions and queries as server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.http import event_stream
from tests.http.conftest import Serve, Streaming, stream


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=20) as client:
        yield client


def events(text: bytes) -> list[tuple[str, Any]]:
    """As a gateway reads them that splits on LF alone."""
    assert b"\r" not in text
    found = []
    for block in text.decode().split("\n\n")[:-1]:
        if block.startswith(":"):
            continue
        name, data = block.split("\n")
        assert name.startswith("event: ")
        value = data.removeprefix("data:").strip()
        found.append((name.removeprefix("event: "), json.loads(value) if value else None))
    return found


async def test_a_subscription_comes_event_by_event(
    streaming: Serve, client: httpx.AsyncClient
) -> None:
    async with streaming() as server:
        got = events(await stream(client, server.url, "subscription{count(to:3)}", None))
        assert got == [
            *(("next", {"data": {"count": number}}) for number in (1, 2, 3)),
            ("complete", None),
        ]


async def test_a_query_is_one_event(streaming: Serve, client: httpx.AsyncClient) -> None:
    async with streaming() as server:
        got = events(await stream(client, server.url, "{me{givenName}}", server.citizen()))
        assert got == [("next", {"data": {"me": {"givenName": "สมบูรณ์"}}}), ("complete", None)]


async def test_a_gateway_that_takes_all_forms_is_streamed_a_subscription_alone(
    streaming: Serve, client: httpx.AsyncClient
) -> None:
    everything = "application/graphql-response+json, application/json, text/event-stream"
    async with streaming() as server:
        url, headers = f"{server.url}/graphql", {"Accept": everything}
        query = await client.post(url, json={"query": "{__typename}"}, headers=headers)
        assert query.headers["content-type"] == "application/graphql-response+json"
        counting = {"query": "subscription{count(to:1)}"}
        streamed = await client.post(url, json=counting, headers=headers)
        assert events(streamed.content)[0] == ("next", {"data": {"count": 1}})
        headers = {"Accept": "application/json"}
        refused = await client.post(url, json=counting, headers=headers)
        assert refused.status_code == 406


async def test_errors_before_and_in_between_are_events(
    streaming: Serve, client: httpx.AsyncClient
) -> None:
    async with streaming() as server:
        got = events(await stream(client, server.url, "subscription{counted}", None))
        assert got[0][1]["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert "data" not in got[0][1]
        got = events(await stream(client, server.url, "subscription{broken}", None))
        assert got[0] == ("next", {"data": {"broken": 1}})
        assert got[1][1]["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert "9" * 13 not in str(got)
        assert got[-1] == ("complete", None)


async def test_silence_is_filled_with_comments(
    streaming: Serve, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_SECONDS", 0.05)
    async with streaming() as server:
        text = await stream(client, server.url, "subscription{count(to:1,pause:0.5)}", None)
        assert text.count(b":\n\n") >= 3
        assert events(text) == [("next", {"data": {"count": 1}}), ("complete", None)]


async def test_the_stream_ends_with_the_token(streaming: Serve, client: httpx.AsyncClient) -> None:
    async with streaming(token_leeway_seconds=0) as server:
        token = server.citizen(expires_in=timedelta(seconds=2))
        query = "subscription{count(to:1000,pause:0.2)}"
        got = events(await stream(client, server.url, query, token))
        assert 2 < len(got) < 20
        assert got[-2][1]["errors"] == [
            {"message": "The token has expired.", "extensions": {"code": "UNAUTHENTICATED"}}
        ]
        assert got[-1] == ("complete", None)


async def open_one(client: httpx.AsyncClient, server: Streaming, token: str) -> httpx.Response:
    request = client.build_request(
        "POST",
        f"{server.url}/graphql",
        json={"query": "subscription{count(to:1000,pause:0.1)}"},
        headers={"Accept": "text/event-stream", "Authorization": f"Bearer {token}"},
    )
    return await client.send(request, stream=True)


async def test_a_caller_keeps_so_many_open_and_no_more(
    streaming: Serve, client: httpx.AsyncClient
) -> None:
    async with streaming(connections_per_caller=2) as server:
        token, connections = server.citizen(), server.service.gate.connections
        kept = [await open_one(client, server, token) for _ in range(2)]
        assert len(connections) == 2
        refused = await open_one(client, server, token)
        assert refused.status_code == 429
        assert json.loads(await refused.aread())["errors"][0]["extensions"] == {
            "code": "TOO_MANY_CONNECTIONS"
        }
        other = await open_one(client, server, server.citizen("proxy"))
        assert other.status_code == 200
        for each in (*kept, other):
            await each.aclose()
        for _ in range(100):
            if not len(connections):
                break
            await asyncio.sleep(0.02)
        assert len(connections) == 0
