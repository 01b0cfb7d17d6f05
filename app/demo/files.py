"""Writes the demo's files: any number of people and months, the same bytes for the same seed."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path

from app.demo.crowd import crowd
from app.demo.layouts import (
    AUTHORITY_COLUMNS,
    CITIZEN_COLUMNS,
    DISBURSEMENT_COLUMNS,
    REGISTRATION_COLUMNS,
    csv_line,
)
from app.demo.payments import PaymentRows
from app.demo.person import Person
from app.demo.personas import PERSONAS
from app.demo.reference import authorities
from app.demo.register import citizen_line, registration_line
from app.demo.timeline import timeline
from app.errors import BadInput
from app.rules.rule_book import shipped_rule_book

_MOST_MONTHS = 240
_LINES_HELD = 50_000


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """Where the files are; `disbursements` has one for each month, oldest first."""

    authorities: Path
    citizens: Path
    registrations: Path
    disbursements: tuple[Path, ...]


def generate(
    directory: Path,
    *,
    citizens: int,
    months: int,
    seed: int,
    today: date,
    personas: bool = True,
) -> DemoFiles:
    """Write the files of a made-up population into a directory, made if need be.

    `citizens` people of `seed` come beside the personas; `months` of payments end with the month of
    `today`, whose rows are SUBMITTED until it is paid. The same arguments give the same bytes;
    memory stays flat. A file appears under its name only when all are whole. `BadInput` where a
    number is out of range.
    """
    _check(citizens=citizens, months=months, seed=seed)
    book = shipped_rule_book()
    calendar = timeline(today, months, book)
    files = DemoFiles(
        authorities=directory / "authorities.csv",
        citizens=directory / "citizens.csv",
        registrations=directory / "registrations.csv",
        disbursements=tuple(directory / f"disbursements-{month.text}.csv" for month in calendar),
    )
    directory.mkdir(parents=True, exist_ok=True)
    told = (persona.person(today) for persona in PERSONAS.values()) if personas else ()
    with _writing(files) as lines:
        _write_all(
            chain(told, crowd(citizens, seed)), today, PaymentRows(calendar, today, book), lines
        )
    return files


def _check(citizens: int, months: int, seed: int) -> None:
    if citizens < 0:
        raise BadInput(f"The number of citizens is {citizens}; give 0 or more.")
    if not 1 <= months <= _MOST_MONTHS:
        raise BadInput(f"The number of months is {months}; give 1 to {_MOST_MONTHS}.")
    if seed < 0:
        raise BadInput(f"The seed is {seed}; give a whole number from 0 on.")


class _Lines:
    """Lines on their way into the files, held back and written many at a time."""

    def __init__(self, files: DemoFiles) -> None:
        self.paths = (files.authorities, files.citizens, files.registrations, *files.disbursements)
        months = [DISBURSEMENT_COLUMNS] * len(files.disbursements)
        columns = (AUTHORITY_COLUMNS, CITIZEN_COLUMNS, REGISTRATION_COLUMNS, *months)
        self.authorities, self.citizens, self.registrations, *self.months = (
            [csv_line(names)] for names in columns
        )
        self._held = (self.authorities, self.citizens, self.registrations, *self.months)

    def flush(self, *, at: int = 0) -> None:
        """Write what is held, if it is more than `at` lines."""
        if sum(map(len, self._held)) <= at:
            return
        for path, held in zip(self.paths, self._held, strict=True):
            with _part(path).open("ab") as file:
                file.write("".join(held).encode())
            held.clear()


def _part(path: Path) -> Path:
    """The name of a file that is not whole yet."""
    return path.with_name(f"{path.name}.part")


@contextmanager
def _writing(files: DemoFiles) -> Iterator[_Lines]:
    """Lines to fill; the files get their names at the end, and nothing is left of a failure."""
    lines = _Lines(files)
    try:
        for path in lines.paths:
            _part(path).write_bytes(b"")
        yield lines
        lines.flush()
        for path in lines.paths:
            os.replace(_part(path), path)
    finally:
        for path in lines.paths:
            _part(path).unlink(missing_ok=True)


def _write_all(people: Iterable[Person], today: date, payments: PaymentRows, lines: _Lines) -> None:
    for row in authorities():
        lines.authorities.append(csv_line([row[column] for column in AUTHORITY_COLUMNS]))
    for place, person in enumerate(people):
        lines.citizens.append(citizen_line(person, today))
        for holding in person.registered(today):
            lines.registrations.append(registration_line(person, holding, today))
        payments.write(person, lines.months)
        if place % 1_000 == 0:
            lines.flush(at=_LINES_HELD)
