"""One value for each event loop."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary, ref

Value = TypeVar("Value")


class LoopLocal(Generic[Value]):
    """Made when a loop first asks, gone with the loop, or when another asks; so the value is not to
    hold its loop."""

    def __init__(self, make: Callable[[], Value]) -> None:
        self._make = make
        self._values: WeakKeyDictionary[asyncio.AbstractEventLoop, Value] = WeakKeyDictionary()
        # Mostly there is one loop: of the one that asked last, without a look.
        self._last: tuple[ref[asyncio.AbstractEventLoop], Value] | None = None

    def get(self) -> Value:
        """That of the running loop."""
        loop = asyncio.get_running_loop()
        if self._last is not None and self._last[0]() is loop:
            return self._last[1]
        value = self._values.get(loop)
        if value is None:
            value = self._values[loop] = self._make()
        self._last = ref(loop), value
        return value
