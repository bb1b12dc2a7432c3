"""Serves a socket server in a thread of its own, without looking at a clock.

The standard library's loop wakes many times a second to see whether it shall end; a test has dozens of them. This one
sleeps until somebody connects, and whoever ends it does so.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from socketserver import TCPServer

FOR_EVER = 3_600.0  # seconds


def serve(server: TCPServer, name: str) -> threading.Thread:
    thread = threading.Thread(target=server.serve_forever, args=(FOR_EVER,), name=name, daemon=True)
    thread.start()
    return thread


def end(server: TCPServer) -> None:
    """Returns when nothing is served any more, and the address is free."""
    ending = threading.Thread(target=server.shutdown, daemon=True)
    ending.start()
    while ending.is_alive():  # it may not have said yet that the loop shall end
        with suppress(OSError), socket.create_connection(server.server_address[:2], timeout=1):
            ending.join(0.02)
    server.server_close()
