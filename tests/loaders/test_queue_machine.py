"""Whatever happens in whatever order: each gets their own value, or an error of their own."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from app.errors import Unavailable
from loaders.batching import Loader
from loaders.queue import MAX_FLIGHTS
from tests.loaders.statements import Statements, assert_empty, outcomes, turns

LOST = "lost"


def lane(key: int) -> int:
    return key % 3


class Requests(RuleBasedStateMachine):
    """Requests that ask, leave and fail, over a database that answers when it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.statements = Statements(bad=frozenset({13, 14}))
        self.queue = self.statements.queue(apart=lane)
        self.loaders: list[Loader[int, str]] = []
        self.waiting: list[tuple[int, asyncio.Future[str]]] = []
        self.lost = 0

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        self.runner.run(work)

    @rule(keys=st.lists(st.integers(0, 20), min_size=1), same=st.booleans())
    def ask(self, keys: list[int], same: bool) -> None:
        async def ask() -> None:
            if not (same and self.loaders):
                self.loaders.append(Loader(self.queue))
            self.waiting += [(key, self.loaders[-1].load(key)) for key in keys]

        self.run(ask())

    @rule(which=st.integers(0, 10))
    def leave(self, which: int) -> None:
        if self.waiting:
            self.waiting.pop(which % len(self.waiting))[1].cancel()

    @rule(which=st.integers(0, MAX_FLIGHTS))
    def answer(self, which: int) -> None:
        if under_way := self.statements.under_way:
            under_way[which % len(under_way)].end.set_result(None)

    @rule(which=st.integers(0, MAX_FLIGHTS))
    def lose(self, which: int) -> None:
        if under_way := self.statements.under_way:
            self.lost += 1
            under_way[which % len(under_way)].end.set_exception(Unavailable(LOST))

    @rule()
    def go_on(self) -> None:
        self.run(turns())

    @invariant()
    def statements_hold_keys_of_one_lane(self) -> None:
        assert all(len({lane(key) for key in keys}) == 1 for keys in self.statements.keys)

    @invariant()
    def what_is_held_is_asked_and_unanswered(self) -> None:
        unanswered = sum(
            not asked.done() for loader in self.loaders for asked in loader._cache.values()
        )
        assert self.queue.held == unanswered

    def teardown(self) -> None:
        async def finish() -> None:
            self.statements.at_once = True
            for statement in self.statements.under_way:
                statement.end.set_result(None)
            for key, waiter in self.waiting:
                allowed = {"ValueError"} if key in self.statements.bad else {str(key)}
                if self.lost:
                    allowed |= {"Unavailable"}
                assert set(await asyncio.wait_for(outcomes([waiter]), 5)) <= allowed
            await turns()
            assert_empty(self.queue)

        self.run(finish())
        self.runner.close()


TestRequests = Requests.TestCase
TestRequests.settings = settings(deadline=None, stateful_step_count=40)
