"""A request refused before any of it ran: its status, its headers, its GraphQL error."""

import orjson
from starlette.responses import Response

from app.errors import AllowancesError, Unauthenticated
from app.http.media import Media
from app.limits.rate import TooManyRequests

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

# What is not named here is the caller's to mend: 400.
_STATUS = {
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "METHOD_NOT_ALLOWED": 405,
    "NOT_ACCEPTABLE": 406,
    "CONTENT_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "REQUEST_RATE_LIMITED": 429,
    "TOO_MANY_CONNECTIONS": 429,
    "INTERNAL_SERVER_ERROR": 500,
    "SERVICE_UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}


class MethodNotAllowed(AllowancesError):
    """The method is none of those that are allowed here."""

    code = "METHOD_NOT_ALLOWED"

    def __init__(self, message: str, allowed: str) -> None:
        super().__init__(message)
        self.allowed = allowed


def status_of(code: object) -> int:
    """The status of a request that failed with this `extensions.code`."""
    return _STATUS.get(str(code), 400)


def refusal(error: AllowancesError, media: Media = Media.JSON) -> Response:
    """A request refused before any of it ran, as a GraphQL error."""
    body = {"errors": [{"message": error.message, "extensions": {"code": error.code}}]}
    return Response(
        orjson.dumps(body),
        status_of(error.code),
        {**HEADERS, **_headers(error)},
        media.value,
    )


def _headers(error: AllowancesError) -> dict[str, str]:
    match error:
        case Unauthenticated():
            return {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        case TooManyRequests():
            return {"Retry-After": str(error.retry_after)}
        case MethodNotAllowed():
            return {"Allow": error.allowed}
        case _:
            return {}
