"""Commands that run the service, and what one needs to ask it."""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NoReturn

import asyncpg
import click
import uvicorn
from starlette.applications import Starlette

from app import clock
from app.cli.place import moment_of, today_option, with_connection
from app.demo.home import DataDirectory
from app.demo.issuer import ISSUER as DEVELOPMENT_ISSUER
from app.demo.load import DemoSize, load_demo
from app.demo.personas import PERSONAS
from app.demo.service import create_demo
from app.embedded_postgres import embedded_postgres
from app.errors import SettingsError
from app.http.connection import HttpProtocol
from app.main import create_app
from app.migrations.apply import pending
from app.migrations.service_role import (
    refuse_owner,
    refuse_unfit_delivery,
    refuse_unfit_submission,
)
from app.schema import sdl
from app.settings import DeliverySettings, read_delivery, read_place, read_settings
from app.signing_keys import SigningKeys

# More than a request for a thousand entities holds. An answer is no cycle and goes at once, but to
# judge a document not seen before leaves a thousand objects.
_OBJECTS_BETWEEN_SEARCHES = 50_000

# Who keeps a connection is told to let go of it before we do: to ask just as we close it fails. A
# load balancer that is not told holds one for 60 s as a rule.
_KEEP_ALIVE_SECONDS, _KEEP_ALIVE_TOLD_SECONDS = 75, 60


@click.command()
@click.option("--citizens", default=DemoSize.citizens, show_default=True, type=click.IntRange(0))
@click.option("--months", default=DemoSize.months, show_default=True, type=click.IntRange(1, 240))
@click.option("--seed", default=DemoSize.seed, show_default=True, help="Same seed, same people.")
@today_option
def demo(citizens: int, months: int, seed: int, today: date) -> None:
    """Start the whole service with made-up people, to look at and to try."""
    place = read_place()
    _refuse_busy_port("127.0.0.1", place.port)
    home = DataDirectory.open(place.allowances_data_dir)
    with _stopping_cleanly(), embedded_postgres(home.path, owner=True) as dsn:
        size = DemoSize(citizens, months, seed)
        asyncio.run(load_demo(dsn, home, size, today, moment_of(today), click.echo))
        click.echo(_welcome(place.port))
        played = None if today == clock.today() else today
        _run(create_demo(home, dsn, place.port, played), "127.0.0.1", place.port)


def _welcome(port: int) -> str:
    url = f"http://127.0.0.1:{port}/graphql"
    command = _command_as_typed()
    names = "\n".join(f"    {name:<26}{each.description}" for name, each in PERSONAS.items())
    return f"""
allowances is running.

  Open  {url}  in a browser: choose a person, run a screen.
  Or ask from another terminal:

    curl -s {url} -H "Authorization: Bearer $({command} token old-age-receiving)" \\
      -H "Content-Type: application/json" \\
      -d '{{"query":"{{ me {{ givenName entitlements {{ scheme state monthlyAmount }} }} }}"}}'

  People to try:
{names}

  Ctrl-C stops everything.
"""


def _command_as_typed() -> str:
    command = Path(sys.argv[0])
    with contextlib.suppress(ValueError):
        return str(command.relative_to(Path.cwd()))
    return str(command)


@click.command()
@click.option(
    "--trusted-documents",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Run only the .graphql files of this directory, such as app/screens; gateways run any.",
)
@click.option("--deliver", is_flag=True, help="Send notifications to the portal as well.")
def serve(trusted_documents: Path | None, deliver: bool) -> None:
    """Run the service against DATABASE_URL, with real tokens. Refuses to start half configured."""
    settings = read_settings()
    if trusted_documents is not None:
        settings = settings.model_copy(update={"trusted_documents": trusted_documents})
    if settings.token_issuer == DEVELOPMENT_ISSUER:
        raise SettingsError("TOKEN_ISSUER: the development issuer is for the demo alone.")
    asyncio.run(SigningKeys(settings.token_jwks).load())
    asyncio.run(with_connection(settings.database_url, _refuse_unfit))
    if settings.submission_database_url is not None:
        asyncio.run(with_connection(settings.submission_database_url, refuse_unfit_submission))
    delivery = _delivery() if deliver else None
    _refuse_busy_port(settings.host, settings.port)
    app = create_app(settings, delivery=delivery)
    _run(app, settings.host, settings.port, settings.max_body_bytes)


def _delivery() -> DeliverySettings:
    delivery = read_delivery()
    asyncio.run(with_connection(delivery.own_database_url(), refuse_unfit_delivery))
    return delivery


async def _refuse_unfit(connection: asyncpg.Connection) -> None:
    if missing := await pending(connection):
        raise SettingsError(f"The database lacks {', '.join(missing)}: run `allowances migrate`.")
    await refuse_owner(connection)


@click.command()
def schema() -> None:
    """Print the schema (SDL), as schema.graphql holds it."""
    click.echo(sdl(), nl=False)


@click.command()
@click.argument("persona", required=False, type=click.Choice(list(PERSONAS)))
@click.option("--agency", metavar="NAME", help="A token for an agency instead of a person.")
@click.option("--scope", default="", help='What the agency may do, such as "citizen:read".')
@click.option("--purpose", help="What the agency says it reads for.")
def token(persona: str | None, agency: str | None, scope: str, purpose: str | None) -> None:
    """Print a signed token of the demo's own issuer, for PERSONA or for an agency."""
    if (persona is None) == (agency is None):
        raise click.UsageError(f"Give one: a PERSONA ({', '.join(PERSONAS)}), or --agency NAME.")
    if persona is not None and (scope or purpose):
        raise click.UsageError("--scope and --purpose go with --agency.")
    issuer = DataDirectory.open(read_place().allowances_data_dir).issuer()
    if agency is not None:
        click.echo(issuer.agency_token(agency, scope, purpose, clock.now()))
    elif persona is not None:
        click.echo(issuer.citizen_token(PERSONAS[persona].national_id, clock.now()))


def _run(app: Starlette, host: str, port: int, max_message_bytes: int = 1_000_000) -> None:
    _spare_the_collector()
    # At DEBUG it prints what passes it, tokens too.
    logging.getLogger("websockets").setLevel(logging.INFO)
    uvicorn.run(
        app,
        http=HttpProtocol,
        host=host,
        port=port,
        ws_max_size=max_message_bytes,
        log_level="warning",
        access_log=False,  # a URL may hold a query, and a query a person
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        headers=[("Keep-Alive", f"timeout={_KEEP_ALIVE_TOLD_SECONDS}")],
    )


def _spare_the_collector() -> None:
    """What was made at the start stays: no search for cycles needs to pass over it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_SEARCHES)


def _refuse_busy_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise SettingsError(
                f"Port {port} is in use. Stop what uses it, or set PORT to another."
            ) from None


@contextlib.contextmanager
def _stopping_cleanly() -> Iterator[None]:
    """SIGTERM and Ctrl-C both unwind, so that what was started is stopped."""

    def leave(*_: object) -> NoReturn:
        sys.exit(0)

    signal.signal(signal.SIGTERM, leave)
    with contextlib.suppress(KeyboardInterrupt):
        yield
