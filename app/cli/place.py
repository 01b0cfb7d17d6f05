"""Where a command finds its database and its keys, and which day it acts on."""

import contextlib
import os
import pwd
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, datetime, time
from typing import TypeVar

import asyncpg
import click

from app import clock
from app.demo.home import DataDirectory
from app.embedded_postgres import embedded_postgres
from app.errors import SettingsError
from app.ingest.rule_tables import rule_tables_in_force
from app.migrations.apply import migrate, pending
from app.privacy import PrivacyKeys
from app.rules.rule_book import RuleBook
from app.rules.rule_tables import rule_book_of
from app.settings import Place, read_privacy_keys

Result = TypeVar("Result")

today_option = click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    callback=lambda _context, _parameter, value: value.date() if value else clock.today(),
    help="Act as if it were this day (YYYY-MM-DD); by default today in Bangkok.",
)


def moment_of(today: date) -> datetime:
    """Now, or the evening of another day that one acts on."""
    now = clock.now()
    return now if today == now.date() else datetime.combine(today, time(20), clock.BANGKOK)


@contextlib.contextmanager
def database(place: Place) -> Iterator[str]:
    """The named database, or the embedded one, started if need be."""
    if place.database_url:
        yield place.database_url
    else:
        with embedded_postgres(DataDirectory.open(place.allowances_data_dir).path) as dsn:
            yield dsn


def privacy_keys(place: Place) -> PrivacyKeys:
    """The keys of the named database from the environment, else those of the data directory."""
    if place.database_url:
        return read_privacy_keys()
    return DataDirectory.open(place.allowances_data_dir).keys()


def system_user() -> str:
    """Who is at the keyboard, as the system knows them; for the ledger."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


async def up_to_date(connection: asyncpg.Connection, place: Place) -> None:
    """Migrate the embedded database; refuse a named one that lacks a migration.

    A look at a named database must not change it: `allowances migrate` does, when it is asked to.
    """
    if not place.database_url:
        await migrate(connection)
    elif missing := await pending(connection):
        raise SettingsError(f"The database lacks {', '.join(missing)}: run `allowances migrate`.")


async def rule_book(connection: asyncpg.Connection, place: Place) -> RuleBook:
    """The rules in force in a database that is up to date."""
    await up_to_date(connection, place)
    return rule_book_of(await rule_tables_in_force(connection.fetch))


async def with_connection(
    dsn: str,
    act: Callable[[asyncpg.Connection], Awaitable[Result]],
    settings: dict[str, str] | None = None,
) -> Result:
    """Do something on one connection, with these settings of the server, and close it."""
    connection = await asyncpg.connect(dsn, server_settings=settings)
    try:
        return await act(connection)
    finally:
        await connection.close()
