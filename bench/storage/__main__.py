"""Fill a register of its own to growing sizes, and ask every statement of the loaders at each."""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

import asyncpg

from app.embedded_postgres import embedded_postgres
from app.migrations.apply import migrate
from bench.storage.fill import Filled, add_citizens, prepare, set_up_server
from bench.storage.measure import Cost, cost
from bench.storage.population import citizens_of
from bench.storage.report import Size, tables
from bench.storage.statements import FRESHNESS, OF_CITIZENS

_CITIZENS = (1, 100, 1000)
_LARGE = 50_000_000  # from here on a plan that reads a table whole is wrong for any request

_SIZES = """
select sum(pg_table_size(relid))::bigint, sum(pg_indexes_size(relid))::bigint,
  pg_database_size(current_database()), (select count(*) from payment)
from pg_partition_tree('payment') where isleaf"""


def main() -> None:
    """Exit status 1 when a plan breaks a rule."""
    options = _options()
    with embedded_postgres(options.directory, durable=False) as dsn:
        sizes = asyncio.run(_run(dsn, options))
    print(tables(sizes))
    if broken := [rule for size in sizes for cost in size.costs for rule in _told(size, cost)]:
        sys.exit("\n".join(broken))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.storage", description=__doc__)
    parser.add_argument("directory", type=Path, help="a new directory for the database")
    parser.add_argument(
        "--millions",
        type=lambda text: [int(float(one) * 1e6) for one in text.split(",")],
        default="1,10,50",
        help="payments at each size, growing; a million takes 0.25 GB (default: 1,10,50)",
    )
    return parser.parse_args()


async def _run(dsn: str, options: argparse.Namespace) -> list[Size]:
    await _prepare(dsn)
    sizes: list[Size] = []
    for payments in options.millions:
        before, citizens = sizes[-1].citizens if sizes else 0, citizens_of(payments)
        filled = await add_citizens(dsn, before, citizens)
        _tell(f"{payments:,}: filled, {filled.payments / filled.seconds:,.0f} payments/s")
        sizes.append(await _size(dsn, citizens, filled))
        raw = json.dumps([asdict(size) for size in sizes], indent=1)
        (options.directory / "storage.json").write_text(raw, encoding="utf-8")
    return sizes


async def _prepare(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    if not await migrate(connection):
        sys.exit("directory: expected a new one, this has a database already.")
    await set_up_server(connection)
    await prepare(connection)
    await connection.close()


async def _size(dsn: str, citizens: int, filled: Filled) -> Size:
    connection = await asyncpg.connect(dsn)
    ((table, index, database, payments),) = await connection.fetch(_SIZES)
    await connection.close()
    costs = []
    for statement in OF_CITIZENS:
        for count in _CITIZENS:
            large = payments >= _LARGE * 0.99
            costs.append(await cost(dsn, statement, count, citizens, custom_too=large))
            _tell(f"{statement.name}, {count}: {costs[-1].medians} {costs[-1].broken}")
    costs.append(await cost(dsn, FRESHNESS, 1, citizens, custom_too=True))
    return Size(payments, citizens, table, index, database, filled, costs)


def _told(size: Size, cost: Cost) -> list[str]:
    return [
        f"{size.payments:,} payments, {cost.statement}, {cost.citizens} citizens: {rule}"
        for rule in cost.broken
    ]


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
