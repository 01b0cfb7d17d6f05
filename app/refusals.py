"""A request refused before any of it ran: its status, its headers, its GraphQL error."""

from starlette.responses import JSONResponse, Response

from app.errors import (
    AllowancesError,
    BadInput,
    BadRequest,
    Forbidden,
    Unauthenticated,
    Unavailable,
)
from app.limits.deadline import DeadlineExceeded
from app.limits.rate import TooManyRequests
from app.limits.trusted import DocumentsNotKept, UnknownDocument

_STATUS: dict[type[AllowancesError], int] = {
    BadInput: 400,
    BadRequest: 400,
    DocumentsNotKept: 400,
    UnknownDocument: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    TooManyRequests: 429,
    Unavailable: 503,
    DeadlineExceeded: 504,
}


def refusal(error: AllowancesError, status: int | None = None) -> Response:
    """A request refused before any of it ran, as a GraphQL error; `status` over the error's own."""
    status = status or _STATUS.get(type(error), 500)
    body = {"errors": [{"message": error.message, "extensions": {"code": error.code}}]}
    return JSONResponse(body, status_code=status, headers=_headers(error))


def _headers(error: AllowancesError) -> dict[str, str]:
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    return {"Retry-After": str(error.retry_after)} if isinstance(error, TooManyRequests) else {}
