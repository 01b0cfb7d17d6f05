"""The real server: started, asked over HTTP, stopped, killed and started again."""

import os
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.conftest import ALLOWANCES, DemoServer, free_port, wait_until_ready

pytestmark = pytest.mark.xdist_group("server")

ME = {"query": "{ me { givenName } }"}


def start(directory: Path, port: int) -> "subprocess.Popen[bytes]":
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"PORT": str(port), "ALLOWANCES_DATA_DIR": str(directory)}
    process = subprocess.Popen(
        [ALLOWANCES, "demo", "--citizens", "5", "--months", "2"], env=environment
    )
    wait_until_ready(f"http://127.0.0.1:{port}", process)
    return process


def refused_demo(environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [ALLOWANCES, "demo"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def listening(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/live", timeout=1).is_success
    except httpx.TransportError:
        return False


def test_a_screen_over_http(demo_server: DemoServer) -> None:
    token = demo_server.allowances("token", "both").strip()
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.post(f"{demo_server.url}/graphql", json=ME, headers=headers).json()
    assert answer == {"data": {"me": {"givenName": "สมบูรณ์"}}}


def test_who_keeps_a_connection_lets_go_of_it_before_the_server(demo_server: DemoServer) -> None:
    """Who asks just as the server closes gets an error; uvicorn's own 5 s are met often."""
    patient = httpx.Limits(keepalive_expiry=60)
    with httpx.Client(base_url=demo_server.url, limits=patient) as client:
        first = client.get("/health/live")
        assert first.headers["keep-alive"] == "timeout=60"
        address = client_address(first)
        time.sleep(5.5)
        assert client_address(client.get("/health/live")) == address


def client_address(response: httpx.Response) -> object:
    return response.extensions["network_stream"].get_extra_info("client_addr")


def test_commands_work_beside_the_running_demo(demo_server: DemoServer) -> None:
    assert "up to date" in demo_server.allowances("migrate")
    assert "fit no rule" in demo_server.allowances("check", "amounts")


def test_stopped_by_ctrl_c_and_killed_it_starts_again_with_its_data(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    port = free_port()
    process = start(tmp_path, port)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert not listening(port)
    process = start(tmp_path, port)
    process.kill()
    process.wait(20)
    process = start(tmp_path, port)
    process.terminate()
    assert process.wait(20) == 0
    deadline = time.monotonic() + 5
    while (left := _processes_of(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


def _processes_of(directory: Path) -> list[str]:
    """The command lines that name the directory."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(directory) in line:
            found.append(line)
    return found


def test_a_second_demo_on_the_same_data_is_refused(demo_server: DemoServer) -> None:
    environment = demo_server.environment | {"PORT": str(free_port())}
    done = subprocess.run(
        [ALLOWANCES, "demo"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "already running" in done.stderr


def test_a_busy_port_is_a_sentence(demo_server: DemoServer, tmp_path: Path) -> None:
    environment = demo_server.environment | {"ALLOWANCES_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [ALLOWANCES, "demo"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "is in use" in done.stderr
