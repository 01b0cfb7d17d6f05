"""The result of an operation as an answer over HTTP."""

from typing import Any

import orjson
from graphql import GraphQLError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.types import ExecutionResult

from app.errors import AllowancesError
from app.http.connection import lines_of, send_whole
from app.http.media import Media
from app.http.refusals import HEADERS, status_of
from app.presentable import make_presentable


def answer(result: ExecutionResult, media: Media, kept: object = None) -> Response:
    """The answer in one of the two JSON forms; `kept` lives until it has been sent.

    `application/json` says 200 whatever became of the operation, as clients of old expect;
    `application/graphql-response+json` says by its status whether the operation ran.
    """
    body = formatted(result)
    status = 200
    if media is Media.GRAPHQL_RESPONSE and "data" not in body:
        status = status_of(_code(result.errors))
    return _Answer(orjson.dumps(body), status, media, (result, kept))


class _Answer(Response):
    """As Starlette's, with headers that are the same for all, and sent at once where that is
    possible."""

    body: bytes

    def __init__(self, body: bytes, status: int, media: Media, kept: object) -> None:
        self.body, self.status_code, self.background = body, status, None
        self._media = media
        # To forget all that was read of a thousand takes milliseconds: not before this has left.
        self._kept = kept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not send_whole(send, self.status_code, _LINES[self._media], self.body):
            self._kept = None  # it may take long
            length = b"content-length", b"%d" % len(self.body)
            self.raw_headers = [*_HEADERS[self._media], length]
            await super().__call__(scope, receive, send)


_HEADERS = {
    media: [
        (name, value)
        for name, value in Response(None, headers=HEADERS, media_type=media).raw_headers
        if name != b"content-length"  # each has its own
    ]
    for media in Media
}
_LINES = {media: lines_of(headers) for media, headers in _HEADERS.items()}


def failed(error: AllowancesError) -> ExecutionResult:
    """The result of a request that could not be run."""
    shown = GraphQLError(error.message, original_error=error)
    make_presentable(shown)
    return ExecutionResult(data=None, errors=[shown])


def formatted(result: ExecutionResult) -> dict[str, Any]:
    """A result as the specification writes it: no `data` where the operation did not run."""
    body: dict[str, Any] = {}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    if not _never_ran(result):
        body["data"] = result.data
    if result.extensions:
        body["extensions"] = result.extensions
    return body


def _never_ran(result: ExecutionResult) -> bool:
    """An error of the whole request has no path; one of a field always has."""
    errors = result.errors or []
    return result.data is None and any(error.path is None for error in errors)


def _code(errors: list[GraphQLError] | None) -> object:
    return ((errors[0].extensions or {}) if errors else {}).get("code")
