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
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg

from app import clock
from app.ingest.importer import ImportKind, import_file
from bench.import_base import Base, base

_PAUSE = 0.05
_LEDGER = """
select state::text, (select pid from pg_locks where locktype = 'advisory' and classid = 7022006
  limit 1) as backend
from import_file order by id desc limit 1
"""
_RAW = """
create table raw_payment (like payment including all) partition by range (period);
create table raw_payment_all partition of raw_payment default
"""
_WAL = "select pg_current_wal_lsn() - '0/0'"


@dataclass(slots=True)
class Run:
    """One measured step: seconds of the clock and of its own processor time, peaks in MB."""

    seconds: float = 0.0
    cpu: float = 0.0
    peak_mb: float = 0.0
    backend_mb: float = 0.0
    wal_mb: float = 0.0
    load: float = 0.0
    states: dict[str, float] = field(default_factory=lambda: defaultdict(float))


async def measured(base: Base, step: Callable[[Base, Run], Awaitable[None]]) -> Run:
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
    start = time.process_time()
    await connection.copy_to_table("raw_payment", source=base.payments, format="csv")
    run.cpu = time.process_time() - start
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
    seen = time.perf_counter()
    while process.returncode is None:
        row = await connection.fetchrow(_LEDGER)
        begun = await connection.fetchval("select count(*) from import_file") > entries
        now = time.perf_counter()
        run.states[row["state"] if begun else "STARTING"] += now - seen
        seen = now
        _note(run, process.pid, row["backend"])
        await asyncio.sleep(_PAUSE)
    await connection.close()


def _note(run: Run, client: int, backend: int | None) -> None:
    run.peak_mb = max(run.peak_mb, _status(client, "VmHWM"))
    run.cpu = max(run.cpu, _processor_seconds(client))
    if backend is not None:
        run.backend_mb = max(run.backend_mb, _status(backend, "RssAnon"))


def _status(process: int, name: str) -> float:
    """MB; 0 for a process that is gone."""
    try:
        text = Path(f"/proc/{process}/status").read_text(encoding="ascii")
        return int(text.partition(f"{name}:")[2].split()[0]) / 1024
    except (OSError, IndexError):
        return 0.0


def _processor_seconds(process: int) -> float:
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    except OSError:
        return 0.0
    user, system = text.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def one_round(base: Base, runs: dict[str, list[Run]]) -> None:
    """Each step once, the first two from a fresh copy of the base."""

    def of(path: Path) -> Callable[[Base, Run], Awaitable[None]]:
        return lambda base, run: imported(base, run, path)

    await base.renew()
    runs["raw COPY"].append(await measured(base, raw_copy))
    await base.renew()
    runs["import"].append(await measured(base, of(base.month)))
    runs["again, unchanged"].append(await measured(base, of(base.month)))
    runs["corrected, 5 %"].append(await measured(base, of(base.corrected)))


def show(runs: dict[str, list[Run]], rows: int) -> None:
    """The medians, one line a step."""
    raw = median(run.seconds for run in runs["raw COPY"])
    print(f"\n| {rows:,} rows | rows/s | of raw COPY | s/million | own CPU s | peak MB "
          "| backend MB | WAL MB | load |\n|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    for name, some in runs.items():
        at = _Median(some)
        seconds = at("seconds")
        print(
            f"| {name} | {rows / seconds:,.0f} | {raw / seconds:.2f} | {seconds / rows * 1e6:.1f} "
            f"| {at('cpu'):.1f} | {at('peak_mb'):.0f} | {at('backend_mb'):.0f} "
            f"| {at('wal_mb'):,.0f} | {at('load'):.1f} |"
        )
    for name, some in runs.items():
        states = {state for run in some for state in run.states}
        parts = {state: median(run.states[state] for run in some) for state in sorted(states)}
        if parts:
            print(f"{name}: " + ", ".join(f"{state} {took:.1f} s" for state, took in parts.items()))
    print(
        "seconds:", {name: [round(run.seconds, 1) for run in some] for name, some in runs.items()}
    )


@dataclass(frozen=True, slots=True)
class _Median:
    runs: list[Run]

    def __call__(self, name: str) -> float:
        return median(getattr(run, name) for run in self.runs)


async def profile(base: Base) -> None:
    """Where one import's time goes, statement by statement, COPY as the rest."""
    await base.renew()
    connection = await asyncpg.connect(base.dsn)
    spent: dict[str, list[float]] = defaultdict(list)

    def note(query: Any) -> None:
        spent[" ".join(query.query.split())[:110]].append(query.elapsed)

    with connection.query_logger(note):
        start, cpu = time.perf_counter(), time.process_time()
        await import_file(
            connection,
            ImportKind.DISBURSEMENTS,
            base.month,
            keys=base.home.keys(),
            now=clock.now(),
        )
        whole, own = time.perf_counter() - start, time.process_time() - cpu
    await connection.close()
    known = sum(map(sum, spent.values()))
    print(f"{whole:.1f} s, {own:.1f} s of it own CPU; {known:.1f} s in statements:")
    for query, times in sorted(spent.items(), key=lambda item: -sum(item[1]))[:30]:
        print(f"{sum(times):7.2f} s {len(times):5} x  {query}")


async def _rounds(base: Base, rows: int, rounds: int) -> None:
    runs: dict[str, list[Run]] = defaultdict(list)
    for _ in range(rounds):
        await one_round(base, runs)
    show(runs, rows)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    with base(options.directory, options.rows) as made:
        if options.profile:
            asyncio.run(profile(made))
        else:
            asyncio.run(_rounds(made, options.rows, options.rounds))


if __name__ == "__main__":
    main()
