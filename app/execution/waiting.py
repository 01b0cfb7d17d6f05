"""Many awaitables at once, without a task for each.

They run in the task of the request, each to its first wait, then all together from wait to wait.
That costs a tenth of a task each; what it asks of a resolver stands in docs/execution.md.
"""

import asyncio
from collections.abc import Awaitable, Generator, Sequence
from typing import Any

from app.execution.failures import Failure

Step = Generator[Any, Any, Any]


class Started:
    """An awaitable that has been run to its first wait."""

    __slots__ = ("_step", "future", "value")

    def __init__(self, awaitable: Awaitable[Any]) -> None:
        """Runs it at once, as far as it goes; `done` tells whether that was to its end."""
        self._step: Any = awaitable if hasattr(awaitable, "send") else awaitable.__await__()
        self.future: asyncio.Future[Any] | None = None
        self.value: Any = None
        self.go_on()

    @property
    def done(self) -> bool:
        return self._step is None

    def go_on(self) -> None:
        """To the next wait, or to the end: then `value` is what it gave, or a `Failure`."""
        try:
            future = self._step.send(None)
        except StopIteration as stop:
            self.value, self._step, self.future = stop.value, None, None
        except Exception as error:
            self.value, self._step, self.future = Failure(error), None, None
        else:
            if future is not None:
                future._asyncio_future_blocking = (
                    False  # what a task does to the future it waits for
                )
            self.future = future

    def close(self) -> None:
        """Ends it where it stands."""
        if self._step is not None and hasattr(self._step, "close"):
            self._step.close()


async def settle(started: Sequence[Started]) -> None:
    """Until each is done."""
    waiting = [each for each in started if not each.done]
    try:
        while waiting:
            await _all_done([each.future for each in waiting])
            for each in waiting:
                each.go_on()
            waiting = [each for each in waiting if not each.done]
    except BaseException:
        for each in waiting:
            each.close()
        raise


async def _all_done(futures: Sequence["asyncio.Future[Any] | None"]) -> None:
    open_ = {future for future in futures if future is not None and not future.done()}
    if not open_:
        await asyncio.sleep(0)
        return
    waiter = asyncio.get_running_loop().create_future()
    left = len(open_)

    def one_done(_future: "asyncio.Future[Any]") -> None:
        nonlocal left
        left -= 1
        if not left and not waiter.done():
            waiter.set_result(None)

    for future in open_:
        future.add_done_callback(one_done)
    try:
        await waiter
    finally:
        for future in open_:
            future.remove_done_callback(one_done)
