"""Rows that stand several times in one file."""

from pathlib import Path

from tests.ingest.office import Office, disbursement, reasons, rejects

TALKATIVE = {
    "log_min_messages": "warning",
    "log_error_verbosity": "default",
    "min_parallel_table_scan_size": "0",
}


async def test_repeated_rows(office: Office) -> None:
    await office.open(2)
    report = await office.disbursements(
        disbursement(1),
        disbursement(2),
        disbursement(1, amount="600"),
        disbursement(2, amount="700"),
    )
    assert (report.accepted, report.unchanged, report.rejected) == (1, 1, 2)
    assert report.amount_satang == 600_00
    assert reasons(report) == [
        (3, "national_id", "CONFLICTING_DUPLICATE"),
        (5, "national_id", "CONFLICTING_DUPLICATE"),
    ]
    assert [row["reason"].split("line ")[1][0] for row in rejects(report)] == ["5", "3"]
    assert await office.value("select amount_satang from payment") == 600_00


async def test_a_file_that_stands_twice_in_itself(office: Office) -> None:
    """Settled in one pass: compared pair by pair, so many repeats would take minutes."""
    await office.open(1)
    rows = [disbursement(number) for number in range(1, 10_001)]
    report = await office.disbursements(*rows, *rows, *rows[:2], disbursement(3, amount="700"))
    assert report.counts == (20_003, 1, 3, 10_001, 9_998)
    told = {row["reason"].partition(";")[0].partition("line ")[2] for row in rejects(report)}
    assert told == {"10004, 20004", "4, 20004", "4, 10004"}


async def test_the_servers_log_tells_nothing_of_repeated_rows(office: Office) -> None:
    """Neither where the server logs more than ours, and builds indexes by parallel workers."""
    await office.open(1)
    log = (
        Path(await office.value("select current_setting('data_directory')")).parent / "postgres.log"
    )
    before = len(log.read_bytes())
    for setting, value in TALKATIVE.items():
        await office.connection.execute("select set_config($1, $2, false)", setting, value)
    report = await office.disbursements(*(disbursement() for _ in range(20_000)))
    assert report.unchanged == 19_999
    await office.connection.execute("do $$ begin raise warning 'Read so far.'; end $$")
    told = log.read_bytes()[before:].decode()
    assert "Read so far." in told
    assert "duplicate" not in told
    assert "slice_key" not in told
