"""Starts the programs of Postgres as the right user, bound to the life of this process."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.embedded_postgres.error import EmbeddedPostgresError

_LAUNCH = Path(__file__).resolve().with_name("launch.py")
_STOPPING = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The account that the server's programs run as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended, and all it wrote."""

    succeeded: bool
    output: str

    def tail(self, lines: int = 5) -> str:
        return "\n".join(self.output.strip().splitlines()[-lines:])


def spawn(
    command: Sequence[str | Path],
    *,
    user: ServerUser | None,
    output: IO[bytes] | int,
    inherit: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start an absolute program in a session of its own, so the terminal's Ctrl-C passes it by.

    `user` None is the present user; `output` takes stdout and stderr; `inherit` are file
    descriptors it keeps. Linux: it gets SIGINT when the calling *thread* ends, so call this from
    the main thread. Elsewhere nothing ends it but `stop`.
    """
    account = ("-", "-") if user is None else (str(user.uid), str(user.gid))
    launch = [sys.executable, "-I", "-S", _LAUNCH, str(os.getpid()), *account, *command]
    return subprocess.Popen(  # noqa: S603 - no shell, and every part is ours
        launch,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd="/",  # ours may be closed to the server's user
        pass_fds=inherit,
        start_new_session=True,
    )


def run(
    command: Sequence[str | Path],
    *,
    user: ServerUser | None = None,
    inherit: Sequence[int] = (),
    timeout: float = 120.0,
) -> Finished:
    """Run a program to its end; after `timeout` seconds it is killed and counts as failed."""
    process = spawn(command, user=user, output=subprocess.PIPE, inherit=inherit)
    with process:
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            return Finished(False, f"gave up after {timeout:.0f} s")
        finally:
            process.kill()
    return Finished(process.returncode == 0, output.decode(errors="replace"))


def demand(
    command: Sequence[str | Path],
    *,
    user: ServerUser | None = None,
    inherit: Sequence[int] = (),
) -> Finished:
    """`run`, and `EmbeddedPostgresError` with the program's last words when it fails."""
    finished = run(command, user=user, inherit=inherit)
    if not finished.succeeded:
        name = Path(command[0]).name
        raise EmbeddedPostgresError(f"Postgres' {name} failed. It said:\n{finished.tail()}")
    return finished


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server: fast shutdown, then immediate shutdown, then by force; each wait is bounded."""
    for number, seconds in _STOPPING:
        process.send_signal(number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
        return
