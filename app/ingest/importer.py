"""One file into the database, in one transaction: either all of it happened, or nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

import asyncpg

from app.clock import BANGKOK
from app.errors import BadInput
from app.ingest import ledger, staging
from app.ingest.context import Context
from app.ingest.converter import RowConverter
from app.ingest.kinds import KINDS, Kind
from app.ingest.layout import Header, Layout, read_header
from app.ingest.rejects_file import rejects_path, remove_rejects, write_rejects
from app.ingest.release import release_waiting
from app.ingest.report import AuthorityTotals, ImportKind, Report
from app.ingest.source import Progress, Source, examine, open_rows
from app.ingest.tables.authorities import known_authorities
from app.ingest.tables.citizens import identify
from app.privacy import PrivacyKeys

__all__ = ["ImportKind", "Report", "import_file"]

_ROWS_AT_ONCE = 10_000

Rows = Iterator[tuple[int, list[str]]]
ShowProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Staging:
    """Where the rows of one file go while it is read."""

    connection: asyncpg.Connection
    kind: Kind
    context: Context
    converter: RowConverter


async def import_file(
    connection: asyncpg.Connection,
    kind: ImportKind,
    path: Path,
    *,
    keys: PrivacyKeys,
    now: datetime,
    progress: ShowProgress | None = None,
) -> Report:
    """Import a CSV file (plain or gzip); `progress` hears bytes done and bytes in all.

    A row is taken or rejected whole; rejected rows go to a file beside the input. `BadInput` when
    the file as a whole can't be taken, and then nothing changed. Waits while another import works.
    """
    try:
        source = examine(path)
        async with connection.transaction():
            return await _import(connection, kind, source, keys, now, progress)
    except BadInput as error:
        raise BadInput(f"{path.name}: {error.message}") from None


async def _import(
    connection: asyncpg.Connection,
    kind: ImportKind,
    source: Source,
    keys: PrivacyKeys,
    now: datetime,
    progress: ShowProgress | None,
) -> Report:
    context = await _begin(connection, kind, source, keys, now)
    header, rows = await _stage_file(connection, KINDS[kind], context, source, progress)
    context = replace(context, absent=header.absent)
    await KINDS[kind].staged.settle_repeats(connection)
    await staging.tally_rejected(connection)
    await KINDS[kind].write(connection, context)
    report = await _report(connection, kind, source, header, rows)
    await ledger.close(
        connection,
        context.import_file_id,
        report.rows,
        report.accepted,
        report.rejected,
        report.unchanged,
        report.waiting,
    )
    rejects_file = await _leave_rejects(connection, source, header, report)
    released = await release_waiting(connection, context) if kind is ImportKind.CITIZENS else 0
    return replace(report, released=released, rejects_file=rejects_file)


async def _begin(
    connection: asyncpg.Connection,
    kind: ImportKind,
    source: Source,
    keys: PrivacyKeys,
    now: datetime,
) -> Context:
    await ledger.take_turn(connection)
    await connection.execute(staging.PREPARE)
    seen_before = await ledger.seen_before(connection, kind, source.checksum)
    return Context(
        keys=keys,
        now=now,
        today=now.astimezone(BANGKOK).date(),
        authorities=await known_authorities(connection),
        import_file_id=await ledger.begin(connection, kind, source.path.name, source.checksum, now),
        seen_before=seen_before,
    )


async def _stage_file(
    connection: asyncpg.Connection,
    kind: Kind,
    context: Context,
    source: Source,
    progress: ShowProgress | None,
) -> tuple[Header, int]:
    layout = kind.layout(context)
    await kind.staged.create(connection)
    read, count = Progress(), 0
    with open_rows(source, read) as rows:
        header = _header(rows, layout)
        target = _Staging(connection, kind, context, RowConverter(layout, header))
        while staged := await _stage(target, islice(rows, _ROWS_AT_ONCE)):
            count += staged
            if progress is not None:
                progress(read.done, source.size)
    if not count:
        raise BadInput("The file has no rows below its header.")
    return header, count


def _header(rows: Rows, layout: Layout) -> Header:
    first = next(rows, None)
    if first is None:
        raise BadInput("The file is empty.")
    return read_header(layout, first[1])


async def _stage(target: _Staging, rows: Rows) -> int:
    records, refusals = target.converter.chunk(rows)
    count = len(records) + len(refusals)
    if target.kind is KINDS[ImportKind.CITIZENS]:
        records = await identify(target.connection, target.context.keys, records)
    await target.kind.staged.copy(target.connection, records)
    if refusals:
        await staging.reject(target.connection, refusals)
    return count


async def _report(
    connection: asyncpg.Connection, kind: ImportKind, source: Source, header: Header, rows: int
) -> Report:
    by_authority = [
        AuthorityTotals(*row) for row in await staging.totals(connection, "local_authority_code")
    ]
    return Report(
        kind=kind,
        file_name=source.path.name,
        rows=rows,
        accepted=sum(totals.accepted for totals in by_authority),
        rejected=sum(totals.rejected for totals in by_authority),
        unchanged=sum(totals.unchanged for totals in by_authority),
        waiting=sum(totals.waiting for totals in by_authority),
        amount_satang=sum(totals.amount_satang for totals in by_authority),
        by_authority=[] if kind is ImportKind.AUTHORITIES else by_authority,
        unknown_columns=list(header.unknown),
    )


async def _leave_rejects(
    connection: asyncpg.Connection, source: Source, header: Header, report: Report
) -> Path | None:
    path = rejects_path(source.path)
    if not report.rejected:
        remove_rejects(path)
        return None
    await write_rejects(connection, source, header, path)
    return path
