"""`make audit`: the real pip-audit against a stand-in for the service that it asks."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, free_port

BAD = ("click", "8.5.0")
FINDING = {
    "id": "PYSEC-0000-1",
    "affected": [
        {
            "package": {"name": "click", "ecosystem": "PyPI"},
            "ranges": [
                {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "8.5.1"}]},
            ],
        }
    ],
}


class Osv(BaseHTTPRequestHandler):
    """Knows one vulnerable version."""

    status = 200

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = (asked["package"]["name"], asked["version"]) == BAD
        body = json.dumps({"vulns": [FINDING]} if known else {}).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


class BrokenOsv(Osv):
    status = 503


@contextmanager
def serving(handler: type[Osv]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query"
        finally:
            server.shutdown()
            thread.join()


def audited(url: str, lock: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(ROOT / "requirements" / "audit.py"), url, str(lock)]
    return subprocess.run(command, capture_output=True, check=False, text=True, timeout=60)


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "lock.txt"
    path.write_text(f"click==8.6.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    return path


def test_nothing_found(lock: Path) -> None:
    with serving(Osv) as url:
        done = audited(url, lock)
    assert done.stdout == "lock.txt: 1 packages audited, 0 known vulnerabilities\n"
    assert done.returncode == 0


def test_a_vulnerability_is_named_and_a_failure(lock: Path) -> None:
    lock.write_text("click==8.5.0\nidna==3.20\n", encoding="utf-8")
    with serving(Osv) as url:
        done = audited(url, lock)
    assert done.stdout.splitlines() == [
        "lock.txt: 2 packages audited, 1 known vulnerabilities",
        "  click 8.5.0: PYSEC-0000-1, mended in 8.5.1",
    ]
    assert done.returncode == 1


@pytest.mark.parametrize("there", [False, True])
def test_a_source_that_does_not_answer_is_said_and_no_failure(lock: Path, there: bool) -> None:
    if there:
        with serving(BrokenOsv) as url:
            done = audited(url, lock)
    else:
        url = f"http://127.0.0.1:{free_port()}/v1/query"
        done = audited(url, lock)
    assert done.stdout.startswith(f"lock.txt: NOT AUDITED, {url} ")
    assert done.returncode == 0


def test_a_lock_that_is_none_is_a_failure(lock: Path) -> None:
    lock.write_text("click>=8\n", encoding="utf-8")
    done = audited("http://127.0.0.1:1/v1/query", lock)
    assert "pip-audit failed" in done.stdout
    assert done.returncode == 1
