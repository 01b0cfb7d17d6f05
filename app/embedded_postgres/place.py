"""Where the cluster, the sockets and the log of a data directory live, and who runs Postgres."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from app.embedded_postgres.access import OUTSIDE, can_enter, make_outside, user_for_root
from app.embedded_postgres.error import EmbeddedPostgresError
from app.embedded_postgres.process import ServerUser

PORT = 5432  # part of the socket's name only; nothing listens on TCP
DATABASE = "allowances"
SUPERUSER = "postgres"
_LONGEST_SOCKET = 100  # bytes; the kernels take 103 to 107


@dataclass(frozen=True, slots=True)
class Place:
    """The paths of one data directory's server; `user` None is the present user."""

    cluster: Path
    sockets: Path
    log: Path
    user: ServerUser | None

    @property
    def dsn(self) -> str:
        """What asyncpg connects with, as the superuser."""
        address = urlencode({"host": self.sockets, "port": PORT, "user": SUPERUSER})
        return f"postgresql:///{DATABASE}?{address}"

    @property
    def cluster_major(self) -> int | None:
        """The version of Postgres that made the cluster, e.g. 18; None when there is none yet."""
        version = self.cluster / "PG_VERSION"
        return int(version.read_text()) if version.exists() else None


def find_place(data_directory: Path, announce: Callable[[str], None]) -> Place:
    """Choose where all is; a cluster that is there already decides.

    As root the cluster goes outside the data directory when the server's user can not enter it,
    and one line tells so.
    """
    inside = data_directory / "postgres"
    if os.geteuid() != 0:
        _check_ours(inside)
        return _place(data_directory, inside, None)
    outside = OUTSIDE / _hash(data_directory) / "postgres"
    for cluster in (inside, outside):
        if cluster.exists():
            user = _owner_of(cluster)
            break
    else:
        user = user_for_root()
        cluster = inside if can_enter(user, data_directory) else outside
    if cluster == outside:
        make_outside(outside.parent.name)
        announce(
            f"Keeping the database in {outside}: the user that runs Postgres for root can not "
            f"enter {data_directory}. To start afresh remove both."
        )
    return _place(data_directory, cluster, user)


def _place(data_directory: Path, cluster: Path, user: ServerUser | None) -> Place:
    uid = os.geteuid() if user is None else user.uid
    name = f"allowances-{uid}-{_hash(data_directory)}"
    sockets = _short(_socket_home(user) / name)
    return Place(cluster, sockets, data_directory / "postgres.log", user)


def _socket_home(user: ServerUser | None) -> Path:
    temporary = Path(tempfile.gettempdir()).resolve()
    return temporary if can_enter(user, temporary) else make_outside()


def _short(sockets: Path) -> Path:
    length = len(os.fsencode(sockets / f".s.PGSQL.{PORT}"))
    if length >= _LONGEST_SOCKET:
        raise EmbeddedPostgresError(
            f"The path of Postgres' socket in {sockets} has {length} bytes, and it must have "
            f"fewer than {_LONGEST_SOCKET}. Set TMPDIR to a shorter path, e.g. that of /tmp."
        )
    return sockets


def _check_ours(cluster: Path) -> None:
    if cluster.exists() and cluster.stat().st_uid != os.geteuid():
        raise EmbeddedPostgresError(
            f"The database in {cluster} belongs to another user (number "
            f"{cluster.stat().st_uid}). Run this as that user or as root, or choose another "
            "data directory."
        )


def _owner_of(cluster: Path) -> ServerUser:
    """Postgres runs only as the owner of its cluster."""
    status = cluster.stat()
    if status.st_uid == 0:
        raise EmbeddedPostgresError(
            f"{cluster} belongs to root, and Postgres refuses to run as root. Remove it or give "
            "it to another user."
        )
    return ServerUser(status.st_uid, status.st_gid)


def _hash(data_directory: Path) -> str:
    return hashlib.sha256(os.fsencode(data_directory)).hexdigest()[:12]
