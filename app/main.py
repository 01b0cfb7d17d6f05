"""The Starlette application: its routes, and the life of the service behind them."""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from app.delivery.counts import Counts
from app.delivery.sender import delivering
from app.errors import AllowancesError
from app.graphiql import GraphiQL
from app.http.refusals import refusal
from app.http.view import GraphQLView
from app.metrics import metrics_of
from app.service import Service, running_service
from app.settings import DeliverySettings, Settings

PERSONAS_PATH = "/demo/personas"
GRAPHQL_PATH = "/graphql"


class Application(Starlette):
    """Starlette, past whose middleware and routes the graph's own requests go: they need none."""

    graph: GraphQLView

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == GRAPHQL_PATH:
            await self.graph(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(
    settings: Settings,
    *,
    delivery: DeliverySettings | None = None,
    demo: bool = False,
    played: date | None = None,
    more_routes: Sequence[BaseRoute] = (),
) -> Starlette:
    """The service; with `delivery` it sends notifications too. `demo` allows what is for trying out
    alone: the header X-Demo-Today, and the personas' tokens that `more_routes` may hold at
    PERSONAS_PATH."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with (
            running_service(settings, demo=demo, played=played) as service,
            delivering(delivery) as counts,
        ):
            app.state.service, app.state.delivered = service, counts
            yield

    def service() -> Service:
        running: Service = app.state.service
        return running

    def delivered() -> Counts | None:
        counts: Counts | None = app.state.delivered
        return counts

    graphiql = GraphiQL(PERSONAS_PATH if demo else None) if settings.graphiql else None
    view = GraphQLView.of(service, settings, graphiql)
    app = Application(
        routes=[*_routes(service, delivered, view, graphiql), *more_routes],
        lifespan=lifespan,
        exception_handlers={AllowancesError: _refused},
    )
    app.graph = view
    return app


def _routes(
    service: Callable[[], Service],
    delivered: Callable[[], Counts | None],
    view: GraphQLView,
    graphiql: GraphiQL | None,
) -> list[BaseRoute]:
    async def ready(_request: Request) -> Response:
        await service().reference.refresh()
        return PlainTextResponse("ready\n")

    async def metrics(_request: Request) -> Response:
        return PlainTextResponse(metrics_of(view.schema.plans, delivered()))

    routes: list[BaseRoute] = [
        Route("/health/live", _alive),
        Route("/health/ready", ready),
        Route("/metrics", metrics),
        Route(GRAPHQL_PATH, view),
        WebSocketRoute(GRAPHQL_PATH, view),
    ]
    if graphiql is not None:
        routes.append(Route("/", _to_graphiql))
        routes.append(Mount("/graphiql/static", graphiql.files))
    return routes


async def _refused(_request: Request, error: Exception) -> Response:
    if not isinstance(error, AllowancesError):
        raise error
    return refusal(error)


async def _to_graphiql(_request: Request) -> Response:
    return RedirectResponse(GRAPHQL_PATH)


async def _alive(_request: Request) -> Response:
    return PlainTextResponse("alive\n")
