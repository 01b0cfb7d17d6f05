"""`allowances serve` as a process of its own, and what its log and its memory say."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt

from app import clock
from app.demo.home import DataDirectory
from app.demo.issuer import ALGORITHM, AUDIENCE
from app.demo.personas import PERSONAS
from app.policies import Scope
from tests.conftest import ALLOWANCES, free_port, wait_until_ready
from tests.limits.test_serve import TEST_ISSUER, environment

EVERY_SCOPE = " ".join(sorted(scope.value for scope in Scope))
# The suites ask faster than any client may.
SETTINGS = {"INTROSPECTION": "true", "REQUESTS_PER_MINUTE": "100000000"}


@dataclass(frozen=True, slots=True)
class Live:
    """A service that runs, and the issuer that it trusts."""

    url: str
    process: int
    log: Path
    home: DataDirectory

    def citizen(self, persona: str = "both") -> str:
        return self.token(pid=PERSONAS[persona].national_id, scope="openid pid")

    def agency(self, scope: str = EVERY_SCOPE) -> str:
        return self.token(client_id="suite", scope=scope, purpose="audit of payments")

    def token(self, **claims: Any) -> str:
        """A token with these claims over those of a good one, signed by the right key."""
        issuer, now = self.home.issuer(), int(clock.now().timestamp())
        good = {"iss": TEST_ISSUER, "aud": AUDIENCE, "exp": now + 3600}
        return jwt.encode(
            {**good, **claims}, issuer.private_key, ALGORITHM, headers={"kid": issuer.key_id}
        )

    def complaints(self) -> list[str]:
        """The lines of the log that tell of what nobody expected."""
        words = ("Traceback", "unexpected error", "Exception", "never retrieved", "ERROR")
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [line for line in lines if any(word in line for word in words)]

    def resident_bytes(self) -> int:
        """How much memory the process holds."""
        pages = int(Path(f"/proc/{self.process}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def serving(home: DataDirectory, dsn: str, log: Path, **settings: str) -> Iterator[Live]:
    """The service over this database until the end, with these environment variables."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    changed = environment(home, dsn, port) | SETTINGS | settings
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [ALLOWANCES, "serve"], env=changed, stdout=output, stderr=output
        ) as process,
    ):
        try:
            wait_until_ready(url, process)
            yield Live(url, process.pid, log, home)
        finally:
            process.terminate()
            process.wait(20)
