"""Who converts the rows of a file: a thread, or processes beside where the file is worth them.

Python takes one core a process, and to convert a row takes longer than all else that is done to it
before it is in the database.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from app.errors import Unavailable
from app.ingest.conversion import Conversion
from app.ingest.converter import Chunk
from app.ingest.sources.rows import Block, Blocks

WORTH_PROCESSES = 4 << 20  # bytes; a smaller file has too few blocks to share out
_MOST_PROCESSES = 3  # as many as one COPY takes the rows of


@dataclass(frozen=True, slots=True)
class Crew:
    """So many processes, or none: then the thread that reads converts too."""

    processes: ProcessPoolExecutor | None = None
    count: int = 0

    async def convert(self, blocks: Blocks, conversion: Conversion) -> AsyncGenerator[Chunk, None]:
        """What becomes of each block, in their order; the next are converted meanwhile.

        `Unavailable` where a process was lost.
        """
        with ThreadPoolExecutor(1) as reader:  # one: each keeps memory of its own
            converters: Executor = self.processes or reader
            convert = conversion.anywhere() if self.processes else conversion.here()
            chunks = _converted(
                blocks, reader, lambda block: converters.submit(convert, block), self.count + 1
            )
            try:
                async with aclosing(chunks):
                    async for chunk in chunks:
                        yield chunk
            except BrokenProcessPool:
                raise Unavailable(
                    "A process that converted rows was ended from outside. Import the file again."
                ) from None


ALONE = Crew()


async def _converted(
    blocks: Blocks, reader: Executor, submit: Callable[[Block], Future[Chunk]], ahead: int
) -> AsyncGenerator[Chunk, None]:
    under_way: deque[Future[Chunk]] = deque()
    try:
        while (block := await _next(reader, blocks)) is not None:
            under_way.append(submit(block))
            if len(under_way) > ahead:
                yield await asyncio.wrap_future(under_way.popleft())
        while under_way:
            yield await asyncio.wrap_future(under_way.popleft())
    except BrokenProcessPool:
        # The pool is about to fail them, and one that is cancelled meanwhile ends its thread, which
        # would leave the other processes alive.
        under_way.clear()
        raise
    finally:
        for each in under_way:
            each.cancel()


async def _next(reader: Executor, blocks: Blocks) -> Block | None:
    return await asyncio.get_running_loop().run_in_executor(reader, next, blocks, None)


@contextmanager
def crew_for(paths: Iterable[Path]) -> Iterator[Crew]:
    """Those who convert files, each by itself; with processes where one of them is worth it.

    Enter it before there are threads or connections: the processes are forks of this one.
    """
    count = min(os.cpu_count() or 1, _MOST_PROCESSES)
    worth_it = max(map(_size, paths), default=0) >= WORTH_PROCESSES
    if sys.platform != "linux" or count == 1 or not worth_it:
        yield ALONE
        return
    processes = ProcessPoolExecutor(count, multiprocessing.get_context("fork"), _follow_parent)
    try:
        processes.submit(os.getpid)  # the first task starts them all
        yield Crew(processes, count)
    finally:
        processes.shutdown(cancel_futures=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # whoever reads it says why


def _follow_parent() -> None:
    """A process of the crew goes when its parent goes, and leaves an interruption to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    threading.Thread(target=_go_with, args=[parent], daemon=True).start()


def _go_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
