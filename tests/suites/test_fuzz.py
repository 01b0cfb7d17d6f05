"""Ten thousand malformed requests to a live service: refused in order, and nothing grows."""

import asyncio
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.demo.home import DataDirectory
from tests.suites.known import Known
from tests.suites.live import serving
from tests.suites.malformed import Malformed
from tests.suites.raw_http import RawClient, RawResponse

pytestmark = pytest.mark.xdist_group("suites")

WARM_UP, REQUESTS, CONNECTIONS = 1_000, 10_000, 8
GROWTH = 8 * 2**20  # bytes that the process may grow by between warm-up and end
LONGEST = 20.0  # seconds until an answer counts as none
EXCUSES = frozenset({"INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE", None})
SERVERS_OWN = b"Invalid HTTP request received."  # of uvicorn, before the application is asked


def fault(response: RawResponse | None) -> str | None:
    """What is wrong with a response; None where nothing is."""
    if response is None:
        return "hung up"
    if response.status >= 500 or b"Traceback" in response.body:
        return f"{response.status} {response.body[:200]!r}"
    if response.status == 400 and response.body == SERVERS_OWN:
        return None
    text = response.body
    if response.headers.get("content-type", "").startswith("text/event-stream"):
        text = text.partition(b"data: ")[2].partition(b"\n")[0]
    try:
        answer = json.loads(text)
    except ValueError:
        return f"{response.status} without JSON: {response.body[:200]!r}"
    codes = [error.get("extensions", {}).get("code") for error in answer.get("errors", ())]
    if "data" not in answer and not codes:
        return f"{response.status} with neither data nor errors"
    if not EXCUSES.isdisjoint(codes):
        return f"{response.status} {answer['errors']}"
    return None


async def bombard(port: int, requests: list[bytes]) -> list[tuple[str, bytes]]:
    """Each request over one of a few connections; the faults, each with its request."""
    queue = iter(requests)
    found: list[tuple[str, bytes]] = []

    async def worker() -> None:
        client = RawClient(port)
        for request in queue:
            async with asyncio.timeout(LONGEST):
                problem = fault(await client.send(request))
            if problem is not None:
                found.append((problem, request[:600]))
        await client.close()

    async with asyncio.TaskGroup() as workers:
        for _ in range(CONNECTIONS):
            workers.create_task(worker())
    return found


async def test_malformed_requests_are_refused_and_leave_nothing(
    demo_database: str, home: DataDirectory, tmp_path: Path
) -> None:
    with serving(home, demo_database, tmp_path / "log") as live:
        port, malformed = urlsplit(live.url).port or 0, Malformed.of(live, Known.of(live))
        found = await bombard(port, [malformed.draw() for _ in range(WARM_UP)])
        before = live.resident_bytes()
        found += await bombard(port, [malformed.draw() for _ in range(REQUESTS)])
        grown = live.resident_bytes() - before
        assert found[:5] == []
        assert live.complaints() == []
        assert grown < GROWTH
