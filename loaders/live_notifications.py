"""Notifications as they are made, to whoever has a stream open on this process.

One connection hears that there are new ones; one statement then reads those of all citizens who
listen here. What a stream has not taken waits in a bounded row; who lets it grow full is let go.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import islice
from uuid import UUID

from app.database import Database
from app.errors import TooFarBehind
from app.notices.making import CHANNEL
from loaders.announcements import listen
from loaders.notifications import (
    AT_ONCE,
    NEWEST_NUMBER,
    NotificationRow,
    SinceKey,
    newest_number,
    notifications_since,
)

_log = logging.getLogger("allowances.live_notifications")

MOST_WAITING = 100
_CITIZENS_AT_ONCE = 1_000
_RETRY_SECONDS = 1.0


class Subscriber:
    """One stream: what it has not taken yet, and up to which number it was given."""

    __slots__ = ("_come", "_rows", "citizen_id", "given", "too_slow")

    def __init__(self, citizen_id: UUID, given: int) -> None:
        self.citizen_id = citizen_id
        self.given = given
        self.too_slow = False
        self._rows: deque[NotificationRow] = deque()
        self._come = asyncio.Event()

    def give(self, row: NotificationRow) -> None:
        """One more; where too many wait already, none is left and the stream is to end."""
        if len(self._rows) >= MOST_WAITING:
            self.too_slow = True
            self._rows.clear()
        else:
            self._rows.append(row)
            self.given = row.key.number
        self._come.set()

    async def rows(self) -> AsyncIterator[NotificationRow]:
        """Each as it comes; `TooFarBehind` when too many had waited."""
        while True:
            await self._come.wait()
            self._come.clear()
            while self._rows:
                yield self._rows.popleft()
            if self.too_slow:
                raise TooFarBehind(
                    f"More than {MOST_WAITING} notifications waited to be read. Subscribe again, "
                    "with the id of the last one as `after`."
                )


class LiveNotifications:
    """The streams of this process. `newest` is the highest number that it knows of."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open: dict[UUID, set[Subscriber]] = defaultdict(set)
        self._called = asyncio.Event()
        self.newest = 0

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    @contextmanager
    def subscribed(self, citizen_id: UUID) -> Iterator[Subscriber]:
        """A stream of what is made from now on."""
        subscriber = Subscriber(citizen_id, self.newest)
        self._open[citizen_id].add(subscriber)
        try:
            yield subscriber
        finally:
            self._let_go(subscriber)

    def _let_go(self, subscriber: Subscriber) -> None:
        others = self._open.get(subscriber.citizen_id, set())
        others.discard(subscriber)
        if not others:
            self._open.pop(subscriber.citizen_id, None)

    async def start(self) -> None:
        """Learn what there is already."""
        self.newest = await newest_number(self._database)

    async def run(self, dsn: str) -> None:
        """Hear and hand out, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(listen(dsn, CHANNEL, NEWEST_NUMBER, self._heard))
            tasks.create_task(self._hand_out())

    def _heard(self, number: int) -> None:
        self.newest = max(self.newest, number)
        self._called.set()

    async def _hand_out(self) -> None:
        while True:
            await self._called.wait()
            self._called.clear()
            try:
                await self._catch_up()
            except Exception as error:
                _log.warning("notifications were not read: %s", type(error).__name__)
                self._called.set()
                await asyncio.sleep(_RETRY_SECONDS)

    async def _catch_up(self) -> None:
        behind = set(self._open)
        while behind:
            citizens, behind = iter(behind), set()
            while some := tuple(islice(citizens, _CITIZENS_AT_ONCE)):
                behind |= await self._read(some)

    async def _read(self, citizens: tuple[UUID, ...]) -> set[UUID]:
        """Hand out what is new to some citizens' streams; returns who may have more."""
        keys = [
            SinceKey(citizen, min(each.given for each in self._open[citizen]))
            for citizen in citizens
            if citizen in self._open
        ]
        more = set()
        for key, rows in zip(keys, await notifications_since(self._database, keys), strict=True):
            for row in rows:
                self._give(key.citizen_id, row)
            if len(rows) == AT_ONCE:
                more.add(key.citizen_id)
        return more

    def _give(self, citizen_id: UUID, row: NotificationRow) -> None:
        for subscriber in list(self._open.get(citizen_id, ())):
            if row.key.number > subscriber.given:
                subscriber.give(row)
                if subscriber.too_slow:
                    self._let_go(subscriber)
