"""How fast a month of disbursements is imported, beside a raw COPY of the same rows.

`python -m bench.importing --directory DIR --rows 1000000 --rounds 3`; the directory keeps the
database from which each round starts. `--profile` prints where one import's time goes.
"""

import argparse
import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from itertools import count, islice
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg

from app import clock
from app.ingest.importer import ROWS_A_SLICE, ImportKind, import_file
from bench.import_base import Base, base
from bench.processes import cpu_seconds, own_cpu_seconds, proportional_mb, status_mb

_PAUSE = 0.25  # a look takes 4 ms of the two processors
_LOOKS_A_SIZE = 4  # to add up the pages of a process costs more than all else that is looked at
_LEDGER = """
select state::text, (select count(*) from import_file) as entries,
  (select array_agg(pid) from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend'
      and pid <> pg_backend_pid()) as backends
from import_file order by id desc limit 1
"""
_RAW = """
create table raw_payment (like payment including all) partition by range (period);
create table raw_payment_all partition of raw_payment default
"""
_MEASURES = ("client_cpu", "backend_cpu", "peak_mb", "backend_mb", "wal_mb", "load")
_COLUMNS = ("rows/s", "of raw COPY", "seconds", *_MEASURES)
_WAL = "select pg_current_wal_lsn() - '0/0'"


@dataclass(slots=True)
class Run:
    """One measured step: seconds of the clock and of its processors' time, peaks in MB."""

    seconds: float = 0.0
    client_cpu: float = 0.0
    backend_cpu: float = 0.0
    peak_mb: float = 0.0
    backend_mb: float = 0.0
    wal_mb: float = 0.0
    load: float = 0.0
    states: dict[str, float] = field(default_factory=lambda: defaultdict(float))


Step = Callable[[Base, Run], Awaitable[None]]


async def measured(base: Base, step: Step) -> Run:
    """What a step took, after a checkpoint; the WAL counts all that the server wrote."""
    run = Run(load=os.getloadavg()[0])
    connection = await asyncpg.connect(base.dsn)
    await connection.execute("checkpoint")
    before = await connection.fetchval(_WAL)
    start = time.perf_counter()
    await step(base, run)
    run.seconds = time.perf_counter() - start
    run.wal_mb = float(await connection.fetchval(_WAL) - before) / 1e6
    await connection.close()
    return run


async def raw_copy(base: Base, run: Run) -> None:
    """The rows of the month by COPY alone, into an empty table with the key of `payment`."""
    connection = await asyncpg.connect(base.dsn)
    await connection.execute(_RAW)
    start, backend = time.process_time(), connection.get_server_pid()
    await connection.copy_to_table("raw_payment", source=base.payments, format="csv")
    run.client_cpu = time.process_time() - start
    run.backend_cpu = own_cpu_seconds(backend)
    run.backend_mb = status_mb(backend, "RssAnon")
    await connection.close()


async def imported(base: Base, run: Run, path: Path) -> None:
    """A file by `allowances import` in a process of its own, watched through the ledger."""
    last = await _entries(base)
    place = f"ALLOWANCES_DATA_DIR={base.home.path}"
    command = ["env", place, _allowances(), "import", "disbursements", str(path)]
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=STDOUT)
    await _watch(base, run, process, last)
    output, _ = await process.communicate()
    if process.returncode not in (0, 3):
        raise SystemExit(output.decode())


def _allowances() -> str:
    return str(Path(sys.executable).with_name("allowances"))


async def _entries(base: Base) -> int:
    connection = await asyncpg.connect(base.dsn)
    count: int = await connection.fetchval("select count(*) from import_file")
    await connection.close()
    return count


async def _watch(base: Base, run: Run, process: Process, entries: int) -> None:
    connection = await asyncpg.connect(base.dsn)
    seen, looks, ended = time.perf_counter(), count(), asyncio.ensure_future(process.wait())
    while not ended.done():
        (row,) = await connection.fetch(_LEDGER)
        now = time.perf_counter()
        run.states[row["state"] if row["entries"] > entries else "STARTING"] += now - seen
        seen = now
        _note(run, process.pid, row["backends"])
        if not next(looks) % _LOOKS_A_SIZE:
            run.peak_mb = max(run.peak_mb, proportional_mb(process.pid))
        await asyncio.wait([ended], timeout=_PAUSE)
    await connection.close()


def _note(run: Run, client: int, backends: list[int] | None) -> None:
    run.client_cpu = max(run.client_cpu, cpu_seconds(client))
    if backends:
        run.backend_mb = max(run.backend_mb, sum(status_mb(b, "RssAnon") for b in backends))
        run.backend_cpu = max(run.backend_cpu, sum(map(own_cpu_seconds, backends)))


def steps(base: Base) -> dict[str, tuple[bool, Step]]:
    """Each step, and whether it begins with a fresh copy of the base."""

    def of(path: Path) -> Step:
        return partial(imported, path=path)

    return {
        "raw COPY": (True, raw_copy),
        "import": (True, of(base.month)),
        "again, unchanged": (False, of(base.month)),
        "corrected, 5 %": (False, of(base.corrected)),
        "import, and told": (True, of(base.told)),
    }


def show(runs: dict[str, list[Run]], rows: int) -> None:
    """The medians, one line a step; then its states, and the seconds of each round."""
    raw = _median(runs["raw COPY"], "seconds")
    print("\n| " + " | ".join([f"{rows:,} rows", *_COLUMNS]) + " |")
    print("|---" * (len(_COLUMNS) + 1) + "|")
    for name, some in runs.items():
        seconds = _median(some, "seconds")
        cells = [f"{rows / seconds:,.0f}", f"{raw / seconds:.2f}", f"{seconds:.1f}"]
        print(
            "| "
            + " | ".join([name, *cells, *(f"{_median(some, m):,.1f}" for m in _MEASURES)])
            + " |"
        )
    for name, some in runs.items():
        states = dict.fromkeys(state for run in some for state in run.states)
        parts = (f"{state} {median(run.states[state] for run in some):.1f} s" for state in states)
        print(f"{name}: {', '.join(parts)}; " + ", ".join(f"{run.seconds:.1f} s" for run in some))


def _median(runs: Iterable[Run], name: str) -> float:
    return median(float(getattr(run, name)) for run in runs)


async def profile(base: Base, rows_a_slice: int) -> None:
    """Where one import's time goes, statement by statement, COPY as the rest."""
    await base.renew()
    room = {"temp_buffers": "64MB"}
    connection = await asyncpg.connect(base.dsn, server_settings=room)
    beside = await asyncpg.connect(base.dsn, server_settings=room)
    spent: dict[str, list[float]] = defaultdict(list)

    def note(query: Any) -> None:
        spent[" ".join(query.query.split())[:110]].append(query.elapsed)

    with connection.query_logger(note), beside.query_logger(note):
        start, cpu = time.perf_counter(), time.process_time()
        await import_file(
            connection,
            ImportKind.DISBURSEMENTS,
            base.month,
            keys=base.home.keys(),
            now=clock.now(),
            rows_a_slice=rows_a_slice,
            beside=[beside],
        )
        whole, own = time.perf_counter() - start, time.process_time() - cpu
        backend = sum(own_cpu_seconds(c.get_server_pid()) for c in (connection, beside))
    await beside.close()
    await connection.close()
    known = sum(map(sum, spent.values()))
    print(
        f"{whole:.1f} s, CPU {own:.1f} s client and {backend:.1f} s backend; "
        f"{known:.1f} s in statements:"
    )
    for query, times in sorted(spent.items(), key=lambda item: -sum(item[1]))[:30]:
        print(f"{sum(times):7.2f} s {len(times):5} x  {query}")


async def _rounds(base: Base, rows: int, rounds: int, most: int | None) -> None:
    runs: dict[str, list[Run]] = defaultdict(list)
    for _ in range(rounds):
        for name, (anew, step) in islice(steps(base).items(), most):
            if anew:
                await base.renew()
            runs[name].append(await measured(base, step))
    show(runs, rows)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, help="only so many, the first of each round")
    parser.add_argument("--rows-a-slice", type=int, default=ROWS_A_SLICE)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    with base(options.directory, options.rows) as made:
        if options.profile:
            asyncio.run(profile(made, options.rows_a_slice))
        else:
            asyncio.run(_rounds(made, options.rows, options.rounds, options.steps))


if __name__ == "__main__":
    main()
