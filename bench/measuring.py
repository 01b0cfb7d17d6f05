"""Slices of load, the servers by turns, and what each request cost them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.answers import WrongAnswer, ask
from bench.load import Load, run_wrk
from bench.processes import cpu_seconds, resident_bytes, settle
from bench.servers import Server
from bench.workloads import Asked, Workload, write

SAMPLES = 5
_WARM_SECONDS = 1
_SIZE_TOLERANCE = 0.15  # answers of other people differ a little in length, errors a lot
_LARGEST_HEAD = 600  # bytes of an answer's head


@dataclass(frozen=True, slots=True)
class Slice:
    """What one server did in one slice; times a request in milliseconds, `wrong` why it is void."""

    rate: float
    p50: float
    p99: float
    app_cpu: float
    database_cpu: float
    resident: float  # MB
    wrong: str | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """The medians of a server's slices under one workload at so many connections."""

    workload: str
    connections: int
    server: str
    middle: Slice
    statements: float  # a request


Statements = Mapping[tuple[str, int, str], float]
"""By workload, connections and server: how many a request sends."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What every slice needs: the database's process, where to write, whom to ask about."""

    postmaster: int
    directory: Path
    asked: Asked
    rounds: int
    seconds: int

    def figures(
        self,
        servers: Sequence[Server],
        workload: Workload,
        connections: Sequence[int],
        statements: Statements,
    ) -> Iterator[Figure]:
        """Verify that all answer the same, then measure them by turns. `WrongAnswer` else."""
        able = [server for server in servers if server.name in workload.servers]
        sizes = self._same_answers(able, workload)
        for count in connections:
            slices: dict[str, list[Slice]] = {server.name: [] for server in able}
            for _ in range(self.rounds):
                for server in able:
                    found = self._slice(server, workload, count, sizes[server.name])
                    slices[server.name].append(found)
            for name, some in slices.items():
                sent = statements[workload.name, count, name]
                yield Figure(workload.name, count, name, middle(some), sent)

    def statements(
        self, servers: Sequence[Server], workload: Workload, connections: Sequence[int]
    ) -> Statements:
        """Count what the database logs, for which it has to be logging every statement."""
        able = [server for server in servers if server.name in workload.servers]
        self._same_answers(able, workload)
        return {
            (workload.name, count, server.name): self._statements(server, workload, count)
            for count in connections
            for server in able
        }

    def _statements(self, server: Server, workload: Workload, connections: int) -> float:
        requests = self._requests_of(server, workload)
        run_wrk(server.url, requests, connections=connections, seconds=_WARM_SECONDS)
        settle(server.process.pid)
        before = self._logged()
        load = run_wrk(server.url, requests, connections=connections, seconds=_WARM_SECONDS)
        settle(server.process.pid)
        return (self._logged() - before) / (load.requests + connections)

    def _logged(self) -> int:
        log = (self.directory / "postgres.log").read_bytes()
        return log.count(b" LOG:  execute ") + log.count(b" LOG:  statement: ")

    def _same_answers(self, servers: Sequence[Server], workload: Workload) -> dict[str, float]:
        """The mean size of each server's answers, which are all the same."""
        first, sizes = None, {}
        for server in servers:
            requests = workload.requests(server.name, self.asked)
            write(requests, self._requests_of(server, workload))
            answers, sizes[server.name] = ask(server, requests[:SAMPLES])
            if first is not None and answers != first[1]:
                raise WrongAnswer(f"{workload.name}: {server.name} and {first[0]} differ.")
            first = first or (server.name, answers)
        return sizes

    def _requests_of(self, server: Server, workload: Workload) -> Path:
        return self.directory / f"{workload.name}-{server.name}.requests"

    def _slice(self, server: Server, workload: Workload, connections: int, size: float) -> Slice:
        requests = self._requests_of(server, workload)
        run_wrk(server.url, requests, connections=connections, seconds=_WARM_SECONDS)
        settle(server.process.pid)
        app, database = cpu_seconds(server.process.pid), cpu_seconds(self.postmaster)
        seconds = self.seconds * workload.seconds
        load = run_wrk(server.url, requests, connections=connections, seconds=seconds)
        resident = resident_bytes(server.process.pid) / 1e6
        settle(server.process.pid)
        count = load.requests + connections  # one on each is under way when wrk leaves
        return Slice(
            rate=load.requests / load.seconds,
            p50=load.p50,
            p99=load.p99,
            app_cpu=(cpu_seconds(server.process.pid) - app) / count * 1e3,
            database_cpu=(cpu_seconds(self.postmaster) - database) / count * 1e3,
            resident=resident,
            wrong=fault(load, size),
        )


def fault(load: Load, size: float) -> str | None:
    """Why a slice does not count; `size` is the mean length of right answers."""
    if load.requests == 0:
        return "no answer in time"
    if load.failed:
        return f"{load.failed} failed"
    if (
        not size * (1 - _SIZE_TOLERANCE)
        <= load.bytes
        <= size * (1 + _SIZE_TOLERANCE) + _LARGEST_HEAD
    ):
        return f"answers of {load.bytes:.0f} bytes where {size:.0f} were right"
    return None


def middle(slices: Sequence[Slice]) -> Slice:
    """The median of each figure; void where any slice is."""
    numbers = ("rate", "p50", "p99", "app_cpu", "database_cpu", "resident")
    wrong = next((each.wrong for each in slices if each.wrong), None)
    medians = {name: median(getattr(each, name) for each in slices) for name in numbers}
    return Slice(**medians, wrong=wrong)
