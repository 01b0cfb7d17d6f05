"""The plan of each loader statement keeps the rules of storage; `bench/storage` asks the same of a
register of 50 million payments.

So small a register is rightly read whole, so reading whole is made dear here: a plan that still
does it has no index to go by.
"""

import random
from collections.abc import AsyncIterator

import asyncpg
import pytest

from bench.storage.fill import add_citizens, prepare
from bench.storage.plans import broken_rules, explained
from bench.storage.population import citizens_of
from bench.storage.statements import FRESHNESS, OF_CITIZENS, Statement
from loaders.payment_pages import PAGES, Shape
from tests.conftest import Databases

CITIZENS = citizens_of(20_000)
STATEMENTS = [*OF_CITIZENS, FRESHNESS]
NEWEST_12 = next(statement for statement in OF_CITIZENS if statement.name == "newest 12")


@pytest.fixture(scope="module")
async def register(
    databases: Databases, migrated_template: str
) -> AsyncIterator[asyncpg.Connection]:
    url = databases.url(await databases.create(migrated_template))
    connection = await asyncpg.connect(url)
    await prepare(connection)
    await add_citizens(url, 0, CITIZENS)
    await connection.execute("set enable_seqscan = off")
    yield connection
    await connection.close()


async def broken(
    register: asyncpg.Connection, statement: Statement, citizens: int, *, generic: bool
) -> list[str]:
    chance = random.Random(statement.name)  # noqa: S311 - people by chance, no secret
    arguments = statement.arguments(chance, chance.sample(range(CITIZENS), citizens))
    plan = await explained(register, statement, arguments, generic=generic)
    return broken_rules(statement, plan, 2 * citizens, generic=generic)


@pytest.mark.parametrize("generic", [True, False], ids=["generic", "custom"])
@pytest.mark.parametrize("citizens", [1, 100])
@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement.name)
async def test_a_plan_keeps_the_rules(
    register: asyncpg.Connection, statement: Statement, citizens: int, generic: bool
) -> None:
    assert await broken(register, statement, citizens, generic=generic) == []


async def test_what_a_page_repays_is_looked_up_by_key(register: asyncpg.Connection) -> None:
    """Even where reading every payment seems cheaper, as it did when this was a plain join."""
    await register.execute("set enable_seqscan = on")
    try:
        assert await broken(register, NEWEST_12, 100, generic=False) == []
    finally:
        await register.execute("set enable_seqscan = off")


PAGE = PAGES[Shape(newest_first=True, repayments=True)]
SORTED = PAGE.replace("order by p.period desc", "order by p.paid_on desc, p.period", 1)
FILTERED = PAGE.replace("p.scheme = k.scheme", "p.scheme = k.scheme and p.kind = 'BACKPAY'", 1)
UNCUT = FILTERED.replace("limit $3", "").replace("p.kind = 'BACKPAY'", "$3 > 0", 1)


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        (SORTED, "the page goes through a Sort"),
        (FILTERED, "rows are read and thrown away"),
        (UNCUT, "6 partitions are read, 3 would do"),
        (UNCUT, "the page is not cut off"),
    ],
)
async def test_a_plan_that_breaks_a_rule_is_told(
    register: asyncpg.Connection, sql: str, rule: str
) -> None:
    assert sql != PAGE
    statement = Statement("broken", sql, NEWEST_12.arguments, 3, 4, one_range=True)
    found = await broken(register, statement, 10, generic=True)
    assert [one for one in found if rule in one], found


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("select * from payment where amount_satang > 0", "payment_fy2570 is read whole"),
        ("select * from citizen where family_name = 'x'", "citizen is read whole"),
        (
            "select * from payment where period = '2026-11-01' order by citizen_id desc limit 1",
            "payment_fy2570_pkey is not entered by citizen",
        ),
        ("select period, random() r from payment order by r limit 1", "rows are sorted for 1"),
        ("select count(*) from payment", "pages for 1 rows"),
    ],
)
async def test_a_statement_that_reads_whole_tables_is_told(
    register: asyncpg.Connection, sql: str, rule: str
) -> None:
    statement = Statement("broken", sql, lambda _chance, _people: ())
    found = await broken(register, statement, 1, generic=True)
    assert [one for one in found if rule in one], found
