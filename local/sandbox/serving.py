"""The HTTP under every sandbox: keep-alive, a log of requests, and the faults that strike on the wire.

A sandbox is a `Sandbox` with an `answer`; all it says about sockets is here.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from ..listening import end, serve
from .faults import Fault, Faults, Reply, damaged


@dataclass(frozen=True)
class Request:
    method: str
    target: str  # path and query, as sent
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)


class Sandbox:
    """A provider on 127.0.0.1, until `stop` or the end of a `with`."""

    def __init__(self, port: int, faults: Faults | None) -> None:
        self.faults = faults or Faults()
        self.requests: list[tuple[str, str, int]] = []  # method, path?query, status (0: the connection was reset)
        handler = type("Handler", (_Handler,), {"sandbox": self})
        self._http = _Server(("127.0.0.1", port), handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        serve(self._http, "sandbox")

    @classmethod
    def start(cls, *args: Any, **more: Any) -> Self:
        """The sandbox with these arguments; it serves from now on."""
        return cls(*args, **more)

    def stop(self) -> None:
        end(self._http)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- what a provider says

    def answer(self, request: Request) -> Reply:
        raise NotImplementedError

    def is_data(self, request: Request) -> bool:
        """Whether a fault that names no path may strike this request (signing in is spared)."""
        return True

    def rate_headers(self, fault: Fault) -> dict[str, str]:
        """How this provider says, with a 429, when to come back."""
        return {}

    def change_world(self, fault: Fault) -> None:
        """A fault of kind `world` happens now."""

    # -- one request

    def reply_to(self, request: Request) -> Reply:
        is_data = self.is_data(request)
        for fault in self.faults.due("world", request.target, is_data=is_data):
            self.change_world(fault)
        reply = self.answer(request)
        for fault in self.faults.due("wire", request.target, is_data=is_data):
            reply = damaged(reply, fault, self.rate_headers(fault))
        self.requests.append((request.method, request.target, 0 if reply.reset else reply.status))
        return reply


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    sandbox: Sandbox

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {k.lower(): v for k, v in self.headers.items()}
        self._send(self.sandbox.reply_to(Request(self.command, self.path, headers, body)))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _send(self, reply: Reply) -> None:
        time.sleep(reply.delay)
        if reply.reset:
            return self._reset()
        self.send_response(reply.status)
        for name, value in {"content-type": reply.kind, **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body[: len(reply.body) // 2] if reply.cut else reply.body)
        self.close_connection = self.close_connection or reply.cut

    def _reset(self) -> None:
        """Closing with a linger of zero sends RST: the client sees "connection reset by peer"."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def log_message(self, format: str, *args: object) -> None:
        """Silent: the sandbox keeps its own list of requests."""
