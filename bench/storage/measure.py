"""What one statement costs: its two plans, and how long it takes from the client's side."""

import random
import time
from dataclasses import dataclass
from statistics import median, quantiles

import asyncpg

from bench.storage.plans import broken_rules, buffers, explained, partitions
from bench.storage.statements import Statement

_ROUNDS = 20
_WARM_UP = 2
_SLOWER = 1.5  # the plan for all arguments may take so many times what one made for them takes
_NOTICED = 1.0  # ms; what is less is noise
_MODES = {"generic": "force_generic_plan", "custom": "force_custom_plan"}
_SCHEMES = 2


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one statement, for so many citizens: ms by kind of plan, the rest by the generic one."""

    statement: str
    citizens: int
    rows: float
    pages: int
    partitions: int
    medians: dict[str, float]
    slowest: dict[str, float]  # 95 of 100 are faster
    broken: list[str]


async def cost(
    dsn: str, statement: Statement, citizens: int, population: int, *, custom_too: bool
) -> Cost:
    """Ask it with people by chance.

    `custom_too`: the rules hold for plans made for the arguments as well; in a small register such
    a plan rightly reads it whole.
    """
    chance = random.Random(f"{statement.name} {citizens} {population}")
    connection = await asyncpg.connect(dsn)
    try:
        arguments = statement.arguments(chance, chance.sample(range(population), citizens))
        plans = {
            name: await explained(connection, statement, arguments, generic=name == "generic")
            for name in _MODES
        }
    finally:
        await connection.close()
    times = await _times(dsn, statement, citizens, population, chance)
    medians = {name: median(taken) for name, taken in times.items()}
    broken = [
        f"{name} plan: {rule}"
        for name, plan in plans.items()
        if custom_too or name == "generic"
        for rule in broken_rules(statement, plan, _SCHEMES * citizens, generic=name == "generic")
    ]
    if custom_too and medians["generic"] > _SLOWER * medians["custom"] + _NOTICED:
        broken.append(f"generic plan: {medians['generic']:.1f} ms, custom {medians['custom']:.1f}")
    return Cost(
        statement.name,
        citizens,
        plans["generic"]["Actual Rows"],
        buffers(plans["generic"]),
        len(partitions(plans["generic"])),
        medians,
        {name: quantiles(taken, n=20)[-1] for name, taken in times.items()},
        broken,
    )


async def _times(
    dsn: str, statement: Statement, citizens: int, population: int, chance: random.Random
) -> dict[str, list[float]]:
    """Milliseconds of prepared statements, by kind of plan, in turn; other people each time."""
    connections = {name: await asyncpg.connect(dsn) for name in _MODES}
    times: dict[str, list[float]] = {name: [] for name in _MODES}
    try:
        prepared = {}
        for name, connection in connections.items():
            await connection.execute(f"set plan_cache_mode = {_MODES[name]}")
            prepared[name] = await connection.prepare(statement.sql)
        for _ in range(_WARM_UP + _ROUNDS):
            for name, asked in prepared.items():
                arguments = statement.arguments(chance, chance.sample(range(population), citizens))
                started = time.perf_counter()
                await asked.fetch(*arguments)
                times[name].append((time.perf_counter() - started) * 1e3)
    finally:
        for connection in connections.values():
            await connection.close()
    return {name: taken[_WARM_UP:] for name, taken in times.items()}
