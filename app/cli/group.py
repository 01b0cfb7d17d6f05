"""The group of all commands: errors are sentences, never a traceback."""

import socket
from importlib import import_module
from typing import Any

import asyncpg
import click

from app.errors import AllowancesError

_COMMANDS = {
    "audit": "app.cli.audit:audit",
    "batches": "app.cli.batches:batches",
    "check": "app.cli.check:check",
    "deliver": "app.cli.deliver:deliver",
    "demo": "app.cli.service:demo",
    "explain": "app.cli.check:explain",
    "generate": "app.cli.data:generate",
    "import": "app.cli.import_files:import_",
    "migrate": "app.cli.data:migrate",
    "notify": "app.cli.notify:notify",
    "outbox": "app.cli.deliver:outbox",
    "rotate-keys": "app.cli.keys:rotate_keys",
    "rules": "app.cli.data:rules",
    "schema": "app.cli.service:schema",
    "serve": "app.cli.service:serve",
    "token": "app.cli.service:token",
}


class Group(click.Group):
    """Says what was wrong to the person at the keyboard, and leaves with status 1.

    A command's module is imported when it is asked for: all of them take a second.
    """

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AllowancesError as error:
            raise click.ClickException(str(error)) from None
        except BrokenPipeError:  # whoever reads has read enough; click leaves quietly
            raise
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise click.ClickException(_sentence(error)) from None


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}."
    for kind, what in _DATABASE.items():
        if isinstance(error, kind):
            return f"The database {what}. Check DATABASE_URL."
    return "The database can not be used. Check DATABASE_URL."


_DATABASE: dict[type[Exception], str] = {
    asyncpg.ClientConfigurationError: "has no valid address",
    ConnectionRefusedError: "refuses connections at its address",
    socket.gaierror: "has a host that is not found",
    TimeoutError: "does not answer in time",
    asyncpg.InvalidAuthorizationSpecificationError: "does not let this user in",
    asyncpg.InvalidCatalogNameError: "does not exist under this name",
}


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Thailand's old-age and disability allowances as a GraphQL federation subgraph.

    New here? `allowances demo` starts everything with made-up people. Every command without
    DATABASE_URL uses the database embedded in the data directory (ALLOWANCES_DATA_DIR, by default
    .allowances in the current directory), also while the demo runs on it.
    """
