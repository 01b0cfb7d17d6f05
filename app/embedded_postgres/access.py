"""Which account runs Postgres, and what that account can reach."""

import os
import pwd
from pathlib import Path

from app.embedded_postgres.error import EmbeddedPostgresError
from app.embedded_postgres.process import ServerUser, run

OUTSIDE = Path("/var/lib/allowances")
"""Where root keeps what the server's user could not reach otherwise."""

_ACCOUNTS = ("postgres", "nobody")


def user_for_root() -> ServerUser:
    """The account that runs a new cluster when we are root, which Postgres refuses."""
    for name in _ACCOUNTS:
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(account.pw_uid, account.pw_gid)
    raise EmbeddedPostgresError(
        "Postgres refuses to run as root, and this machine has neither a user `postgres` nor "
        "`nobody`. Run this as another user, or set DATABASE_URL to a Postgres that runs."
    )


def can_enter(user: ServerUser | None, path: Path) -> bool:
    """Whether the user may enter the directory, or run the program, at the end of `path`.

    Asked as that user, so that access lists and mounts count. None: the present user.
    """
    if user is None:
        return os.access(path, os.X_OK)
    return run(["/bin/sh", "-c", 'test -x "$1"', "sh", path], user=user).succeeded


def make_outside(*parts: str) -> Path:
    """A directory below `OUTSIDE`, made by root so that other users can enter it."""
    _make_enterable(OUTSIDE)
    directory = OUTSIDE
    for part in parts:
        directory /= part
        _make_enterable(directory)
    return directory


def _make_enterable(directory: Path) -> None:
    """Make one directory whatever the umask; one that exists stays as it is."""
    try:
        directory.mkdir()
    except FileExistsError:
        return
    directory.chmod(0o755)
