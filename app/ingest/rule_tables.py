"""Rule tables into the database: a file is the whole table, taken whole or not at all."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from app.errors import BadInput
from app.rules.rule_tables import rule_book_of
from app.rules.tables import NumberedRow, RuleBookError, numbered_rows

Fetch = Callable[[str], Awaitable[Sequence[Any]]]

_LOCK = "select pg_advisory_xact_lock(hashtext('rule_table'))"

_IN_FORCE = """
select t.name, r.line, r.cells
from rule_row r
join (select name, max(id) as id from rule_table group by name) t on t.id = r.rule_table_id
order by t.name, r.line"""

_NEWEST = "select checksum from rule_table where name = $1 order by id desc limit 1"
_INSERT_TABLE = """
insert into rule_table (name, file_name, checksum, loaded_at)
values ($1, $2, $3, $4)
returning id"""
_INSERT_ROW = "insert into rule_row (rule_table_id, line, cells) values ($1, $2, $3)"


@dataclass(frozen=True, slots=True)
class RuleTableReport:
    """What became of a rule table's file."""

    table: str
    file_name: str
    rows: int
    changed: bool

    def lines(self) -> list[str]:
        """Plain text for the terminal."""
        outcome = "in force now" if self.changed else "the same as before; nothing changed"
        return [f"{self.table} from {self.file_name}: {self.rows} rows, {outcome}."]


async def import_rule_table(
    connection: asyncpg.Connection, table: str, path: Path, now: datetime
) -> RuleTableReport:
    """Put a table of dated rules in force; older ones stay in the database to be read.

    `BadInput` names every wrong line, and every gap or overlap with the tables in force; then
    nothing changed. The same file twice changes nothing.
    """
    data = await asyncio.to_thread(path.read_bytes)
    rows = list(numbered_rows(_text(path, data).splitlines()))
    checksum = hashlib.sha256(data).digest()
    async with connection.transaction():
        await connection.execute(_LOCK)
        _check(path, {**await rule_tables_in_force(connection.fetch), table: rows})
        changed = await connection.fetchval(_NEWEST, table) != checksum
        if changed:
            await _insert(connection, table, path.name, checksum, rows, now)
    return RuleTableReport(table, path.name, len(rows), changed)


async def rule_tables_in_force(fetch: Fetch) -> dict[str, list[NumberedRow]]:
    """The loaded tables by name; a name that was never loaded is not there."""
    tables: dict[str, list[NumberedRow]] = {}
    for row in await fetch(_IN_FORCE):
        tables.setdefault(row["name"], []).append((row["line"], json.loads(row["cells"])))
    return tables


def _check(path: Path, tables: Mapping[str, Sequence[NumberedRow]]) -> None:
    try:
        rule_book_of(tables)
    except RuleBookError as error:
        raise BadInput(f"{path.name} was not taken:\n{error}") from None


def _text(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{path.name}: expected a CSV file in UTF-8.") from None


async def _insert(
    connection: asyncpg.Connection,
    table: str,
    file_name: str,
    checksum: bytes,
    rows: Sequence[NumberedRow],
    now: datetime,
) -> None:
    table_id = await connection.fetchval(_INSERT_TABLE, table, file_name, checksum, now)
    values = [(table_id, line, json.dumps(cells, ensure_ascii=False)) for line, cells in rows]
    await connection.executemany(_INSERT_ROW, values)
