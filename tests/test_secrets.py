"""No tracked file holds a secret, or the national ID of a person who may exist."""

import re
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import default_settings

from app.rules.national_id import check_digit
from tests.conftest import ROOT

# Digests that stand in tests on purpose: of a document's text, and of a generated file.
ALLOWED = {
    ("tests/ingest/test_chunks.py", "Hex High Entropy String"),
    ("tests/limits/test_trusted.py", "Hex High Entropy String"),
    ("tests/test_demo_files.py", "Hex High Entropy String"),
}
IGNORED = {".git", ".venv", "node_modules", ".allowances", ".bench", "__pycache__", ".hypothesis"}
# Hashes and nothing else.
LOCKS = {"package-lock.json", "base.txt", "bench.txt", "dev.txt", "embedded.txt"}
_THIRTEEN = re.compile(r"(?<![0-9A-Za-z.])[0-9](?:[ -]?[0-9]){12}(?![0-9A-Za-z])")


@cache
def tracked() -> tuple[Path, ...]:
    """The files of the repository; without git, those of the tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    if listed.returncode == 0:
        paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        paths = [path for path in ROOT.rglob("*") if not IGNORED & set(path.parts)]
    return tuple(path for path in paths if path.is_file() and path.name not in LOCKS)


def secrets(path: Path, root: Path) -> Iterator[tuple[str, str]]:
    """File and kind of each secret; never the secret."""
    found = SecretsCollection(root=str(root))
    with default_settings():
        found.scan_file(str(path.relative_to(root)))
    yield from ((file, secret.type) for file, secret in found)


def holds_a_persons_id(text: str) -> bool:
    """Whether a number is a valid national ID; those of tests start with 9, which nobody's does."""
    numbers = (re.sub("[ -]", "", match[0]) for match in _THIRTEEN.finditer(text))
    return any(
        number[0] not in "09" and check_digit(number[:12]) == int(number[12]) for number in numbers
    )


def test_no_file_holds_a_secret() -> None:
    found = {secret for path in tracked() for secret in secrets(path, ROOT)}
    assert found - ALLOWED == set()
    assert ALLOWED - found == set(), "no longer needed"


def test_no_file_holds_a_persons_national_id() -> None:
    assert [
        str(path.relative_to(ROOT))
        for path in tracked()
        if holds_a_persons_id(path.read_text(encoding="utf-8", errors="replace"))
    ] == []


# Put together here, so that this file holds none.
PLANTED = {
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----\n",
    "JWT": "token = '" + "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0."
    "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U'\n",
    "key of 32 bytes": f"KEY = '{b64encode(bytes(range(64, 96))).decode()}'\n",
    "cloud key": "id = '" + "AKIA" + "QWERTYUIOPASDFGH'\n",
    "password": "dsn = 'postgresql://owner:" + "korrekt@db.example.org/x'\n",
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_secret_is_found(kind: str, tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(PLANTED[kind], encoding="utf-8")
    assert list(secrets(tmp_path / "planted.py", tmp_path)), kind


@pytest.mark.parametrize("form", ["{0}{1}", "{0} {1}", "'{0}-{1}'"])
def test_a_planted_national_id_is_found(form: str) -> None:
    twelve = "1" * 12
    assert holds_a_persons_id(form.format(twelve, check_digit(twelve)))
    assert not holds_a_persons_id(form.format(twelve, (check_digit(twelve) + 1) % 10))
