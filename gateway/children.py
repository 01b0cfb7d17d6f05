"""The processes that the gateway needs: started, waited for, and stopped together."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

GRACE_SECONDS = 10
_POLL_SECONDS = 0.25
_QUESTION = '{"query":"{__typename}"}'


class ChildStopped(Exception):
    """A process stopped, or never answered; the text names it."""


class Children:
    """A context manager: whatever was started is stopped at the end, the last one first."""

    def __init__(self) -> None:
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for _, process in reversed(self._running):
            _stop(process)

    def start(
        self, name: str, command: Sequence[str], *, cwd: Path, environment: Mapping[str, str]
    ) -> None:
        """Start `command` with our environment and `environment` on top of it."""
        extra = [f"{variable}={value}" for variable, value in environment.items()]
        # A session of its own: Ctrl-C reaches us alone, and we stop them in order.
        process = subprocess.Popen(  # noqa: S603 - our own arguments
            ["/usr/bin/env", *extra, *command], cwd=cwd, start_new_session=True
        )
        self._running.append((name, process))

    def wait_for(self, name: str, url: str, seconds: float) -> None:
        """Until `url` answers GraphQL; `ChildStopped` if a process stops or time runs out."""
        deadline = time.monotonic() + seconds
        while not answers(url):
            self._check()
            if time.monotonic() > deadline:
                raise ChildStopped(f"{name} did not answer at {url} within {seconds:.0f} s.")
            time.sleep(_POLL_SECONDS)

    def watch(self) -> None:
        """Until one of them stops, which is `ChildStopped`."""
        while True:
            self._check()
            time.sleep(_POLL_SECONDS)

    def _check(self) -> None:
        for name, process in self._running:
            if process.poll() is not None:
                raise ChildStopped(f"{name} stopped with status {process.returncode}; see above.")


def answers(url: str) -> bool:
    """Whether a GraphQL server answers at `url`."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("POST", parts.path, _QUESTION, {"Content-Type": "application/json"})
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS)
        return
    process.kill()
    process.wait()
