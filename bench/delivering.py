"""How fast notifications are handed to a portal: a stand-in beside, on the same machine.

`python -m bench.delivering --directory DIR --citizens 100000 --senders 1`; the directory is for the
embedded database (fsync on), made anew. The notifications are made by the import of a month, and
sent by `allowances deliver --once` in processes of their own.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from app import clock
from app.demo.files import generate
from app.demo.home import DataDirectory
from app.embedded_postgres import embedded_postgres
from app.ingest.importer import ImportKind, import_file
from app.migrations.apply import migrate
from app.notices.telling import Telling
from bench.processes import cpu_seconds, status_mb
from tests.delivery.portal_server import StandIn, stand_in_portal

_TELLING = Telling(most_a_day=1_000)  # none has to wait for the next day
_USERS = "insert into portal_user select id, gen_random_uuid()::text, now() from citizen"
_DUE_NOW = "update notification_outbox set due_at = now()"  # whatever hour it is
_EXPECTED = """
select user_id, count(*) as shown
from notification_outbox join portal_user using (citizen_id) group by 1
"""
_WAL = "select (pg_current_wal_lsn() - '0/0')::float8"
_WATCH_SECONDS = 0.05


@dataclass(slots=True)
class Sent:
    """What one run took: seconds, of the clock and of the senders' processors, and peaks in MB."""

    made_seconds: float
    seconds: float = 0.0
    cpu: float = 0.0
    peaks: dict[int, float] = field(default_factory=dict)
    wal_mb: float = 0.0


def main() -> None:
    """Make, send, verify, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--citizens", type=int, default=100_000)
    parser.add_argument("--senders", type=int, default=1)
    parser.add_argument("--batch", type=int, default=100)
    options = parser.parse_args()
    home = DataDirectory.open(options.directory)
    with embedded_postgres(home.path) as dsn, stand_in_portal() as portal:
        expected, sent = asyncio.run(_make(dsn, home, options.citizens))
        _send(sent, dsn, portal, options.senders, options.batch)
        _verify(portal, expected)
        _tell(sent, sum(expected.values()), options.senders, options.batch)


async def _make(dsn: str, home: DataDirectory, citizens: int) -> tuple[dict[str, int], Sent]:
    files = generate(home.files, citizens=citizens, months=1, seed=2569, today=clock.today())
    connection, beside = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    await migrate(connection)
    for kind, path in (
        (ImportKind.AUTHORITIES, files.authorities),
        (ImportKind.CITIZENS, files.citizens),
        (ImportKind.REGISTRATIONS, files.registrations),
        (ImportKind.DISBURSEMENTS, files.disbursements[0]),
    ):
        if kind is ImportKind.DISBURSEMENTS:
            await connection.execute("vacuum analyze")
        start = time.perf_counter()
        await import_file(
            connection, kind, path, keys=home.keys(), now=clock.now(), telling=_TELLING,
            beside=[beside],
        )  # fmt: skip
        seconds = time.perf_counter() - start
    await connection.execute(_USERS)
    await connection.execute(_DUE_NOW)
    await connection.execute("vacuum analyze")
    await connection.execute("checkpoint")
    expected = {row["user_id"]: row["shown"] for row in await connection.fetch(_EXPECTED)}
    await beside.close()
    await connection.close()
    return expected, Sent(seconds)


async def _wal(dsn: str) -> float:
    connection = await asyncpg.connect(dsn)
    written: float = await connection.fetchval(_WAL)
    await connection.close()
    return written / 1e6


def _send(sent: Sent, dsn: str, portal: StandIn, senders: int, batch: int) -> None:
    environment = {
        **os.environ,
        **portal.environment,
        "DELIVERY_DATABASE_URL": dsn,
        "DATABASE_URL": dsn,
        "QUIET_HOURS": "00:00-00:00",
        "PUSH_BATCH_SIZE": str(batch),
        "PUSH_MESSAGES_PER_SECOND": "1000000",
    }
    command = [str(Path(sys.executable).with_name("allowances")), "deliver", "--once"]
    before = asyncio.run(_wal(dsn))
    processes = [subprocess.Popen(command, env=environment) for _ in range(senders)]
    watch = threading.Thread(target=_watch, args=(sent, processes))
    watch.start()
    codes = [process.wait() for process in processes]
    watch.join()
    if any(codes):
        raise SystemExit("a sender failed")
    sent.seconds = portal.times[-1] - portal.times[0]
    sent.wal_mb = asyncio.run(_wal(dsn)) - before


def _watch(sent: Sent, processes: "Sequence[subprocess.Popen[bytes]]") -> None:
    cpu: dict[int, float] = {}
    while any(process.poll() is None for process in processes):
        for process in processes:
            cpu[process.pid] = max(cpu.get(process.pid, 0.0), cpu_seconds(process.pid))
            peak = status_mb(process.pid, "VmHWM")
            sent.peaks[process.pid] = max(sent.peaks.get(process.pid, 0.0), peak)
        time.sleep(_WATCH_SECONDS)
    sent.cpu = sum(cpu.values())


def _verify(portal: StandIn, expected: dict[str, int]) -> None:
    shown = portal.users_shown()
    if shown != expected or portal.problems:
        raise SystemExit(
            f"{len(shown):,} of {len(expected):,} users were shown what they should be"
        )


def _tell(sent: Sent, count: int, senders: int, batch: int) -> None:
    print(
        f"{count:,} notifications, {senders} senders, {batch} in a push: "
        f"made {count / sent.made_seconds:,.0f} rows/s with the import of their month, "
        f"delivered {count / sent.seconds:,.0f} rows/s ({sent.seconds:.1f} s), "
        f"senders' CPU {sent.cpu:.1f} s with their start, "
        f"peak {max(sent.peaks.values()):.0f} MB a sender, WAL {sent.wal_mb:.0f} MB, "
        f"load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
