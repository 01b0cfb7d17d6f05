"""The rejected rows, beside their file: its columns, then line, field, code, reason."""

import csv
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from app.errors import BadInput
from app.ingest.layout import Header
from app.ingest.source import Source, open_rows
from app.private_file import replacing

_REASONS = ("line", "field", "code", "reason")
_REJECTED = "select line, field, code, reason from rejected order by line, code"


def rejects_path(path: Path) -> Path:
    """Where the rejects of a file go: `citizens.csv.gz` has `citizens.rejects.csv` beside it."""
    name = path.name.removesuffix(".gz").removesuffix(".zst")
    for suffix in (".csv", ".parquet", ".xlsx"):
        name = name.removesuffix(suffix)
    return path.with_name(f"{name}.rejects.csv")


async def write_rejects(
    connection: asyncpg.Connection, source: Source, header: Header, path: Path
) -> None:
    """Replace `path` as a whole; readable by its owner alone, for it holds personal data."""
    with _clear_errors(), replacing(path, encoding="utf-8-sig") as file:
        await _write(connection, source, header, csv.writer(file))


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except ConnectionError:
        raise  # the database's, not the file's
    except OSError as error:
        why = error.strerror
        raise BadInput(f"The file of rejected rows can not be written ({why}).") from None


def remove_rejects(path: Path) -> None:
    """Take away what an earlier run left."""
    path.unlink(missing_ok=True)


async def _write(
    connection: asyncpg.Connection, source: Source, header: Header, writer: Any
) -> None:
    kept = _kept_columns(header)
    writer.writerow([*(header.names[place] for place in kept), *_reason_columns(header)])
    with open_rows(source) as rows:
        async for line, *reasons in _in_file_order(connection):
            fields = next(fields for at, fields in rows if at == line)
            writer.writerow([*_texts(fields, kept), line, *reasons])


async def _in_file_order(connection: asyncpg.Connection) -> AsyncIterator[Sequence[Any]]:
    async for row in connection.cursor(_REJECTED, prefetch=1000):
        yield tuple(row)


def _kept_columns(header: Header) -> list[int]:
    """The file's columns, but not the reasons of an earlier run in a file of rejects."""
    earlier = {f"reject_{name}" for name in _REASONS} | set(_REASONS)
    dropped = earlier.intersection(header.unknown)
    return [place for place, name in enumerate(header.names) if name not in dropped]


def _reason_columns(header: Header) -> list[str]:
    taken = {header.names[place] for place in _kept_columns(header)}
    return [f"reject_{name}" if name in taken else name for name in _REASONS]


def _texts(fields: list[str], kept: list[int]) -> list[str]:
    """The fields of a row; one of another width is kept whole as far as the columns reach."""
    return [fields[place] if place < len(fields) else "" for place in kept]
