"""Embedded AWS: moto's WSGI application in this process, on a loopback port, behind one gate of our own.

The gate answers Lambda invocations from real worker processes, refuses what AWS would refuse and moto takes,
makes writes one at a time (moto checks a condition and writes in two steps), and tells hooks what succeeded.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import threading
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from werkzeug.serving import BaseWSGIServer, make_server

from local import patch, repairs
from local.lambda_host import LambdaHost, TooLarge, TooMany, UnknownFunction
from local.listening import end, serve
from local.observe import Observers
from local.wire import Call

log = logging.getLogger(__name__)
StartResponse = Callable[..., Any]
_INVOKE = re.compile(r"/2015-03-31/functions/(?P<name>.+)/invocations")


@dataclass(frozen=True)
class Answer:
    status: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def ok(self) -> bool:
        return self.status.startswith("2")

    @classmethod
    def of(cls, status: str, payload: bytes, **headers: str) -> Answer:
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        return cls(status, [("x-amzn-RequestId", str(uuid.uuid4())), *named], payload)

    @classmethod
    def error(cls, status: str, code: str, message: str) -> Answer:
        body = json.dumps({"__type": code, "message": message, "Message": message, "Type": "User"}).encode()
        return cls.of(status, body, Content_Type="application/json", x_amzn_ErrorType=code)


class Hook(Protocol):
    """Told of each successful request, before its answer is sent."""

    def guards(self, call: Call) -> bool:
        """Whether such requests must be executed one at a time, together with this hook."""

    def done(self, call: Call, answer: Answer) -> None: ...


Check = Callable[[Call], Answer | None]


class Gate:
    """The WSGI middleware in front of moto."""

    def __init__(self, moto: Any, host: LambdaHost, observers: Observers) -> None:
        self._moto, self._host, self._observers = moto, host, observers
        self._writing = threading.RLock()
        self.hooks: list[Hook] = []
        self.checks: list[Check] = []

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        call = Call.read(environ)
        if self._observers.show("before", call):
            answer = Answer.error("500 Killed", "Killed", "the sender was killed before this request")
        else:
            answer = self._answer(call, environ)
            self._observers.show("after", call)
        start_response(answer.status, answer.headers)
        return [answer.body]

    def _answer(self, call: Call, environ: dict[str, Any]) -> Answer:
        if found := _INVOKE.fullmatch(call.path):
            return self._invoke(found["name"], call)
        for check in self.checks:
            if refusal := check(call):
                return refusal
        return self._execute(call, environ)

    def _execute(self, call: Call, environ: dict[str, Any]) -> Answer:
        hooks = [hook for hook in self.hooks if hook.guards(call)]
        with self._writing if hooks or _is_write(call) else contextlib.nullcontext():
            answer = run_wsgi(self._moto, environ)
            for hook in hooks if answer.ok else ():
                hook.done(call, answer)
        return answer

    def _invoke(self, name: str, call: Call) -> Answer:
        event = call.headers.get("x-amz-invocation-type", "RequestResponse")
        try:
            if event == "Event":
                self._host.invoke_later(name, call.body)
                return Answer.of("202 Accepted", b"")
            result = self._host.invoke(name, call.body, call.headers.get("x-amz-client-context"))
        except UnknownFunction as error:
            return Answer.error("404 Not Found", "ResourceNotFoundException", str(error))
        except TooMany as error:
            return Answer.error("429 Too Many Requests", "TooManyRequestsException", str(error))
        except TooLarge as error:
            return Answer.error("413 Request Too Large", "RequestTooLargeException", str(error))
        failed = {"X_Amz_Function_Error": "Unhandled"} if result.failed else {}
        return Answer.of("200 OK", result.payload, X_Amz_Executed_Version="$LATEST", **failed)


def _is_write(call: Call) -> bool:
    """moto checks a write's condition and applies it in two steps: two at once could both pass the check."""
    return call.service == "dynamodb" and call.action in repairs.DYNAMODB_WRITES


def run_wsgi(app: Any, environ: dict[str, Any]) -> Answer:
    """Runs a WSGI app to its end, so that what follows knows how it went."""
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        started[:] = [status, headers]

    chunks = app(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        getattr(chunks, "close", lambda: None)()
    return Answer(started[0], started[1], body)


class EmbeddedAws:
    """One moto per process: its backends are module globals, so a second one would share the first's."""

    _running = threading.Lock()

    def __init__(self, host: LambdaHost, observers: Observers, time_scale: float) -> None:
        if not self._running.acquire(blocking=False):
            raise RuntimeError("another local stack runs in this process: stop() it before starting a new one")
        self.gate = Gate(repairs.new_moto_app(), host, observers)
        self._server = _serve(self.gate)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        repairs.apply(self.endpoint, host, time_scale)
        os.environ["MOTO_PORT"] = str(self._server.server_port)
        serve(self._server, "embedded-aws")

    def stop(self) -> None:
        end(self._server)
        patch.undo()
        os.environ.pop("MOTO_PORT", None)
        self._running.release()


def _serve(gate: Gate) -> BaseWSGIServer:
    handler = repairs.quiet_request_handler()
    return make_server("127.0.0.1", 0, gate, threaded=True, request_handler=handler)
