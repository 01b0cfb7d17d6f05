"""The locks by which processes share one data directory; the kernel frees them, even on kill -9."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

Kind = Literal["demo", "command"]


def open_private(path: Path, flags: int) -> int:
    """Open or create a file for its owner only, and answer its descriptor.

    As root it is given to the owner of its directory, who can then use the directory without root.
    """
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    if os.geteuid() == 0:
        directory = path.parent.stat()
        os.fchown(descriptor, directory.st_uid, directory.st_gid)
    return descriptor


class FileLock:
    """A flock on a file; never blocks except in `exclusive`."""

    def __init__(self, path: Path) -> None:
        self.descriptor = open_private(path, os.O_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self.descriptor)

    def try_exclusive(self) -> bool:
        return self._try(fcntl.LOCK_EX)

    def try_shared(self) -> bool:
        return self._try(fcntl.LOCK_SH)

    def exclusive(self) -> None:
        fcntl.flock(self.descriptor, fcntl.LOCK_EX)

    def release(self) -> None:
        fcntl.flock(self.descriptor, fcntl.LOCK_UN)

    def _try(self, operation: int) -> bool:
        try:
            fcntl.flock(self.descriptor, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that started the server: what it is and how to reach its database."""

    pid: int
    kind: Kind
    dsn: str


@dataclass(frozen=True, slots=True)
class Locks:
    """The four lock files of a data directory.

    owner: held by the process that starts Postgres, and written with its `Owner`.
    ready: held by the same process while the server takes connections. Only while it is held is
        the text of `owner` that of a living process.
    users: held, shared, by every process that uses another's server.
    server: inherited by each process of Postgres, so it is held as long as one of them lives.
    """

    owner: FileLock
    ready: FileLock
    users: FileLock
    server: FileLock

    def publish(self, owner: Owner) -> None:
        """Tell other processes that the server of this one takes connections."""
        os.ftruncate(self.owner.descriptor, 0)
        os.pwrite(self.owner.descriptor, json.dumps(asdict(owner)).encode(), 0)
        self.ready.exclusive()

    def running_owner(self) -> Owner | None:
        """The owner whose server takes connections now, if there is one."""
        if self.ready.try_shared():
            self.ready.release()
            return None
        return Owner(**json.loads(os.pread(self.owner.descriptor, 65536, 0)))


@contextmanager
def open_locks(directory: Path) -> Iterator[Locks]:
    """The lock files of a data directory, none of them held yet; all are let go at the end."""
    with (
        FileLock(directory / "owner.lock") as owner,
        FileLock(directory / "ready.lock") as ready,
        FileLock(directory / "users.lock") as users,
        FileLock(directory / "server.lock") as server,
    ):
        yield Locks(owner, ready, users, server)
