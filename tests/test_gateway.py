"""The supergraph, end to end: both subgraphs behind Hive Gateway, as `make gateway` runs them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from app import screens
from app.demo.personas import PERSONAS
from gateway.children import answers
from tests.conftest import ROOT, DemoServer, free_port
from tests.forwarding import Forwarder
from tests.planted.records import LOG, Records
from tests.test_composition import require_node

pytestmark = pytest.mark.xdist_group("server")  # one demo for all that use it

PERSONA = "old-age-receiving"
START_SECONDS = 300  # with `npm ci`, where nobody has run it yet
STOP_SECONDS = 40
TODAY = "2026-11-23"
LOOK_UP = """
query LookUp($nationalId: NationalId!) {
  citizenByNationalId(nationalId: $nationalId) { id familyName welfareCard { status } }
}
"""
FACTS = """
query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    ... on Citizen { welfareCard { status monthlyTopUp validThrough } }
  }
}
"""


@dataclass
class Supergraph:
    """A running gateway, and what stands behind it."""

    url: str
    allowances_url: str
    welfare_card_url: str
    log: Path
    between: Forwarder

    def ask(self, query: str, **how: Any) -> dict[str, Any]:
        """The gateway's answer."""
        return ask(self.url, query, **how)


def ask(
    url: str,
    query: str,
    *,
    token: str | None = None,
    variables: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    sent = {"X-Demo-Today": TODAY} | (headers or {})
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    body = {"query": query, "variables": variables or {}}
    answer: dict[str, Any] = httpx.post(url, json=body, headers=sent, timeout=20).json()
    return answer


@pytest.fixture(scope="module")
def supergraph(
    demo_server: DemoServer, tmp_path_factory: pytest.TempPathFactory, records: Records
) -> Iterator[Supergraph]:
    require_node()
    log = tmp_path_factory.mktemp("gateway") / "log"
    port, second_port = free_port(), free_port()
    between = Forwarder(int(demo_server.url.rpartition(":")[2]))
    running = Supergraph(
        f"http://127.0.0.1:{port}/graphql",
        f"http://127.0.0.1:{between.port}/graphql",
        f"http://127.0.0.1:{second_port}/graphql",
        log,
        between,
    )
    environment = os.environ | {
        "ALLOWANCES_URL": running.allowances_url,
        "GATEWAY_PORT": str(port),
        "WELFARE_CARD_PORT": str(second_port),
    }
    command = [sys.executable, "-m", "gateway.run"]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            wait_until_served(running, process)
            yield running
        finally:
            status = stop(process)
            between.close()
    records.keep(LOG, log)
    assert status == 0
    assert not answers(running.url)
    assert not answers(running.welfare_card_url)


def wait_until_served(running: Supergraph, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers(running.url):
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"the gateway does not serve:\n{running.log.read_text()}")
        time.sleep(0.2)


def stop(process: "subprocess.Popen[bytes]") -> int:
    """Ctrl-C, and the status it ends with."""
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        return process.wait(STOP_SECONDS)
    process.kill()
    return process.wait()


@pytest.fixture
def token(demo_token: Callable[[str], str]) -> str:
    return demo_token(PERSONA)


def composed(screen: str) -> str:
    """A screen's query that also asks the second agency."""
    return screen.replace("me {", "me { welfareCard { status monthlyTopUp validThrough }", 1)


def facts(supergraph: Supergraph, national_id: str, token: str | None) -> dict[str, Any]:
    """The second agency's own answer."""
    representation = {"__typename": "Citizen", "nationalId": national_id}
    variables = {"representations": [representation]}
    return ask(supergraph.welfare_card_url, FACTS, token=token, variables=variables)


def test_the_composed_screen_joins_both_agencies(supergraph: Supergraph, token: str) -> None:
    screen = screens.document("old_age_home")
    direct = ask(supergraph.allowances_url, screen, token=token)
    answer = supergraph.ask(composed(screen), token=token)
    assert "errors" not in answer
    own = facts(supergraph, PERSONAS[PERSONA].national_id, token)
    assert answer["data"]["me"].pop("welfareCard") == own["data"]["_entities"][0]["welfareCard"]
    assert answer["data"] == direct["data"]
    assert direct["data"]["me"]["entitlements"][0]["state"] == "RECEIVING"


def test_the_day_of_the_demo_reaches_the_subgraph(supergraph: Supergraph, token: str) -> None:
    ages = [
        supergraph.ask("{ me { age } }", token=token, headers={"X-Demo-Today": day})["data"]["me"]
        for day in ("2026-11-23", "2028-11-23")
    ]
    assert ages[1]["age"] - ages[0]["age"] == 2


def test_without_a_token_there_is_nobody(supergraph: Supergraph) -> None:
    answer = supergraph.ask("{ me { givenName welfareCard { status } } }")
    assert answer["data"] == {"me": None}


def test_the_second_agency_asks_for_a_token(supergraph: Supergraph) -> None:
    answer = facts(supergraph, PERSONAS[PERSONA].national_id, None)
    assert answer["data"] == {"_entities": [{"welfareCard": None}]}
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    "query",
    [
        "{ me { nationalId } }",
        "{ _entities(representations: []) { __typename } }",
        "{ _service { sdl } }",
    ],
)
def test_no_client_reads_what_is_for_joins_alone(
    supergraph: Supergraph, token: str, query: str
) -> None:
    answer = supergraph.ask(query, token=token)
    assert answer.get("data") is None
    assert "Cannot query field" in answer["errors"][0]["message"]


def test_introspection_does_not_show_the_national_id(supergraph: Supergraph) -> None:
    answer = supergraph.ask('{ __type(name: "Citizen") { fields { name } } }')
    names = {field["name"] for field in answer["data"]["__type"]["fields"]}
    assert {"maskedNationalId", "welfareCard", "entitlements"} <= names
    assert "nationalId" not in names


def look_up(supergraph: Supergraph, token: str, headers: dict[str, str]) -> dict[str, Any]:
    variables = {"nationalId": PERSONAS[PERSONA].national_id}
    return supergraph.ask(LOOK_UP, token=token, variables=variables, headers=headers)


def agency(demo_server: DemoServer, scope: str) -> str:
    return demo_server.allowances("token", "--agency", "hospital", "--scope", scope).strip()


def test_an_agency_looks_up_through_the_gateway_with_its_purpose(
    supergraph: Supergraph, demo_server: DemoServer
) -> None:
    token = agency(demo_server, "citizen:read citizen:lookup")
    answer = look_up(supergraph, token, {"X-Purpose": "means test"})
    assert "errors" not in answer
    citizen = answer["data"]["citizenByNationalId"]
    assert citizen["familyName"]
    assert citizen["welfareCard"]["status"] in {"ACTIVE", "SUSPENDED", "EXPIRED"}
    assert look_up(supergraph, token, {})["data"]["citizenByNationalId"] is None


def test_an_agency_without_the_look_up_gets_no_join(
    supergraph: Supergraph, demo_server: DemoServer
) -> None:
    purpose = {"X-Purpose": "means test"}
    both = agency(demo_server, "citizen:read citizen:lookup")
    citizen = look_up(supergraph, both, purpose)["data"]["citizenByNationalId"]
    answer = supergraph.ask(
        "query ($id: ID!) { citizen(id: $id) { familyName welfareCard { status } } }",
        token=agency(demo_server, "citizen:read"),
        variables={"id": citizen["id"]},
        headers=purpose,
    )
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (answer["data"]["citizen"] or {}).get("welfareCard") is None


def test_no_national_id_is_printed(supergraph: Supergraph, token: str) -> None:
    national_id = PERSONAS[PERSONA].national_id
    supergraph.ask("{ me { welfareCard { status } } }", token=token)
    supergraph.ask(f'{{ citizenByNationalId(nationalId: "{national_id}") {{ id', token=token)
    facts(supergraph, national_id, None)
    assert national_id not in supergraph.log.read_text(encoding="utf-8")


def test_a_broken_connection_prints_no_national_id(
    supergraph: Supergraph, demo_server: DemoServer
) -> None:
    token = agency(demo_server, "citizen:read citizen:lookup")
    with supergraph.between.breaking():
        answer = look_up(supergraph, token, {"X-Purpose": "means test"})
    assert "SUBREQUEST" in supergraph.log.read_text(encoding="utf-8")
    assert PERSONAS[PERSONA].national_id not in json.dumps(answer)
    assert PERSONAS[PERSONA].national_id not in supergraph.log.read_text(encoding="utf-8")
    again = look_up(supergraph, token, {"X-Purpose": "means test"})
    assert again["data"]["citizenByNationalId"]["familyName"]


ADDED = "subscription ($after: ID) { notificationAdded(after: $after) { id kind title } }"
NEWEST = "{ me { notifications(first: 2) { nodes { id kind title } } } }"


def newest(supergraph: Supergraph, token: str) -> list[dict[str, str]]:
    """The two newest of the citizen's inbox, the newest first."""
    found: list[dict[str, str]] = supergraph.ask(NEWEST, token=token)["data"]["me"][
        "notifications"
    ]["nodes"]
    assert len(found) == 2
    return found


def test_notifications_stream_through_the_gateway(supergraph: Supergraph, token: str) -> None:
    last, before = newest(supergraph, token)
    body = {"query": ADDED, "variables": {"after": before["id"]}}
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {token}"}
    with httpx.stream("POST", supergraph.url, json=body, headers=headers, timeout=20) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        data = next(line for line in stream.iter_lines() if line.startswith("data: {"))
    assert json.loads(data.removeprefix("data: ")) == {"data": {"notificationAdded": last}}


def test_notifications_come_through_the_gateway_by_websocket(
    supergraph: Supergraph, token: str
) -> None:
    last, before = newest(supergraph, token)
    address = supergraph.url.replace("http://", "ws://")
    protocol = Subprotocol("graphql-transport-ws")
    with connect(address, subprotocols=[protocol]) as socket:
        say = {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}
        socket.send(json.dumps(say))
        assert json.loads(socket.recv(20))["type"] == "connection_ack"
        payload = {"query": ADDED, "variables": {"after": before["id"]}}
        socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
        answer = json.loads(socket.recv(20))
    assert answer["payload"] == {"data": {"notificationAdded": last}}
