"""How many connections one caller keeps open: WebSockets and event streams, in this process."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import AllowancesError


class TooManyConnections(AllowancesError):
    """The caller has to close one first."""

    code = "TOO_MANY_CONNECTIONS"


class Connections:
    """Counts open connections by caller; who has none takes no memory."""

    def __init__(self, per_caller: int) -> None:
        self._per_caller = per_caller
        self._open: Counter[bytes] = Counter()

    def __len__(self) -> int:
        return self._open.total()

    @contextmanager
    def hold(self, caller: bytes) -> Iterator[None]:
        """One connection more, for as long as it lasts; `TooManyConnections` over the limit."""
        if self._open[caller] >= self._per_caller:
            raise TooManyConnections(
                f"Connections: at most {self._per_caller} at once. Close one, or share it."
            )
        self._open[caller] += 1
        try:
            yield
        finally:
            self._open[caller] -= 1
            if not self._open[caller]:
                del self._open[caller]
