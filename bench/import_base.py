"""The database and the files on which imports are measured; made once in a directory."""

import asyncio
import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path

import asyncpg

from app import clock
from app.demo.files import DemoFiles, generate
from app.demo.home import DataDirectory
from app.embedded_postgres import embedded_postgres
from app.ingest.importer import ImportKind, import_file
from app.migrations.apply import migrate
from app.migrations.service_role import make_service_logins

SEED = 2569
DAY = clock.today() - timedelta(days=92)  # of whose months nobody is told any more
CITIZENS_A_ROW = 1.06  # not everyone is paid
EVERY = 20  # the correction changes one row in so many

# What the import writes, in the order of the file.
_EXPORT = """
select p.* from payment p
join citizen_lookup l using (citizen_id)
join file_order f using (national_id_hmac)
where p.period = '{period}' order by f.line, p.scheme, p.sequence
"""


@dataclass(frozen=True, slots=True)
class Base:
    """A running server with the database `base`, and the files to import into copies of it."""

    home: DataDirectory
    dsn: str

    @property
    def month(self) -> Path:
        return self.home.path / "month.csv"

    @property
    def corrected(self) -> Path:
        return self.home.path / "corrected.csv"

    @property
    def told(self) -> Path:
        """The same rows for the present month, of which every citizen is told."""
        return self.home.path / "told.csv"

    @property
    def payments(self) -> Path:
        """The rows of `month` as they stand in `payment`, for COPY."""
        return self.home.path / "payments.csv"

    async def renew(self) -> None:
        """The database `allowances` as a fresh copy of `base`."""
        await self._copy_database("base", "allowances")

    async def keep(self) -> None:
        """`base` as a copy of `allowances`."""
        await self._copy_database("allowances", "base")

    async def _copy_database(self, template: str, name: str) -> None:
        connection = await asyncpg.connect(self.dsn.replace("/allowances?", "/postgres?"))
        try:
            await connection.execute(f"drop database if exists {name} with (force)")
            await connection.execute(
                f"create database {name} template {template} strategy file_copy"
            )
        finally:
            await connection.close()


@contextmanager
def base(directory: Path, rows: int) -> Iterator[Base]:
    """The base in a directory, made where it is missing: people, their registrations, a month."""
    home = DataDirectory.open(directory)
    with embedded_postgres(home.path) as dsn:
        made = Base(home, dsn)
        if not made.payments.exists():
            asyncio.run(_make(made, rows))
        yield made


async def _make(base: Base, rows: int) -> None:
    files = _files(base, rows)
    base.month.write_bytes(b"".join(_lines(files.disbursements[1], rows)))
    base.corrected.write_bytes(b"".join(map(_corrected, range(rows + 1), _lines(base.month, rows))))
    base.told.write_bytes(b"".join(map(_of_this_month, _lines(base.month, rows))))
    connection = await asyncpg.connect(base.dsn)
    await migrate(connection)
    await make_service_logins(connection)
    for kind, path in (
        (ImportKind.AUTHORITIES, files.authorities),
        (ImportKind.CITIZENS, files.citizens),
        (ImportKind.REGISTRATIONS, files.registrations),
        (ImportKind.DISBURSEMENTS, files.disbursements[0]),
    ):
        await _import(connection, base, kind, path)
    await connection.execute("vacuum analyze")
    await connection.close()
    await base.keep()
    connection = await asyncpg.connect(base.dsn)
    await _import(connection, base, ImportKind.DISBURSEMENTS, base.month)
    await _export(connection, base)
    await connection.close()


def _files(base: Base, rows: int) -> DemoFiles:
    return generate(
        base.home.files,
        citizens=int(rows * CITIZENS_A_ROW),
        months=2,
        seed=SEED,
        today=DAY,
    )


def _lines(path: Path, rows: int) -> Iterator[bytes]:
    """The header and so many rows."""
    with path.open("rb") as file:
        yield from islice(file, rows + 1)


def _corrected(number: int, line: bytes) -> bytes:
    if number == 0 or number % EVERY:
        return line
    cells = line.split(b",")
    return b",".join([*cells[:4], b"650.00", *cells[5:]])


def _of_this_month(line: bytes) -> bytes:
    return line.replace(f"{DAY:%Y-%m}".encode(), f"{clock.today():%Y-%m}".encode())


async def _import(connection: asyncpg.Connection, base: Base, kind: ImportKind, path: Path) -> None:
    keys = base.home.keys()
    report = await import_file(connection, kind, path, keys=keys, now=clock.now())
    print(f"{path.name}: {report.rows:,} rows, {report.rejected:,} rejected", flush=True)


async def _export(connection: asyncpg.Connection, base: Base) -> None:
    with base.month.open(encoding="utf-8", newline="") as file:
        numbers = [row["national_id"] for row in csv.DictReader(file)]
        file.seek(0)
        period = next(csv.DictReader(file))["period"]
    first = {hmac: line for line, hmac in enumerate(base.home.keys().national_id_hmacs(numbers))}
    await connection.execute(
        "create temporary table file_order (national_id_hmac bytea, line integer)"
    )
    await connection.copy_records_to_table("file_order", records=first.items())
    await connection.execute("analyze file_order")
    part = base.payments.with_suffix(".part")
    await connection.copy_from_query(
        _EXPORT.format(period=f"{period}-01"), output=part, format="csv"
    )
    part.replace(base.payments)
