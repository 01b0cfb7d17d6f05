"""How fast each form of file is read, and in how much memory: the budget is 500 MB.

`python -m bench.reading` writes 1,000,000 rows of disbursements in each form into a temporary
directory, and reads each in a process of its own; `python -m bench.reading 100000` as many rows.
"""

import csv
import gzip
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook

from app.ingest.source import examine, open_rows
from app.rules.national_id import check_digit

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ROWS = 1_000_000
BUDGET_MB = 500
ROWS_AT_ONCE = 10_000  # as the importer holds them
COLUMNS = [
    *("national_id", "scheme", "local_authority_code", "period", "amount", "status", "kind"),
    *("paid_on", "channel", "bank_code", "account_number", "account_name", "holder"),
    *("failure_code", "failure_text", "repays_period"),
]
FORMS = ("csv", "csv.gz", "csv.zst", "parquet", "xlsx")


def rows(count: int, seed: int = 2569) -> Iterator[list[str]]:
    """Payments of one month, each to an account of its own."""
    chance = random.Random(seed)
    for number in range(count):
        twelve = f"9{number:011}"
        citizen = twelve + str(check_digit(twelve))
        place, account = f"{chance.randrange(7_850):08}", f"98{chance.randrange(10**8):08}"
        paid = ["600.00", "PAID", "REGULAR", "2026-11-10", "BANK_TRANSFER", "006", account]
        yield [citizen, "OLD_AGE_ALLOWANCE", place, "2026-11", *paid, "มาลี ใจดี", "", "", "", ""]


def write(path: Path, count: int) -> None:
    """The rows in the form that the name of the file says."""
    form = path.name.partition(".")[2]
    if form == "parquet":
        _write_parquet(path, count)
    elif form == "xlsx":
        _write_workbook(path, count)
    else:
        with _opened(path, form) as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(rows(count))


def _opened(path: Path, form: str) -> TextIO:
    if form == "csv.gz":
        return gzip.open(path, "wt", encoding="utf-8", newline="")
    if form == "csv.zst":
        return zstd.open(path, "wt", encoding="utf-8", newline="")
    return path.open("w", encoding="utf-8", newline="")


def _write_parquet(path: Path, count: int) -> None:
    columns = [pa.array(texts) for texts in zip(*rows(count), strict=True)]
    pq.write_table(pa.table(columns, names=COLUMNS), path, row_group_size=count)


def _write_workbook(path: Path, count: int) -> None:
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet()
    sheet.append(COLUMNS)
    for row in rows(count):
        sheet.append(row)
    workbook.save(path)


def read(path: Path) -> None:
    """Print rows, seconds and the peak of memory of this process."""
    start = time.perf_counter()
    count = 0
    with open_rows(examine(path)) as lines:
        while chunk := list(islice(lines, ROWS_AT_ONCE)):
            count += len(chunk)
    seconds = time.perf_counter() - start
    peak = _peak_mb()
    each = count / seconds
    print(f"{path.name}: {count:,} rows in {seconds:.1f} s, {each:,.0f} rows/s, {peak:.0f} MB")
    if peak > BUDGET_MB:
        raise SystemExit(f"over the budget of {BUDGET_MB} MB")


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """Write and read every form, each in a process of its own."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as directory:
        for form in FORMS:
            path = Path(directory) / f"disbursements.{form}"
            for step in ("write", "read"):
                subprocess.run(
                    [sys.executable, "-m", "bench.reading", step, str(path), str(count)], check=True
                )


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] == ["read"]:
        read(Path(sys.argv[2]))
    else:
        main()
