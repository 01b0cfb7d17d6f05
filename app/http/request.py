"""A request whose headers are asked for by name a dozen times: they are sorted once."""

from functools import cached_property
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request


class _Raw(dict[str, bytes]):
    """Names of headers as they come, each from the first time that it is asked for: our own few."""

    def __missing__(self, name: str) -> bytes:
        raw = self[name] = name.lower().encode("latin-1")
        return raw


_RAW = _Raw()


class SortedHeaders(Headers):
    """Headers, of which the first of a name is the one that counts, as Starlette has it."""

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        super().__init__(raw=raw)
        self._first = dict(reversed(raw))

    def get(self, key: str, default: Any = None) -> Any:
        value = self._first.get(_RAW[key])
        return default if value is None else value.decode("latin-1")


class SortedRequest(Request):
    """As Starlette's."""

    @cached_property
    def headers(self) -> Headers:
        return SortedHeaders(list(self.scope["headers"]))
