"""Commands about data at rest: migrations, rule tables, and made-up files."""

import asyncio
import csv
import sys
from datetime import date
from pathlib import Path

import asyncpg
import click

from app.cli.place import database, today_option, up_to_date, with_connection
from app.demo.files import generate as generate_files
from app.demo.load import DemoSize
from app.ingest.rule_tables import rule_tables_in_force
from app.migrations.apply import migrate as apply_migrations
from app.rules.rule_book import shipped_rows
from app.rules.rule_tables import RULE_TABLES
from app.rules.tables import NumberedRow
from app.settings import read_place


@click.command()
def migrate() -> None:
    """Bring the database up to date. Safe to run twice, and by two at once."""
    with database(read_place()) as dsn:
        applied = asyncio.run(with_connection(dsn, apply_migrations))
    for name in applied:
        click.echo(f"applied {name}")
    click.echo("The database is up to date.")


@click.command()
@click.argument("table", type=click.Choice(RULE_TABLES))
def rules(table: str) -> None:
    """Print a table of dated rules as it is in force, as CSV, to change and import again."""

    place = read_place()

    async def loaded(connection: asyncpg.Connection) -> dict[str, list[NumberedRow]]:
        await up_to_date(connection, place)
        return await rule_tables_in_force(connection.fetch)

    with database(place) as dsn:
        rows = asyncio.run(with_connection(dsn, loaded)).get(table) or shipped_rows(table)
    writer = csv.DictWriter(sys.stdout, list(rows[0][1]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(cells for _line, cells in rows)


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--citizens", default=DemoSize.citizens, show_default=True, type=click.IntRange(0))
@click.option("--months", default=DemoSize.months, show_default=True, type=click.IntRange(1, 240))
@click.option("--seed", default=DemoSize.seed, show_default=True, help="Same seed, same bytes.")
@today_option
def generate(directory: Path, citizens: int, months: int, seed: int, today: date) -> None:
    """Write demo files of any size into DIRECTORY, ready for `allowances import`."""
    files = generate_files(directory, citizens=citizens, months=months, seed=seed, today=today)
    for path in (files.authorities, files.citizens, files.registrations, *files.disbursements):
        click.echo(path)
