"""`allowances notify`, from the command line."""

import subprocess

import pytest

from tests.conftest import DemoServer

pytestmark = pytest.mark.xdist_group("server")


def test_the_daily_run_again_tells_nobody_twice(demo_server: DemoServer) -> None:
    """The demo has told its people already."""
    demo_server.allowances("notify")
    lines = demo_server.allowances("notify").splitlines()
    assert [line.split()[0] for line in lines[:-1]] == [
        "REGISTER_NOW",
        "ENTITLEMENT_GRANTED",
        "CARD_EXPIRING",
        "PAYMENT_DELAYED",
    ]
    assert lines[-1] == "0 notifications made, 0 withdrawn."


def test_a_wrong_setting_is_named(demo_server: DemoServer) -> None:
    environment = demo_server.environment | {"QUIET_HOURS": "night", "NOTIFICATIONS_PER_DAY": "0"}
    done = subprocess.run(
        [demo_server.command, "notify"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "QUIET_HOURS" in done.stderr
    assert "20:00-08:00" in done.stderr
    assert "NOTIFICATIONS_PER_DAY" in done.stderr
    assert "Traceback" not in done.stderr
