"""The command that brings files in."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import asyncpg
import click

from app import clock
from app.cli.place import database, privacy_keys, system_user, up_to_date, with_connection
from app.errors import BadInput
from app.ingest.crew import Crew, crew_for
from app.ingest.fields import read_amount
from app.ingest.importer import ROWS_A_SLICE, Expected, ImportKind, import_file
from app.ingest.refusals import RefusedError
from app.ingest.report_file import check_report_path, write_report
from app.ingest.rule_tables import import_rule_table
from app.notices.telling import Telling
from app.privacy import PrivacyKeys
from app.rules.rule_tables import RULE_TABLES
from app.settings import Place, read_place, read_telling

Act = Callable[[asyncpg.Connection, asyncpg.Connection], Awaitable[int]]
ActWith = Callable[[Crew, asyncpg.Connection, asyncpg.Connection], Awaitable[int]]

_SOME_REJECTED = 3
_ROOM_FOR_A_SLICE = {"temp_buffers": "64MB"}  # else its temporary tables are written to disk
_KINDS = [kind.value.lower() for kind in ImportKind]
_FILE = click.Path(dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class _Options:
    """What goes with a file of rows."""

    expected: Expected
    reports: Sequence[Path]
    rows_a_slice: int
    keys: PrivacyKeys = field(repr=False)
    telling: Telling


@click.command("import")
@click.argument("kind", type=click.Choice([*_KINDS, *RULE_TABLES]))
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--expect-rows", type=click.IntRange(0), help="Rows that the sender counted.")
@click.option("--expect-amount", metavar="BAHT", help="What the sender's rows add up to: 600.00")
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=_FILE,
    help="Write the report by local authority to this .json or .csv file too.",
)
@click.option(
    "--rows-a-slice", default=ROWS_A_SLICE, show_default=True, type=click.IntRange(1),
    help="Rows that are applied in one transaction.",
)  # fmt: skip
def import_(
    kind: str,
    files: tuple[Path, ...],
    expect_rows: int | None,
    expect_amount: str | None,
    reports: tuple[Path, ...],
    rows_a_slice: int,
) -> None:
    """Load FILES of one KIND; rows that can't be taken go to a file of rejects beside each.

    Loading the same file twice changes nothing; a corrected file changes what it corrects. A file
    of a rule table (rates, holidays and so on) is the whole table: `allowances rules` prints the
    one in force, to start from. Leaves with status 3 where rows were rejected.

    What --expect-rows and --expect-amount say has to be so, or nothing of the file is applied. An
    import that was cut off goes on where it stood when the same file is imported again.
    """
    expected = Expected(expect_rows, _satang(expect_amount))
    _refuse_misplaced(kind, files, expected, reports)
    place = read_place()
    if kind in RULE_TABLES:
        act: ActWith = partial(_import_rule_tables, kind, files, place)
    else:
        keys, telling = privacy_keys(place), read_telling()
        options = _Options(expected, reports, rows_a_slice, keys, telling)
        act = partial(_import_all, ImportKind(kind.upper()), files, place, options)
    with crew_for(files) as crew, database(place) as dsn:
        rejected = asyncio.run(_with_two_connections(dsn, partial(act, crew)))
    if rejected:
        sys.exit(_SOME_REJECTED)


async def _with_two_connections(dsn: str, act: Act) -> int:
    async def with_first(first: asyncpg.Connection) -> int:
        return await with_connection(dsn, lambda second: act(first, second), _ROOM_FOR_A_SLICE)

    return await with_connection(dsn, with_first, _ROOM_FOR_A_SLICE)


def _satang(text: str | None) -> int | None:
    try:
        return None if text is None else read_amount(text, most=None)
    except RefusedError as refused:
        raise BadInput(f"--expect-amount: {refused.sentence}") from None


def _refuse_misplaced(
    kind: str, files: Sequence[Path], expected: Expected, reports: Sequence[Path]
) -> None:
    asked = expected != Expected() or reports
    if asked and (kind in RULE_TABLES or len(files) > 1):
        raise click.UsageError(
            "--expect-rows, --expect-amount and --report go with one file of rows."
        )
    if expected.amount_satang is not None and kind != ImportKind.DISBURSEMENTS.value.lower():
        raise click.UsageError("--expect-amount goes with disbursements.")
    for path in reports:
        check_report_path(path)


async def _import_rule_tables(
    table: str,
    files: Sequence[Path],
    place: Place,
    _crew: Crew,
    connection: asyncpg.Connection,
    _beside: asyncpg.Connection,
) -> int:
    await up_to_date(connection, place)
    for file in files:
        report = await import_rule_table(connection, table, file, clock.now())
        click.echo("\n".join(report.lines()))
    return 0


async def _import_all(
    kind: ImportKind,
    files: Sequence[Path],
    place: Place,
    options: _Options,
    crew: Crew,
    connection: asyncpg.Connection,
    beside: asyncpg.Connection,
) -> int:
    """How many rows were rejected in all."""
    await up_to_date(connection, place)
    return sum([await _import(connection, beside, crew, kind, file, options) for file in files])


async def _import(
    connection: asyncpg.Connection,
    beside: asyncpg.Connection,
    crew: Crew,
    kind: ImportKind,
    file: Path,
    options: _Options,
) -> int:
    with click.progressbar(length=1, label=f"{kind.value.lower()} {file.name}") as bar:

        def show(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        report = await import_file(
            connection,
            kind,
            file,
            keys=options.keys,
            now=clock.now(),
            expected=options.expected,
            imported_by=system_user(),
            rows_a_slice=options.rows_a_slice,
            progress=show,
            beside=[beside],
            telling=options.telling,
            crew=crew,
        )
    for line in report.lines():
        click.echo(line)
    for path in options.reports:
        write_report(report, path)
    return report.rejected
