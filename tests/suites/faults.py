"""A database that fails on demand: locked tables, and connections killed idle or at work."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeVar

import asyncpg

_LOCK = "lock table citizen_lookup, citizen, payment, registration in access exclusive mode"
_WAITING = """
select count(*) from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock'"""
_KILL = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1"

Answer = TypeVar("Answer")


class Fault(Enum):
    """What happens to the database while one request is answered."""

    NONE = auto()
    TABLES_LOCKED = auto()
    IDLE_CONNECTIONS_KILLED = auto()
    BUSY_CONNECTIONS_KILLED = auto()


@dataclass(frozen=True, slots=True)
class Faults:
    """Does it to the connections of one application, from a connection of its own."""

    runner: asyncio.Runner
    connection: "asyncpg.Connection[asyncpg.Record]"
    application: str

    @classmethod
    @contextmanager
    def of(cls, dsn: str, application: str) -> Iterator["Faults"]:
        """`dsn`: the owner's, who may lock tables and end connections."""
        with asyncio.Runner() as runner:
            connection = runner.run(_connect(dsn))
            yield cls(runner, connection, application)
            runner.run(connection.close())

    def during(self, fault: Fault, ask: Callable[[], Answer]) -> Answer:
        """The answer to a request that meets the fault."""
        if fault is Fault.IDLE_CONNECTIONS_KILLED:
            self._run(_KILL, self.application)
        if fault in {Fault.NONE, Fault.IDLE_CONNECTIONS_KILLED}:
            return ask()
        with ThreadPoolExecutor(1) as others, self._locked():
            answer = others.submit(ask)
            if fault is Fault.BUSY_CONNECTIONS_KILLED:
                self._kill_at_work(answer)
            return answer.result()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._run("begin")
        self._run(_LOCK)
        try:
            yield
        finally:
            self._run("rollback")

    def _kill_at_work(self, answer: "Future[Any]") -> None:
        while not answer.done() and not self._run(_WAITING, self.application):
            pass
        self._run(_KILL, self.application)

    def _run(self, statement: str, *arguments: object) -> Any:
        return self.runner.run(self.connection.fetchval(statement, *arguments))


async def _connect(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(dsn)
