"""The group of all commands: errors are sentences, never a traceback."""

import socket
from typing import Any

import asyncpg
import click

from app.errors import AllowancesError


class Group(click.Group):
    """Says what was wrong to the person at the keyboard, and leaves with status 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AllowancesError as error:
            raise click.ClickException(str(error)) from None
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
