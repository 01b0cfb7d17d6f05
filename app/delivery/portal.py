"""The portal's notification API, as its public documents give it (domain.md, section 5).

The one place that knows its addresses, headers and answers. A short-lived token comes from
`validate`, to which the portal's contract has the secrets sent in the query: no URL is ever logged.
"""

import asyncio
import contextlib
import json
import logging
import re
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID

import httpx

from app import clock
from app.settings import DeliverySettings

_TOKEN_IDLE_SECONDS = 50 * 60.0  # the portal forgets one that rests for an hour
_UNAUTHORIZED = 401
# 409 as the draft of the Idempotency-Key header has it: the first request is still being worked on.
_TRY_AGAIN = frozenset({401, 408, 409, 425, 429})

for _name in ("httpx", "httpcore"):  # at INFO and DEBUG they print URLs and headers
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for one user of the portal."""

    user_id: str
    text: str


class PortalFailure(Exception):
    """The portal did not say what became of a push: it may have been taken in, or not.

    `code` is ours and names nobody; `retry_after` are the seconds that the portal asks to wait.
    """

    def __init__(self, code: str, retry_after: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


class PortalRefusal(Exception):
    """The portal will never take this push: nothing of it was, nothing of it will be."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Portal:
    """Pushes messages; knows a token, and renews it where it has run out."""

    def __init__(self, settings: DeliverySettings, http: httpx.AsyncClient) -> None:
        self._settings = settings
        self._http = http
        self._token = ""
        self._used_at = 0.0
        self._renewing = asyncio.Lock()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, settings: DeliverySettings) -> AsyncIterator["Portal"]:
        """The portal, with its connections kept open while inside."""
        limits = httpx.Limits(max_connections=settings.pushes_at_once + 1)
        async with httpx.AsyncClient(
            timeout=settings.portal_timeout_seconds, limits=limits
        ) as http:
            yield cls(settings, http)

    async def sign_in(self) -> str:
        """A token that should be good; `PortalFailure` when the portal gives none."""
        if self._token and time.monotonic() - self._used_at < _TOKEN_IDLE_SECONDS:
            return self._token
        return await self._renew(self._token)

    async def push(self, key: UUID, messages: Sequence[Message]) -> None:
        """Hand over messages, at once. The same key with the same messages is the same push.

        `PortalFailure` when it is not certain that they were taken in, `PortalRefusal` when
        certainly none was. Whether the portal heeds the key its documents do not say.
        """
        token = await self.sign_in()
        answer = await self._post(token, key, messages)
        if answer.status_code == _UNAUTHORIZED:
            answer = await self._post(await self._renew(token), key, messages)
        self._used_at = time.monotonic()
        _judge(answer)

    async def _post(self, token: str, key: UUID, messages: Sequence[Message]) -> httpx.Response:
        data = [{"message": each.text, "userId": each.user_id} for each in messages]
        # Sent when it is due and not before: what the portal keeps for later can't be withdrawn.
        body = {"appId": self._settings.portal_app_id, "data": data, "sendDateTime": None}
        headers = {
            "Consumer-Key": self._settings.portal_consumer_key,
            "Token": token,
            "Idempotency-Key": str(key),
        }
        return await self._ask("POST", self._settings.portal_push_url, headers, json=body)

    async def _renew(self, old: str) -> str:
        async with self._renewing:
            if self._token == old or not self._token:
                self._token = await self._new_token()
                self._used_at = time.monotonic()
            return self._token

    async def _new_token(self) -> str:
        settings = self._settings
        secrets = {
            "ConsumerSecret": settings.portal_consumer_secret,
            "AgentID": settings.portal_agent_id,
        }
        headers = {"Consumer-Key": settings.portal_consumer_key}
        answer = await self._ask("GET", settings.portal_validate_url, headers, params=secrets)
        if not answer.is_success:
            raise PortalFailure(f"TOKEN_HTTP_{answer.status_code}", _retry_after(answer))
        token = _json(answer).get("Result")
        if not isinstance(token, str) or not token:
            raise PortalFailure("TOKEN_MISSING")
        return token

    async def _ask(
        self, method: str, url: str, headers: dict[str, str], **content: Any
    ) -> httpx.Response:
        try:
            async with asyncio.timeout(self._settings.portal_timeout_seconds):
                return await self._http.request(method, url, headers=headers, **content)
        except (TimeoutError, httpx.TimeoutException):
            raise PortalFailure("TIMEOUT") from None
        except httpx.HTTPError:  # its text may hold the URL
            raise PortalFailure("CONNECTION") from None


def _judge(answer: httpx.Response) -> None:
    status = _message_code(answer) if answer.is_success else answer.status_code
    if answer.is_success and status in (200, answer.status_code):
        return
    if isinstance(status, int) and 400 <= status < 500 and status not in _TRY_AGAIN:
        raise PortalRefusal(f"HTTP_{status}")
    known = isinstance(status, int) and 100 <= status < 1000
    raise PortalFailure(f"HTTP_{status}" if known else "MESSAGE_CODE", _retry_after(answer))


def _message_code(answer: httpx.Response) -> object:
    """What became of it by `messageCode` in the body, as a neighbour of this call has it, a number
    also where it is text; the status where there is none."""
    code = _json(answer).get("messageCode")
    if isinstance(code, str) and re.fullmatch("[0-9]{3}", code):
        return int(code)
    return answer.status_code if code is None else code


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = json.loads(answer.content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds, from a number of them or from a date; None where there is none to be read."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        until: datetime = parsedate_to_datetime(text)
        return max(0.0, (until - clock.now()).total_seconds())
    except (ValueError, TypeError):
        return None
