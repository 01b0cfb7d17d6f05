"""The office again: what it imports is told, and services over its database show it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from starlette.applications import Starlette
from websockets.asyncio.client import connect

from app.clock import BANGKOK
from app.demo.home import DataDirectory
from app.demo.issuer import TOKEN_LIFETIME
from app.demo.service import create_demo
from app.migrations.service_role import make_service_logins
from app.service import Service
from tests.callers import signed
from tests.http.conftest import served
from tests.ingest.conftest import office
from tests.ingest.office import Office, national_id

__all__ = ["office"]


@dataclass
class Town:
    """A running service over the office's database, and the tokens of its citizens."""

    url: str
    app: Starlette
    home: DataDirectory

    @property
    def service(self) -> Service:
        running: Service = self.app.state.service
        return running

    def citizen(self, number: int = 1, expires_in: timedelta = TOKEN_LIFETIME) -> str:
        now = datetime.now(BANGKOK) - TOKEN_LIFETIME + expires_in
        return self.home.issuer().citizen_token(national_id(number), now)

    def portal_citizen(self, number: int, user_id: object) -> str:
        return signed(self.home.issuer(), pid=national_id(number), user_id=user_id)

    def agency(self, scope: str) -> str:
        now = datetime.now(BANGKOK)
        return self.home.issuer().agency_token("agency", scope, "audit of payments", now)

    def connect(self, **named: Any) -> connect:
        address = self.url.replace("http://", "ws://") + "/graphql"
        return connect(address, subprotocols=["graphql-transport-ws"], **named)  # type: ignore[list-item]


Open = Callable[..., AbstractAsyncContextManager[Town]]


@pytest.fixture
async def home_office(
    connection: asyncpg.Connection, home: DataDirectory, tmp_path: Path
) -> Office:
    """A register of four citizens, and the logins of the service."""
    await make_service_logins(connection)
    made = Office(connection, home.keys(), tmp_path)
    await made.open(4)
    return made


@pytest.fixture
def town(database_url: str, home: DataDirectory, home_office: Office) -> Open:
    """Opens one more process, as it were, over the office's database."""
    assert home_office

    @asynccontextmanager
    async def open_one(**changed: Any) -> AsyncIterator[Town]:
        app = create_demo(home, database_url, 8000, reference_refresh_seconds=3600, **changed)
        async with served(app) as url:
            yield Town(url, app, home)

    return open_one
