"""How long a screen's read takes while a month is imported, beside how long it takes when idle.

`python -m bench.reading_meanwhile --directory DIR --rows 1000000`, on the base of bench.importing;
the budget is twice the idle median.
"""

import argparse
import asyncio
import csv
import os
import random
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import httpx
import uvicorn

from app import clock
from app.demo.home import DataDirectory
from app.demo.service import create_demo
from app.embedded_postgres import embedded_postgres
from app.http.connection import HttpProtocol
from app.screens import document
from bench.import_base import Base, base
from bench.importing import Run, imported

IDLE_SECONDS = 20
BUDGET = 2.0
_CITIZENS = 2_000
_QUERY = {"query": document("old_age_history")}


@dataclass(frozen=True, slots=True)
class _Reader:
    """One connection that asks for one random citizen after the other."""

    http: httpx.AsyncClient
    tokens: list[str]

    async def read(self, until: "asyncio.Event") -> list[float]:
        """The milliseconds of each read, until the event."""
        took = []
        while not until.is_set():
            headers = {"Authorization": f"Bearer {random.choice(self.tokens)}"}
            start = time.perf_counter()
            answer = await self.http.post("/graphql", json=_QUERY, headers=headers)
            took.append((time.perf_counter() - start) * 1000)
            if answer.status_code != 200 or "errors" in answer.json():
                raise SystemExit(f"A read failed ({answer.status_code}): {answer.text[:500]}")
        return took


def tokens(base: Base) -> list[str]:
    """Tokens of random citizens of the month."""
    with base.month.open(encoding="utf-8", newline="") as file:
        numbers = [row["national_id"] for row in csv.DictReader(file)]
    issuer, now = base.home.issuer(), clock.now()
    some = random.Random(1).sample(numbers, min(_CITIZENS, len(numbers)))
    return [issuer.citizen_token(number, now) for number in some]


@asynccontextmanager
async def reading(base: Base) -> AsyncIterator[_Reader]:
    """The service as a process of its own, asked through one connection."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "bench.reading_meanwhile", "--serve", str(port)]
    service = await asyncio.create_subprocess_exec(*command, "--directory", str(base.home.path))
    limits = httpx.Limits(max_connections=1)
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(base_url=url, limits=limits, timeout=30) as http:
            await _up(http)
            yield _Reader(http, tokens(base))
    finally:
        service.terminate()
        await service.wait()


async def _up(http: httpx.AsyncClient) -> None:
    for _ in range(300):
        try:
            await http.get("/")
        except httpx.ConnectError:
            await asyncio.sleep(0.1)
        else:
            return
    raise SystemExit("The service did not start.")


async def measure(base: Base) -> float:
    """Print both, and give the ratio of the medians."""
    await base.renew()
    async with reading(base) as reader:
        await _reads(reader, asyncio.sleep(3))  # to warm up
        idle = await _reads(reader, asyncio.sleep(IDLE_SECONDS))
        _show("idle", idle)
        busy = await _reads(reader, imported(base, Run(), base.month))
        _show("during an import", busy)
    return median(busy) / median(idle)


async def _reads(reader: _Reader, meanwhile: Awaitable[None]) -> list[float]:
    ended = asyncio.Event()
    task = asyncio.create_task(reader.read(ended))
    try:
        await meanwhile
    finally:
        ended.set()
    return await task


def _show(name: str, took: list[float]) -> None:
    ninety_fifth = quantiles(took, n=20)[-1]
    load = os.getloadavg()[0]
    print(
        f"{name}: median {median(took):.1f} ms, 95th of 100 {ninety_fifth:.1f} ms, "
        f"{len(took):,} reads, load {load:.1f}",
        flush=True,
    )


def _serve(directory: Path, port: int) -> None:
    home = DataDirectory.open(directory)
    with embedded_postgres(home.path) as dsn:
        app = create_demo(home, dsn, port)
        uvicorn.run(app, http=HttpProtocol, port=port, log_level="warning", access_log=False)


def main() -> None:
    """Measure, and fail over the budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--serve", type=int)
    options = parser.parse_args()
    if options.serve:
        _serve(options.directory, options.serve)
        return
    with base(options.directory, options.rows) as made:
        ratio = asyncio.run(measure(made))
    print(f"{ratio:.2f} of the idle median")
    if ratio > BUDGET:
        raise SystemExit(f"over the budget of {BUDGET}")


if __name__ == "__main__":
    main()
