"""The servers that are measured, each one process, on one database and with pools of one size."""

import os
import subprocess
import sys
import sysconfig
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qs, urlsplit

import httpx

from app.demo.home import DataDirectory
from app.demo.issuer import ALGORITHM, AUDIENCE
from app.migrations.service_role import as_service
from gateway.node import find_node

HERE = Path(__file__).parent
PEERS = HERE / "peers"
POOL_SIZE = 10
ISSUER = "urn:allowances:bench"
OURS = "allowances"
FLOOR = "floor"
NODE_PEERS = ("mercurius", "postgraphile", "apollo")
PYTHON_PEERS = ("strawberry", "ariadne")
NAMES = (OURS, *NODE_PEERS, *PYTHON_PEERS, FLOOR)
_FIRST_PORT = 8700
_READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    name: str
    process: "subprocess.Popen[bytes]"
    url: str

    @property
    def process_id(self) -> int:
        return self.process.pid


@contextmanager
def running(names: tuple[str, ...], dsn: str, home: DataDirectory) -> Iterator[list[Server]]:
    """Start these servers, all at once; their logs lie in `home`. Stops them at the end."""
    node = node_program() if set(names) & set(NODE_PEERS) else ""
    with ExitStack() as stack:
        servers = []
        for place, name in enumerate(names):
            port = _FIRST_PORT + place
            log = stack.enter_context((home.path / f"{name}.log").open("wb"))
            environment = {"PORT": str(port), "POOL_SIZE": str(POOL_SIZE)}
            environment |= _service(dsn, home) if name == OURS else _peer(dsn)
            process = _start(stack, _command(name, node), environment, log)
            servers.append(Server(name, process, f"http://127.0.0.1:{port}/graphql"))
        for server in servers:
            _await(server)
        yield servers


def node_program() -> str:
    """The newest Node that npm gives for this machine, else the one on PATH; installs first."""
    found = find_node()
    found.install(PEERS)
    given = sorted(PEERS.glob("node_modules/node-*/bin/node"))
    return str(given[0]) if given else found.node


def versions() -> str:
    """What runs the peers."""
    node = subprocess.run(
        [node_program(), "--version"], check=True, capture_output=True, text=True
    ).stdout.strip()
    optimized = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    build = "an optimized build" if optimized else "not an optimized build"
    return f"Node {node.removeprefix('v')}, Python {sys.version.split()[0]} ({build})"


def _command(name: str, node: str) -> list[str]:
    if name == OURS:
        return [str(Path(sys.executable).parent / "allowances"), "serve"]
    if name in NODE_PEERS:
        return [node, str(PEERS / f"{name}.mjs")]
    module = f"{name}_peer" if name in PYTHON_PEERS else name
    return [sys.executable, "-m", f"bench.peers.{module}"]


def _peer(dsn: str) -> Mapping[str, str]:
    """Where the database is, as every driver understands it."""
    parts = urlsplit(dsn)
    query = parse_qs(parts.query)
    return {
        "PGHOST": query["host"][0],
        "PGPORT": query["port"][0],
        "PGUSER": query["user"][0],
        "PGDATABASE": parts.path.strip("/"),
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
    }


def _service(dsn: str, home: DataDirectory) -> Mapping[str, str]:
    """As in production: tokens and limits on; one machine may ask as often as it can."""
    keys = home.keys()
    return {
        "DATABASE_URL": as_service(dsn),
        "NATIONAL_ID_LOOKUP_KEY": b64encode(keys.lookup_key).decode(),
        "NATIONAL_ID_ENCRYPTION_KEY": b64encode(keys.encryption_key).decode(),
        "ACCOUNT_NUMBER_KEY": b64encode(keys.account_key).decode(),
        "TOKEN_ISSUER": ISSUER,
        "TOKEN_AUDIENCE": AUDIENCE,
        "TOKEN_ALGORITHM": ALGORITHM,
        "TOKEN_JWKS": str(home.issuer().jwks_file),
        "REQUESTS_PER_MINUTE": "1000000000",
    }


def _start(
    stack: ExitStack, command: list[str], environment: Mapping[str, str], log: BinaryIO
) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        command,
        cwd=HERE.parent,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return process


def _await(server: Server) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            answer = httpx.post(server.url, json={"query": "{ __typename }"})
            answer.raise_for_status()
            return
        except httpx.TransportError:
            if time.monotonic() > deadline or server.process.poll() is not None:
                raise SystemExit(f"{server.name} does not answer; see its log.") from None
            time.sleep(0.1)
