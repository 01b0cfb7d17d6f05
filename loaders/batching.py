"""Keys that wait together and leave as one statement. The only module that knows aiodataloader."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

from aiodataloader import DataLoader

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
Row = TypeVar("Row")

Fetch = Callable[[Sequence[Key]], Awaitable[Sequence[Value]]]

MAX_BATCH_SIZE = 5000


class Loader(Generic[Key, Value]):
    """One edge of the graph for one request: each key is asked once, and has one value."""

    def __init__(self, fetch: Fetch[Key, Value]) -> None:
        """`fetch`: keys in, values out, aligned to the keys."""

        async def batch_load(keys: list[Key]) -> list[Value]:
            return list(await fetch(keys))

        self._loader: DataLoader[Key, Value] = DataLoader(batch_load, max_batch_size=MAX_BATCH_SIZE)

    def load(self, key: Key) -> Awaitable[Value]:
        """The value of a key, with the other keys of this moment.

        Shielded, as in `load_many`: an error in one place cancels its siblings, and whoever else
        waits for the same key is none of them.
        """
        return asyncio.shield(self._loader.load(key))

    def load_many(self, keys: Iterable[Key]) -> Awaitable[list[Value]]:
        """The values of keys, in their order."""
        return asyncio.shield(self._loader.load_many(keys))

    def prime(self, key: Key, value: Value) -> None:
        """Another statement brought this value: keep it, unless the key was asked before."""
        self._loader.prime(key, value)


def one_by_key(
    keys: Sequence[Key], rows: Iterable[Row], key_of: Callable[[Row], Key]
) -> list[Row | None]:
    """For each key its row, or None."""
    found = {key_of(row): row for row in rows}
    return [found.get(key) for key in keys]


def many_by_key(
    keys: Sequence[Key], rows: Iterable[Row], key_of: Callable[[Row], Key]
) -> list[list[Row]]:
    """For each key its rows, in the order they came."""
    found: dict[Key, list[Row]] = {key: [] for key in keys}
    for row in rows:
        found[key_of(row)].append(row)
    return [found[key] for key in keys]
