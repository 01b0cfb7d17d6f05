"""The Starlette application: routes, lifespan, one context per request."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLRequestData

from app import clock
from app.database import Database
from app.errors import (
    AllowancesError,
    BadInput,
    BadRequest,
)
from app.gate import Credentials, Gate
from app.graphiql import GraphiQL
from app.limits.deadline import deadline
from app.limits.rate import RateLimit
from app.limits.trusted import (
    TrustedDocuments,
    document_of,
)
from app.refusals import refusal
from app.rules.texts import Texts
from app.schema import build_schema
from app.settings import Settings
from app.signing_keys import SigningKeys
from app.viewer import TokenReader, TokenRules
from loaders.bundle import Loaders
from loaders.reference import Reference
from resolvers.context import Context

_log = logging.getLogger("allowances.reference")

_FIRST_PLAYED_YEAR, _LAST_PLAYED_YEAR = 1900, 2200
DEMO_TODAY = "x-demo-today"
PERSONAS_PATH = "/demo/personas"


@dataclass(slots=True)
class Service:
    """What lives as long as the process."""

    settings: Settings
    database: Database
    reference: Reference
    gate: Gate
    texts: Texts
    demo: bool
    played: date | None  # the day that the demo plays; None: today

    async def context(self, connection: HTTPConnection) -> Context:
        """Who asks, and the loaders for them; `Unauthenticated` for a token that is not good."""
        headers = connection.headers
        viewer, admission = await self.gate.admit(
            _credentials(connection), per_operation=connection.scope["type"] == "websocket"
        )
        now = clock.now()
        return Context(
            viewer=viewer,
            loaders=Loaders(self.database, self.reference),
            book=self.reference.current.book,
            texts=self.texts,
            keys=self.settings.privacy_keys,
            now=now,
            today=self._today(now, headers.get(DEMO_TODAY)),
            max_representations=self.settings.max_representations,
            admission=admission,
        )

    def _today(self, now: datetime, header: str | None) -> date:
        if header is None or not self.demo:
            return self.played or now.date()
        try:
            day = date.fromisoformat(header)
        except ValueError:
            raise BadInput("X-Demo-Today: expected a date such as 2026-11-10.") from None
        if not _FIRST_PLAYED_YEAR <= day.year <= _LAST_PLAYED_YEAR:
            raise BadInput(
                f"X-Demo-Today: expected a year of {_FIRST_PLAYED_YEAR} to {_LAST_PLAYED_YEAR}."
            )
        return day


def _credentials(connection: HTTPConnection) -> Credentials:
    headers = connection.headers
    return Credentials(
        headers.get("authorization"),
        headers.get("x-gateway-authorization"),
        headers.get("x-purpose"),
        connection.client.host if connection.client else "",
    )


class GraphQLView(GraphQL[Context, None]):
    """Strawberry's view with our context, our JSON and our refusals."""

    def __init__(
        self, service: Callable[[], Service], settings: Settings, graphiql: GraphiQL | None
    ) -> None:
        directory = settings.trusted_documents
        trusted = None if directory is None else TrustedDocuments.load(directory)
        super().__init__(
            build_schema(
                introspection=settings.introspection, limits=settings.limits, trusted=trusted
            ),
            graphql_ide=None if graphiql is None else "graphiql",
        )
        self._service = service
        self._graphiql = graphiql
        self._trusted = trusted
        self._deadline = settings.request_deadline_seconds

    async def render_graphql_ide(self, request: Request) -> Response:  # noqa: ARG002 - the library's signature
        return Response(status_code=404) if self._graphiql is None else self._graphiql.page()

    async def get_context(
        self,
        request: Request | WebSocket,
        response: Response | WebSocket,  # noqa: ARG002 - the library's signature
    ) -> Context:
        return await self._service().context(request)

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)

    def parse_json(self, data: str | bytes) -> Any:
        try:
            parsed = orjson.loads(data)
        except ValueError:
            raise BadRequest("The body is no JSON.") from None
        if not isinstance(parsed, dict):
            raise BadRequest("The body is expected to be a JSON object with a `query`.")
        return parsed

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> Any:
        """With the text of the request's `documentId`, where it has no `query`."""
        data = await super().parse_http_body(request)
        if isinstance(data, GraphQLRequestData) and data.query is None:
            identifier = await self._document_id(request)
            if identifier is not None:
                data.query = document_of(identifier, self._trusted)
        return data

    async def _document_id(self, request: AsyncHTTPRequestAdapter) -> object:
        if request.method == "GET":
            return request.query_params.get("documentId")
        return self.parse_json(await request.get_body()).get("documentId")

    async def execute_operation(self, *arguments: Any, **named: Any) -> Any:
        """The library's, with an end to it."""
        async with deadline(self._deadline):
            return await super().execute_operation(*arguments, **named)

    async def run(self, request: Any, *arguments: Any, **named: Any) -> Any:
        """Refusals of the library as of ours: JSON with a code."""
        try:
            return await super().run(request, *arguments, **named)
        except HTTPException as error:
            return refusal(BadRequest(error.reason), error.status_code)
        except AllowancesError as error:
            return refusal(error)


def create_app(
    settings: Settings,
    *,
    demo: bool = False,
    played: date | None = None,
    more_routes: Sequence[BaseRoute] = (),
) -> Starlette:
    """The service. `demo` allows what is for trying out alone: the header X-Demo-Today, and the
    personas' tokens that `more_routes` may hold at PERSONAS_PATH."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with running_service(settings, demo=demo, played=played) as service:
            app.state.service = service
            yield

    def service() -> Service:
        running: Service = app.state.service
        return running

    async def ready(_request: Request) -> Response:
        await service().reference.refresh()
        return PlainTextResponse("ready\n")

    graphiql = GraphiQL(PERSONAS_PATH if demo else None) if settings.graphiql else None
    routes: list[BaseRoute] = [
        Route("/health/live", _alive),
        Route("/health/ready", ready),
        Route("/graphql", GraphQLView(service, settings, graphiql)),
    ]
    if graphiql is not None:
        routes.append(Route("/", _to_graphiql))
        routes.append(Mount("/graphiql/static", graphiql.files))
    app = Starlette(
        routes=[*routes, *more_routes],
        lifespan=lifespan,
        exception_handlers={AllowancesError: _refused},
    )
    return app


async def _refused(_request: Request, error: Exception) -> Response:
    if not isinstance(error, AllowancesError):
        raise error
    return refusal(error)


async def _to_graphiql(_request: Request) -> Response:
    return RedirectResponse("/graphql")


async def _alive(_request: Request) -> Response:
    return PlainTextResponse("alive\n")


@contextlib.asynccontextmanager
async def running_service(
    settings: Settings, *, demo: bool, played: date | None
) -> AsyncIterator[Service]:
    """Open what the service needs, and close it again; `AllowancesError` says what is missing."""
    keys = SigningKeys(settings.token_jwks)
    await keys.load()
    database = await Database.connect(
        settings.database_url,
        size=settings.pool_size,
        statement_cache_size=settings.statement_cache_size,
        statement_timeout=settings.statement_timeout_seconds,
    )
    try:
        reference = await Reference.load(database)
        rules = TokenRules(
            settings.token_issuer,
            settings.token_audience,
            settings.token_algorithm,
            settings.token_leeway_seconds,
        )
        gate = Gate(
            TokenReader(rules, keys, settings.privacy_keys),
            RateLimit(settings.requests_per_minute),
            settings.gateway_client_ids,
            settings.max_cost,
            settings.max_agency_cost,
        )
        refreshing = asyncio.create_task(_keep_fresh(reference, settings.reference_refresh_seconds))
        try:
            yield Service(settings, database, reference, gate, Texts.load(), demo, played)
        finally:
            refreshing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await refreshing
    finally:
        await database.close()


async def _keep_fresh(reference: Reference, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await reference.refresh()
        except Exception as error:
            _log.warning("the reference data were not refreshed: %s", type(error).__name__)
