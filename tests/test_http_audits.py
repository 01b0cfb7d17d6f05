"""GraphQL over HTTP, by the working group's own audits of a server (npm: graphql-http)."""

import subprocess

import pytest

from gateway.node import HERE
from tests.conftest import DemoServer, free_port
from tests.test_composition import require_node

pytestmark = pytest.mark.xdist_group("server")


def audited(url: str) -> "subprocess.CompletedProcess[str]":
    node = require_node()
    node.install()
    command = [node.node, str(HERE / "http-audits.mjs"), url]
    return subprocess.run(command, capture_output=True, check=False, text=True, timeout=120)


def test_every_audit_is_ok(demo_server: DemoServer) -> None:
    done = audited(f"{demo_server.url}/graphql")
    *audits, total = done.stdout.splitlines()
    assert [line for line in audits if " ok: " not in line] == []
    assert total == "61 of 61 ok"
    assert done.returncode == 0, done.stderr


def test_what_is_no_graphql_fails_its_audits(demo_server: DemoServer) -> None:
    done = audited(f"{demo_server.url}/health/live")
    assert done.returncode == 1
    assert " error: " in done.stdout


def test_nobody_there_is_a_sentence() -> None:
    url = f"http://127.0.0.1:{free_port()}/graphql"
    done = audited(url)
    assert done.returncode == 2
    assert done.stderr == f"Nothing answers at {url}.\n"
