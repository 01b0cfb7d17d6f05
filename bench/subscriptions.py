"""How many streams of notifications one process holds open, in how much memory.

`python -m bench.subscriptions --streams 5000`: a server in a process of its own, that many event
streams of 1,000 citizens, and one batch that tells every one of them.
"""

import argparse
import asyncio
import csv
import json
import multiprocessing
import resource
import socket
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import asyncpg
import httpx
import uvicorn

from app import clock
from app.demo.home import DataDirectory
from app.demo.load import DemoSize, load_demo
from app.demo.service import create_demo
from app.embedded_postgres import embedded_postgres
from app.http.connection import HttpProtocol

_CITIZENS = 1_000
_QUERY = "subscription { notificationAdded { id kind title body } }"
_TELL = """
with made as (
  insert into notification (citizen_id, kind, subject, scheme, created_at)
  select id, 'PAYMENT_DELAYED', 'bench', 'OLD_AGE_ALLOWANCE', now() from citizen order by id
  returning id
)
select pg_notify('notification_made', max(id)::text) from made
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server of the measurement is."""

    home: DataDirectory
    dsn: str
    port: int


def serve(directory: Path, dsn: str, port: int) -> None:
    """The server, until it is stopped."""
    app = create_demo(DataDirectory.open(directory), dsn, port, connections_per_caller=1_000)
    uvicorn.run(app, http=HttpProtocol, port=port, log_level="error", access_log=False)


def megabytes(process: BaseProcess) -> float:
    """What a process holds in memory."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def one_stream(place: Place, token: str, opened: asyncio.Semaphore) -> asyncio.StreamReader:
    """An event stream that the server has answered."""
    body = json.dumps({"query": _QUERY}).encode()
    async with opened:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
        writer.write(
            b"POST /graphql HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n"
            b"Content-Type: application/json\r\nAuthorization: Bearer %b\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (token.encode(), len(body), body)
        )
        head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head:
        raise SystemExit(head.decode())
    vars(reader)["_bench_writer"] = writer  # held open with it
    return reader


async def told(reader: asyncio.StreamReader) -> None:
    """Until the stream has brought a notification."""
    while b"data: {" not in await reader.readline():
        pass


async def measure(place: Place, server: BaseProcess, streams: int) -> None:
    """Open, tell, and print what it took."""
    await _ready(place)
    tokens = _tokens(place.home)
    before = megabytes(server)
    at_once, start = asyncio.Semaphore(50), time.perf_counter()
    readers = await asyncio.gather(
        *(one_stream(place, tokens[n % len(tokens)], at_once) for n in range(streams))
    )
    opening = time.perf_counter() - start
    await asyncio.sleep(2)
    held = megabytes(server)
    connection = await asyncpg.connect(place.dsn)
    start = time.perf_counter()
    await connection.execute(_TELL)
    await asyncio.gather(*map(told, readers))
    telling = time.perf_counter() - start
    await connection.close()
    print(
        f"{streams:,} streams: opened in {opening:.1f} s; resident {before:.0f} MB before, "
        f"{held:.0f} MB open ({(held - before) * 1024 / streams:.1f} kB each), "
        f"{megabytes(server):.0f} MB after each was told, which took {telling:.1f} s."
    )


async def _ready(place: Place) -> None:
    async with httpx.AsyncClient() as client, asyncio.timeout(60):
        while True:
            try:
                if (await client.get(f"http://127.0.0.1:{place.port}/health/ready")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)


def _tokens(home: DataDirectory) -> list[str]:
    with (home.files / "citizens.csv").open(encoding="utf-8-sig", newline="") as file:
        people = [row["national_id"] for row in csv.DictReader(file) if not row["died_on"]]
    issuer, now = home.issuer(), clock.now()
    return [issuer.citizen_token(each, now) for each in people[:_CITIZENS]]


def main() -> None:
    """Measure, and print a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=5_000)
    streams = parser.parse_args().streams
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 2 * streams + 1_000), most))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory)
        path.chmod(0o755)  # as root, Postgres runs as another user, who has to get here
        home = DataDirectory.open(path / "home")
        with embedded_postgres(path / "database", durable=False) as dsn:
            size = DemoSize(citizens=_CITIZENS + 100, months=1)
            asyncio.run(load_demo(dsn, home, size, clock.today(), clock.now(), print))
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = int(probe.getsockname()[1])
            context = multiprocessing.get_context("spawn")
            server = context.Process(target=serve, args=(home.path, dsn, port), daemon=True)
            server.start()
            try:
                asyncio.run(measure(Place(home, dsn, port), server, streams))
            finally:
                server.kill()
                server.join()


if __name__ == "__main__":
    main()
