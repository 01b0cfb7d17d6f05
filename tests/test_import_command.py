"""`allowances import` and `allowances batches`, run as a person would."""

import csv
import json
from collections.abc import Iterator

import pytest

from tests.conftest import dump_embedded
from tests.ingest.office import authority, citizen, csv_text, disbursement
from tests.planted.records import Records
from tests.test_commands import Shell

pytestmark = pytest.mark.xdist_group("import")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, records: Records) -> Iterator[Shell]:
    """A register of two people."""
    shell = Shell(tmp_path_factory.mktemp("import"))
    shell.directory.chmod(0o755)
    write(shell, "authorities.csv", [authority()])
    write(shell, "citizens.csv", [citizen(1), citizen(2)])
    shell.output("import", "authorities", "authorities.csv")
    shell.output("import", "citizens", "citizens.csv")
    yield shell
    dump_embedded(shell.directory / "data", records)


def write(shell: Shell, name: str, rows: list[dict[str, str]]) -> None:
    (shell.directory / name).write_text(csv_text(rows), encoding="utf-8")


def test_a_month_with_its_totals_and_reports(shell: Shell) -> None:
    rows = [disbursement(1), disbursement(2, amount="800.50"), disbursement(1, period="soon")]
    write(shell, "month.csv", rows)
    asked = ["import", "disbursements", "month.csv", "--report=r.json", "--report=r.csv"]
    done = shell.run(*asked, "--expect-rows=2")
    assert done.returncode == 1
    assert "month.csv: The file has 3 rows and 2 were expected; nothing was applied." in done.stderr
    assert not (shell.directory / "r.json").exists()
    done = shell.run(*asked, "--expect-rows=3", "--expect-amount=2,000.50", "--rows-a-slice=1")
    assert done.returncode == 3, done.stderr
    report = json.loads((shell.directory / "r.json").read_text())
    expected = {"rows": 3, "accepted": 2, "rejected": 1, "unchanged": 0, "waiting": 0}
    assert report.items() >= (expected | {"kind": "DISBURSEMENTS", "amount": "1400.50"}).items()
    (row,) = report["local_authorities"]
    assert row == expected | {"local_authority_code": "05810109", "amount": "1400.50"}
    with (shell.directory / "r.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == [{name: str(value) for name, value in row.items()}]


def test_batches_are_listed_shown_and_reverted(shell: Shell) -> None:
    write(shell, "october.csv", [disbursement(1, period="2026-10")])
    write(shell, "corrected.csv", [disbursement(1, period="2026-10", amount="650")])
    shell.output("import", "disbursements", "october.csv")
    shell.output("import", "disbursements", "corrected.csv")
    listed = shell.output("batches", "list", "--period=2026-10", "--scheme=old_age_allowance")
    newest, oldest = listed.splitlines()
    assert "OLD_AGE_ALLOWANCE 2026-10 version 2 CORRECTED: 1 rows, 1 accepted" in newest
    assert "650.00 baht" in newest
    assert "version 1 LOADED" in oldest
    number = newest.partition(":")[0]
    shown = shell.output("batches", "show", number)
    assert "from corrected.csv, received " in shown
    assert "replaced or took away 1 payments" in shown
    assert "05810109: 1 rows, 1 accepted, 0 rejected, 650.00 baht" in shown
    assert "Aborted" in shell.run("batches", "revert", number).stderr
    assert "1 payments stand as before, 0 are taken away" in shell.output(
        "batches", "revert", number, "--yes"
    )
    assert f"reverts {number}" in shell.output("batches", "list")
    again = shell.run("batches", "revert", number, "--yes")
    assert again.returncode == 1
    assert "was reverted already" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["import", "citizens", "citizens.csv", "--expect-amount=1"], "goes with disbursements"),
        (["import", "citizens", "citizens.csv", "citizens.csv", "--expect-rows=1"], "one file"),
        (["import", "rates", "citizens.csv", "--expect-rows=1"], "one file of rows"),
        (["import", "citizens", "citizens.csv", "--report=r.txt"], "a .json or a .csv file"),
        (["import", "disbursements", "citizens.csv", "--expect-amount=much"], "--expect-amount:"),
        (["batches", "list", "--period=2569-11-01"], "--period:"),
        (["batches", "show", "999"], "There is no batch 999"),
    ],
)
def test_what_does_not_fit_says_so(shell: Shell, arguments: list[str], sentence: str) -> None:
    done = shell.run(*arguments)
    assert done.returncode in {1, 2}
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_refused_file_is_not_unfinished(shell: Shell) -> None:
    write(shell, "empty.csv", [disbursement(1)])
    text = (shell.directory / "empty.csv").read_text()
    (shell.directory / "empty.csv").write_text(text.splitlines()[0] + "\n")
    assert "no rows below its header" in shell.run("import", "disbursements", "empty.csv").stderr
    assert "unfinished" not in shell.output("batches", "list")  # refused is finished
