"""A key on its way, and who waits for its value."""

import asyncio
from collections.abc import Awaitable, Generator, Hashable, Iterable
from typing import Any, Generic, TypeAlias, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
Row = TypeVar("Row")

Perhaps: TypeAlias = Row | Awaitable[Row | None] | None  # what is seldom waited for


class _All:
    """Waits for several keys at once, whatever becomes of each: one future for all of them."""

    __slots__ = ("_left", "future")

    def __init__(self, count: int) -> None:
        self.future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._left = count

    def done(self) -> bool:
        return self.future.done()

    def set_result(self, _value: object) -> None:
        self._left -= 1
        if not self._left and not self.future.done():
            self.future.set_result(None)

    set_exception = set_result

    def cancel(self) -> bool:
        return self.future.cancel()


Waiter: TypeAlias = asyncio.Future[Value] | _All


async def all_settled(asked: Iterable["Asked[Any, Any]"]) -> None:
    """Until each of these keys has its value, or an error in its place."""
    waiting = [each.waiters for each in dict.fromkeys(asked) if each.waiters is not None]
    if waiting:
        every = _All(len(waiting))
        for waiters in waiting:
            waiters.append(every)
        await every.future


class Asked(Generic[Key, Value]):
    """A key that a request asks, and its value once there is one: a future without a loop.

    Whoever waits has a future of their own (`waiter`), for a wait may be cancelled.
    """

    __slots__ = ("_dropped", "_error", "_value", "ends_at", "key", "request", "waiters")

    key: Key
    request: int
    ends_at: float | None  # when the request's time is up, on the loop's clock

    def __init__(self) -> None:
        self.waiters: list[Waiter[Value]] | None = []  # None: nobody waits any more
        self._value: Value
        self._error: Exception | None = None
        self._dropped = False

    def __await__(self) -> Generator[Any, None, Value]:
        return (yield from self.waiter()) if self.waiters is not None else self.result()

    def waiter(self) -> asyncio.Future[Value]:
        """A future with the value of this one, which is still to come."""
        waiter: asyncio.Future[Value] = asyncio.get_running_loop().create_future()
        if self.waiters is not None:
            self.waiters.append(waiter)
        return waiter

    def awaited(self) -> bool:
        """Whether anybody still waits."""
        for waiter in self.waiters or ():  # noqa: SIM110 - no generator for each key
            if not waiter.done():
                return True
        return False

    def done(self) -> bool:
        return self.waiters is None

    def cancelled(self) -> bool:
        return self._dropped

    def cancel(self) -> bool:
        """It is those who wait that may be cancelled."""
        return False

    def result(self) -> Value:
        """The value; raises what there is in its place."""
        if self._error is not None:
            raise self._error
        return self._value

    def exception(self) -> Exception | None:
        return self._error

    def outcome(self) -> Value | Exception:
        """The value, or what there is in its place."""
        return self._value if self._error is None else self._error

    def succeed(self, value: Value) -> None:
        self._value = value
        for waiter in self._leave():
            waiter.set_result(value)

    def fail(self, error: Exception) -> None:
        self._error = error
        for waiter in self._leave():
            waiter.set_exception(error)

    def drop(self) -> None:
        """Nobody will bring a value. Whoever asks the key again, asks anew."""
        self._dropped = True
        for waiter in self._leave():
            waiter.cancel()

    def _leave(self) -> list[Waiter[Value]]:
        """Those who still wait, for the last time."""
        waiting = [waiter for waiter in self.waiters or () if not waiter.done()]
        self.waiters = None
        return waiting

    set_result, set_exception = succeed, fail  # as aiodataloader calls them
