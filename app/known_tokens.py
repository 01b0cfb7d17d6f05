"""Tokens that were verified before: who they are of, for as long as nothing about them changed."""

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Generic, TypeVar

_KEPT = 50_000  # about 25 MB

Holder = TypeVar("Holder")
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Known(Generic[Holder, Key]):
    """A token's holder, by which key it was verified, and until when (seconds since 1970)."""

    holder: Holder
    key_id: str
    key: Key
    expires_at: float


class KnownTokens(Generic[Holder, Key]):
    """The last tokens by a hash under a secret of this process; no token is kept."""

    def __init__(self, clock: Callable[[], float], kept: int = _KEPT) -> None:
        self._clock = clock
        self._kept = kept
        self._secret = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, Known[Holder, Key]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def name_of(self, token: str, purpose: str | None) -> bytes:
        """What a token, and the purpose stated beside it, are known by."""
        words = f"{token}\0{purpose or ''}".encode(errors="surrogatepass")
        return blake2b(words, key=self._secret, digest_size=32).digest()

    def find(self, name: bytes) -> Known[Holder, Key] | None:
        """What is known of a token that has not expired."""
        known = self._known.get(name)
        if known is None:
            return None
        if known.expires_at <= self._clock():
            del self._known[name]
            return None
        return known

    def keep(self, name: bytes, known: Known[Holder, Key]) -> None:
        """Remember a token; the one that was kept first is forgotten where there are too many."""
        self._known[name] = known
        if len(self._known) > self._kept:
            self._known.popitem(last=False)

    def forget(self, name: bytes) -> None:
        """A token whose key has gone or changed."""
        self._known.pop(name, None)
