"""Node: finding it, and installing what the gateway needs into node_modules."""

import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).parent
OLDEST_MAJOR = 20


class NodeError(Exception):
    """Node or npm is missing, too old or failed; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Node:
    """The programs `node` and `npm`, by path."""

    node: str
    npm: str

    def install(self, directory: Path = HERE) -> None:
        """Bring node_modules to what package-lock.json says; safe for several at once."""
        marker, wanted = directory / "node_modules" / ".installed-from", _digest(directory)
        with _alone(directory):
            if marker.exists() and marker.read_text(encoding="utf-8") == wanted:
                return
            _run([self.npm, "ci", "--prefix", str(directory)], "npm ci failed; see above.")
            marker.write_text(wanted, encoding="utf-8")


def find_node() -> Node:
    """Node and npm from PATH; `NodeError` where one is missing or Node is too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        missing = "Node" if node is None else "npm"
        raise NodeError(
            f"The gateway needs Node {OLDEST_MAJOR} or newer with npm, and {missing} is not on "
            "PATH. Install it from https://nodejs.org or your package manager."
        )
    version = _run([node, "--version"], "node --version failed.").strip()
    if int(version.removeprefix("v").partition(".")[0]) < OLDEST_MAJOR:
        raise NodeError(
            f"The gateway needs Node {OLDEST_MAJOR} or newer, and {node} is {version}. Upgrade it."
        )
    return Node(node, npm)


def _run(command: list[str], failure: str) -> str:
    try:
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own arguments
    except subprocess.CalledProcessError:
        raise NodeError(failure) from None
    return done.stdout


def _digest(directory: Path) -> str:
    return sha256((directory / "package-lock.json").read_bytes()).hexdigest()


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Held by one process at a time; outside node_modules, which `npm ci` removes."""
    with (directory / ".install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
