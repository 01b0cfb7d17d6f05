"""A batch function that a test holds in its hand."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from app.limits.deadline import time_left
from loaders.batching import Loader
from loaders.queue import Queue


@dataclass
class Statement:
    """One that was sent: its keys, the seconds it was given at most, and its end."""

    keys: list[int]
    seconds: float
    end: "asyncio.Future[None]"


@dataclass
class Statements:
    """Each waits until the test ends it, unless it ends `at_once`. The value of 3 is "3"."""

    at_once: bool = False
    bad: frozenset[int] = frozenset()
    sent: list[Statement] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)  # of the first, one each

    async def fetch(self, keys: Sequence[int]) -> list[str]:
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sent.append(Statement(list(keys), time_left(100), end))
        if self.failures:
            end.set_exception(self.failures.pop(0))
        elif self.at_once:
            end.set_result(None)
        await end
        if not self.bad.isdisjoint(keys):
            raise ValueError("a bad key")
        return [str(key) for key in keys]

    @property
    def keys(self) -> list[list[int]]:
        return [statement.keys for statement in self.sent]

    @property
    def under_way(self) -> list[Statement]:
        return [statement for statement in self.sent if not statement.end.done()]

    def queue(self, apart: Callable[[int], int] | None = None) -> Queue[int, str]:
        return Queue(self.fetch, apart)


async def turns() -> None:
    """Let everything happen that waits for nothing else."""
    for _ in range(20):
        await asyncio.sleep(0)


def ask(queue: Queue[int, str], keys: Iterable[int]) -> list["asyncio.Future[str]"]:
    """What a new request waits for."""
    loader = Loader(queue)
    return [loader.load(key) for key in keys]


async def outcomes(waiting: Iterable["asyncio.Future[str]"]) -> Counter[str]:
    """How often each kind of end came; a value, or the name of an error."""
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    return Counter(end if isinstance(end, str) else type(end).__name__ for end in ends)


def assert_empty(queue: Queue[int, str]) -> None:
    """Nothing is left of whoever waited."""
    assert (queue.held, queue._flights, queue._lanes, queue._tasks) == (0, 0, {}, {})
