"""Makes the cluster, and runs its server for as long as a `with` block lasts."""

import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from app.embedded_postgres.binaries import Binaries, find_binaries
from app.embedded_postgres.error import EmbeddedPostgresError
from app.embedded_postgres.locks import FileLock, open_private
from app.embedded_postgres.place import DATABASE, PORT, SUPERUSER, Place
from app.embedded_postgres.process import demand, spawn, stop

PAUSE = 0.02
"""Seconds between two looks at something that another process does."""

SHARED_BUFFERS = "128MB"
"""Postgres' own default: the demo is to run on any machine."""

_START_SECONDS = 120.0  # recovery after a power cut may take a while
_OLD_SERVER_SECONDS = 30.0
_PATIENCE_SECONDS = 10.0  # then a server that nobody owns is told to drop everything
_LARGEST_LOG = 10_000_000

_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "100",
    "wal_buffers": "16MB",  # as with larger shared_buffers: two that import would wait for room
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # No statement and no value of one goes to the log. LOG ranks above ERROR, whose message can
    # quote a value; TERSE drops DETAIL, which can quote a row or a statement.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
}
_FAST_AND_LOSABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Settings(NamedTuple):
    """What whoever starts a server chooses; `durable=False`: a crash may lose everything."""

    durable: bool
    shared_buffers: str

    def options(self) -> dict[str, str]:
        """As Postgres names them."""
        losable = {} if self.durable else _FAST_AND_LOSABLE
        return {"shared_buffers": self.shared_buffers, **losable}


@contextmanager
def running_server(place: Place, chosen: Settings, lock: FileLock) -> Iterator[None]:
    """Start the server, making cluster and database when they are missing; stop it at the end.

    `lock` is the data directory's server lock, which each process of Postgres inherits; a server
    whose starter is gone is waited for. Raises `EmbeddedPostgresError`.
    """
    _wait_for_old_server(place, lock)
    binaries = find_binaries(place.user, place.cluster_major)
    if place.cluster_major is None:
        _make_cluster(place, binaries, chosen.durable, lock)
    (place.cluster / "postmaster.pid").unlink(missing_ok=True)  # the lock proves it stale
    _make_socket_directory(place)
    with _open_log(place.log) as log:
        start_of_log = log.tell()
        command = _server_command(place, binaries, chosen)
        process = spawn(command, user=place.user, output=log.fileno(), inherit=[lock.descriptor])
    try:
        _wait_till_ready(process, place, start_of_log)
        _make_database(place, binaries)
        yield
    finally:
        stop(process)
        shutil.rmtree(place.sockets, ignore_errors=True)


def _wait_for_old_server(place: Place, lock: FileLock) -> None:
    """Wait till no process of an earlier server lives; its starter died, so it should be ending."""
    started = time.monotonic()
    orders = [(_PATIENCE_SECONDS, signal.SIGQUIT), (0.0, signal.SIGINT)]
    while not lock.try_exclusive():
        waited = time.monotonic() - started
        if waited > _OLD_SERVER_SECONDS:
            raise EmbeddedPostgresError(
                f"An earlier Postgres on {place.cluster} does not end; its process number is the "
                "first line of postmaster.pid there. End it with `kill -QUIT`, then try again."
            )
        if orders and waited >= orders[-1][0]:
            _signal_old_server(place, orders.pop()[1])
        time.sleep(PAUSE)


def _signal_old_server(place: Place, number: signal.Signals) -> None:
    with suppress(OSError, ValueError, IndexError):  # it may be going this very moment
        os.kill(int(_postmaster(place)[0]), number)


def _postmaster(place: Place) -> list[str]:
    """The lines of postmaster.pid, process first, state eighth; none when there is no file."""
    with suppress(FileNotFoundError):
        return (place.cluster / "postmaster.pid").read_text().splitlines()
    return []


def _make_cluster(place: Place, binaries: Binaries, durable: bool, lock: FileLock) -> None:
    """Make it aside and rename it, so that one cut short is never taken for a whole one."""
    unfinished = place.cluster.with_name("postgres.new")
    with suppress(FileNotFoundError):
        shutil.rmtree(unfinished)
    _make_private(unfinished, place)
    layout = ["--locale=C", "--encoding=UTF8", "--auth=trust", f"--username={SUPERUSER}"]
    options = [*layout, "--no-instructions", *([] if durable else ["--no-sync"])]
    command: list[str | Path] = [binaries["initdb"], "-D", unfinished, *options]
    demand(command, user=place.user, inherit=[lock.descriptor])
    unfinished.rename(place.cluster)


def _make_private(directory: Path, place: Place) -> None:
    directory.mkdir(mode=0o700)
    if place.user:
        os.chown(directory, place.user.uid, place.user.gid, follow_symlinks=False)


def _make_socket_directory(place: Place) -> None:
    """Make it, or clear the one that a killed server left; one of another user is refused."""
    try:
        _make_private(place.sockets, place)
    except FileExistsError:
        status = place.sockets.lstat()
        uid = place.user.uid if place.user else os.geteuid()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != uid or status.st_mode & 0o077:
            raise EmbeddedPostgresError(
                f"{place.sockets} is not a private directory of the user that runs Postgres. "
                "Remove it, then try again."
            ) from None
        for leftover in place.sockets.glob(".s.PGSQL.*"):
            leftover.unlink()


def _open_log(path: Path) -> BinaryIO:
    """Open the log for more; one that has grown large is begun anew."""
    log = open(open_private(path, os.O_WRONLY | os.O_APPEND), "ab")  # noqa: SIM115 - handed on
    if log.tell() > _LARGEST_LOG:
        log.truncate(0)
    return log


def _server_command(place: Place, binaries: Binaries, chosen: Settings) -> list[str | Path]:
    sockets = {"unix_socket_directories": f'"{place.sockets}"'}
    settings = _SETTINGS | sockets | chosen.options()
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [binaries["postgres"], "-D", place.cluster, *options]


def _wait_till_ready(process: subprocess.Popen[bytes], place: Place, start_of_log: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _is_ready(process, place):
        if process.poll() is not None:
            raise EmbeddedPostgresError(_why(place, start_of_log, "Postgres did not start"))
        if time.monotonic() > deadline:
            seconds = f"Postgres was not ready after {_START_SECONDS:.0f} s"
            raise EmbeddedPostgresError(_why(place, start_of_log, seconds))
        time.sleep(PAUSE)


def _is_ready(process: subprocess.Popen[bytes], place: Place) -> bool:
    lines = _postmaster(place)
    return len(lines) >= 8 and lines[0] == str(process.pid) and lines[7].strip() == "ready"


def _why(place: Place, start_of_log: int, what: str) -> str:
    with place.log.open("rb") as log:
        log.seek(start_of_log)
        said = log.read().decode(errors="replace").strip().splitlines()[-5:]
    return "\n".join([f"{what} on {place.cluster}. The end of {place.log} says:", *said])


def _make_database(place: Place, binaries: Binaries) -> None:
    server: list[str | Path] = ["-h", place.sockets, "-p", str(PORT), "-U", SUPERUSER]
    listing = [binaries["psql"], *server, "-d", "postgres", "-XAt", "--list"]
    rows = demand(listing, user=place.user).output.splitlines()
    if not any(row.startswith(f"{DATABASE}|") for row in rows):
        demand([binaries["createdb"], *server, DATABASE], user=place.user)
