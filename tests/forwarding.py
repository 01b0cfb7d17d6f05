"""A TCP forwarder that a test puts before a server, to break its connections."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_LINGER_NONE = struct.pack("ii", 1, 0)  # close() sends RST
_CHUNK = 1 << 16


class Forwarder:
    """Listens on `port` and forwards to `target`; while `broken`, resets whoever sends."""

    def __init__(self, target: int) -> None:
        self.broken = threading.Event()
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @contextmanager
    def breaking(self) -> Iterator[None]:
        """Reset every request within."""
        self.broken.set()
        try:
            yield
        finally:
            self.broken.clear()

    def close(self) -> None:
        """Accept nothing more."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                asker, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                for pair in ((asker, server), (server, asker)):
                    threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError), source, sink:
            while data := source.recv(_CHUNK):
                if self.broken.is_set():
                    for each in (source, sink):
                        each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
                    return
                sink.sendall(data)
