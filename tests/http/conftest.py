"""The view over a schema that has a subscription, on a real server in this process."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from websockets.asyncio.client import ClientConnection, connect

from app.clock import BANGKOK
from app.demo.home import DataDirectory
from app.demo.issuer import TOKEN_LIFETIME
from app.demo.personas import PERSONAS
from app.http.connection import HttpProtocol
from app.http.view import GraphQLView
from app.ids import decode_citizen_id
from app.policies import Scope
from app.schema import build_schema
from app.service import Service, running_service
from app.settings import Settings
from loaders.citizens import CitizenRow
from resolvers.access import own_citizen, readable_citizen
from resolvers.citizen import Citizen
from resolvers.context import Info
from tests.conftest import free_port


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int, pause: float = 0) -> AsyncGenerator[int, None]:
        for number in range(1, to + 1):
            await asyncio.sleep(pause)
            yield number

    @strawberry.subscription(graphql_type=Citizen | None)  # type: ignore[untyped-decorator]
    async def watched(self, info: Info, id: strawberry.ID) -> AsyncGenerator[Any, None]:  # noqa: A002
        yield await readable_citizen(info.context, decode_citizen_id(id), Scope.CITIZEN_READ)

    @strawberry.subscription(graphql_type=Citizen | None)  # type: ignore[untyped-decorator]
    async def myself(self, info: Info) -> AsyncGenerator[CitizenRow | None, None]:
        yield await own_citizen(info.context)

    @strawberry.subscription
    async def broken(self) -> AsyncGenerator[int, None]:
        yield 1
        raise RuntimeError("9" * 13)


@dataclass
class Streaming:
    """A running server, and who may ask it."""

    url: str
    service: Service
    home: DataDirectory

    def citizen(self, persona: str = "both", expires_in: timedelta = TOKEN_LIFETIME) -> str:
        now = datetime.now(BANGKOK) - TOKEN_LIFETIME + expires_in
        return self.home.issuer().citizen_token(PERSONAS[persona].national_id, now)

    def agency(self, scope: str) -> str:
        now = datetime.now(BANGKOK)
        return self.home.issuer().agency_token("agency", scope, "audit of payments", now)

    def connect(self, **named: Any) -> connect:
        """A WebSocket that has not said anything yet."""
        address = self.url.replace("http://", "ws://") + "/graphql"
        return connect(address, subprotocols=["graphql-transport-ws"], **named)  # type: ignore[list-item]


Serve = Callable[..., AbstractAsyncContextManager[Streaming]]


@pytest.fixture
def streaming(demo_database: str, home: DataDirectory) -> Serve:
    """A server over the demo's database, with these settings changed."""

    @asynccontextmanager
    async def serve(**changed: Any) -> AsyncIterator[Streaming]:
        settings = Settings(**{**home.settings(demo_database, 8000).model_dump(), **changed})
        async with running_service(settings, demo=False, played=None) as service:
            schema = build_schema(limits=settings.limits, subscription=Subscription)
            view = GraphQLView(lambda: service, settings, None, schema, None)
            app = Starlette(routes=[Route("/graphql", view), WebSocketRoute("/graphql", view)])
            async with served(app) as url:
                yield Streaming(url, service, home)

    return serve


@asynccontextmanager
async def served(
    app: Starlette, http: type[HttpProtocol] = HttpProtocol, keep_alive: int = 5
) -> AsyncIterator[str]:
    """The address of an application on a server of its own, in this event loop."""
    port = free_port()
    config = uvicorn.Config(
        app,
        http=http,
        port=port,
        log_level="warning",
        ws_max_size=1_000_000,
        timeout_keep_alive=keep_alive,
        access_log=False,  # as the service runs
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 - the library has no event for it
            await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running


async def stream(client: httpx.AsyncClient, url: str, query: str, token: str | None) -> bytes:
    """Everything that an event stream brings."""
    headers = {"Accept": "text/event-stream"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    async with client.stream(
        "POST", f"{url}/graphql", json={"query": query}, headers=headers
    ) as got:
        assert got.status_code == 200
        assert got.headers["content-type"].startswith("text/event-stream")
        return await got.aread()


__all__ = ["ClientConnection", "Serve", "Streaming", "stream"]
