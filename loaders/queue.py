"""Keys of many requests on their way to one batch function: together, in turns, bounded."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context
from itertools import count
from typing import Any, Generic

from app.errors import Overloaded, TooSlow, Unavailable
from app.limits.deadline import end_with
from loaders.asked import Asked, Key, Value

Fetch = Callable[[Sequence[Key]], Awaitable[Sequence[Value]]]

MAX_BATCH_SIZE = 5000  # what one request alone may send at once
SHARE = 100  # what each may send while others wait: a screen is never behind more of another
MANY = 8  # keys worth a statement of their own beside one that is under way
MANY_OF_ONE = 250  # the same, where no other request waits: its statements are to be few
MAX_FLIGHTS = 4  # statements of one edge at once, of a pool that all edges share
MAX_HELD = 20_000  # keys: twenty of the largest requests, at most 20 MB


Batch = list[Asked[Key, Value]]


class _Lane(Generic[Key, Value]):
    """Keys that can share a statement: by request those that wait, and the flights that go.

    Where many wait they go in two flights: while Postgres works on the one, what the other brought
    is worked on here.
    """

    __slots__ = ("count", "flights", "group", "waiting")

    def __init__(self, group: Hashable) -> None:
        self.group = group
        self.waiting: dict[int, Batch[Key, Value]] = {}
        self.count = 0  # of the keys that wait
        self.flights: list[int | None] = []  # of each the request that it is all of, if it is large

    def add(self, asked: Asked[Key, Value]) -> None:
        self.waiting.setdefault(asked.request, []).append(asked)
        self.count += 1

    def ready(self) -> bool:
        """Whether a batch may leave. Beside large ones small ones may, or they would be held up."""
        flights = self.flights
        if not self.count or not flights:
            return bool(self.count)
        if len(flights) == 1 and self.count >= MANY:
            return True
        return None not in flights and self._has_small()

    def _has_small(self) -> bool:
        """Whether a request waits that has no more than its share, and no large flight."""
        return any(
            len(asked) <= SHARE and request not in self.flights
            for request, asked in self.waiting.items()
        )

    def take(self) -> Batch[Key, Value]:
        """The next batch: of each request its share in turn, who has more left last. Where all
        have more, one goes after the other, so that the first need not wait for the last."""
        if self._has_small():
            return self._shares()
        request, asked = next(iter(self.waiting.items()))
        return self._taken(request, self._size(len(asked), MANY_OF_ONE))

    def _shares(self) -> Batch[Key, Value]:
        size = self._size(self.count, MANY if len(self.waiting) > 1 else MANY_OF_ONE)
        batch: Batch[Key, Value] = []
        for request in [each for each in self.waiting if each not in self.flights]:
            if len(batch) >= size:
                break
            batch += self._taken(request, min(SHARE, size - len(batch)))
            if request in self.waiting:
                self.waiting[request] = self.waiting.pop(request)
        return batch

    def _size(self, count: int, many: int) -> int:
        """How many of so many keys may leave; half, where nothing is under way and either half is
        worth a statement."""
        halved = not self.flights and count >= 2 * many
        return min((count + 1) // 2 if halved else count, MAX_BATCH_SIZE)

    def _taken(self, request: int, size: int) -> Batch[Key, Value]:
        asked = self.waiting[request]
        taken, left = asked[:size], asked[size:]
        if left:
            self.waiting[request] = left
        else:
            del self.waiting[request]
        self.count -= len(taken)
        return taken

    def start(self, batch: Batch[Key, Value]) -> None:
        self.flights.append(_large(batch))

    def land(self, batch: Batch[Key, Value]) -> None:
        self.flights.remove(_large(batch))


def _large(batch: Sequence[Asked[Any, Any]]) -> int | None:
    """The request that alone has more than its share in a batch."""
    request = batch[0].request
    return request if len(batch) > SHARE and batch[-1].request == request else None


class Queue(Generic[Key, Value]):
    """The way of every request to one batch function. Lives as long as the service.

    While a statement is under way, keys that arrive wait and become the next batch; of many there
    are two under way.
    """

    def __init__(
        self, fetch: Fetch[Key, Value], apart: Callable[[Key], Hashable] | None = None
    ) -> None:
        """`fetch`: keys in, values out, aligned; keys that differ in `apart` never go together."""
        self._fetch = fetch
        self._apart = apart
        self._lanes: dict[Hashable, _Lane[Key, Value]] = {}
        self._tasks: dict[asyncio.Task[None], Batch[Key, Value]] = {}
        self._flights = 0  # first tries alone: what is tried again holds nobody up
        self._leaving = False
        self._requests = count()
        self.held = 0  # keys taken in that have no value yet

    def new_request(self) -> int:
        """A number for a request, by which it has its turns."""
        return next(self._requests)

    def put(self, asked: Asked[Key, Value]) -> None:
        """Take a key in; it fails at once where too many wait already."""
        if self.held >= MAX_HELD:
            asked.fail(Overloaded("The service is overloaded just now. Try again shortly."))
            return
        self.held += 1
        group = None if self._apart is None else self._apart(asked.key)
        lane = self._lanes.get(group)
        if lane is None:
            lane = self._lanes[group] = _Lane(group)
        lane.add(asked)
        if not self._leaving and lane.ready():
            self._leave_soon()

    def _leave_soon(self) -> None:
        """Once round the loop, and once more: the resolvers of a level don't all ask at once."""
        self._leaving = True
        loop = asyncio.get_running_loop()
        loop.call_soon(loop.call_soon, self._leave)

    def _leave(self) -> None:
        self._leaving = False
        while self._flights < MAX_FLIGHTS and (lane := self._next()) is not None:
            if batch := self._awaited(lane.take()):
                self._fly(lane, batch)
            self._forget_if_idle(lane)

    def _next(self) -> _Lane[Key, Value] | None:
        """The lane whose turn it is: the first with a request that has nothing under way."""
        ready = [lane for lane in self._lanes.values() if lane.ready()]
        if len(ready) < 2:
            return ready[0] if ready else None
        under_way = {asked.request for batch in self._tasks.values() for asked in batch}
        return next((lane for lane in ready if lane.waiting.keys() - under_way), ready[0])

    def _awaited(self, batch: Batch[Key, Value]) -> Batch[Key, Value]:
        """What somebody still waits for; the rest is dropped."""
        awaited = [asked for asked in batch if asked.awaited()]
        if len(awaited) < len(batch):
            for asked in batch:
                if not asked.awaited():
                    self._settle(asked.drop)
        return awaited

    def _settle(self, how: Callable[..., None], *outcome: Any) -> None:
        self.held -= 1
        how(*outcome)

    def _fly(self, lane: _Lane[Key, Value], batch: Batch[Key, Value]) -> None:
        """Start a flight in a context of its own: it belongs to no one request."""
        lane.start(batch)
        self._flights += 1
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._flight(lane, batch), context=Context())
        self._tasks[task] = batch
        task.add_done_callback(self._tasks.pop)

    async def _flight(self, lane: _Lane[Key, Value], batch: Batch[Key, Value]) -> None:
        try:
            error = await self._tried(batch)
        finally:
            self._land(lane, batch)
        if error is not None:
            await self._try_apart(batch, error)

    def _land(self, lane: _Lane[Key, Value], batch: Batch[Key, Value]) -> None:
        lane.land(batch)
        self._flights -= 1
        self._forget_if_idle(lane)
        if self._lanes and not self._leaving:
            self._leave_soon()

    def _forget_if_idle(self, lane: _Lane[Key, Value]) -> None:
        if not lane.waiting and not lane.flights:
            self._lanes.pop(lane.group, None)

    async def _tried(self, batch: Batch[Key, Value]) -> Exception | None:
        """Ask for a batch and hand out the values; or what went wrong, when nobody is told yet.

        It may take as long as the most patient of those who wait.
        """
        end_with(asked.ends_at for asked in batch)
        try:
            values = await self._fetch([asked.key for asked in batch])
            answered = list(zip(batch, values, strict=True))
        except Exception as error:
            return error
        except asyncio.CancelledError:
            for asked in batch:
                self._settle(asked.drop)
            raise
        self.held -= len(answered)
        for asked, value in answered:
            asked.succeed(value)
        return None

    async def _try_apart(self, batch: Batch[Key, Value], error: Exception) -> None:
        """Once more, each request's keys apart, so that the error stays with whose it is.

        Not after a time-out: a database that is slow is not asked more for it.
        """
        requests: dict[int, Batch[Key, Value]] = defaultdict(list)
        for asked in batch:
            requests[asked.request].append(asked)
        if isinstance(error, TooSlow):
            self._fail(batch, error)
        elif len(requests) > 1:
            await asyncio.gather(*map(self._try_again, requests.values()))
        elif isinstance(error, Unavailable):
            await self._try_again(batch)
        else:
            await self._try_halves(batch, error)

    async def _try_again(self, batch: Batch[Key, Value]) -> None:
        """The keys of one request, if it still waits."""
        batch = self._awaited(batch)
        error = await self._tried(batch) if batch else None
        if isinstance(error, Unavailable):
            self._fail(batch, error)
        elif error is not None:
            await self._try_halves(batch, error)

    async def _try_halves(self, batch: Batch[Key, Value], error: Exception) -> None:
        """Down to the key that is guilty: of n keys, 2 log n statements find it."""
        middle = len(batch) // 2
        if middle == 0:
            self._fail(batch, error)
        else:
            await self._try_again(batch[:middle])
            await self._try_again(batch[middle:])

    def _fail(self, batch: Batch[Key, Value], error: Exception) -> None:
        for asked in batch:
            self._settle(asked.fail, error)
