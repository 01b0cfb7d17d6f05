"""Plans as EXPLAIN tells them, and the rules that each has to keep."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import asyncpg

from bench.storage.statements import Arguments, Statement

Node = dict[str, Any]

NEVER_WHOLE = (
    "payment_fy",
    "citizen",
    "citizen_lookup",
    "registration",
    "bank_account",
    "access_record",
    "access_batch",
)
_FIRST_ROW_PAGES = 100
_EXPLAIN = "explain (analyze, buffers, timing off, format json) execute asked"


async def explained(
    connection: asyncpg.Connection, statement: Statement, arguments: Arguments, *, generic: bool
) -> Node:
    """The plan that the statement runs by: made for these arguments, or the one for all."""
    mode = "force_generic_plan" if generic else "force_custom_plan"
    await connection.execute(f"set plan_cache_mode = {mode}")
    await connection.execute(f"prepare asked as {statement.sql}")
    try:
        values = f"({', '.join(map(_literal, arguments))})" if arguments else ""
        found = await connection.fetchval(_EXPLAIN + values)
    finally:
        await connection.execute("deallocate asked; reset plan_cache_mode")
    plan: Node = json.loads(found)[0]["Plan"]
    return plan


def _literal(value: object) -> str:
    """EXECUTE takes no parameters: text that Postgres reads as the type it expects."""
    if value is None:
        return "null"
    return f"'{_text(value)}'"


def _text(value: object) -> str:
    if isinstance(value, list):
        return "{" + ",".join(f'"{_text(one)}"' for one in value) + "}"
    return "\\\\x" + value.hex() if isinstance(value, bytes) else str(value)


def nodes(plan: Node) -> Iterator[Node]:
    """The plan's nodes from the top down."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def buffers(plan: Node) -> int:
    """Pages touched, found in Postgres' own memory or not."""
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def partitions(plan: Node) -> set[str]:
    """The partitions of the payments that were really read."""
    return {node["Relation Name"] for node in nodes(plan) if _of_payment(node) and _ran(node)}


def broken_rules(
    statement: Statement, plan: Node, entitlements: int, *, generic: bool
) -> list[str]:
    """What the plan does that it must not, in words; `entitlements` is how many were asked.

    `generic`: it serves all arguments. One made for some may sort the twelve rows of a year.
    """
    return [
        *_whole_tables(plan),
        *_without_citizen(plan),
        *_too_many_partitions(statement, plan),
        *_too_many_pages(statement, plan),
        *_large_sorts(plan),
        *(_not_one_range(plan, entitlements) if statement.one_range and generic else ()),
    ]


def _ran(node: Node) -> bool:
    return bool(node["Actual Loops"])


def _of_payment(node: Node) -> bool:
    return str(node.get("Relation Name", "")).startswith("payment_fy")


def _whole_tables(plan: Node) -> Iterator[str]:
    for node in nodes(plan):
        relation = str(node.get("Relation Name", ""))
        if "Seq Scan" in node["Node Type"] and relation.startswith(NEVER_WHOLE):
            yield f"{relation} is read whole"


def _without_citizen(plan: Node) -> Iterator[str]:
    """Also of those that did not run this time."""
    for node in nodes(plan):
        index = str(node.get("Index Name", ""))
        if index.startswith("payment_fy") and "(citizen_id = " not in node.get("Index Cond", ""):
            yield f"{index} is not entered by citizen"


def _too_many_partitions(statement: Statement, plan: Node) -> Iterator[str]:
    read = len(partitions(plan))
    if read > statement.partitions:
        yield f"{read} partitions are read, {statement.partitions} would do"


def _too_many_pages(statement: Statement, plan: Node) -> Iterator[str]:
    allowed = _FIRST_ROW_PAGES + statement.pages * plan["Actual Rows"]
    if buffers(plan) > allowed:
        yield f"{buffers(plan)} pages for {plan['Actual Rows']:.0f} rows, {allowed:.0f} would do"


def _large_sorts(plan: Node) -> Iterator[str]:
    for node in nodes(plan):
        if node["Node Type"].endswith("Sort") and _ran(node):
            if node.get("Sort Space Type") == "Disk":
                yield "a sort goes to disk"
            sorted_rows = max(child["Actual Rows"] for child in node["Plans"])
            if sorted_rows > max(plan["Actual Rows"], 100):
                yield f"{sorted_rows:.0f} rows are sorted for {plan['Actual Rows']:.0f}"


def _not_one_range(plan: Node, entitlements: int) -> Iterator[str]:
    """A page: LIMIT right above index scans in key order, which meet no row in vain."""
    # Postgres puts it in its place where nothing else reads it.
    page = next((node for node in nodes(plan) if node.get("Subplan Name") == "CTE page"), plan)
    limits = [node for node in nodes(page) if node["Node Type"] == "Limit"]
    if not limits:
        yield "the page is not cut off"
    for limit in limits:
        below: Sequence[Node] = list(nodes(limit))[1:]
        for node in below:
            if node["Node Type"] not in ("Append", "Index Scan"):
                yield f"the page goes through a {node['Node Type']}"
            if node.get("Rows Removed by Filter"):
                yield f"{node['Relation Name']}: rows are read and thrown away"
            if node["Actual Loops"] > entitlements:
                yield f"{node.get('Relation Name', 'Append')} is entered more than once each"
