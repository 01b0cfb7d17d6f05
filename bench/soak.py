"""How the service holds many connections for long: its times and its memory, minute by minute.

`python -m bench.soak --minutes 10` asks the screen query over 256 connections, on the database that
`bench.run` made.
"""

import asyncio
from pathlib import Path

import click

from app.cli.place import with_connection
from app.demo.home import DataDirectory
from bench.database import bench_database, make_ready
from bench.load import Load, find_wrk, run_wrk
from bench.population import MARKER
from bench.processes import resident_bytes
from bench.servers import OURS, running
from bench.workloads import WORKLOADS, Asked, write

_MINUTE = 60


@click.command()
@click.option("--directory", type=click.Path(path_type=Path), default=Path(".bench"))
@click.option("--connections", type=click.IntRange(1), default=256, show_default=True)
@click.option("--minutes", type=click.IntRange(1), default=10, show_default=True)
@click.option("--citizens", type=click.IntRange(1000), default=200_000, show_default=True)
def main(directory: Path, connections: int, minutes: int, citizens: int) -> None:
    """Print a line a minute."""
    find_wrk()
    home = DataDirectory.open(directory)
    if not (home.path / MARKER).exists():
        raise click.UsageError(f"{directory} holds no bench: `python -m bench.run` makes one.")
    requests = home.path / "soak.requests"
    write(WORKLOADS[0].requests(OURS, Asked.of(home, citizens)), requests)
    with bench_database(home) as dsn, running((OURS,), dsn, home) as (server,):
        asyncio.run(with_connection(dsn, make_ready))
        for minute in range(1, minutes + 1):
            load = run_wrk(server.url, requests, connections=connections, seconds=_MINUTE)
            click.echo(_line(minute, load, resident_bytes(server.process_id)))


def _line(minute: int, load: Load, resident: int) -> str:
    return (
        f"minute {minute:>2}: {load.requests / load.seconds:>6.0f}/s  p50 {load.p50:.0f} ms  "
        f"p99 {load.p99:.0f} ms ({load.p99 / load.p50:.1f} times)  {resident / 1e6:.0f} MB  "
        f"failed {load.failed}"
    )


if __name__ == "__main__":
    main()
