"""`python -m bench.run`: our service and its peers on one database, by turns, into a report.

The database is made once, in .bench. `--help` tells how to run a part of it.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import asyncpg
import click

from app import clock
from app.cli.place import with_connection
from app.demo.home import DataDirectory
from bench.database import SHARED_BUFFERS, bench_database, make_ready
from bench.load import find_wrk
from bench.measuring import Bench, Figure, Statements
from bench.population import Size, load
from bench.processes import parent_of
from bench.report import Circumstances, write_report
from bench.servers import NAMES, POOL_SIZE, Server, running, versions
from bench.workloads import WORKLOADS, Asked, Workload

ROOT = Path(__file__).parent.parent
CONNECTIONS = (1, 8, 64, 256)


@click.command()
@click.option("--server", "names", multiple=True, type=click.Choice(NAMES), help="By default all.")
@click.option("--workload", "asked", multiple=True, type=click.Choice([w.name for w in WORKLOADS]))
@click.option("--connections", multiple=True, type=click.IntRange(1), default=CONNECTIONS)
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True)
@click.option("--seconds", type=click.IntRange(1), default=4, show_default=True)
@click.option("--citizens", type=click.IntRange(1000), default=200_000, show_default=True)
@click.option("--months", type=click.IntRange(1, 120), default=29, show_default=True)
@click.option("--directory", type=click.Path(path_type=Path), default=Path(".bench"))
@click.option("--report", type=click.Path(path_type=Path), default=ROOT / "docs" / "performance.md")
def main(
    names: Sequence[str],
    asked: Sequence[str],
    connections: Sequence[int],
    rounds: int,
    seconds: int,
    citizens: int,
    months: int,
    directory: Path,
    report: Path,
) -> None:
    """Measure, and write the report (a file, and its picture beside it)."""
    find_wrk()
    signal.signal(signal.SIGTERM, _leave)  # unwinds, so that what was started is stopped
    home = DataDirectory.open(directory)
    chosen = tuple(name for name in NAMES if not names or name in names)
    workloads = [each for each in WORKLOADS if not asked or each.name in asked]
    with bench_database(home) as dsn:
        asyncio.run(load(dsn, home, Size(citizens, months)))
        asyncio.run(with_connection(dsn, make_ready))
        postmaster = asyncio.run(with_connection(dsn, _postmaster))
        bench = Bench(postmaster, home.path, Asked.of(home, citizens), rounds, seconds)
        with _statements_logged(dsn), running(chosen, dsn, home) as servers:
            statements = counted(bench, servers, workloads, connections)
        with running(chosen, dsn, home) as servers:
            figures = measured(bench, servers, workloads, connections, statements)
    circumstances = Circumstances(
        command=" ".join(["python -m bench.run", *sys.argv[1:]]),
        day=clock.today().isoformat(),
        cores=os.cpu_count() or 1,
        versions=versions(),
        citizens=citizens,
        months=months,
        pool=POOL_SIZE,
        shared_buffers=SHARED_BUFFERS,
        rounds=rounds,
        seconds=seconds,
    )
    write_report(report, circumstances, figures)


def _leave(*_: object) -> NoReturn:
    sys.exit(1)


async def _postmaster(connection: asyncpg.Connection) -> int:
    return parent_of(connection.get_server_pid())


@contextmanager
def _statements_logged(dsn: str) -> Iterator[None]:
    """Sessions begun meanwhile have every statement logged, without its values."""
    asyncio.run(with_connection(dsn, _log_statements))
    try:
        yield
    finally:
        asyncio.run(with_connection(dsn, _log_nothing))


async def _log_statements(connection: asyncpg.Connection) -> None:
    await connection.execute("alter database allowances set log_statement = 'all'")


async def _log_nothing(connection: asyncpg.Connection) -> None:
    await connection.execute("alter database allowances reset log_statement")


def counted(
    bench: Bench, servers: Sequence[Server], workloads: Sequence[Workload], counts: Sequence[int]
) -> Statements:
    """How many statements each server sends for a request; takes as long as it has to."""
    return {
        key: count
        for workload in workloads
        for key, count in bench.statements(servers, workload, allowed(workload, counts)).items()
    }


def allowed(workload: Workload, counts: Sequence[int]) -> list[int]:
    """Of these numbers of connections, those that the workload is for."""
    return [count for count in counts if count in workload.connections]


def measured(
    bench: Bench,
    servers: Sequence[Server],
    workloads: Sequence[Workload],
    counts: Sequence[int],
    statements: Statements,
) -> list[Figure]:
    """All figures; each is printed when it is there."""
    figures = []
    for workload in workloads:
        found = bench.figures(servers, workload, allowed(workload, counts), statements)
        for figure in found:
            figures.append(figure)
            click.echo(_line(figure))
    return figures


def _line(figure: Figure) -> str:
    middle = figure.middle
    return (
        f"{figure.workload:<14}{figure.connections:>4}  {figure.server:<14}"
        f"{middle.rate:>9,.1f}/s  p50 {middle.p50:>9,.2f}  p99 {middle.p99:>9,.2f}  "
        f"app {middle.app_cpu:>8,.2f}  db {middle.database_cpu:>8,.2f}  "
        f"statements {figure.statements:>6,.2f}  {middle.resident:>5,.0f} MB  {middle.wrong or ''}"
    )


if __name__ == "__main__":
    main()
