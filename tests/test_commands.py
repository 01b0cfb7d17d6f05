"""The command line, run as a person would, on an embedded database of its own."""

import csv
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest

from app.demo.personas import PERSONAS
from app.schema import sdl
from tests.conftest import ALLOWANCES, TODAY, dump_embedded
from tests.planted.records import Records

pytestmark = pytest.mark.xdist_group("shell")


class Shell:
    """Runs commands in a directory, with the data directory in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("DATABASE")
        } | {"ALLOWANCES_DATA_DIR": str(directory / "data")}

    def run(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [ALLOWANCES, *arguments],
            cwd=self.directory,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def output(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, records: Records) -> Iterator[Shell]:
    """A register of generated people, loaded by the commands."""
    shell = Shell(tmp_path_factory.mktemp("shell"))
    shell.directory.chmod(0o755)
    day = TODAY.isoformat()
    listed = shell.output("generate", "files", "--citizens=80", "--months=3", "--today", day)
    files = listed.split()
    for kind in ("authorities", "citizens", "registrations", "disbursements"):
        shell.output("import", kind, *(file for file in files if f"/{kind}" in file))
    yield shell
    dump_embedded(shell.directory / "data", records)


def test_a_reader_who_has_read_enough(shell: Shell) -> None:
    """Such as `head`: no word of it, and above all none of the database."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [ALLOWANCES, "schema"],
        env=shell.environment,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=180,
        check=False,
    )
    os.close(writing)
    assert (done.stderr, done.returncode) == ("", 1)


def test_help_names_every_command(shell: Shell) -> None:
    text = shell.output("--help")
    for command in ("demo", "serve", "migrate", "import", "token", "generate", "check", "explain"):
        assert f"  {command} " in text


def test_schema_prints_the_sdl(shell: Shell) -> None:
    assert shell.output("schema") == sdl()


def test_token_prints_a_token_and_nothing_else(shell: Shell) -> None:
    token = shell.output("token", "both").strip()
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["pid"] == PERSONAS["both"].national_id
    agency = shell.output("token", "--agency", "nhso", "--scope", "a b", "--purpose", "audit")
    claims = jwt.decode(agency.strip(), options={"verify_signature": False})
    assert (claims["client_id"], claims["scope"], claims["purpose"]) == ("nhso", "a b", "audit")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("token",), "Give one"),
        (("token", "nobody"), "'nobody' is not one of"),
        (("token", "both", "--scope", "x"), "--scope and --purpose go with --agency"),
        (("import", "people", "x"), "'people' is not one of"),
        (("import", "citizens", "missing.csv"), "does not exist"),
        (("generate", "f", "--citizens", "-1"), "-1 is not in the range"),
        (("check", "amounts", "--from", "2026-13"), "--from: '2026-13' is not a month"),
        (("explain", "1234567890123"), "NATIONAL_ID: "),
        (("explain", "9999999999994"), "NATIONAL_ID: "),
    ],
)
def test_a_wrong_call_is_answered_with_a_sentence(
    shell: Shell, arguments: tuple[str, ...], sentence: str
) -> None:
    done = shell.run(*arguments)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert "1234567890123" not in done.stderr


def test_serve_names_each_setting_it_lacks(shell: Shell) -> None:
    done = shell.run("serve", TOKEN_AUDIENCE="x", NATIONAL_ID_LOOKUP_KEY="short")
    assert done.returncode == 1
    for name in ("DATABASE_URL", "TOKEN_ISSUER", "TOKEN_JWKS", "NATIONAL_ID_ENCRYPTION_KEY"):
        assert f"{name}: is required" in done.stderr
    assert "NATIONAL_ID_LOOKUP_KEY: " in done.stderr
    assert "TOKEN_AUDIENCE" not in done.stderr
    assert "short" not in done.stderr


def test_a_database_that_is_away_is_a_sentence(shell: Shell) -> None:
    done = shell.run("migrate", DATABASE_URL="postgresql://u:secret@127.0.0.1:1/x")
    assert done.returncode == 1
    assert "Error: " in done.stderr
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_who_is_missing(shell: Shell) -> None:
    text = shell.output("check", "unregistered", "--today", TODAY.isoformat())
    file = shell.directory / "unregistered.csv"
    assert file.stat().st_mode & 0o077 == 0
    rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    names = {(row["given_name"], row["family_name"]) for row in rows}
    missing = PERSONAS["old-age-not-registered"]
    assert (missing.given_name, missing.family_name) in names
    assert f"{len(rows)} people of age are not registered" in text
    counts = [int(line.split()[1]) for line in text.splitlines()[:-1]]
    assert sum(counts) == len(rows)
    assert not any(persona.national_id in file.read_text() for persona in PERSONAS.values())


def test_amounts_that_fit_no_rule_are_found(shell: Shell) -> None:
    before = shell.output("check", "amounts", "--from", "2026-09", "--to", "2026-11")
    assert before.splitlines()[-1] == "0 payments fit no rule."
    header = "national_id,scheme,local_authority_code,period,amount,status\n"
    persona = PERSONAS["old-age-receiving"]
    row = f"{persona.national_id},OLD_AGE_ALLOWANCE,{persona.authority},2026-10,123.00,PAID\n"
    (shell.directory / "odd.csv").write_text(header + row)
    shell.output("import", "disbursements", "odd.csv")
    after = shell.output("check", "amounts", "--from", "2026-10")
    assert after.splitlines()[-1] == "1 payments fit no rule."
    assert "fit no rule      1 (123.00 baht)" in after


def test_explain_tells_the_steps(shell: Shell) -> None:
    national_id = PERSONAS["suspended"].national_id
    text = shell.output("explain", national_id, "--today", TODAY.isoformat())
    assert "DISABILITY_ALLOWANCE on 2026-11-23" in text
    assert "SUSPENDED, reason CARD_EXPIRED" in text
    assert "source:" in text
    assert national_id not in text


def test_a_rule_table_is_printed_changed_and_imported(shell: Shell) -> None:
    rates = shell.output("rules", "rates")
    file = shell.directory / "rates.csv"
    file.write_text(rates)
    assert "in force now" in shell.output("import", "rates", "rates.csv")
    assert "nothing changed" in shell.output("import", "rates", "rates.csv")
    assert shell.output("rules", "rates") == rates
    lines = rates.splitlines()
    file.write_text("\n".join([*lines, lines[1]]) + "\n")
    refused = shell.run("import", "rates", "rates.csv")
    assert refused.returncode == 1
    assert "overlap" in refused.stderr
    assert shell.output("rules", "rates") == rates
