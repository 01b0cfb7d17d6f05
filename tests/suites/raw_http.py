"""HTTP/1.1 as bytes: for requests that no client library would send."""

import asyncio
from dataclasses import dataclass, field

import httptools

_CHUNK = 2**16


@dataclass(slots=True)
class RawResponse:
    """A response as it came; `closes` where the server ends the connection after it."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    closes: bool = False


class _Reading:
    """What httptools calls while it reads one response."""

    def __init__(self) -> None:
        self.response = RawResponse()
        self.complete = False
        self.parser = httptools.HttpResponseParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.response.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self.response.body += body

    def on_message_complete(self) -> None:
        self.complete = True
        self.response.status = self.parser.get_status_code()
        self.response.closes = not self.parser.should_keep_alive()


class RawClient:
    """One connection, kept while the server keeps it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, request: bytes) -> RawResponse | None:
        """The response to these bytes; None where the server hung up without one."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        reading = _Reading()
        try:
            writer.write(request)
            await writer.drain()
            while not reading.complete and (data := await reader.read(_CHUNK)):
                reading.parser.feed_data(data)
        except ConnectionError:
            pass
        if reading.response.closes or not reading.complete:
            await self.close()
        return reading.response if reading.complete else None

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def request_bytes(
    body: bytes,
    *,
    method: bytes = b"POST",
    path: bytes = b"/graphql",
    headers: dict[bytes, bytes] | None = None,
) -> bytes:
    """A request of this body, with its length."""
    whole = {
        b"Host": b"127.0.0.1",
        b"Content-Type": b"application/json",
        b"Content-Length": str(len(body)).encode(),
        **(headers or {}),
    }
    lines = b"".join(b"%s: %s\r\n" % each for each in whole.items())
    return b"%s %s HTTP/1.1\r\n%s\r\n%s" % (method, path, lines, body)
