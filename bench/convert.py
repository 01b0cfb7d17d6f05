"""How long a row of disbursements takes from text to staged record; the budget is 6 us.

`python -m bench.convert` prints each part, and the same rows converted one by one.
"""

import random
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import date, datetime
from itertools import chain, islice
from pathlib import Path

from app.clock import BANGKOK
from app.demo.layouts import DISBURSEMENT_COLUMNS, csv_line
from app.ingest.context import Context
from app.ingest.converter import RowConverter
from app.ingest.layout import read_header
from app.ingest.layouts.disbursements import disbursements_layout
from app.ingest.refusals import RefusedError
from app.ingest.source import Source, examine, open_blocks, open_rows
from app.ingest.sources.rows import Row
from app.privacy import PrivacyKeys
from app.rules.national_id import check_digit

COUNT = 200_000
ROWS_AT_ONCE = 10_000
REJECTED_IN_A_THOUSAND = 2
ROUNDS = 5
BUDGET_MICROSECONDS = 6.0
TODAY = date(2026, 11, 23)
AUTHORITIES = [f"{number:08}" for number in range(10_000_000, 10_007_850)]
Work = Callable[[RowConverter, Iterator[Row]], object]
KEYS = PrivacyKeys(b"\1" * 32, b"\2" * 32, b"\3" * 32)


def file_of(count: int, seed: int = 2569) -> str:
    """A month of payments: most arrive on accounts of many banks, a tenth is cash, few fail."""
    chance = random.Random(seed)
    lines = (csv_line(_cells(chance)) for _ in range(count))
    return "".join([csv_line(DISBURSEMENT_COLUMNS), *lines])


def _cells(chance: random.Random) -> list[str]:
    twelve = f"9{chance.randrange(10**11):011}"
    failed = chance.random() < 0.03
    wrong = chance.random() * 1000 < REJECTED_IN_A_THOUSAND
    start = [
        "12" if wrong else f"{twelve}{check_digit(twelve)}",
        chance.choices(["OLD_AGE_ALLOWANCE", "DISABILITY_ALLOWANCE"], (8, 2))[0],
        chance.choice(AUTHORITIES),
        "2026-11",
        chance.choice(["600.00", "700.00", "800.00", "1000.00"]),
        "FAILED" if failed else "PAID",
        "REGULAR",
        "2026-11-10",
    ]
    end = ["ACCOUNT_CLOSED", "บัญชีปิด", ""] if failed else ["", "", ""]
    return [*start, *_account(chance), *end]


def _account(chance: random.Random) -> list[str]:
    if chance.random() < 0.1:
        return ["CASH", "", "", "", ""]
    bank = chance.choice(["002", "004", "006", "014", "025", "030", "034"])
    number = str(chance.randrange(10**9, 10**10))
    proxy = chance.random() < 0.05
    holder = ["มาลี ใจดี", "PROXY"] if proxy else ["", "SELF"]
    return ["BANK_TRANSFER", bank, number, *holder]


def converter() -> RowConverter:
    """The layout of disbursements, met with a header that has all its columns."""
    context = Context(
        keys=KEYS,
        now=datetime(2026, 11, 23, tzinfo=BANGKOK),
        today=TODAY,
        authorities=frozenset(AUTHORITIES),
        import_file_id=1,
        newest=1,
    )
    layout = disbursements_layout(context)
    return RowConverter(layout, read_header(layout, DISBURSEMENT_COLUMNS))


def one_by_one(converter: RowConverter, rows: Iterator[Row]) -> None:
    """What `RowConverter.chunk` falls back to, for each row."""
    for line, fields in rows:
        try:
            converter.record(line, fields)
        except RefusedError as refused:
            converter.refusal(line, fields, refused)


def microseconds_each(
    source: Source, work: Callable[[RowConverter, Iterator[Row]], object]
) -> float:
    """The processor time that a row takes to be read and worked on, the best of some runs."""
    return min(_once(source, work) for _ in range(ROUNDS)) / COUNT * 1e6


def _once(source: Source, work: Work) -> float:
    bound = converter()
    with open_rows(source) as rows:
        next(rows)
        start = time.process_time()
        while some := list(islice(rows, 1)):
            work(bound, chain(some, islice(rows, ROWS_AT_ONCE)))
        return time.process_time() - start


def in_blocks(source: Source) -> float:
    """The same where rows go by columns to COPY's format, as an import of plain CSV has them."""
    return min(_blocks_once(source) for _ in range(ROUNDS)) / COUNT * 1e6


def _blocks_once(source: Source) -> float:
    bound = converter()
    start = time.process_time()
    with open_blocks(source) as blocks:
        for block in blocks:
            bound.block(block)
    return time.process_time() - start


def hmacs() -> float:
    """The processor time of a row's two digests."""
    numbers = [f"{number:013}" for number in range(COUNT)]
    start = time.process_time()
    KEYS.national_id_hmacs(numbers)
    KEYS.account_hmacs(numbers)
    return (time.process_time() - start) / COUNT * 1e6


def main() -> None:
    """Print the microseconds a row by part."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "disbursements.csv"
        path.write_text(file_of(COUNT), encoding="utf-8", newline="")
        source = examine(path)
        read = microseconds_each(source, lambda _converter, rows: deque(rows, maxlen=0))
        single = microseconds_each(source, one_by_one)
        many = microseconds_each(source, RowConverter.chunk)
        blocks = in_blocks(source)
    digests = min(hmacs() for _ in range(ROUNDS))
    print(f"{COUNT} rows, us each: {many:.2f} read and converted; of that {read:.2f} to read,")
    print(f"{many - read:.2f} to convert, {digests:.2f} of it for two digests")
    print(f"in blocks: {blocks:.2f} read, converted and written for COPY")
    print(f"one by one: {single:.2f} read and converted, {single - read:.2f} to convert")
    if max(many, blocks) > BUDGET_MICROSECONDS:
        raise SystemExit(f"over the budget of {BUDGET_MICROSECONDS} us")


if __name__ == "__main__":
    main()
