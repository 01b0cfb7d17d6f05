"""The server's end of a connection: what is written in one turn of the loop leaves together, and an
answer that is there in full is written at once.

uvicorn writes the head of an answer and its body apart, each as soon as it has it. Each write is a
call of the system that wakes who reads, and of many answers to which one statement brought the
data each would be two of them: a third of what the smallest answer took. And it looks at each
header of each answer, most of which are the same for all.
"""

import asyncio
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, cast

from starlette.types import Send
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from app.loop_local import LoopLocal

_MOST_HELD = 65_536  # bytes: the transport is to notice who does not read


class _Turn:
    """The connections of one loop that were written to in this turn of it."""

    def __init__(self) -> None:
        self._written: list[JoinedWrites] = []

    def add(self, written: "JoinedWrites") -> None:
        if not self._written:
            asyncio.get_running_loop().call_soon(self._end)
        self._written.append(written)

    def _end(self) -> None:
        written, self._written = self._written, []
        for each in written:
            each.flush()


class JoinedWrites:
    """A transport whose writes wait for the end of the turn; all else is the transport's."""

    __slots__ = ("_bytes", "_held", "_transport", "_turn")

    def __init__(self, transport: asyncio.Transport, turn: _Turn) -> None:
        self._transport = transport
        self._turn = turn
        self._held: list[bytes] = []
        self._bytes = 0

    def write(self, data: bytes) -> None:
        """Write before the loop waits again, after what was written before."""
        if not self._held:
            self._turn.add(self)
        self._held.append(data)
        self._bytes += len(data)
        if self._bytes >= _MOST_HELD:
            self.flush()

    def flush(self) -> None:
        """Write now what is held; it is dropped where the other end has gone."""
        if self._held:
            held, self._held, self._bytes = self._held, [], 0
            if not self._transport.is_closing():
                self._transport.write(b"".join(held))

    def is_closing(self) -> bool:
        """As the transport's."""
        return self._transport.is_closing()

    def write_eof(self) -> None:
        """As the transport's, after all that was written."""
        self.flush()
        self._transport.write_eof()

    def close(self) -> None:
        """As the transport's, after all that was written."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


_turns = LoopLocal(_Turn)


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's, and with an upgrade its WebSocket's, over joined writes.

    How long a connection waits for its next request is looked at now and then: uvicorn sets a timer
    with each answer and stops it with each request, a hundredth of what a screen takes.
    """

    _waits_since: float | None = None  # on the loop's clock; None: a request is under way
    _look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        joined = JoinedWrites(transport, _turns.get())
        super().connection_made(cast(asyncio.Transport, joined))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._look is not None:
            self._look.cancel()

    def data_received(self, data: bytes) -> None:
        self._waits_since = None
        super().data_received(data)

    def on_response_complete(self) -> None:
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        self.flow.resume_reading()
        self._waits_since = self.loop.time()
        if self._look is None:
            self._look_in(self.timeout_keep_alive)

    def _look_in(self, seconds: float) -> None:
        self._look = self.loop.call_later(seconds, self._close_or_look_again)

    def _close_or_look_again(self) -> None:
        self._look = None
        if self._waits_since is None:
            return  # its answer will have it looked at
        left = self._waits_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._look_in(left)
        else:
            self.timeout_keep_alive_handler()


def send_whole(send: Send, status: int, headers: bytes, body: bytes) -> bool:
    """What uvicorn's `send` does of an answer's start and of all its body, of which it need not be
    told apart. `headers` without a length. False where `send` has to be asked: it is not uvicorn's
    own, has to wait, or does more."""
    cycle = getattr(send, "__self__", None)
    if not isinstance(cycle, RequestResponseCycle):
        return False
    if cycle.access_log or cycle.scope["method"] == "HEAD":
        return False
    if cycle.disconnected or cycle.response_started or cycle.flow.write_paused:
        return False
    always = _always(tuple(cycle.default_headers))
    close = b"" if cycle.keep_alive else b"connection: close\r\n"
    head = b"%b%b%bcontent-length: %d\r\n%b\r\n"
    head %= STATUS_LINE[status], always, headers, len(body), close
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(head + body)
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True


def lines_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as they stand in an answer."""
    return b"".join(b"%b: %b\r\n" % header for header in headers)


_always = lru_cache(4)(lines_of)  # the date is among them
