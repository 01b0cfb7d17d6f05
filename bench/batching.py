"""What a load costs in Python: through the queue that requests share, and without it.

`python -m bench.batching` asks four levels, one after the other, for one request at a time and for
64 at once, and prints for each way the CPU microseconds and the batches of one load. Each batch
takes as long as a quick statement, and costs no CPU. A request makes its loaders anew.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import uvloop
from aiodataloader import DataLoader

from loaders.batching import Loader
from loaders.queue import Queue

REQUESTS = 6_400
LEVELS = 4
STATEMENT_SECONDS = 0.001

Load = Callable[[int], Awaitable[int]]
Way = Callable[[], list[Load]]  # the loaders of a new request


class Statements:
    """A batch function that counts, and takes its time."""

    def __init__(self) -> None:
        self.sent = 0

    async def fetch(self, keys: Sequence[int]) -> list[int]:
        self.sent += 1
        await asyncio.sleep(STATEMENT_SECONDS)
        return list(keys)


def alone(statements: Statements) -> Way:
    """aiodataloader as it comes, one for each edge of each request."""

    async def fetch(keys: list[int]) -> list[int]:
        return await statements.fetch(keys)

    def load(loader: DataLoader[int, int]) -> Load:
        return lambda key: asyncio.shield(loader.load(key))

    return lambda: [load(DataLoader(fetch)) for _ in range(LEVELS)]


def together(statements: Statements) -> Way:
    """A queue for each edge, that all requests share."""
    queues = [Queue(statements.fetch) for _ in range(LEVELS)]
    return lambda: [Loader(queue).load for queue in queues]


async def measure(name: str, way: Way, statements: Statements, at_once: int) -> None:
    """Ask REQUESTS requests, so many at once, and print what a load cost."""

    async def caller(numbers: range) -> None:
        for number in numbers:
            for load in way():
                await load(number)

    before = time.process_time()
    await asyncio.gather(*(caller(range(n, REQUESTS, at_once)) for n in range(at_once)))
    loads = REQUESTS * LEVELS
    cost = (time.process_time() - before) / loads * 1e6
    batches = statements.sent / loads
    print(f"{name}, {at_once} at once: {cost:.1f} us and {batches:.2f} batches a load")


async def main() -> None:
    """Both ways side by side."""
    for at_once in (1, 64):
        for name, way in (("alone", alone), ("together", together)):
            statements = Statements()
            await measure(name, way(statements), statements, at_once)


if __name__ == "__main__":
    uvloop.run(main())
