"""A file's rows, converted some thousand at a time."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TypeVar

from app.ingest.converter import RowConverter
from app.ingest.copy_text import copy_data, copy_line
from app.ingest.layout import Record
from app.ingest.refusals import Refusal
from app.ingest.sources.rows import Rows

_ROWS_AT_ONCE = 10_000

Read = TypeVar("Read")
Complete = Callable[[Sequence[Record]], Awaitable[Sequence[Record]]]


@dataclass(frozen=True, slots=True)
class Chunk:
    """What was taken of some rows, as COPY has it, and the refusals of the others."""

    data: bytes
    refusals: Sequence[Refusal]
    rows: int


async def chunks_of(
    rows: Rows, converter: RowConverter, complete: Complete | None
) -> AsyncGenerator[Chunk, None]:
    """The rows in chunks; `complete` gets the records of one and gives what is staged of them."""
    if complete is None:
        async with aclosing(_ahead(partial(_copied, converter, rows))) as chunks:
            async for chunk in chunks:
                yield chunk
        return
    async with aclosing(_ahead(partial(_converted, converter, rows))) as converted:
        async for records, refusals in converted:
            lines = list(map(copy_line, await complete(records)))
            yield Chunk(copy_data(lines), refusals, len(lines) + len(refusals))


def _copied(converter: RowConverter, rows: Rows) -> Chunk | None:
    lines, refusals = converter.copy_chunk(islice(rows, _ROWS_AT_ONCE))
    count = len(lines) + len(refusals)
    return Chunk(copy_data(lines), refusals, count) if count else None


def _converted(
    converter: RowConverter, rows: Rows
) -> tuple[Sequence[Record], Sequence[Refusal]] | None:
    chunk = converter.chunk(islice(rows, _ROWS_AT_ONCE))
    return chunk if any(chunk) else None


async def _ahead(read: Callable[[], Read | None]) -> AsyncGenerator[Read, None]:
    """What is read until None, the next in a thread while the last is made use of."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as thread:  # one: each keeps memory of its own
        reading = loop.run_in_executor(thread, read)
        try:
            while (one := await reading) is not None:
                reading = loop.run_in_executor(thread, read)
                yield one
        finally:
            await asyncio.wait([reading])  # the file is not closed under it
