"""How often one caller may ask: a bucket of tokens each, in the memory of this process alone."""

import ipaddress
import math
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b

from app.errors import AllowancesError

_CALLERS = 100_000  # about 20 MB; the one not heard of for longest is forgotten
_MINUTE = 60.0
_IPV6_SITE = 64  # one site has all addresses of a /64


class TooManyRequests(AllowancesError):
    """The caller has to wait; `retry_after` in whole seconds."""

    code = "REQUEST_RATE_LIMITED"

    def __init__(self, per_minute: int, retry_after: int) -> None:
        super().__init__(
            f"Requests: at most {per_minute:,} a minute. Try again in {retry_after} s."
        )
        self.retry_after = retry_after


class RateLimit:
    """A bucket for each caller, which a minute fills from empty to full."""

    def __init__(
        self,
        per_minute: int,
        *,
        callers: int = _CALLERS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_minute = per_minute
        self._callers = callers
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def spend(self, caller: bytes) -> None:
        """Take one request from a caller's bucket; `TooManyRequests` where it is empty."""
        now = self._clock()
        left, since = self._buckets.pop(caller, (float(self._per_minute), now))
        left = min(self._per_minute, left + (now - since) * self._per_minute / _MINUTE)
        allowed = left >= 1
        self._buckets[caller] = (left - 1 if allowed else left, now)
        if len(self._buckets) > self._callers:
            self._buckets.popitem(last=False)
        if not allowed:
            wait = math.ceil((1 - left) * _MINUTE / self._per_minute)
            raise TooManyRequests(self._per_minute, max(1, wait))

    def of_citizen(self, identity: bytes) -> bytes:
        """Who a person is, as a hash keyed by this process."""
        return self._hash(b"citizen", identity)

    def of_client(self, client_id: str) -> bytes:
        """Who another agency's system is."""
        return self._hash(b"client", client_id.encode(errors="surrogatepass"))

    def of_address(self, address: str) -> bytes:
        """Who an address is; the whole site for IPv6."""
        return self._hash(b"address", _site(address).encode())

    def _hash(self, kind: bytes, value: bytes) -> bytes:
        return blake2b(value, key=self._secret, person=kind, digest_size=16).digest()


def _site(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped is not None:  # a socket for both: else all of IPv4 were one site
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), _IPV6_SITE), strict=False))
