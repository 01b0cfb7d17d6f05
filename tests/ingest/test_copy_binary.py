"""What the importer writes in COPY's binary format is what Postgres reads."""

import io
from datetime import date
from typing import Any

import asyncpg
import pyarrow as pa

from app.ingest.arrow import Array
from app.ingest.copy_binary import copy_data, copy_field, copy_rows

KINDS: dict[str, list[Any]] = {
    "text": ["", "a", "ก,\t\\N\n", None, "9" * 70_000],
    "bytea": [b"", b"\0\xff", None, bytes(32), b"\\x"],
    "integer": [0, -1, 2**31 - 1, -(2**31), None],
    "date": [date(2000, 1, 1), date(1, 1, 1), None, date(9999, 12, 31), date(1969, 12, 31)],
    "scheme": ["OLD_AGE_ALLOWANCE", None, "DISABILITY_ALLOWANCE", None, None],
    "text[]": [[], ["VISION"], ["ก", "", "{"], None, ["a"] * 300],
}
ROWS = list(zip(*KINDS.values(), strict=True))
TABLE = "values_read"


async def read(connection: asyncpg.Connection, kinds: list[str], data: bytes) -> list[Any]:
    columns = ", ".join(f"c{place} {kind}" for place, kind in enumerate(kinds))
    await connection.execute(f"drop table if exists {TABLE}; create table {TABLE} ({columns})")
    await connection.copy_to_table(TABLE, source=io.BytesIO(data), format="binary")
    return [tuple(row) for row in await connection.fetch(f"table {TABLE}")]


def rest_of(rows: list[Any]) -> Array:
    return pa.array([b"".join(map(copy_field, row)) for row in rows], pa.binary())


async def test_values_one_by_one(connection: asyncpg.Connection) -> None:
    data = copy_data(copy_rows([], rest_of(ROWS), len(KINDS)))
    assert await read(connection, list(KINDS), data) == ROWS


async def test_values_column_by_column(connection: asyncpg.Connection) -> None:
    kinds = list(KINDS)[:-1]
    columns: list[Array] = [pa.array(KINDS[kind]) for kind in kinds]
    rows = copy_rows(columns, rest_of([row[-1:] for row in ROWS]), len(KINDS))
    assert await read(connection, list(KINDS), copy_data(rows)) == ROWS
    some = copy_rows([c.slice(1, 3) for c in columns], rest_of([(None,)] * 3), len(KINDS))
    expected = [(*row[:-1], None) for row in ROWS[1:4]]
    assert await read(connection, list(KINDS), copy_data(some)) == expected
    assert await read(connection, list(KINDS), copy_data(some.slice(1))) == expected[1:]


async def test_columns_of_nothing(connection: asyncpg.Connection) -> None:
    rows = copy_rows([pa.nulls(2), pa.array([None, 7])], rest_of([("a",), ("b",)]), 3)
    expected = [(None, None, "a"), (None, 7, "b")]
    assert await read(connection, ["date", "integer", "text"], copy_data(rows)) == expected
    assert copy_data(rows.slice(2)) == b""
