"""The floor: a bare ASGI application; one statement answers with the whole JSON. No GraphQL."""

import json
from typing import Any

import orjson

from app.ids import decode_citizen_id
from bench.peers.data import Pool, open_pool, statement
from bench.peers.serving import pool_size, serve

SCREEN = statement("floor_screen")
ENTITIES = statement("floor_entities")
TYPENAME = json.dumps({"data": {"__typename": "Query"}}).encode()
_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json")],
}


class Floor:
    """Tells the questions apart by their variables."""

    def __init__(self) -> None:
        self.pool: Pool = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        parts = []
        while True:
            message = await receive()
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                break
        answer = await self._answer(orjson.loads(b"".join(parts)).get("variables") or {})
        headers = [*_START["headers"], (b"content-length", b"%d" % len(answer))]  # type: ignore[misc]
        await send(_START | {"headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _live(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.pool = await open_pool(pool_size())
            else:
                await self.pool.close()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _answer(self, variables: dict[str, Any]) -> bytes:
        text: str
        if "representations" in variables:
            keys = [each["id"] for each in variables["representations"]]
            text = await self.pool.fetchval(ENTITIES, list(map(decode_citizen_id, keys)), keys)
        elif "id" in variables:
            arguments = decode_citizen_id(variables["id"]), variables.get("first", 12)
            text = await self.pool.fetchval(SCREEN, *arguments)
        else:
            return TYPENAME
        return text.encode()


if __name__ == "__main__":
    serve(Floor())
