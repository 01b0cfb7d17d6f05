"""One data directory, many processes: the first starts Postgres, the others use its server."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from app.embedded_postgres.error import EmbeddedPostgresError
from app.embedded_postgres.locks import Kind, Locks, Owner, open_locks
from app.embedded_postgres.place import find_place
from app.embedded_postgres.server import PAUSE, SHARED_BUFFERS, Settings, running_server

Announce = Callable[[str], None]

_ATTACH_SECONDS = 30.0


def _tell(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


@contextmanager
def embedded_postgres(
    data_directory: Path,
    *,
    durable: bool = True,
    owner: bool = False,
    shared_buffers: str = SHARED_BUFFERS,
    announce: Announce = _tell,
) -> Iterator[str]:
    """A real Postgres whose cluster lives in `data_directory`, for as long as the block lasts.

    Gives the DSN of its database `allowances` as superuser `postgres`: a socket in a directory
    that only the server's user can enter, no TCP. Starts the server, or uses the one that another
    process started on the same directory; then `durable`, and `shared_buffers`, how much of the
    data it holds in its own memory, are as that process chose them. `durable=False` is for tests:
    a crash of the machine may lose everything. `owner=True` is for the demo: it starts the server
    itself, waiting for a short command that has it, and stops it without regard for others;
    without it the block ends when nobody else uses the server. `announce` gets a line for people
    when there is something to wait for or to know.

    Blocks, so enter it before asyncio starts, and in the main thread: on Linux the kernel stops
    the server when the thread that started it is gone, however it went. Elsewhere a SIGTERM or
    kill -9 of this process leaves the server until the next start on the directory, which ends
    it first. Raises `EmbeddedPostgresError`.
    """
    settings = Settings(durable, shared_buffers)
    with ExitStack() as stack:
        try:
            dsn = _enter(stack, data_directory.resolve(), settings, owner, announce)
        except OSError as error:
            where = error.filename or data_directory
            raise EmbeddedPostgresError(
                f"The embedded database can not use {where}: {error.strerror}. Make it usable "
                "for this user, choose another data directory, or set DATABASE_URL."
            ) from error
        yield dsn


def _enter(
    stack: ExitStack, directory: Path, settings: Settings, owner: bool, announce: Announce
) -> str:
    directory.mkdir(parents=True, exist_ok=True)
    locks = stack.enter_context(open_locks(directory))
    if owner:
        _wait_to_own(locks, directory, announce)
    elif other := _own_or_attach(locks, directory):
        return _checked(other)
    kind: Kind = "demo" if owner else "command"
    return stack.enter_context(_owned(locks, directory, settings, kind, announce))


def _wait_to_own(locks: Locks, directory: Path, announce: Announce) -> None:
    told = False
    while not locks.owner.try_exclusive():
        other = locks.running_owner()
        if other and other.kind == "demo":
            raise EmbeddedPostgresError(
                f"a demo is already running on {directory} (pid {other.pid}). Use that one, or "
                "stop it first."
            )
        if other and not told:
            announce("waiting for another allowances command to finish")
            told = True
        time.sleep(PAUSE)


def _own_or_attach(locks: Locks, directory: Path) -> Owner | None:
    """The owner of a running server, which stays up while we hold `users`; None: we own now."""
    deadline = time.monotonic() + _ATTACH_SECONDS
    while not locks.owner.try_exclusive():
        if locks.users.try_shared():
            if other := locks.running_owner():
                return other
            locks.users.release()
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(
                f"Another allowances command holds {directory} and its Postgres was not ready "
                f"after {_ATTACH_SECONDS:.0f} s. Wait for it or stop it, then try again."
            )
        time.sleep(PAUSE)
    return None


def _checked(other: Owner) -> str:
    """Its DSN, when this user may use the socket."""
    (sockets,) = parse_qs(urlsplit(other.dsn).query)["host"]
    if not os.access(sockets, os.X_OK):
        raise EmbeddedPostgresError(
            f"The embedded database was started by another user (pid {other.pid}). Run this as "
            "that user or as root, or wait till it ends."
        )
    return other.dsn


@contextmanager
def _owned(
    locks: Locks, directory: Path, settings: Settings, kind: Kind, announce: Announce
) -> Iterator[str]:
    place = find_place(directory, announce)
    with running_server(place, settings, locks.server):
        locks.publish(Owner(os.getpid(), kind, place.dsn))
        try:
            yield place.dsn
        finally:
            if kind == "command":
                _wait_for_users(locks, announce)
            locks.ready.release()


def _wait_for_users(locks: Locks, announce: Announce) -> None:
    told = False
    while not locks.users.try_exclusive():
        if not told:
            announce("waiting for another allowances command that uses this database")
            told = True
        time.sleep(PAUSE)
