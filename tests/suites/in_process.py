"""The service asked over ASGI in a loop of its own: Hypothesis calls from outside of any."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.applications import Starlette


@dataclass(frozen=True, slots=True)
class InProcess:
    """One running application."""

    app: Starlette
    runner: asyncio.Runner

    def ask(
        self, query: str, token: str | None = None, variables: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        """The response to a POST."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        body = {"query": query, "variables": variables}
        return self.runner.run(self._send("POST", "/graphql", json=body, headers=headers))

    def metrics(self) -> list[str]:
        """The lines at /metrics."""
        return self.runner.run(self._send("GET", "/metrics")).text.splitlines()

    async def _send(self, method: str, path: str, **given: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
            return await http.request(method, path, **given)


@contextmanager
def in_process(app: Starlette) -> Iterator[InProcess]:
    """Runs an application until the end."""
    lifespan = app.router.lifespan_context(app)

    async def enter() -> None:
        await lifespan.__aenter__()

    async def leave() -> None:
        await lifespan.__aexit__(None, None, None)

    with asyncio.Runner() as runner:
        runner.run(enter())
        yield InProcess(app, runner)
        runner.run(leave())
