"""One file into the database, state by state; killed at any of them, it goes on where it stood.

RECEIVED: its rows are read into tables of their own. STAGED: they are checked as a whole. CHECKED:
they are applied in slices, each in a transaction, in the order of the citizens. APPLIED: the
rejects are written. REPORTED: it is done.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from itertools import chain
from pathlib import Path

import asyncpg

from app.clock import BANGKOK
from app.errors import BadInput
from app.ingest import ledger, staging
from app.ingest.context import Context
from app.ingest.conversion import Conversion
from app.ingest.converter import Chunk
from app.ingest.crew import ALONE, Crew
from app.ingest.expected import NOTHING_EXPECTED, Expected
from app.ingest.kinds import KINDS, Kind
from app.ingest.layout import Header, Layout, Record, read_header
from app.ingest.ledger import Entry, ImportState
from app.ingest.rejects_file import rejects_path, remove_rejects, write_rejects
from app.ingest.release import release_waiting
from app.ingest.report import ImportKind, Report
from app.ingest.shelf import Shelf
from app.ingest.slices import Cutter, Slice, side_by_side
from app.ingest.source import Progress, Source, examine, open_blocks, open_rows, rows_of
from app.ingest.sources.rows import Block, Blocks, Parsed
from app.ingest.tables.authorities import known_authorities
from app.ingest.tables.batches import close_batches
from app.ingest.tables.citizens import identify
from app.ingest.tally import released_rows, report_of
from app.notices.telling import BY_DEFAULT, Telling
from app.privacy import PrivacyKeys

__all__ = ["Expected", "ImportKind", "Report", "import_file"]

ROWS_A_SLICE = 50_000

Rows = Iterator[tuple[int, list[str]]]
ShowProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Import:
    """One file on its way."""

    connection: asyncpg.Connection
    kind: ImportKind
    source: Source
    keys: PrivacyKeys
    now: datetime
    expected: Expected
    imported_by: str
    rows_a_slice: int
    progress: ShowProgress | None
    beside: Sequence[asyncpg.Connection]
    telling: Telling
    crew: Crew

    @property
    def tables(self) -> Kind:
        return KINDS[self.kind]


async def import_file(
    connection: asyncpg.Connection,
    kind: ImportKind,
    path: Path,
    *,
    keys: PrivacyKeys,
    now: datetime,
    expected: Expected = NOTHING_EXPECTED,
    imported_by: str = "",
    rows_a_slice: int = ROWS_A_SLICE,
    progress: ShowProgress | None = None,
    beside: Sequence[asyncpg.Connection] = (),
    telling: Telling = BY_DEFAULT,
    crew: Crew = ALONE,
) -> Report:
    """Import a file; `progress` hears bytes done and bytes in all while it is read.

    Rows are converted by the `crew`. Slices are applied side by side on the connection and on those
    `beside` it.

    A row is taken or rejected whole; rejected rows go to a file beside the input. `BadInput` when
    the file as a whole can't be taken, and then nothing of it is. A file whose import was cut off
    is taken up again by importing it again.
    """
    try:
        source = examine(path)
        async with ledger.holding(connection, source.checksum):
            given = connection, kind, source, keys, now, expected, imported_by
            work = _Import(*given, rows_a_slice, progress, beside, telling, crew)
            return await _import(work)
    except BadInput as error:
        raise BadInput(f"{path.name}: {error.message}") from None


async def _import(work: _Import) -> Report:
    connection, source = work.connection, work.source
    entry = await ledger.enter(
        connection, work.kind, source.path.name, source.checksum, work.now, work.imported_by
    )
    shelf = Shelf(work.tables.staged, entry.id)
    try:
        context, header = await _begin(work, entry)
        await _take_up(work, entry, shelf)
        if entry.state is ImportState.RECEIVED:
            await _stage(work, entry, shelf, context, header)
        if entry.state is ImportState.STAGED:
            await _check(work, entry, shelf)
    except BadInput:
        await shelf.drop(connection)
        await ledger.end(connection, entry, ImportState.REFUSED, work.now)
        raise
    if entry.state is ImportState.CHECKED:
        await _apply(work, entry, shelf, context)
    return await _report(work, entry, shelf, context, header)


async def _begin(work: _Import, entry: Entry) -> tuple[Context, Header]:
    context = Context(
        keys=work.keys,
        now=work.now,
        today=work.now.astimezone(BANGKOK).date(),
        authorities=await known_authorities(work.connection),
        import_file_id=entry.id,
        newest=entry.seen_before or entry.id,
        telling=work.telling,
    )
    with open_rows(work.source) as rows:
        header = _header(rows, work.tables.layout(context))
    return replace(context, absent=header.absent), header


def _header(rows: Rows, layout: Layout) -> Header:
    first = next(rows, None)
    if first is None:
        raise BadInput("The file is empty.")
    return read_header(layout, first[1])


async def _take_up(work: _Import, entry: Entry, shelf: Shelf) -> None:
    """Read the file again where the rows that it had staged are lost."""
    if entry.state is ImportState.RECEIVED:
        return
    ordered = entry.state is not ImportState.STAGED
    if not await shelf.rows_left(work.connection, ordered=ordered):
        await ledger.read_again(work.connection, entry)


async def _stage(
    work: _Import, entry: Entry, shelf: Shelf, context: Context, header: Header
) -> None:
    await shelf.create(work.connection)
    layout = work.tables.layout(context)
    places = layout.copy_places(len(shelf.staged.names))
    read, count = Progress(), 0
    conversion = Conversion(work.kind, context, header)
    with open_blocks(work.source, read) as blocks:
        below = chain([_below_header(blocks)], blocks)
        async with aclosing(work.crew.convert(below, conversion)) as chunks:
            async for chunk in chunks:
                await shelf.copy(work.connection, chunk.data, places)
                await shelf.add(work.connection, await _records(work, chunk))
                await shelf.reject(work.connection, chunk.refusals)
                count += chunk.rows
                if work.progress is not None:
                    work.progress(read.done, work.source.size)
    if not count:
        raise BadInput("The file has no rows below its header.")
    await ledger.move(work.connection, entry, ImportState.STAGED)


def _below_header(blocks: Blocks) -> Block:
    """The rest of the block that begins with the header, which is the first row with any text."""
    rows = next(filter(None, (list(rows_of(block)) for block in blocks)), [])
    return Parsed(rows[1:])


async def _records(work: _Import, chunk: Chunk) -> Sequence[Record]:
    """The records of a chunk; those of citizens get their numbers here."""
    if work.kind is not ImportKind.CITIZENS:
        return chunk.records
    return await identify(work.connection, work.keys, chunk.records)


async def _check(work: _Import, entry: Entry, shelf: Shelf) -> None:
    """What only the whole file can tell: control totals, and rows that stand twice."""
    connection = work.connection
    async with connection.transaction():
        await ledger.take_turn(connection)
        await connection.execute(staging.PREPARE)
        await work.expected.refuse_others(connection, shelf)
        if await shelf.order(connection):
            async with shelf.everything(connection):
                await shelf.staged.settle_repeats(connection)
        await staging.keep_tally(connection, entry.id, released=False)
        await ledger.move(connection, entry, ImportState.CHECKED)


async def _apply(work: _Import, entry: Entry, shelf: Shelf, context: Context) -> None:
    connection = work.connection
    async with ledger.applying(connection):
        await ledger.look_again(connection, entry)
        cutter = Cutter(shelf, entry.applied_through, work.rows_a_slice)
        of_all = replace(context, periods=await _prepare(work, shelf))
        apply_next = partial(_apply_slice, work, entry, shelf, of_all, cutter)
        await side_by_side([connection, *work.beside], apply_next)
    async with connection.transaction():
        await ledger.take_turn(connection)
        await connection.execute(staging.PREPARE)
        async with shelf.rejects(connection):
            await staging.tally_rejected(connection)
        await staging.keep_tally(connection, entry.id, released=False)
        await close_batches(connection, context, first_time=entry.seen_before is None)
        report = await report_of(connection, entry.id, work.kind, work.source.path.name)
        await ledger.close(connection, entry, report.counts)


async def _prepare(work: _Import, shelf: Shelf) -> Sequence[date]:
    """Make what all slices need, for none may make it while another waits for it."""
    async with work.connection.transaction(), shelf.everything(work.connection):
        months = await work.tables.prepare(work.connection)
    await work.tables.look_at(work.connection, months)
    return months


async def _apply_slice(
    work: _Import,
    entry: Entry,
    shelf: Shelf,
    context: Context,
    cutter: Cutter,
    lane: asyncpg.Connection,
) -> bool:
    """The next slice, in a transaction of its own; false when none was left."""
    async with lane.transaction():
        await ledger.share_turn(lane, work.connection)
        cut = await cutter.next(lane)
        if cut is None:
            return False
        await lane.execute(staging.PREPARE)
        async with shelf.slice(lane, cut.after, cut.through):
            await work.tables.write(lane, _of_slice(work, context, cut))
        await cut.earlier.wait()
        await staging.keep_tally(lane, entry.id, released=False)
        await ledger.note_slice(lane, entry, cut.through)
    cut.committed.set()
    return True


def _of_slice(work: _Import, context: Context, cut: Slice) -> Context:
    citizens = cut.citizens if work.tables.staged.by_citizen else None
    return replace(context, citizens=citizens, earlier=cut.earlier.wait)


async def _report(
    work: _Import, entry: Entry, shelf: Shelf, context: Context, header: Header
) -> Report:
    connection = work.connection
    report = await report_of(connection, entry.id, work.kind, work.source.path.name)
    rejects_file = await _leave_rejects(work, shelf, header, report)
    async with connection.transaction():
        if work.kind is ImportKind.CITIZENS:
            await ledger.take_turn(connection)
            await connection.execute(staging.PREPARE)
            await release_waiting(connection, context)
        await ledger.end(connection, entry, ImportState.REPORTED, work.now)
        await shelf.drop(connection)
    released = await released_rows(connection, entry.id)
    unknown = list(header.unknown)
    return replace(report, released=released, rejects_file=rejects_file, unknown_columns=unknown)


async def _leave_rejects(
    work: _Import, shelf: Shelf, header: Header, report: Report
) -> Path | None:
    path = rejects_path(work.source.path)
    if not report.rejected:
        remove_rejects(path)
        return None
    async with work.connection.transaction(), shelf.rejects(work.connection):
        await write_rejects(work.connection, work.source, header, path)
    return path
