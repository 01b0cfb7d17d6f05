"""How every Python peer is served: uvicorn with uvloop and httptools, one process."""

import os
from typing import Any

import uvicorn


def pool_size() -> int:
    """The most connections to the database that a peer may hold."""
    return int(os.environ["POOL_SIZE"])


def serve(app: Any) -> None:
    """Serve until stopped, on PORT."""
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        server_header=False,
    )
