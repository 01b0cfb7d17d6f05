"""The graphql-transport-ws protocol: who connects, what their messages may be, and when it ends."""

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack
from typing import TYPE_CHECKING, Any, cast

import orjson
from starlette.websockets import WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import (
    NonJsonMessageReceived,
    NonTextMessageReceived,
    WebSocketDisconnected,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)

from app.errors import AllowancesError
from app.http.answers import failed, formatted
from app.limits.connections import TooManyConnections
from app.limits.deadline import DeadlineExceeded, token_lifetime
from resolvers.context import Context

if TYPE_CHECKING:
    from app.http.view import GraphQLView

_log = logging.getLogger("allowances.websocket")

# Close codes of the protocol. Clients take 4403 for "come again with a new token".
_BAD_MESSAGE, _FORBIDDEN, _TOO_MANY = 4400, 4403, 4429
_LONGEST_REASON = 120  # bytes that fit into a closing frame


class Adapter(ASGIWebSocketAdapter):
    """Text frames of JSON, both ways."""

    async def iter_json(
        self,
        *,
        ignore_parsing_errors: bool = False,  # noqa: ARG002 - the library's signature
    ) -> AsyncGenerator[object, None]:
        try:
            while self.ws.application_state != WebSocketState.DISCONNECTED:
                yield orjson.loads(await self.ws.receive_text())
        except ValueError:
            raise NonJsonMessageReceived from None
        except KeyError:
            raise NonTextMessageReceived from None
        except WebSocketDisconnect:
            return

    async def send_json(self, message: Mapping[str, object]) -> None:
        if self.ws.application_state != WebSocketState.CONNECTED:
            raise WebSocketDisconnected
        try:
            await self.ws.send_text(orjson.dumps(message).decode())
        except WebSocketDisconnect:
            raise WebSocketDisconnected from None

    async def close(self, code: int, reason: str) -> None:
        if self.ws.application_state == WebSocketState.CONNECTED:
            shown = reason.encode()[:_LONGEST_REASON].decode(errors="ignore")
            await super().close(code, shown)


class Handler(BaseGraphQLTransportWSHandler[Context, None]):
    """One connection: let in by its header or its `connection_params`, under the same limits."""

    view: "GraphQLView"
    websocket: Adapter

    async def handle(self) -> None:
        self._expiry: asyncio.Task[None] | None = None
        with ExitStack() as self._held:
            await super().handle()

    async def shutdown(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        await super().shutdown()

    async def handle_message(self, message: Message) -> None:
        problem = _problem(message)
        if problem is None:
            await super().handle_message(message)
        else:
            await self.websocket.close(_BAD_MESSAGE, problem)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        if not self.connection_init_received:
            try:
                await self._let_in(cast("dict[str, Any]", message.get("payload") or {}))
            except AllowancesError as error:
                if self.connection_init_timeout_task:
                    self.connection_init_timeout_task.cancel()
                await self.websocket.close(_close_code(error), error.message)
                return
        await super().handle_connection_init(message)

    async def _let_in(self, connection_params: dict[str, Any]) -> None:
        self._new_context = await self.view.connection_context(self.websocket.ws, connection_params)
        self.context = self._new_context()
        self._held.enter_context(self.context.admission.connect())
        self._expiry = asyncio.create_task(self._end_with_token(self.context.viewer.expires_at))

    async def _end_with_token(self, expires_at: float | None) -> None:
        try:
            async with token_lifetime(expires_at):
                await asyncio.Future()
        except AllowancesError as error:
            await self.websocket.close(_FORBIDDEN, error.message)

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        if self.connection_acknowledged:
            try:
                self._admit_operation()
            except AllowancesError as error:
                await self.send_message(_refused(message["id"], error))
                return
        await super().handle_subscribe(message)

    def _admit_operation(self) -> None:
        limit = self.view.operations_per_connection
        if len(self.operations) >= limit:
            raise TooManyConnections(f"Operations: at most {limit} at once on a connection.")
        self.context.admission.charge()

    async def run_operation(self, operation: Operation[Context, None]) -> None:
        """The library's, with an end to it."""
        try:
            async with self._limit(operation):
                self.context = self._new_context()
                await super().run_operation(operation)
        except AllowancesError as error:
            await operation.send_operation_message(_refused(operation.id, error))

    def _limit(self, operation: Operation[Context, None]) -> AbstractAsyncContextManager[None]:
        return self.view.limit(operation.query, operation.operation_name, self.context)

    async def handle_task_exception(self, error: Exception) -> None:
        if isinstance(error, WebSocketDisconnected | DeadlineExceeded):
            return
        # The type alone: the text of an exception may hold a row.
        error_id = secrets.token_hex(8)
        _log.error("unexpected error %s on a connection: %s", error_id, type(error).__name__)


def _problem(message: object) -> str | None:
    """What is wrong with a message's form; None where nothing is."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "Expected a message with a `type`."
    if message["type"] == "connection_init":
        return _problem_of_payload(message.get("payload"))
    if message["type"] not in {"subscribe", "complete"}:
        return None
    if not isinstance(message.get("id"), str) or not message["id"]:
        return "Expected an `id`, which is a string."
    return _problem_of_operation(message) if message["type"] == "subscribe" else None


def _problem_of_payload(payload: object) -> str | None:
    return None if isinstance(payload, dict | None) else "payload: expected an object."


def _problem_of_operation(message: dict[str, Any]) -> str | None:
    payload = message.get("payload")
    if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
        return "payload: expected an object with a `query`."
    if not isinstance(payload.get("operationName"), str | None):
        return "operationName: expected a string."
    for name in ("variables", "extensions"):
        if not isinstance(payload.get(name), dict | None):
            return f"{name}: expected an object."
    return None


def _close_code(error: AllowancesError) -> int:
    return {
        "REQUEST_RATE_LIMITED": _TOO_MANY,
        "TOO_MANY_CONNECTIONS": _TOO_MANY,
        "BAD_USER_INPUT": _BAD_MESSAGE,
        "BAD_REQUEST": _BAD_MESSAGE,
    }.get(error.code, _FORBIDDEN)


def _refused(operation_id: str, error: AllowancesError) -> Any:
    return {"id": operation_id, "type": "error", "payload": formatted(failed(error))["errors"]}
