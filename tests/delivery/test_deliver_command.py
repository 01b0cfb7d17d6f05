"""The commands, and the service that delivers beside its answers."""

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.demo.home import DataDirectory
from app.errors import SettingsError
from app.main import create_app
from app.migrations.service_role import as_service, refuse_unfit_delivery
from tests.conftest import ALLOWANCES
from tests.delivery.conftest import Letters
from tests.delivery.portal_server import CONSUMER_KEY, CONSUMER_SECRET, Answer, Mood


def run(
    letters: Letters,
    *arguments: str,
    environment: dict[str, str] | None = None,
    **changed: str,
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [ALLOWANCES, *arguments],
        env=(environment or letters.environment()) | changed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_once_sends_what_is_due_and_ends(letters: Letters) -> None:
    ids = await letters.add(25)
    environment = letters.environment()
    del environment["DATABASE_URL"]
    done = run(letters, "deliver", "--once", environment=environment)
    assert (done.returncode, done.stdout) == (0, "25 notifications sent.\n")
    assert "25 notifications sent" in done.stderr
    await letters.assert_all_sent_once(ids)
    for private in (CONSUMER_KEY, CONSUMER_SECRET, "user-", "token-"):
        assert private not in done.stderr


async def test_once_with_a_portal_that_is_away_is_a_sentence(letters: Letters) -> None:
    await letters.add(1)
    done = run(letters, "deliver", "--once", PORTAL_VALIDATE_URL="http://127.0.0.1:1/")
    assert done.returncode == 1
    assert "Error: The portal does not take notifications just now; they wait." in done.stderr
    assert "TOKEN" not in done.stdout
    assert CONSUMER_SECRET not in done.stderr


async def test_dead_letters_are_listed_and_retried(letters: Letters) -> None:
    ids = await letters.add(3)
    await letters.add(2, known=False)
    letters.portal.refused_users = {f"user-{ids[1]}"}
    await letters.drain()
    listed = run(letters, "outbox", "list").stdout.splitlines()
    assert listed[0] == "0 due, 0 under way, 0 later, 2 await a user ID, 1 dead"
    assert listed[1].startswith(f"{ids[1]}: PAYMENT_SENT of 20")
    assert listed[1].endswith(", 1 attempts, HTTP_400")
    wrong = run(letters, "outbox", "retry", str(ids[1]), "999")
    assert wrong.returncode == 1
    assert "ID: 999: no dead letter. `allowances outbox list` shows them." in wrong.stderr
    assert await letters.count("state = 'DEAD'") == 1, "nothing was done of it"
    letters.portal.refused_users.clear()
    again = run(letters, "outbox", "retry", "--all")
    assert again.stdout == "1 notifications are due again.\n"
    await letters.drain()
    letters.assert_each_shown_once(ids)


@pytest.mark.parametrize("arguments", [(), ("1", "--all")])
async def test_retry_asks_for_one_or_the_other(
    letters: Letters, arguments: tuple[str, ...]
) -> None:
    done = run(letters, "outbox", "retry", *arguments)
    assert done.returncode == 2
    assert "Give one: notification IDs, or --all." in done.stderr


async def test_each_setting_that_is_wrong_is_named(letters: Letters) -> None:
    done = run(
        letters,
        "deliver",
        PORTAL_PUSH_URL="http://portal.example/push",
        QUIET_HOURS="at night",
        PUSH_BATCH_SIZE="0",
        PORTAL_AGENT_ID="",
    )
    assert done.returncode == 1
    assert "PORTAL_PUSH_URL: Value error, expected an https address" in done.stderr
    assert "QUIET_HOURS: Value error, expected two times of day" in done.stderr
    assert "PUSH_BATCH_SIZE: " in done.stderr
    assert "PORTAL_AGENT_ID: " in done.stderr
    assert "Traceback" not in done.stderr
    short = run(letters, "deliver", PUSH_LEASE_SECONDS="40")
    assert "PUSH_LEASE_SECONDS has to be more than four times" in short.stderr


def serve_environment(letters: Letters, home: DataDirectory, tmp_path: Path) -> dict[str, str]:
    keys = tmp_path / "jwks.json"
    keys.write_text(home.issuer().jwks_file.read_text())
    key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    return {
        "DATABASE_URL": as_service(letters.url),
        "TOKEN_ISSUER": "https://issuer.example",
        "TOKEN_AUDIENCE": "allowances",
        "TOKEN_JWKS": str(keys),
        "NATIONAL_ID_LOOKUP_KEY": key,
        "NATIONAL_ID_ENCRYPTION_KEY": key,
        "ACCOUNT_NUMBER_KEY": key,
    }


@pytest.mark.parametrize("named", [True, False])
async def test_serve_refuses_to_deliver_as_another_role(
    letters: Letters, home: DataDirectory, tmp_path: Path, named: bool
) -> None:
    environment = serve_environment(letters, home, tmp_path)
    given = {key: value for key, value in letters.environment().items() if "DELIVERY" not in key}
    given |= environment | ({"DELIVERY_DATABASE_URL": as_service(letters.url)} if named else {})
    done = run(letters, "serve", "--deliver", environment=given)
    assert done.returncode == 1
    assert "DELIVERY_DATABASE_URL: " in done.stderr
    assert ("this role can not deliver" if named else "is required here") in done.stderr


async def test_the_owner_is_refused(letters: Letters) -> None:
    with pytest.raises(SettingsError, match=r"DELIVERY_DATABASE_URL: .*allowances_delivery"):
        await refuse_unfit_delivery(letters.connection)


@pytest.fixture
def settings_of_a_service(letters: Letters, home: DataDirectory) -> Any:
    return home.settings(as_service(letters.url), 8000)


async def test_the_service_delivers_and_counts(
    letters: Letters, settings_of_a_service: Any
) -> None:
    ids = await letters.add(25)
    letters.portal.moods.extend([Mood.BROKEN, Answer(403)])
    app = create_app(settings_of_a_service, delivery=letters.settings())
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://testserver") as http,
    ):
        await letters.until("select count(*) = 25 from notification_outbox where state = 'SENT'")
        metrics: list[str] = []
        async with asyncio.timeout(30):  # what was sent is counted when the database has it
            while "notifications_sent_total 25" not in metrics:
                metrics = (await http.get("/metrics")).text.splitlines()
    await letters.assert_all_sent_once(ids)
    assert "notifications_sent_total 25" in metrics
    assert 'notification_pushes_total{outcome="failed"} 1' in metrics
    assert 'notification_push_failures_total{code="HTTP_403"} 1' in metrics
    assert "notification_breaker_open 0" in metrics
    names = {line.split()[2] for line in metrics if line.startswith("# TYPE")}
    assert all(any(line.startswith(f"# HELP {name} ") for line in metrics) for name in names)


async def test_a_service_that_does_not_deliver_counts_nothing_of_it(
    letters: Letters, settings_of_a_service: Any
) -> None:
    ids = await letters.add(1)
    app = create_app(settings_of_a_service)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://testserver") as http,
    ):
        assert "notification" not in (await http.get("/metrics")).text
    assert ids
    assert await letters.states() == {"WAITING": 1}
