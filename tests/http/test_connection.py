"""The server's end of a connection: when what is written leaves, and that nothing is lost."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from app.http.connection import HttpProtocol
from tests.http.conftest import served

_LARGE = b"x" * 3_000_000  # more than a socket takes at once
_PARTS = 10_000
_ASKS = b"GET /small HTTP/1.1\r\nHost: here\r\n\r\n"


class _Counted:
    """A real transport, and how often it was written to."""

    def __init__(self, transport: asyncio.Transport, writes: list[bytes]) -> None:
        self._transport = transport
        self._writes = writes

    def write(self, data: bytes) -> None:
        self._writes.append(data)
        self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def _counting() -> tuple[type[HttpProtocol], list[bytes]]:
    writes: list[bytes] = []

    class Counting(HttpProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(cast(asyncio.Transport, _Counted(transport, writes)))

    return Counting, writes


async def _small(_request: Request) -> Response:
    return Response(b"small")


async def _large(_request: Request) -> Response:
    return Response(_LARGE)


async def _streamed(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        yield b"first"
        await request.app.state.go_on.wait()
        yield b"second"

    return StreamingResponse(parts())


async def _long(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(_PARTS):
            request.app.state.sent += 1
            yield b"x" * 10_000  # and nothing to wait for in between

    return StreamingResponse(parts())


def _app() -> Starlette:
    app = Starlette(
        routes=[
            Route("/small", _small),
            Route("/large", _large),
            Route("/streamed", _streamed),
            Route("/long", _long),
        ]
    )
    app.state.go_on, app.state.sent = asyncio.Event(), 0
    return app


async def test_an_answer_is_one_write() -> None:
    counting, writes = _counting()
    async with served(_app(), counting) as url, httpx.AsyncClient(base_url=url) as client:
        for _ in range(3):
            assert (await client.get("/small")).content == b"small"
    assert [each.endswith(b"\r\n\r\nsmall") for each in writes] == [True] * 3


async def test_answers_to_requests_sent_ahead_come_in_order_and_whole() -> None:
    async with served(_app()) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(url).port)
        writer.write(_ASKS * 5 + _ASKS.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        got = await reader.read()
        writer.close()
    assert got.count(b"HTTP/1.1 200 OK") == got.count(b"\r\n\r\nsmall") == 6


async def test_an_answer_that_closes_the_connection_is_whole() -> None:
    async with served(_app()) as url, httpx.AsyncClient(base_url=url) as client:
        answer = await client.get("/large", headers={"Connection": "close"})
    assert answer.content == _LARGE


async def test_parts_of_a_stream_come_as_they_are_written() -> None:
    app = _app()
    async with (
        served(app) as url,
        httpx.AsyncClient(base_url=url) as client,
        client.stream("GET", "/streamed") as answer,
    ):
        parts = answer.aiter_raw()
        assert await anext(parts) == b"first"
        app.state.go_on.set()
        assert await anext(parts) == b"second"


async def test_who_leaves_before_the_answer_disturbs_nobody() -> None:
    async with served(_app()) as url, httpx.AsyncClient(base_url=url) as client:
        for _ in range(20):
            _, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(url).port)
            writer.write(_ASKS.replace(b"small", b"large"))
            writer.transport.abort()
        assert (await client.get("/small")).content == b"small"


async def test_who_does_not_read_is_not_written_to_any_more() -> None:
    app = _app()
    async with served(app) as url:
        _, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(url).port, limit=1)
        writer.write(_ASKS.replace(b"small", b"long"))
        before = -1
        while before < app.state.sent:
            before = app.state.sent
            await asyncio.sleep(0.2)
        assert 0 < app.state.sent < _PARTS
        writer.transport.abort()
