"""The command of the daily run."""

import asyncio
from datetime import date

import asyncpg
import click

from app.cli.place import database, moment_of, rule_book, today_option, with_connection
from app.notices.daily import Told, run_daily
from app.notices.making import Moment
from app.settings import read_place, read_telling


@click.command()
@today_option
def notify(today: date) -> None:
    """Tell citizens what the day asks for: to register, a card that expires, a month that is late.

    For once a day. It may run twice, at any hour, and on several machines at once: nobody is told
    twice.
    """
    place, moment = read_place(), Moment(moment_of(today), read_telling())

    async def run(connection: asyncpg.Connection) -> Told:
        return await run_daily(connection, moment, await rule_book(connection, place))

    with database(place) as dsn:
        told = asyncio.run(with_connection(dsn, run))
    for kind, count in told.made.items():
        click.echo(f"{kind:<20} {count:>12,}")
    click.echo(f"{sum(told.made.values()):,} notifications made, {told.withdrawn:,} withdrawn.")
