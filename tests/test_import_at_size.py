"""A file large enough for processes of its own to convert it, imported as a person would."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.ingest.crew import WORTH_PROCESSES
from tests.conftest import ALLOWANCES, dump_embedded
from tests.ingest.office import authority, citizen, csv_text, disbursement
from tests.planted.records import Records
from tests.test_commands import Shell

pytestmark = pytest.mark.xdist_group("import at size")

KNOWN = 2_000
PATIENCE = 30.0
_PLAIN = [disbursement(number) for number in range(1, 50_001)]
_ODD = [
    disbursement(1, period="2026-10", account_name='quoted, "twice"'),
    disbursement(2, period="2026-10", amount="much"),
    disbursement(3, period="2026-10"),
]
ROWS = [*_PLAIN[:20_000], *_ODD, *_PLAIN[20_000:]]
REPORT = "50,003 rows, 2,002 accepted, 1 rejected, 0 unchanged, 48,000 waiting"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, records: Records) -> Iterator[Shell]:
    """A register of some of those in the file."""
    shell = Shell(tmp_path_factory.mktemp("size"))
    shell.directory.chmod(0o755)
    write(shell, "authorities.csv", csv_text([authority()]))
    write(shell, "citizens.csv", csv_text(citizen(number) for number in range(1, KNOWN + 1)))
    shell.output("import", "authorities", "authorities.csv")
    shell.output("import", "citizens", "citizens.csv")
    yield shell
    dump_embedded(shell.directory / "data", records)


def write(shell: Shell, name: str, text: str) -> Path:
    path = shell.directory / name
    path.write_text(text, encoding="utf-8")
    return path


def start(shell: Shell, name: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [ALLOWANCES, "import", "disbursements", name],
        cwd=shell.directory,
        env=shell.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def crew_of(process: int) -> list[int]:
    """The processes that convert: forks, so their command is that of their parent."""
    command = Path(f"/proc/{process}/cmdline").read_bytes()
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(c) for c in children if Path(f"/proc/{c}/cmdline").read_bytes() == command]


def when_at_work(process: int) -> list[int]:
    """The crew, as soon as one of it has worked."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        crew = crew_of(process)
        if any(cpu_ticks(member) > 2 for member in crew):
            return crew
        time.sleep(0.01)
    raise AssertionError("nobody converts")


def cpu_ticks(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11])


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_every_row_is_accounted_for_whoever_is_killed(shell: Shell) -> None:
    path = write(shell, "month.csv", csv_text(ROWS))
    assert path.stat().st_size > WORTH_PROCESSES
    with start(shell, "month.csv") as process:
        crew = when_at_work(process.pid)
        os.kill(crew[0], signal.SIGKILL)
        _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "A process that converted rows was ended from outside. Import the file again." in error
    assert "Traceback" not in error

    with start(shell, "month.csv") as process:
        crew = when_at_work(process.pid)
        process.kill()
    deadline = time.monotonic() + PATIENCE
    while not all(map(gone, crew)):
        assert time.monotonic() < deadline, "the crew outlives its parent"
        time.sleep(0.01)

    done = shell.run("import", "disbursements", "month.csv")
    assert done.returncode == 3, done.stderr
    assert REPORT in done.stdout
    rejected = (shell.directory / "month.rejects.csv").read_text(encoding="utf-8-sig")
    assert "20003,amount,AMOUNT_INVALID" in rejected
