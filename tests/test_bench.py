"""The bench asks every server the same: its Python peers answer as we do, and errors void."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import httpx
import pytest

from app.demo.home import DataDirectory
from app.main import create_app
from bench.load import Load
from bench.measuring import Slice, fault, middle
from bench.peers.data import open_pool
from bench.peers.floor import Floor
from bench.peers.strawberry_peer import application
from bench.population import Size, load
from bench.servers import FLOOR, ISSUER, OURS
from bench.workloads import WORKLOADS, Asked
from tests.conftest import Databases

CITIZENS = 120
SHARED = ("screen", "deep", "entities_100", "tiny")
RIGHT = Load(requests=100, seconds=1.0, bytes=2_500.0, failed=0, p50=1.0, p99=2.0)
SLICE = Slice(100.0, 1.0, 2.0, 0.5, 0.5, 80.0)


@pytest.fixture(scope="module")
def bench_home(tmp_path_factory: pytest.TempPathFactory) -> DataDirectory:
    return DataDirectory.open(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
async def servers(
    databases: Databases, bench_home: DataDirectory
) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """Our service and two peers on the bench's database."""
    url = databases.url(await databases.create())
    await load(url, bench_home, Size(CITIZENS, 3))
    settings = bench_home.settings(url, 8000).model_copy(update={"token_issuer": ISSUER})
    ours, strawberry, floor = create_app(settings), application(), Floor()
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(await open_pool(4, url))
        strawberry.state.view.pool = floor.pool = pool
        await stack.enter_async_context(ours.router.lifespan_context(ours))
        apps: dict[str, Any] = {OURS: ours, "strawberry": strawberry, FLOOR: floor}
        yield {
            name: await stack.enter_async_context(
                httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bench")
            )
            for name, app in apps.items()
        }


@pytest.fixture(scope="module")
def asked(bench_home: DataDirectory) -> Asked:
    return Asked.of(bench_home, CITIZENS)


@pytest.mark.parametrize("name", SHARED)
async def test_servers_answer_the_same(
    servers: dict[str, httpx.AsyncClient], asked: Asked, name: str
) -> None:
    workload = next(each for each in WORKLOADS if each.name == name)
    answers = {}
    for server, http in servers.items():
        request = workload.requests(server, asked)[0]
        headers = {"Authorization": f"Bearer {request.token}"} if request.token else {}
        answer = await http.post("/graphql", json=request.body, headers=headers)
        answers[server] = answer.json()
    assert "errors" not in answers[OURS]
    assert answers[OURS]["data"] == answers["strawberry"]["data"] == answers[FLOOR]["data"]


async def test_a_screen_holds_a_year_of_payments(
    servers: dict[str, httpx.AsyncClient], asked: Asked
) -> None:
    request = WORKLOADS[0].requests(FLOOR, asked)[0]
    answer = await servers[FLOOR].post("/graphql", json=request.body)
    payments = answer.json()["data"]["citizen"]["entitlements"][0]["payments"]
    assert len({each["period"] for each in payments["nodes"]}) == 12
    assert payments["pageInfo"] == {"hasNextPage": True}


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        (RIGHT, None),
        (replace(RIGHT, failed=2), "2 failed"),
        (replace(RIGHT, requests=0), "no answer in time"),
        (replace(RIGHT, bytes=300.0), "answers of 300 bytes where 2200 were right"),
        (replace(RIGHT, bytes=9_000.0), "answers of 9000 bytes where 2200 were right"),
    ],
)
def test_load_that_was_not_answered_right_is_at_fault(seen: Load, says: str | None) -> None:
    assert fault(seen, 2_200.0) == says


def test_the_median_of_slices_is_void_where_one_is() -> None:
    slices = [SLICE, replace(SLICE, rate=120.0), replace(SLICE, rate=400.0)]
    assert middle(slices) == replace(SLICE, rate=120.0)
    assert middle([*slices, replace(SLICE, wrong="2 failed")]).wrong == "2 failed"
