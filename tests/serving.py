"""The service again, with limits of a test's own choice, and a clean way to ask it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import httpx
import pytest
from starlette.applications import Starlette

from app.clock import BANGKOK
from app.demo.home import DataDirectory
from app.demo.personas import PERSONAS
from app.main import create_app
from app.service import Service
from app.settings import Settings


@dataclass
class Caller:
    """Asks one application over ASGI."""

    http: httpx.AsyncClient
    app: Starlette
    home: DataDirectory

    @property
    def service(self) -> Service:
        running: Service = self.app.state.service
        return running

    def citizen(self, persona: str = "both") -> str:
        national_id = PERSONAS[persona].national_id
        return self.home.issuer().citizen_token(national_id, datetime.now(BANGKOK))

    def agency(self, client_id: str, scope: str = "citizen:read entitlement:read") -> str:
        now = datetime.now(BANGKOK)
        return self.home.issuer().agency_token(client_id, scope, "audit of payments", now)

    async def post(
        self, body: dict[str, Any], token: str | None = None, gateway: str | None = None
    ) -> httpx.Response:
        headers = {}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if gateway is not None:
            headers["X-Gateway-Authorization"] = f"Bearer {gateway}"
        return await self.http.post("/graphql", json=body, headers=headers)

    async def errors(
        self, query: str, variables: dict[str, Any] | None = None, token: str | None = None
    ) -> list[tuple[str, str]]:
        """The code and the sentence of each error."""
        answer = (await self.post({"query": query, "variables": variables}, token)).json()
        return [(each["extensions"]["code"], each["message"]) for each in answer.get("errors", ())]


@asynccontextmanager
async def locked(dsn: str, table: str = "citizen") -> AsyncIterator[asyncpg.Connection]:
    """The table of citizens, or another, which no one can read meanwhile."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute(f"lock table {table} in access exclusive mode")
            yield connection
    finally:
        await connection.close()


Serving = Callable[..., AbstractAsyncContextManager[Caller]]


@pytest.fixture
def serving(demo_database: str, home: DataDirectory) -> Serving:
    """`serve`, not the demo: over the demo's database, with these settings changed."""

    @asynccontextmanager
    async def serve(**changed: Any) -> AsyncIterator[Caller]:
        given = home.settings(demo_database, 8000).model_dump()
        as_serve = {"introspection": False, "graphiql": False, "get_queries": False}
        app = create_app(Settings(**{**given, **as_serve, **changed}))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://testserver"
            ) as http,
        ):
            yield Caller(http, app, home)

    return serve
