"""The schema composes with each of the three composers, and with the second subgraph."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.schema import sdl
from gateway.node import HERE, Node, NodeError, find_node

pytestmark = pytest.mark.xdist_group("node")

COMPOSERS = (
    "@apollo/composition",
    "@theguild/federation-composition",
    "@wundergraph/composition",
)


def require_node() -> Node:
    """Node, where there is one; CI must have one."""
    try:
        return find_node()
    except NodeError as error:
        if os.environ.get("CI"):
            pytest.fail(f"CI tests the gateway: {error}")
        pytest.skip(f"THE GATEWAY IS NOT TESTED. {error}")


@pytest.fixture(scope="module")
def node() -> Node:
    found = require_node()
    found.install()
    return found


def check(node: Node, directory: Path, schema: str) -> subprocess.CompletedProcess[str]:
    """What compose-check.mjs says of `schema` beside the second subgraph."""
    file = directory / "schema.graphql"
    file.write_text(schema, encoding="utf-8")
    command = [node.node, str(HERE / "compose-check.mjs"), str(file)]
    return subprocess.run(command, capture_output=True, check=False, text=True, timeout=60)


def run_module(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({} if path is None else {"PATH": path})
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=HERE.parent,
        env=environment,
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )


def test_all_three_composers_take_the_schema(node: Node, tmp_path: Path) -> None:
    checked = check(node, tmp_path, sdl())
    assert checked.stderr == ""
    assert checked.stdout.splitlines() == [f"{name}: composes" for name in COMPOSERS]
    assert checked.returncode == 0


def test_a_conflict_between_the_subgraphs_is_named_by_each_composer(
    node: Node, tmp_path: Path
) -> None:
    conflict = "extend type Citizen { welfareCard: String }\n"
    checked = check(node, tmp_path, sdl() + conflict)
    assert checked.returncode == 1
    assert [line.split(",")[0] for line in checked.stdout.splitlines()] == [
        f"{name}: refuses" for name in COMPOSERS
    ]
    for name in COMPOSERS:
        assert any(
            line.startswith(f"{name}: ") and "welfareCard" in line
            for line in checked.stderr.splitlines()
        )


def test_no_newer_federation_would_compose_everywhere(node: Node, tmp_path: Path) -> None:
    """Fails on the day the version may be raised."""
    checked = check(node, tmp_path, sdl().replace("federation/v2.9", "federation/v2.10"))
    refusals = [line.split(":")[0] for line in checked.stdout.splitlines() if "refuses" in line]
    assert refusals == ["@theguild/federation-composition"]


def test_a_missing_schema_is_named(node: Node, tmp_path: Path) -> None:
    command = [node.node, str(HERE / "compose-check.mjs"), str(tmp_path / "nowhere.graphql")]
    checked = subprocess.run(command, capture_output=True, check=False, text=True, timeout=60)
    assert checked.returncode == 1
    assert "nowhere.graphql is missing" in checked.stderr
    assert "Error:" not in checked.stderr


def test_the_second_subgraphs_file_is_what_it_serves() -> None:
    served = run_module("gateway.welfare_card", "--schema")
    assert served.stdout == (HERE / "welfare-card.graphql").read_text(encoding="utf-8")


def test_the_lock_holds_no_address() -> None:
    lock = (HERE / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert '"integrity"' in lock


def test_without_node_the_gateway_says_what_to_do(tmp_path: Path) -> None:
    started = run_module("gateway.run", path=str(tmp_path))
    assert started.returncode == 1
    assert "needs Node 20 or newer" in started.stderr
    assert "Traceback" not in started.stderr


def test_an_old_node_is_named(tmp_path: Path) -> None:
    for name in ("node", "npm"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho v18.20.0\n", encoding="utf-8")
        program.chmod(0o755)
    started = run_module("gateway.run", path=str(tmp_path))
    assert started.returncode == 1
    assert "is v18.20.0. Upgrade it." in started.stderr
