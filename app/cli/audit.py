"""Commands for auditors: are the access records whole?"""

import asyncio
from dataclasses import dataclass

import asyncpg
import click

from app.access_chain import ChainCheck, Head
from app.cli.place import database, with_connection
from app.errors import BadInput, SettingsError
from app.migrations.apply import pending
from app.settings import read_place
from loaders.access_chain import batches_with_records, records_without_batch

_SHOWN = 100  # findings; a chain torn up tells no more by its thousandth


@dataclass(slots=True)
class Verdict:
    """What walking the chain found."""

    findings: list[str]
    batches: int
    records: int
    head: Head


@click.group()
def audit() -> None:
    """Look over the record of who read whose data."""


def _head(_context: object, _parameter: object, value: str | None) -> Head | None:
    try:
        return None if value is None else Head.read(value)
    except BadInput as error:
        raise click.BadParameter(error.message) from None


@audit.command()
@click.option(
    "--expect-head",
    metavar="NUMBER:HASH",
    callback=_head,
    help="The head that an earlier run printed: finds an end cut off, and a chain made anew.",
)
@click.pass_context
def verify(context: click.Context, expect_head: Head | None) -> None:
    """Find access records that were altered, removed or put in another order; then status 1.

    Records removed from the end leave no trace in what remains: note the head that this prints
    where the database's owner can not reach it, and give it to the next run.
    """
    with database(read_place()) as dsn:
        verdict = asyncio.run(with_connection(dsn, lambda c: verdict_on(c, expect_head)))
    for finding in verdict.findings[:_SHOWN]:
        click.echo(finding)
    if unshown := len(verdict.findings) - _SHOWN:
        click.echo(f"... and {unshown:,} more.") if unshown > 0 else None
    click.echo(f"{verdict.batches:,} requests, {verdict.records:,} records of people read.")
    if verdict.findings:
        click.echo("THE ACCESS RECORDS ARE NOT WHOLE.")
        context.exit(1)
    click.echo(f"Nothing altered, missing or out of order. Head: {verdict.head}")


async def verdict_on(connection: asyncpg.Connection, expected: Head | None) -> Verdict:
    """Walk the whole chain on one snapshot; writers need not wait."""
    if missing := await pending(connection):
        raise SettingsError(f"The database lacks {', '.join(missing)}: run `allowances migrate`.")
    check, verdict = ChainCheck(expected), Verdict([], 0, 0, Head(0, b""))
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        async for batch, records in batches_with_records(connection):
            verdict.findings.extend(check.batch(batch, records))
            verdict.batches += 1
            verdict.records += len(records)
        verdict.findings.extend(check.end())
        for seq, count in await records_without_batch(connection):
            verdict.findings.append(f"Batch {seq} is missing, though {count} of its records stand.")
    verdict.head = check.head
    return verdict
