"""Lets a crash test stand between a Lambda worker and AWS, and kill the worker at any request it sends.

Killing before a request means it never happened; killing after means it happened and nobody heard the answer.
Those two are all the ways in which a real function can die, as far as AWS can tell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol
from urllib.parse import urlencode

from local.wire import Call

Phase = Literal["before", "after"]


class Killable(Protocol):
    @property
    def function(self) -> str: ...
    def kill(self) -> None: ...


@dataclass
class AwsRequest:
    """One request that a Lambda worker sends, shown before it is executed and again after."""

    phase: Phase
    function: str
    service: str
    action: str
    path: str  # with its query
    body: bytes
    _worker: Killable = field(repr=False)
    killed: bool = False

    def kill_worker(self) -> None:
        self.killed = True
        self._worker.kill()


Callback = Callable[[AwsRequest], None]


class Observers:
    def __init__(self, find_worker: Callable[[str], Killable | None]) -> None:
        self._find_worker = find_worker
        self._callbacks: list[Callback] = []

    def add(self, callback: Callback) -> Callable[[], None]:
        """Returns what takes the observer away again."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def show(self, phase: Phase, call: Call) -> bool:
        """True if an observer killed the worker that sent the request."""
        if not self._callbacks or (worker := self._find_worker(call.access_key)) is None:
            return False
        where = f"{call.path}?{urlencode(call.query)}"
        request = AwsRequest(phase, worker.function, call.service, call.action, where, call.body, worker)
        for callback in list(self._callbacks):
            callback(request)
        return request.killed
