"""The token issuer's public keys (JWKS), from a file or an https address, rotated by `kid`."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt

from app.errors import SettingsError, Unauthenticated, Unavailable
from app.settings import LOOPBACK

_FRESH_SECONDS = 300.0
_RETRY_SECONDS = 10.0  # an unknown kid may ask the issuer again this often, no more


class SigningKeys:
    """Keys by `kid`: read once, again when an unknown `kid` comes or they are five minutes old."""

    def __init__(self, source: str) -> None:
        """`source`: a file's path, or an https (on loopback also http) address."""
        self._source = source
        self._keys: dict[str, jwt.PyJWK] = {}
        self._read_at = self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def load(self) -> None:
        """Read the keys now, so that a wrong source stops the start: `SettingsError`."""
        try:
            await self._read()
        except Unavailable as error:
            raise SettingsError(f"TOKEN_JWKS: {error.message}") from error

    async def find(self, kid: object) -> jwt.PyJWK:
        """The key of that `kid`; `Unauthenticated` when the issuer has none of that name."""
        if not isinstance(kid, str):
            raise Unauthenticated("The token does not name its key (kid).")
        stale = time.monotonic() - self._read_at > _FRESH_SECONDS
        # A key that is known waits for no reading but its own: the issuer may be slow to answer.
        if kid not in self._keys or (stale and not self._lock.locked()):
            await self._refresh()
        if kid not in self._keys:
            raise Unauthenticated("The token is signed by a key that is not known.")
        return self._keys[kid]

    async def _refresh(self) -> None:
        async with self._lock:
            if time.monotonic() - self._tried_at <= _RETRY_SECONDS:
                return
            try:
                await self._read()
            except Unavailable:
                if not self._keys:  # else the issuer is away, and the known keys go on
                    raise

    async def _read(self) -> None:
        self._tried_at = time.monotonic()
        try:
            document = await asyncio.to_thread(_read_document, self._source)
            keys = jwt.PyJWKSet.from_dict(document).keys
        except (OSError, ValueError, TypeError, AttributeError, jwt.PyJWTError) as error:
            raise Unavailable(
                f"The issuer's keys can not be read ({type(error).__name__})."
            ) from error
        self._keys = {key.key_id: key for key in keys if key.key_id and _signs(key)}
        self._read_at = time.monotonic()


def _signs(key: jwt.PyJWK) -> bool:
    """Whether a key is for signatures; an issuer may publish one for encryption beside it."""
    return key.public_key_use in {None, "sig"}


def _read_document(source: str) -> dict[str, Any]:
    address = urlsplit(source)
    if address.scheme == "http" and address.hostname not in LOOPBACK:
        raise ValueError("an address of signing keys has to be https")
    if address.scheme in {"http", "https"}:
        return dict(jwt.PyJWKClient(source, timeout=5).fetch_data())
    return dict(json.loads(Path(source).read_text(encoding="utf-8")))
