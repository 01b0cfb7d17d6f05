"""What a request asks of each edge: a key once, on the way that all requests share.

The only module that knows aiodataloader.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from functools import partial
from typing import Any, Generic, Self, TypeVar, cast, overload

from aiodataloader import DataLoader

from app.database import Database
from app.limits.deadline import ends_at
from loaders.asked import Asked, Key, Value, all_settled
from loaders.queue import Queue

Row = TypeVar("Row")


class _Futures:
    """What aiodataloader wants of a loop: futures, here with what the queue needs to know."""

    def create_future(self) -> Asked[Any, object]:
        return Asked()


_FUTURES = cast(asyncio.AbstractEventLoop, _Futures())


async def _not_called(_keys: list[Any]) -> list[Any]:
    """aiodataloader wants a batch function; ours is the queue's."""
    raise NotImplementedError


class Loader(DataLoader[Key, Value]):
    """One edge of the graph for one request: each key is asked once, and has one value.

    aiodataloader remembers what was asked; when it leaves, and with whose keys, is the queue's.
    """

    batch_load_fn = staticmethod(_not_called)
    loop = _FUTURES

    def __init__(self, queue: Queue[Key, Value]) -> None:
        # Not aiodataloader's own, which looks at the batch function for each loader of a request.
        self._cache = {}
        self._way = queue
        self._request = queue.new_request()
        self._ends_at = ends_at()

    def get_cache_key(self, key: Key) -> Key:
        return key

    def do_resolve_reject(self, key: Key, future: asyncio.Future[Value]) -> None:
        """Where aiodataloader would wait for a batch of its own."""
        asked = cast("Asked[Key, Value]", future)
        asked.key, asked.request, asked.ends_at = key, self._request, self._ends_at
        self._way.put(asked)

    def load(self, key: Key) -> asyncio.Future[Value]:
        """The value of a key. Cancelling the wait leaves alone whoever else waits for the key."""
        asked = self._asked(key)
        if asked.waiters is not None:
            return asked.waiter()
        return asked  # type: ignore[return-value]  # it is done, and all is there that is asked then

    def _asked(self, key: Key) -> Asked[Key, Value]:
        asked: Asked[Key, Value] = super().load(key)  # type: ignore[assignment]  # of `loop`
        if asked.cancelled():  # dropped, as nobody waited any more
            return self.clear(key)._asked(key)
        return asked

    async def load_each(self, keys: Iterable[Key]) -> list[Value | Exception]:
        """For each key its value, or why there is none, which is its own alone."""
        asked = [self._asked(key) for key in keys]
        await all_settled(asked)
        return [each.outcome() for each in asked]


async def load_all(loader: Loader[Key, Value], keys: Iterable[Key]) -> list[Value]:
    """The values of several keys, asked together; the first error ends the wait."""
    asked = [loader.load(key) for key in keys]
    try:
        return [await each for each in asked]
    except BaseException:
        for each in asked:
            if not each.cancel() and not each.cancelled():
                each.exception()  # seen: the first one is what is told
        raise


class Queues:
    """Every edge's queue, over one database, each from the first time that it is needed on."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._queues: dict[Edge[Any, Any], Queue[Any, Any]] = {}

    def of(self, edge: "Edge[Key, Value]") -> Queue[Key, Value]:
        """The queue of an edge."""
        queue = self._queues.get(edge)
        if queue is None:
            queue = self._queues[edge] = Queue(partial(edge.fetch, self.database), edge.apart)
        return queue


class Edge(Generic[Key, Value]):
    """An edge as a class declares it; each object of the class has a loader of its own for it.

    The class needs an attribute `queues`.
    """

    def __init__(
        self,
        fetch: Callable[[Database, Sequence[Key]], Awaitable[Sequence[Value]]],
        apart: Callable[[Key], Hashable] | None = None,
    ) -> None:
        """`fetch` and `apart` as for a `Queue`."""
        self.fetch = fetch
        self.apart = apart

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, request: None, owner: type) -> Self: ...

    @overload
    def __get__(self, request: object, owner: type) -> Loader[Key, Value]: ...

    def __get__(self, request: Any, owner: type) -> Self | Loader[Key, Value]:
        if request is None:
            return self
        loader = Loader(request.queues.of(self))
        request.__dict__[self._name] = loader  # found there from now on
        return loader


def one_by_key(
    keys: Sequence[Key], rows: Iterable[Row], key_of: Callable[[Row], Key]
) -> list[Row | None]:
    """For each key its row, or None."""
    found = {key_of(row): row for row in rows}
    return [found.get(key) for key in keys]


def many_by_key(
    keys: Sequence[Key], rows: Iterable[Row], key_of: Callable[[Row], Key]
) -> list[tuple[Row, ...]]:
    """For each key its rows, in the order they came."""
    found: dict[Key, list[Row]] = {key: [] for key in keys}
    for row in rows:
        found[key_of(row)].append(row)
    return [tuple(found[key]) for key in keys]
