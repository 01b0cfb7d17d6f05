"""Malformed graphql-transport-ws conversations: answered or closed with a 44xx, nothing else."""

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from app.demo.home import DataDirectory
from tests.suites.live import Live, serving
from tests.suites.malformed import SEED

pytestmark = pytest.mark.xdist_group("suites")

PROTOCOL = Subprotocol("graphql-transport-ws")
CONVERSATIONS, AT_ONCE = 300, 6
LONGEST = 20.0  # seconds until a close counts as none
FAREWELL = "no JSON"  # what has to end any conversation that still goes on
VALUES: list[Any] = [
    None, True, 7, 1e308, "", "x" * 3000, "\x00", "\ud800", [], [[]], {}, {"query": 7},
    {"query": "{ me { id } }"}, {"query": "{"}, {"query": "{ me { id } }", "variables": []},
    {"authorization": 7}, {"authorization": "Bearer x.y.z"}, {"query": "subscription { x }"},
    {"query": "{ a " * 4000},
]  # fmt: skip
TYPES: list[Any] = [
    "connection_init", "subscribe", "subscribe", "next", "complete", "ping", "pong", "error",
    "connection_ack", "start", "", None, 7, {}, [],
]  # fmt: skip


def message(chance: random.Random) -> str | bytes:
    """A message of the wrong type, with the wrong parts, or none at all."""
    whole: dict[str, Any] = {"type": chance.choice(TYPES)}
    for name in ("id", "payload", "extra"):
        if chance.random() < 0.7:
            whole[name] = chance.choice([*VALUES, "1", "1"])
    text = json.dumps(chance.choice([whole, whole, whole, *VALUES]))
    match chance.randrange(8):
        case 0:
            return text[: chance.randrange(len(text) + 1)]
        case 1:
            return text.encode()
        case _:
            return text


async def converse(live: Live, chance: random.Random) -> tuple[list[str], int | None]:
    """What the server said to some malformed messages, and how it closed."""
    heard: list[str] = []
    url = live.url.replace("http", "ws", 1) + "/graphql"
    async with connect(url, subprotocols=[PROTOCOL]) as socket:
        try:
            if chance.random() < 0.7:
                credentials = chance.choice([{}, {}, {}, *VALUES])
                await socket.send(json.dumps({"type": "connection_init", "payload": credentials}))
            for _ in range(chance.randrange(1, 4)):
                await socket.send(message(chance))
            await socket.send(FAREWELL)
        except ConnectionClosed:
            pass
        await listen(socket, heard)
        return heard, socket.close_code


async def listen(socket: ClientConnection, heard: list[str]) -> None:
    try:
        async with asyncio.timeout(LONGEST):
            while True:
                heard.append(str(await socket.recv()))
    except ConnectionClosed:
        pass


async def test_malformed_conversations_end_in_order(
    demo_database: str, home: DataDirectory, tmp_path: Path
) -> None:
    chances = iter([random.Random(SEED + number) for number in range(CONVERSATIONS)])  # noqa: S311
    with serving(home, demo_database, tmp_path / "log") as live:
        ended: list[tuple[list[str], int | None]] = []

        async def worker() -> None:
            for chance in chances:
                ended.append(await converse(live, chance))

        async with asyncio.TaskGroup() as workers:
            for _ in range(AT_ONCE):
                workers.create_task(worker())
        assert {4400, 4403} <= {code for _, code in ended}
        assert [code for _, code in ended if code is None or not 4400 <= code < 4500] == []
        assert all(json.loads(text)["type"] for heard, _ in ended for text in heard)
        assert "INTERNAL_SERVER_ERROR" not in str(ended)
        assert live.complaints() == []
