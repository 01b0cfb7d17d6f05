"""Commands for batches: which there are, what one did, and taking one back."""

import asyncio
from collections.abc import Iterator

import asyncpg
import click

from app import clock
from app.baht import baht_text
from app.cli.place import database, system_user, up_to_date, with_connection
from app.errors import BadInput
from app.ingest.reverting import revert_batch
from app.rules.calendar import YearMonth, format_year_month, parse_year_month
from app.rules.vocabulary import Scheme
from app.settings import read_place, read_telling
from loaders.batch_ledger import (
    BatchSummary,
    authorities_of,
    batch_by_id,
    newest_batches,
    replaced_by,
    unfinished_files,
)

_SCHEMES = click.Choice([scheme.value for scheme in Scheme], case_sensitive=False)


@click.group()
def batches() -> None:
    """What each file brought for each scheme and month; the newest first."""


@batches.command("list")
@click.option("--period", metavar="YYYY-MM", help="Of this month alone.")
@click.option("--scheme", type=_SCHEMES, help="Of this scheme alone.")
@click.option("--most", default=20, show_default=True, type=click.IntRange(1))
def list_batches(period: str | None, scheme: str | None, most: int) -> None:
    """List batches, and files whose import was cut off."""
    place = read_place()
    month = None if period is None else _month(period)
    of = None if scheme is None else Scheme(scheme.upper())

    async def read(connection: asyncpg.Connection) -> list[str]:
        await up_to_date(connection, place)
        found = await newest_batches(connection, month, of, most)
        return [*map(_line, found), *await _unfinished(connection)]

    with database(place) as dsn:
        lines = asyncio.run(with_connection(dsn, read))
    click.echo("\n".join(lines or ["There are no batches."]))


@batches.command("show")
@click.argument("batch_id", metavar="ID", type=click.IntRange(1))
def show_batch(batch_id: int) -> None:
    """Tell what a batch did, by local authority."""
    place = read_place()

    async def read(connection: asyncpg.Connection) -> list[str]:
        await up_to_date(connection, place)
        batch = await batch_by_id(connection, batch_id)
        if batch is None:
            raise BadInput(f"There is no batch {batch_id}. `allowances batches list` shows them.")
        replaced = await replaced_by(connection, batch_id)
        return [_line(batch), *_origin(batch, replaced), *await _by_authority(connection, batch_id)]

    with database(place) as dsn:
        click.echo("\n".join(asyncio.run(with_connection(dsn, read))))


@batches.command("revert")
@click.argument("batch_id", metavar="ID", type=click.IntRange(1))
@click.confirmation_option(prompt="Take this batch back, all of its payments?")
def revert(batch_id: int) -> None:
    """Take a batch back: what it replaced stands again, what it brought is taken away."""
    place, telling = read_place(), read_telling()

    async def undo(connection: asyncpg.Connection) -> str:
        await up_to_date(connection, place)
        done = await revert_batch(
            connection, batch_id, reverted_by=system_user(), now=clock.now(), telling=telling
        )
        return (
            f"Batch {batch_id} is reverted by batch {done.batch_id}: {done.restored:,} payments "
            f"stand as before, {done.removed:,} are taken away."
        )

    with database(place) as dsn:
        click.echo(asyncio.run(with_connection(dsn, undo)))


def _month(text: str) -> YearMonth:
    try:
        return parse_year_month(text)
    except ValueError as error:
        raise BadInput(f"--period: {error}") from None


def _line(batch: BatchSummary) -> str:
    month, scheme = format_year_month(batch.period), batch.scheme.value
    reverted = f", reverted by {batch.reverted_by}" if batch.reverted_by else ""
    reverts = f", reverts {batch.reverts}" if batch.reverts else ""
    return (
        f"{batch.id}: {scheme} {month} version {batch.version} {batch.status}{reverted}{reverts}: "
        f"{batch.rows:,} rows, {batch.accepted:,} accepted, {batch.rejected:,} rejected, "
        f"{batch.unchanged:,} unchanged, {batch.waiting:,} waiting, "
        f"{baht_text(batch.amount_satang)} baht"
    )


def _origin(batch: BatchSummary, replaced: int) -> Iterator[str]:
    who = f" by {batch.imported_by}" if batch.imported_by else ""
    yield f"  from {batch.file_name}, received {batch.received_at:%Y-%m-%d %H:%M}{who}"
    yield f"  replaced or took away {replaced:,} payments; what stood is in payment_history"


async def _by_authority(connection: asyncpg.Connection, batch_id: int) -> list[str]:
    return [
        f"  {row['local_authority_code'] or 'no code'}: {row['rows']:,} rows, "
        f"{row['accepted']:,} accepted, {row['rejected']:,} rejected, "
        f"{baht_text(row['amount_satang'])} baht"
        for row in await authorities_of(connection, batch_id)
    ]


async def _unfinished(connection: asyncpg.Connection) -> list[str]:
    return [
        f"unfinished: {row['name']} ({row['kind'].lower()}, {row['state']}): import it again"
        for row in await unfinished_files(connection)
    ]
