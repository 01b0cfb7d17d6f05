"""Results as server-sent events, one connection an operation ("distinct connections mode").

Lines end with LF: some gateways split on nothing else.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, aclosing
from typing import Any

import orjson
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send
from strawberry.types import ExecutionResult

from app.errors import AllowancesError
from app.http.answers import failed, formatted
from app.http.media import Media
from app.http.refusals import HEADERS

HEARTBEAT_SECONDS = 12.0  # below the half minute after which proxies take a connection for dead
UNREAD_SECONDS = 30.0  # who takes nothing for so long is let go; a WebSocket's pings do the same
_HEARTBEAT = b":\n\n"
_COMPLETE = b"event: complete\ndata:\n\n"  # browsers hear no event without data

_HEADERS = {**HEADERS, "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}

Results = AsyncGenerator[ExecutionResult, None]
Limit = Callable[[], AbstractAsyncContextManager[None]]


class EventStream(StreamingResponse):
    """The results as they come, and the end."""

    def __init__(
        self, results: Results, limit: Limit, held: AbstractContextManager[object]
    ) -> None:
        """`limit` is around the wait for each result; `held` is let go when the connection ends."""
        self._events = _events(results, limit)
        super().__init__(self._events, headers=_HEADERS, media_type=Media.EVENT_STREAM.value)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given_up = False

        async def send_in_time(message: Message) -> None:
            nonlocal given_up
            try:
                async with asyncio.timeout(UNREAD_SECONDS):
                    await send(message)
            except TimeoutError:
                given_up = True
                raise

        with self._held:
            try:
                async with aclosing(self._events):
                    await super().__call__(scope, receive, send_in_time)
            except Exception:
                if not given_up:
                    raise


async def _events(results: Results, limit: Limit) -> AsyncGenerator[bytes, None]:
    # What waits for the next result is ended before the results are.
    async with aclosing(results), aclosing(_with_heartbeats(results, limit)) as heard:
        try:
            async for result in heard:
                yield _HEARTBEAT if result is None else _next(formatted(result))
        except AllowancesError as error:
            yield _next(formatted(failed(error)))
        yield _COMPLETE


def _next(body: dict[str, Any]) -> bytes:
    return b"event: next\ndata: " + orjson.dumps(body) + b"\n\n"


async def _with_heartbeats(
    results: Results, limit: Limit
) -> AsyncGenerator[ExecutionResult | None, None]:
    """The results, and None for each while of silence."""
    coming: asyncio.Task[ExecutionResult] | None = None
    try:
        while True:
            coming = coming or asyncio.create_task(_following(results, limit))
            done, _ = await asyncio.wait({coming}, timeout=HEARTBEAT_SECONDS)
            if not done:
                yield None
                continue
            try:
                result = coming.result()
            except StopAsyncIteration:
                return
            coming = None
            yield result
    finally:
        if coming is not None:
            coming.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await coming


async def _following(results: Results, limit: Limit) -> ExecutionResult:
    async with limit():
        return await anext(results)
