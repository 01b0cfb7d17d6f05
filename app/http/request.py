"""A request whose headers are asked for by name a dozen times: they are sorted once."""

from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request


class SortedHeaders(Headers):
    """Headers, of which the first of a name is the one that counts, as Starlette has it."""

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        super().__init__(raw=raw)
        self._first = dict(reversed(raw))

    def get(self, key: str, default: Any = None) -> Any:
        value = self._first.get(key.lower().encode("latin-1"))
        return default if value is None else value.decode("latin-1")


class SortedRequest(Request):
    """As Starlette's."""

    @property
    def headers(self) -> Headers:
        found: Headers | None = getattr(self, "_headers", None)
        if found is None:
            raw: list[tuple[bytes, bytes]] = self.scope["headers"]
            found = self._headers = SortedHeaders(list(raw))
        return found
