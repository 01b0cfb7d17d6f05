"""The moment by which a request has its answer, or none."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from types import TracebackType

from app import clock
from app.errors import AllowancesError, Unauthenticated
from app.loop_local import LoopLocal

# A statement ends with its request; a breath later, so that it's the request that says why.
_BREATH = 0.05
_BETWEEN_LOOKS = 0.02
_ends_at: ContextVar[float | None] = ContextVar("request_deadline", default=None)


class DeadlineExceeded(AllowancesError):
    """The request took too long, and its work was stopped."""

    code = "DEADLINE_EXCEEDED"


def deadline(seconds: float) -> AbstractAsyncContextManager[None]:
    """Stops what runs inside after so many seconds: `DeadlineExceeded`.

    Statements that were sent inside, in whatever task, are given no longer: see `time_left`.
    """
    return _Deadline(seconds)


class _Watch:
    """Looks now and then which requests of a loop are out of time: a timer for each takes longer
    than many a request has to wait."""

    def __init__(self) -> None:
        self._ends: dict[asyncio.Timeout, float] = {}
        self._looking = False

    def add(self, limit: asyncio.Timeout, end: float) -> None:
        self._ends[limit] = end
        if not self._looking:
            self._look_later()

    def drop(self, limit: asyncio.Timeout) -> None:
        self._ends.pop(limit, None)

    def _look_later(self) -> None:
        self._looking = bool(self._ends)
        if self._looking:
            asyncio.get_running_loop().call_later(_BETWEEN_LOOKS, self._look)

    def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        for limit in [limit for limit, end in self._ends.items() if end <= now]:
            self.drop(limit)
            limit.reschedule(now)
        self._look_later()


_watches = LoopLocal(_Watch)


class _Deadline(AbstractAsyncContextManager[None]):
    """One for each request, so without a generator."""

    __slots__ = ("_before", "_limit", "_seconds", "_watch")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def __aenter__(self) -> None:
        end = asyncio.get_running_loop().time() + self._seconds
        self._before = _ends_at.set(end)
        self._limit = asyncio.timeout(None)
        await self._limit.__aenter__()
        self._watch = _watches.get()
        self._watch.add(self._limit, end)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._watch.drop(self._limit)
        try:
            await self._limit.__aexit__(kind, error, trace)
        except TimeoutError:
            raise DeadlineExceeded(
                f"No answer within {self._seconds:g} s; the work was stopped. Ask for less at once."
            ) from None
        finally:
            _ends_at.reset(self._before)


@asynccontextmanager
async def token_lifetime(expires_at: float | None) -> AsyncIterator[None]:
    """Stops what runs inside when the caller's token expires: `Unauthenticated`.

    `expires_at` in seconds since 1970; None never.
    """
    left = None if expires_at is None else max(expires_at - clock.timestamp(), 0)
    try:
        async with asyncio.timeout(left) as limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise Unauthenticated("The token has expired.") from None


def ends_at() -> float | None:
    """When the request's time is up, on the loop's clock; None never."""
    return _ends_at.get()


def end_with(others: Iterable[float | None]) -> None:
    """From here on, what runs in this context has as long as the last of these moments."""
    moments = list(others)
    _ends_at.set(None if None in moments else max(m for m in moments if m is not None))


def time_left(at_most: float) -> float:
    """Seconds that a statement may take: `at_most`, or what is left of its request."""
    end = _ends_at.get()
    if end is None:
        return at_most
    left = end - asyncio.get_running_loop().time()
    return min(at_most, max(left, 0) + _BREATH)
