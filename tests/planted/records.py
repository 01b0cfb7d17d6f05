"""What a test run gave out, in files of a directory: one a process, test and source."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.planted.numbers import kinds_in_file

RESPONSE, LOG, OUTPUT, DATABASE = "response", "log", "output", "database"
RECORDS = pytest.StashKey["Records"]()


@dataclass
class Records:
    """Where a process of the run writes; a worker and the controller share the directory."""

    directory: Path
    process: str
    test: str = "before the first test"
    answers_national_id: bool = False
    logs: list[Path] = field(default_factory=list)
    _tests: int = field(default=0, init=False)

    def begin(self, test: str, answers_national_id: bool) -> None:
        """What is written from now on is this test's."""
        self.test, self.answers_national_id = test, answers_national_id
        self._tests += 1

    def file(self, source: str) -> Path:
        """The present test's file of a source, to append to; its first line names the test."""
        path = self.directory / f"{self.process}.{self._tests}.{source}"
        if not path.exists():
            path.write_text(f"{self.test}\n", encoding="utf-8")
        return path

    def write(self, source: str, data: bytes) -> None:
        with self.file(source).open("ab") as file:
            file.write(data + b"\n")

    def keep(self, source: str, path: Path) -> None:
        """Copy a file, such as a server's log."""
        with path.open("rb") as log, self.file(source).open("ab") as file:
            shutil.copyfileobj(log, file)

    def findings(self) -> Iterator[str]:
        """Where in the whole run a number stands, and of which kind; never the number."""
        for log in self.logs:
            self.keep(LOG, log)
        for path in sorted(self.directory.iterdir()):
            source = path.suffix.removeprefix(".")
            with path.open("rb") as file:
                test = file.readline().decode().strip()
                for kind in sorted(kinds_in_file(file)):
                    yield f"{test}: a {kind} in the {source}"


def records_of(config: pytest.Config) -> Records:
    """Where this process of the run writes."""
    return config.stash[RECORDS]
