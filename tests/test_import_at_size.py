"""A file large enough for processes of its own to convert it, imported as a person would."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.ingest.crew import WORTH_PROCESSES
from tests.conftest import ALLOWANCES, dump_embedded
from tests.ingest.office import authority, citizen, disbursement
from tests.planted.records import Records
from tests.test_commands import Shell
from tests.test_import_command import write

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
    write(shell, "authorities.csv", [authority()])
    write(shell, "citizens.csv", [citizen(number) for number in range(1, KNOWN + 1)])
    shell.output("import", "authorities", "authorities.csv")
    shell.output("import", "citizens", "citizens.csv")
    yield shell
    dump_embedded(shell.directory / "data", records)


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
    children = map(int, told(process, f"task/{process}/children").split())
    command = told(process, "cmdline")
    return [child for child in children if told(child, "cmdline") == command]


def when_at_work(process: int) -> list[int]:
    """The crew, as soon as one of it has worked."""
    wait_until(lambda: any(ticks > 2 for ticks in map(cpu_ticks, crew_of(process))))
    return crew_of(process)


def cpu_ticks(process: int) -> int:
    fields = stat(process)
    return int(fields[11]) if fields else 0


def gone(process: int) -> bool:
    return stat(process)[:1] in ([], ["Z"])


def stat(process: int) -> list[str]:
    """What Linux says of a process after its name, its state first; nothing of one that is gone."""
    return told(process, "stat").rpartition(")")[2].split()


def told(process: int, file: str) -> str:
    try:
        return Path(f"/proc/{process}/{file}").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_every_row_is_accounted_for_whoever_is_killed(shell: Shell) -> None:
    write(shell, "month.csv", ROWS)
    assert (shell.directory / "month.csv").stat().st_size > WORTH_PROCESSES
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
    wait_until(lambda: all(map(gone, crew)))

    done = shell.run("import", "disbursements", "month.csv")
    assert done.returncode == 3, done.stderr
    assert REPORT in done.stdout
    rejected = (shell.directory / "month.rejects.csv").read_text(encoding="utf-8-sig")
    assert "20003,amount,AMOUNT_INVALID" in rejected
