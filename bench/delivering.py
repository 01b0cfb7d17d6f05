"""How fast notifications are handed to a portal: a stand-in beside, on the same machine.

`python -m bench.delivering --directory DIR --notifications 100000 --senders 1`; the directory keeps
the embedded database (fsync on). The notifications are written by SQL, not by the rules that make
them, and sent by `allowances deliver --once` in processes of their own.
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

from app.demo.home import DataDirectory
from app.embedded_postgres import embedded_postgres
from app.migrations.apply import migrate
from bench.processes import cpu_seconds
from tests.delivery.portal_server import StandIn, stand_in_portal

_EMPTY = """
truncate notification, notification_outbox, notification_push, portal_user;
truncate citizen cascade
"""
_CITIZENS = """
insert into citizen (id, national_id_encrypted, national_id_tail, given_name, family_name,
  birth_date, birth_date_precision, nationality, local_authority_code, as_of)
select gen_random_uuid(), '', '000', 'มาลี', 'ใจดี', '1950-01-01', 'DAY', 'THAI', '05810109', now()
from generate_series(1, $1)
"""
_USERS = "insert into portal_user select id, gen_random_uuid()::text, now() from citizen"
_MADE = """
with made as (
  insert into notification (citizen_id, kind, subject, scheme, period, sequence, created_at)
  select id, 'PAYMENT_SENT', 'OLD_AGE_ALLOWANCE:2026-11-01:1', 'OLD_AGE_ALLOWANCE', '2026-11-01', 1,
    now() from citizen order by id
  returning id, citizen_id
)
insert into notification_outbox (notification_id, citizen_id, due_at)
select id, citizen_id, now() from made
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
    parser.add_argument("--notifications", type=int, default=100_000)
    parser.add_argument("--senders", type=int, default=1)
    parser.add_argument("--batch", type=int, default=100)
    options = parser.parse_args()
    home = DataDirectory.open(options.directory)
    with embedded_postgres(home.path) as dsn, stand_in_portal() as portal:
        sent = Sent(asyncio.run(_make(dsn, options.notifications)))
        _send(sent, dsn, portal, options.senders, options.batch)
        _verify(portal, options.notifications)
        _tell(sent, options.notifications, options.senders, options.batch)


async def _make(dsn: str, count: int) -> float:
    connection = await asyncpg.connect(dsn)
    await migrate(connection)
    await connection.execute(_EMPTY)
    await connection.execute(_CITIZENS, count)
    await connection.execute(_USERS)
    start = time.perf_counter()
    await connection.execute(_MADE)
    seconds = time.perf_counter() - start
    await connection.execute("vacuum analyze")
    await connection.execute("checkpoint")
    await connection.close()
    return seconds


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
            peak = _peak_mb(process.pid)
            sent.peaks[process.pid] = max(sent.peaks.get(process.pid, 0.0), peak)
        time.sleep(_WATCH_SECONDS)
    sent.cpu = sum(cpu.values())


def _peak_mb(process: int) -> float:
    try:
        text = Path(f"/proc/{process}/status").read_text(encoding="ascii")
        return int(text.partition("VmHWM:")[2].split()[0]) / 1024
    except (OSError, IndexError):
        return 0.0


def _verify(portal: StandIn, count: int) -> None:
    shown = portal.users_shown()
    if len(shown) != count or set(shown.values()) != {1} or portal.problems:
        raise SystemExit(f"{len(shown):,} of {count:,} were shown, or one twice")


def _tell(sent: Sent, count: int, senders: int, batch: int) -> None:
    print(
        f"{count:,} notifications, {senders} senders, {batch} in a push: "
        f"made by SQL {count / sent.made_seconds:,.0f} rows/s, "
        f"delivered {count / sent.seconds:,.0f} rows/s ({sent.seconds:.1f} s), "
        f"senders' CPU {sent.cpu:.1f} s with their start, "
        f"peak {max(sent.peaks.values()):.0f} MB a sender, WAL {sent.wal_mb:.0f} MB, "
        f"load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
