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
    """One after the other: mostly the first is the last, or those of one batch are done with it."""
    waited = False
    for future in futures:
        if future is not None and not future.done():
            waited = True
            await _Done(future)
    if not waited:
        await asyncio.sleep(0)


class _Done:
    """Waits until a future is done, whatever it gives: that is for whose it is."""

    __slots__ = ("_future",)

    def __init__(self, future: "asyncio.Future[Any]") -> None:
        self._future = future

    def __await__(self) -> Generator[Any, None, None]:
        future = self._future
        future._asyncio_future_blocking = True  # how a task is told for what to wait
        try:
            yield future
        except BaseException:
            task = asyncio.current_task()
            if not future.done() or (task is not None and task.cancelling()):
                raise
