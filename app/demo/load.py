"""Fills the demo's database from generated files, by the importer a real month would use."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime

import asyncpg

from app.demo.files import DemoFiles, generate
from app.demo.home import DataDirectory
from app.errors import BadInput
from app.ingest.importer import ImportKind, import_file
from app.migrations.apply import migrate
from app.migrations.service_role import make_service_logins
from app.notices.daily import run_daily
from app.notices.making import Moment
from app.notices.telling import BY_DEFAULT
from app.rules.rule_book import shipped_rule_book


@dataclass(frozen=True)
class DemoSize:
    """How many people, how many months, and the seed that they grow from."""

    citizens: int = 500
    months: int = 24
    seed: int = 1


async def load_demo(
    dsn: str,
    home: DataDirectory,
    size: DemoSize,
    today: date,
    now: datetime,
    say: Callable[[str], None],
) -> None:
    """Migrate, and import the files of `today` unless they are loaded already.

    The states of the personas follow the day, so a start on another day imports again; what did
    not change stays as it is.
    """
    connection = await asyncpg.connect(dsn)
    try:
        await migrate(connection)
        await make_service_logins(connection)
        wanted = json.dumps({**asdict(size), "today": today.isoformat()})
        loaded = home.marker.read_text(encoding="utf-8") if home.marker.exists() else None
        if loaded == wanted:
            return
        _refuse_an_earlier_day(home, loaded, today)
        say(f"Loading {size.citizens} people and {size.months} months of payments.")
        files = generate(
            home.files,
            citizens=size.citizens,
            months=size.months,
            seed=size.seed,
            today=today,
        )
        await _import_all(connection, home, files, now)
        home.marker.write_text(wanted, encoding="utf-8")
    finally:
        await connection.close()


def _refuse_an_earlier_day(home: DataDirectory, loaded: str | None, today: date) -> None:
    day = json.loads(loaded)["today"] if loaded is not None else today.isoformat()
    if day > today.isoformat():
        raise BadInput(
            f"The demo's data are of {day}, which lies ahead. Go on from there with "
            f"`--today {day}`, or remove {home.path} to start afresh."
        )


async def _import_all(
    connection: asyncpg.Connection, home: DataDirectory, files: DemoFiles, now: datetime
) -> None:
    steps = [
        (ImportKind.AUTHORITIES, [files.authorities]),
        (ImportKind.CITIZENS, [files.citizens]),
        (ImportKind.REGISTRATIONS, [files.registrations]),
        (ImportKind.DISBURSEMENTS, list(files.disbursements)),
    ]
    keys = home.keys()
    for kind, paths in steps:
        for path in paths:
            await import_file(connection, kind, path, keys=keys, now=now)
    await run_daily(connection, Moment(now, BY_DEFAULT), shipped_rule_book())
