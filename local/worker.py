"""One Lambda execution environment: a genuine `python -m awslambdaric` process and its own Runtime API.

The process is what runs on AWS too (same bootstrap, same error types); only the service that hands it events
is ours. It gets the base interpreter with -S and a path of its own, so it sees what its layers hold.
"""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any, Literal

from local.guardian import Guardian, base_python
from local.listening import end, serve

INIT_SECONDS = 30.0  # AWS allows 10; a laptop that starts ten workers at once may need more
_VERSION = "/2018-06-01/runtime/"


@dataclass(frozen=True)
class Invocation:
    request_id: str
    payload: bytes
    deadline_ms: int
    function_arn: str
    client_context: str | None = None


@dataclass(frozen=True)
class Result:
    payload: bytes
    failed: bool = False

    @classmethod
    def error(cls, kind: str, message: str) -> Result:
        return cls(json.dumps({"errorType": kind, "errorMessage": message}).encode(), failed=True)


Kind = Literal["ready", "result", "init-error", "exit"]


class NeverTaken(Exception):
    """The worker died before it took the event: another one may run it."""


class Worker:
    """Runs one invocation at a time."""

    def __init__(
        self,
        function: str,
        handler: str,
        folder: Path,
        environment: Mapping[str, str],
        log: IO[bytes],
        guardian: Guardian,
    ) -> None:
        self.function = function
        self._guardian = guardian
        self._inbox: queue.Queue[Invocation | None] = queue.Queue()
        self._news: queue.Queue[tuple[Kind, Any]] = queue.Queue()
        self._taken: str | None = None
        self._ready = False
        self._dead = threading.Event()
        self._api = _runtime_api(self)
        self._process = self._spawn(handler, folder, environment, log)
        threading.Thread(target=self._await_exit, name=f"{function}-exit", daemon=True).start()

    def _spawn(self, handler: str, folder: Path, environment: Mapping[str, str], log: IO[bytes]) -> Any:
        own = {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._api.server_port}"}
        process = subprocess.Popen(
            [base_python(), "-S", "-m", "awslambdaric", handler],
            cwd=folder,
            env={**environment, **own},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the host, which ends its workers in order
        )
        self._guardian.watch(process.pid)
        return process

    @property
    def alive(self) -> bool:
        return not self._dead.is_set()

    def run(self, begin: Callable[[], Invocation]) -> Result:
        """The answer, or what AWS would say about a death or a time-out. The clock starts after init."""
        if not self._ready and (failure := self._await_ready()):
            return failure
        invocation = begin()
        self._inbox.put(invocation)
        try:
            kind, found = self._news.get(timeout=max(0.0, invocation.deadline_ms / 1000 - time.time()))
        except queue.Empty:
            return self._time_out(invocation)
        return found if kind == "result" else self._death(invocation)

    def _await_ready(self) -> Result | None:
        try:
            kind, found = self._news.get(timeout=INIT_SECONDS)
        except queue.Empty:
            self.kill()
            return Result.error("Sandbox.Timedout", f"Error: init took more than {INIT_SECONDS:.0f} seconds")
        self._ready = kind == "ready"
        if kind == "init-error":
            self.kill()
            return Result(found, failed=True)
        return None if self._ready else Result.error("Runtime.ExitError", "Error: Runtime exited during init")

    def _time_out(self, invocation: Invocation) -> Result:
        self.kill()
        text = f"RequestId: {invocation.request_id} Error: Task timed out"
        return Result.error("Sandbox.Timedout", text)

    def _death(self, invocation: Invocation) -> Result:
        if self._taken != invocation.request_id:
            raise NeverTaken
        code = self._process.returncode
        how = f"signal: {-code}" if code < 0 else f"exit status {code}"
        text = f"RequestId: {invocation.request_id} Error: Runtime exited with error: {how}"
        return Result.error("Runtime.ExitError", text)

    def kill(self) -> None:
        """Returns when the process is gone: nothing it might still send can arrive."""
        self._process.kill()
        self._dead.wait()

    def _await_exit(self) -> None:
        self._process.wait()
        self._guardian.forget(self._process.pid)
        self._dead.set()
        self._inbox.put(None)
        self._news.put(("exit", self._process.returncode))
        end(self._api)

    # What the Runtime API tells us, in the threads of its server.

    def next_invocation(self) -> Invocation | None:
        if not self._ready:
            self._news.put(("ready", None))
        invocation = self._inbox.get()
        self._taken = invocation.request_id if invocation else self._taken
        return invocation

    def answered(self, request_id: str, result: Result) -> None:
        if request_id == self._taken:
            self._news.put(("result", result))

    def init_failed(self, payload: bytes) -> None:
        self._news.put(("init-error", payload))


class _RuntimeServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    worker: Worker

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A killed worker hangs up in the middle of a request: that is what killing means."""


def _runtime_api(worker: Worker) -> _RuntimeServer:
    server = _RuntimeServer(("127.0.0.1", 0), _RuntimeHandler)
    server.worker = worker
    serve(server, f"{worker.function}-api")
    return server


class _RuntimeHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _RuntimeServer

    def do_GET(self) -> None:
        invocation = self.server.worker.next_invocation()
        if invocation is None:
            self.close_connection = True
            return
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
            "Content-Type": "application/json",
        }
        if invocation.client_context:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        self._reply(200, invocation.payload, headers)

    def do_POST(self) -> None:
        body = self._body()
        _, _, tail = self.path.partition(_VERSION)
        if tail == "init/error":
            self.server.worker.init_failed(body)
        else:
            _, request_id, outcome = tail.split("/")
            self.server.worker.answered(request_id, Result(body, failed=outcome == "error"))
        self._reply(202, b"{}", {})  # now it may exit, and what it said is known before

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _reply(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
