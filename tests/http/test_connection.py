"""The server's end of a connection: when what is written leaves, and that nothing is lost."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Sequence
from logging.handlers import QueueHandler
from queue import SimpleQueue
from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.types import ExecutionResult
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from websockets.asyncio.client import connect

from app.http.answers import answer
from app.http.connection import HttpProtocol
from app.http.media import Media
from tests.http.conftest import served

_LARGE = b"x" * 3_000_000  # more than a socket takes at once
_PARTS = 10_000
_KEEP_ALIVE = 1  # seconds
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


async def _slow(_request: Request) -> Response:
    await asyncio.sleep(2 * _KEEP_ALIVE)
    return Response(b"slow")


async def _long(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(_PARTS):
            request.app.state.sent += 1
            yield b"x" * 10_000  # and nothing to wait for in between

    return StreamingResponse(parts())


async def _echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(await socket.receive_text())


class _App(Starlette):
    """At /whole an answer of the graph, which passes by the middleware as the graph does."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") != "/whole":
            await super().__call__(scope, receive, send)
            return
        self.state.sent += 1
        data = {"n": "x" * int(Request(scope).query_params.get("size", "5"))}
        response = answer(ExecutionResult(data, None), Media.GRAPHQL_RESPONSE)
        await response(scope, receive, send)


async def _by_parts(_request: Request) -> Response:
    """The same where middleware stands between who answers and the server."""
    return answer(ExecutionResult({"n": "x" * 5}, None), Media.GRAPHQL_RESPONSE)


def _app() -> Starlette:
    app = _App(
        routes=[
            Route("/small", _small),
            Route("/large", _large),
            Route("/streamed", _streamed),
            Route("/slow", _slow),
            Route("/long", _long),
            WebSocketRoute("/echo", _echo),
            Route("/by-parts", _by_parts),
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


async def _said(url: str, *requests: bytes) -> bytes:
    """All that is answered to these, sent together, until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(url).port)
    writer.write(b"".join(requests))
    got = await reader.read()
    writer.close()
    return got


def _asking(path: bytes, version: bytes = b"1.1", *headers: bytes) -> bytes:
    lines = [b"GET %b HTTP/%b" % (path, version), b"Host: here", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


@pytest.mark.parametrize(("version", "headers"), [(b"1.1", [b"Connection: close"]), (b"1.0", [])])
async def test_a_whole_answer_is_as_by_parts(version: bytes, headers: Sequence[bytes]) -> None:
    async with served(_app()) as url:
        whole, by_parts = [
            await _said(url, _asking(path, b"1.1"), _asking(path, version, *headers))
            for path in (b"/whole", b"/by-parts")
        ]
    lines = [
        [line for line in each.split(b"\r\n") if not line.startswith(b"date:")]
        for each in (whole, by_parts)
    ]
    assert lines[0] == lines[1]
    assert whole.count(b"HTTP/1.1 200 OK") == 2
    assert whole.count(b"connection: close") == 1
    assert whole.endswith(b'\r\n\r\n{"data":{"n":"xxxxx"}}')


async def test_a_whole_answer_is_not_sent_by_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(_app()) as url, httpx.AsyncClient(base_url=url) as client:
        monkeypatch.setattr(RequestResponseCycle, "send", _nothing_is_sent)
        assert (await client.get("/whole")).json() == {"data": {"n": "xxxxx"}}


async def _nothing_is_sent(_cycle: RequestResponseCycle, _message: Message) -> None:
    raise AssertionError


async def test_a_whole_answer_to_who_left_disturbs_nobody() -> None:
    told: SimpleQueue[logging.LogRecord] = SimpleQueue()  # uvicorn says what an application raised
    handler = QueueHandler(told)
    app = _app()
    async with served(app) as url, httpx.AsyncClient(base_url=url) as client:
        logging.getLogger("uvicorn.error").addHandler(handler)
        for _ in range(20):
            _, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(url).port)
            writer.write(_asking(b"/whole?size=3000000") * 2)
            writer.transport.abort()
        assert (await client.get("/whole")).json() == {"data": {"n": "xxxxx"}}
    logging.getLogger("uvicorn.error").removeHandler(handler)
    assert told.empty()


async def test_who_does_not_read_is_not_given_one_whole_answer_after_another() -> None:
    app, asked = _app(), 50
    async with served(app) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(url).port, limit=1)
        writer.write(_asking(b"/whole?size=3000000") * asked)
        before = -1
        while before < app.state.sent:
            before = app.state.sent
            await asyncio.sleep(0.2)
        assert 0 < app.state.sent < asked
        while app.state.sent < asked:
            assert await reader.read(1_000_000)
        writer.transport.abort()


async def _answered(reader: asyncio.StreamReader, body: bytes) -> None:
    assert (await reader.readuntil(body)).startswith(b"HTTP/1.1 200 OK")


async def test_a_connection_that_waits_too_long_is_closed() -> None:
    async with served(_app(), keep_alive=_KEEP_ALIVE) as url:
        loop = asyncio.get_running_loop()
        reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(url).port)
        for _ in range(3):  # each begins the wait anew
            writer.write(_asking(b"/whole"))
            await _answered(reader, b"}}")
            await asyncio.sleep(0.6 * _KEEP_ALIVE)
        writer.write(_asking(b"/slow"))  # and an answer may take longer
        await _answered(reader, b"slow")
        began = loop.time()
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        assert loop.time() - began >= 0.9 * _KEEP_ALIVE
        writer.close()


async def test_a_connection_that_was_never_asked_again_leaves_nothing() -> None:
    protocols: list[HttpProtocol] = []

    class Kept(HttpProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            protocols.append(self)
            super().connection_made(transport)

    async with served(_app(), Kept) as url:
        async with httpx.AsyncClient(base_url=url) as client:
            await client.get("/small")
        async with asyncio.timeout(5):
            while protocols[0].connections:  # noqa: ASYNC110 - the library has no event for it
                await asyncio.sleep(0.01)
        look = protocols[0]._look
        assert look is not None
        assert look.cancelled()


async def test_a_websocket_outlives_the_wait_of_the_connection_that_it_was() -> None:
    loop = asyncio.get_running_loop()
    async with served(_app(), keep_alive=_KEEP_ALIVE) as url:
        plain = socket.create_connection(("127.0.0.1", httpx.URL(url).port or 0))
        plain.setblocking(False)
        await loop.sock_sendall(plain, _ASKS)
        assert (await loop.sock_recv(plain, 1000)).endswith(b"small")
        async with connect(url.replace("http", "ws") + "/echo", sock=plain) as websocket:
            await asyncio.sleep(2 * _KEEP_ALIVE)
            await websocket.send("still here")
            assert await websocket.recv() == "still here"
