"""A GraphQL request as it came over HTTP: read up to a limit, and checked part by part."""

from collections.abc import Mapping
from functools import lru_cache
from types import NoneType
from typing import Any, NamedTuple

import orjson
from starlette.requests import ClientDisconnect, Request

from app.errors import AllowancesError, BadRequest

_TEXTS, _TEXT = ("query", "operationName"), (str, NoneType)
_MAPS, _MAP = ("variables", "extensions"), (dict, NoneType)
_REMEMBERED = 64  # ways to say what a body is


class ContentTooLarge(AllowancesError):
    """The request has more bytes than are read."""

    code = "CONTENT_TOO_LARGE"


class UnsupportedMediaType(AllowancesError):
    """The body is of a type, a charset or an encoding that is not read."""

    code = "UNSUPPORTED_MEDIA_TYPE"


class Parameters(NamedTuple):
    """What GraphQL over HTTP calls the parameters; `document_id` as it came."""

    query: str | None
    operation_name: str | None
    variables: dict[str, Any] | None
    extensions: dict[str, Any] | None
    document_id: object

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Parameters":
        """`BadRequest` names the parameter that is of another type."""
        for name in _TEXTS:
            if not isinstance(given.get(name), _TEXT):
                raise BadRequest(f"{name}: expected a string.")
        for name in _MAPS:
            if not isinstance(given.get(name), _MAP):
                raise BadRequest(f"{name}: expected an object.")
        return cls(
            given.get("query"),
            given.get("operationName"),
            given.get("variables"),
            given.get("extensions"),
            given.get("documentId"),
        )


async def read_parameters(request: Request, max_bytes: int) -> Parameters:
    """The parameters of a GET's URL or a POST's body of at most so many bytes."""
    if request.method == "GET":
        return Parameters.of(_of_url(request, max_bytes))
    headers = request.headers
    _check_content(headers.get("content-type", ""), headers.get("content-encoding", "identity"))
    return Parameters.of(json_object(await _body(request, max_bytes)))


def json_object(text: bytes | str) -> dict[str, Any]:
    """The object of a JSON text; `BadRequest` where it is something else."""
    try:
        parsed = orjson.loads(text)
    except ValueError:
        raise BadRequest("The body is expected to be JSON in UTF-8.") from None
    if not isinstance(parsed, dict):
        raise BadRequest("The body is expected to be a JSON object with a `query`.")
    return parsed


def _of_url(request: Request, max_bytes: int) -> dict[str, Any]:
    if len(request.scope["query_string"]) > max_bytes:
        raise _too_large(max_bytes)
    given: dict[str, Any] = dict(request.query_params)
    for name in _MAPS:
        if name in given:
            given[name] = _json_of_url(name, given[name])
    return given


def _json_of_url(name: str, text: str) -> object:
    try:
        return orjson.loads(text) if text else None
    except ValueError:
        raise BadRequest(f"{name}: expected a JSON object.") from None


@lru_cache(_REMEMBERED)
def _check_content(content_type: str, encoding: str) -> None:
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if kind != "application/json":
        raise UnsupportedMediaType("Content-Type: expected application/json.")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in {"utf-8", "utf8"}:
            raise UnsupportedMediaType("Content-Type: expected the charset utf-8.")
    if encoding.strip().lower() != "identity":
        raise UnsupportedMediaType("Content-Encoding: expected none; send the body as it is.")


async def _body(request: Request, max_bytes: int) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > max_bytes:
        raise _too_large(max_bytes)
    parts: list[bytes] = []  # not by Starlette's generator, which takes as long as all the rest
    size, more = 0, True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > max_bytes:
            raise _too_large(max_bytes)
        more = message.get("more_body", False)
    return b"".join(parts)


def _too_large(max_bytes: int) -> ContentTooLarge:
    return ContentTooLarge(f"The request is too large: at most {max_bytes:,} bytes are read.")
