"""One real Postgres a run, a database a worker, real tokens, and the app over ASGI."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from starlette.applications import Starlette
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from app import schema
from app.clock import BANGKOK
from app.demo.home import DataDirectory
from app.demo.load import DemoSize, load_demo
from app.demo.personas import PERSONAS
from app.demo.service import create_demo
from app.embedded_postgres import embedded_postgres
from app.migrations.apply import migrate
from app.privacy import PrivacyKeys
from app.service import Service
from tests.planted.dump import dump
from tests.planted.records import DATABASE, LOG, Records, records_of

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=BANGKOK)
DEMO_SIZE = DemoSize(citizens=150, months=24, seed=1)
ROOT = Path(__file__).parent.parent
ALLOWANCES = str(Path(sys.executable).parent / "allowances")

pytest_plugins = ["tests.planted.plugin", "tests.serving", "tests.submitting"]

_DSN = pytest.StashKey[str]()
_STACK = pytest.StashKey[ExitStack]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-screens", action="store_true", help="Write tests/screens anew.")
    parser.addoption(
        "--graphql-core", action="store_true", help="Execute by graphql-core, not by plans."
    )


def pytest_configure(config: pytest.Config) -> None:
    """The controller (or the only process) starts the server; workers are told where it is."""
    if config.getoption("graphql_core"):
        vars(schema)["Execution"] = StrawberryGraphQLCoreExecutionContext
    given = getattr(config, "workerinput", None)
    if given is not None:
        config.stash[_DSN] = given["dsn"]
        return
    stack = config.stash[_STACK] = ExitStack()
    directory = Path(tempfile.mkdtemp(prefix="allowances-tests-"))
    directory.chmod(0o755)  # as root, Postgres runs as another user, who has to get here
    stack.callback(shutil.rmtree, directory, ignore_errors=True)
    config.stash[_DSN] = stack.enter_context(embedded_postgres(directory, durable=False))
    records_of(config).logs.append(directory / "postgres.log")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["dsn"] = node.config.stash[_DSN]


def pytest_unconfigure(config: pytest.Config) -> None:
    if _STACK in config.stash:
        config.stash[_STACK].close()


@pytest.fixture(scope="session")
def server_dsn(pytestconfig: pytest.Config) -> str:
    """The run's server, at its maintenance database."""
    return pytestconfig.stash[_DSN]


@pytest.fixture(scope="session")
def records(pytestconfig: pytest.Config) -> Records:
    """Where the run's answers, logs and dumps go, to be searched for numbers in clear."""
    return records_of(pytestconfig)


@dataclass
class Databases:
    """Makes databases on the run's server; none goes before it is dumped."""

    dsn: str
    worker: str
    records: Records
    made: list[str] = field(default_factory=list)
    dropped: set[str] = field(default_factory=set)

    async def create(self, template: str | None = None) -> str:
        """A new database's name; a copy of `template` where one is given."""
        name = f"test_{self.worker}_{os.getpid()}_{len(self.made)}"
        admin = await asyncpg.connect(self.dsn)
        try:
            await admin.execute(f"create database {name} template {template or 'template1'}")
        finally:
            await admin.close()
        self.made.append(name)
        return name

    def url(self, name: str) -> str:
        """The address of a database by name."""
        return self.dsn.replace("/allowances?", f"/{name}?")

    async def drop(self, name: str) -> None:
        await dump(self.url(name), self.records.file(DATABASE))
        self.dropped.add(name)
        admin = await asyncpg.connect(self.dsn)
        try:
            await admin.execute(f"drop database if exists {name} with (force)")
        finally:
            await admin.close()


@pytest.fixture(scope="session")
async def databases(server_dsn: str, worker_id: str, records: Records) -> AsyncIterator[Databases]:
    databases = Databases(server_dsn, worker_id, records)
    yield databases
    for name in databases.made:
        if name not in databases.dropped:
            await databases.drop(name)


@pytest.fixture(scope="session")
async def migrated_template(databases: Databases) -> str:
    """A migrated, empty database to copy from; nobody stays connected to it."""
    name = await databases.create()
    connection = await asyncpg.connect(databases.url(name))
    await migrate(connection)
    await connection.close()
    return name


@pytest.fixture
async def database_url(databases: Databases, migrated_template: str) -> AsyncIterator[str]:
    """A migrated, empty database of this test alone."""
    name = await databases.create(migrated_template)
    yield databases.url(name)
    await databases.drop(name)


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a migrated, empty database of this test alone."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> DataDirectory:
    """A data directory with keys and an issuer of its own."""
    return DataDirectory.open(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def keys(home: DataDirectory) -> PrivacyKeys:
    return home.keys()


@pytest.fixture(scope="session")
async def demo_database(databases: Databases, home: DataDirectory) -> str:
    """The address of a database with the demo of TODAY, loaded by the importer."""
    url = databases.url(await databases.create())
    await load_demo(url, home, DEMO_SIZE, TODAY, NOW, lambda _line: None)
    return url


@pytest.fixture(scope="session")
async def app(demo_database: str, home: DataDirectory) -> AsyncIterator[Starlette]:
    """The running application over the demo's database; only a test's own statements are sent."""
    app = create_demo(home, demo_database, 8000, reference_refresh_seconds=3600)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture(scope="session")
def service(app: Starlette) -> Service:
    running: Service = app.state.service
    return running


@dataclass
class Asker:
    """Asks the application over ASGI, as anyone."""

    http: httpx.AsyncClient
    home: DataDirectory

    def citizen(self, persona: str) -> str:
        """A persona's token."""
        national_id = PERSONAS[persona].national_id
        return self.home.issuer().citizen_token(national_id, datetime.now(BANGKOK))

    def agency(self, scope: str, purpose: str | None = "audit of payments") -> str:
        """An agency's token."""
        return self.home.issuer().agency_token("agency", scope, purpose, datetime.now(BANGKOK))

    async def post(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        *,
        token: str | None = None,
        today: date = TODAY,
    ) -> httpx.Response:
        headers = {"X-Demo-Today": today.isoformat()}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        body = {"query": query, "variables": variables or {}}
        return await self.http.post("/graphql", json=body, headers=headers)

    async def answer(self, query: str, variables: dict[str, Any] | None = None, **who: Any) -> Any:
        """The whole answer; `data` and, where there are any, `errors`."""
        return (await self.post(query, variables, **who)).json()

    async def data(self, query: str, variables: dict[str, Any] | None = None, **who: Any) -> Any:
        """The data of an answer that must have no errors."""
        answer = await self.answer(query, variables, **who)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]


@pytest.fixture(scope="session")
async def ask(app: Starlette, home: DataDirectory) -> AsyncIterator[Asker]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        yield Asker(http, home)


@dataclass
class DemoServer:
    """A demo started by the README's command, in a directory of its own."""

    url: str
    environment: dict[str, str]
    command: str = ALLOWANCES

    def allowances(self, *arguments: str) -> str:
        """What a command of ours prints, run beside the server."""
        return subprocess.run(
            [ALLOWANCES, *arguments],
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
        ).stdout


def dump_embedded(directory: Path, records: Records) -> None:
    """Dump the database embedded in a data directory, also while a demo runs on it."""
    with embedded_postgres(directory) as dsn, closing(asyncio.new_event_loop()) as loop:
        loop.run_until_complete(dump(dsn, records.file(DATABASE)))
    records.keep(LOG, directory / "postgres.log")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(url: str, process: "subprocess.Popen[bytes]", seconds: float = 60) -> None:
    """Until the server says it is ready; fails with what it printed if it stops before."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the server stopped with status {process.returncode}")
        try:
            if httpx.get(f"{url}/health/ready", timeout=2).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    pytest.fail(f"the server was not ready within {seconds} s")


@pytest.fixture(scope="session")
def demo_server(tmp_path_factory: pytest.TempPathFactory, records: Records) -> Iterator[DemoServer]:
    """A running demo, asked over HTTP. Tests that use it belong to the xdist group `server`."""
    port = free_port()
    directory = tmp_path_factory.mktemp("demo")
    environment = {
        **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        "PORT": str(port),
        "ALLOWANCES_DATA_DIR": str(directory),
    }
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen([ALLOWANCES, "demo", "--citizens", "50"], env=environment) as process:
        try:
            wait_until_ready(url, process)
            yield DemoServer(url, environment)
            dump_embedded(directory, records)
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="session")
def demo_token(demo_server: DemoServer) -> Callable[[str], str]:
    """A persona's token, from the command line."""
    return lambda persona: demo_server.allowances("token", persona).strip()
