"""The door of the graph: GraphQL over HTTP, and the way to the WebSocket."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack
from datetime import timedelta
from functools import partial
from typing import Any

from graphql import OperationType
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from app.errors import AllowancesError, BadRequest
from app.gate import Credentials
from app.graphiql import GraphiQL
from app.http.answers import answer, failed
from app.http.event_stream import EventStream
from app.http.media import Media, NotAcceptable, accepted
from app.http.parameters import Parameters, read_parameters
from app.http.refusals import MethodNotAllowed, refusal
from app.http.request import SortedRequest
from app.http.websocket import Adapter, Handler
from app.limits.deadline import deadline, token_lifetime
from app.limits.documents import UnresolvedOperation
from app.limits.trusted import TrustedDocuments, document_of
from app.schema import Schema, build_schema
from app.service import Service
from app.settings import Settings
from resolvers.context import Context

DEMO_TODAY = "x-demo-today"
_INIT_WAIT = timedelta(seconds=10)


class GraphQLView(GraphQL[Context, None]):
    """One endpoint for queries, mutations and subscriptions.

    HTTP is answered by our own reading of the specification (GraphQL over HTTP); the WebSocket
    protocol is Strawberry's, with our way in.
    """

    websocket_adapter_class = Adapter
    graphql_transport_ws_handler_class = Handler
    schema: Schema

    def __init__(
        self,
        service: Callable[[], Service],
        settings: Settings,
        graphiql: GraphiQL | None,
        schema: Schema,
        trusted: TrustedDocuments | None,
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=_INIT_WAIT,
            max_subscriptions_per_connection=None,  # ours has a code
        )
        self._service = service
        self._graphiql = graphiql
        self._trusted = trusted
        self.operations_per_connection = settings.operations_per_connection
        self._deadline = settings.request_deadline_seconds
        self._max_bytes = settings.max_body_bytes
        self._methods = ("GET", "POST") if settings.get_queries else ("POST",)

    @classmethod
    def of(
        cls, service: Callable[[], Service], settings: Settings, graphiql: GraphiQL | None
    ) -> "GraphQLView":
        """The view over the schema of the service, with the settings' limits."""
        directory = settings.trusted_documents
        trusted = None if directory is None else TrustedDocuments.load(directory)
        schema = build_schema(
            introspection=settings.introspection, limits=settings.limits, trusted=trusted
        )
        return cls(service, settings, graphiql, schema, trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            response = await self.run(SortedRequest(scope, receive))
            await response(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    async def run(self, request: Any, *arguments: Any, **named: Any) -> Any:
        """The answer to a request; a WebSocket is served until it closes."""
        if request.scope["type"] == "websocket":
            return await super().run(request, *arguments, **named)
        if self._graphiql is not None and _wants_page(request):
            return self._graphiql.page()
        media: Sequence[Media] = (Media.JSON,)
        try:
            media = accepted(request.headers.get("accept"))
            return await self._answer(request, media)
        except UnresolvedOperation as error:
            return answer(failed(error), _text_form(media))
        except AllowancesError as error:
            return refusal(error, _text_form(media))
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it

    async def _answer(self, request: Request, media: Sequence[Media]) -> Response:
        if request.method not in self._methods:
            allowed = ", ".join(self._methods)
            raise MethodNotAllowed(f"Expected one of the methods {allowed}.", allowed)
        async with deadline(self._deadline):
            context = await self._service().context(
                credentials_of(request), request.headers.get(DEMO_TODAY)
            )
            parameters = await read_parameters(request, self._max_bytes)
            text = self._text(parameters)
            kind = self.schema.operation_type(text, parameters.operation_name)
            form = _form(request, kind, media)
            arguments = self._arguments(text, parameters, context)
            if form is not Media.EVENT_STREAM:
                return answer(await self.schema.execute(**arguments), form, context)
        return await self._event_stream(arguments, parameters, context)

    def _text(self, parameters: Parameters) -> str:
        text = parameters.query
        if text is None and parameters.document_id is not None:
            text = document_of(parameters.document_id, self._trusted)
        if not text:
            raise BadRequest("query: expected the text of a GraphQL document.")
        return text

    def _arguments(self, text: str, parameters: Parameters, context: Context) -> dict[str, Any]:
        return {
            "query": text,
            "variable_values": parameters.variables,
            "context_value": context,
            "operation_name": parameters.operation_name,
            "operation_extensions": parameters.extensions,
        }

    async def _event_stream(
        self, arguments: dict[str, Any], parameters: Parameters, context: Context
    ) -> Response:
        held = ExitStack()
        held.enter_context(context.admission.connect())
        results: Any = await self.schema.stream(**arguments)
        text, name = arguments["query"], parameters.operation_name
        return EventStream(results, lambda: self.limit(text, name, context), held)

    def limit(
        self, text: str, operation_name: str | None, context: Context
    ) -> AbstractAsyncContextManager[None]:
        """How long one may wait: a subscription as long as the token lives, all else not longer
        than any request."""
        if self.schema.operation_type(text, operation_name) is OperationType.SUBSCRIPTION:
            return token_lifetime(context.viewer.expires_at)
        return deadline(self._deadline)

    async def get_context(self, request: Any, response: Any) -> Any:  # noqa: ARG002 - the library's signature
        """None yet: who connects by WebSocket says so in the first message."""
        return None

    async def connection_context(
        self, websocket: WebSocket, connection_params: dict[str, Any]
    ) -> Callable[[], Context]:
        """Who connects, by `connection_params` or, where they say nothing, by the headers.

        Gives a new context for each operation: a connection lasts, and what was read for one
        operation is old for the next.
        """
        given = {name.lower(): value for name, value in connection_params.items()}
        for name, value in given.items():
            if name in _CREDENTIALS and not isinstance(value, str):
                raise BadRequest(f"{name}: expected a string.")
        played = given.get(DEMO_TODAY, websocket.headers.get(DEMO_TODAY))
        service = self._service()
        admitted = await service.gate.admit(credentials_of(websocket, given))
        return partial(service.context_of, *admitted, played)


_CREDENTIALS = ("authorization", "x-gateway-authorization", "x-purpose", DEMO_TODAY)


def credentials_of(
    connection: HTTPConnection, connection_params: dict[str, Any] | None = None
) -> Credentials:
    """What a connection says of itself: in its parameters first, else in its headers."""
    given = connection_params or {}
    header = connection.headers.get
    authorization, gateway, purpose = [given.get(name, header(name)) for name in _CREDENTIALS[:3]]
    address, _port = connection.scope.get("client") or ("", 0)
    return Credentials(authorization, gateway, purpose, address)


def _wants_page(request: Request) -> bool:
    if request.method != "GET" or "query" in request.query_params:
        return False
    return "text/html" in request.headers.get("accept", "")


def _form(request: Request, kind: OperationType | None, media: Sequence[Media]) -> Media:
    """The form of the answer; a GET changes nothing, a subscription has no single answer."""
    if request.method == "GET" and kind is OperationType.MUTATION:
        raise MethodNotAllowed("A mutation is sent by POST.", "POST")
    if kind is OperationType.SUBSCRIPTION:
        if Media.EVENT_STREAM not in media:
            raise NotAcceptable("A subscription is answered as text/event-stream, or by WebSocket.")
        return Media.EVENT_STREAM
    return media[0] if media == (Media.EVENT_STREAM,) else _text_form(media)


def _text_form(media: Sequence[Media]) -> Media:
    """The better of the two forms of JSON."""
    for each in media:
        if each is not Media.EVENT_STREAM:
            return each
    return Media.JSON
