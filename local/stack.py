"""The whole system in one process: Stack.start() reads the template, and it runs until stop() or kill.

With a data folder, what was acknowledged survives even SIGKILL, and other processes find the running stack
there with connect(). Everything listens on 127.0.0.1 alone.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

from local.http_api import HttpApiFront
from local.lambda_host import LambdaHost
from local.layers import LayerStore
from local.mailbox import Mailbox
from local.names import connect_client, new_session
from local.observe import Callback, Observers
from local.resources import Site
from local.template import load

if TYPE_CHECKING:
    from local.durable import DurableStore
    from local.scheduler import Scheduler

log = logging.getLogger("local")


def _utc_now() -> datetime:
    return datetime.now(UTC)


class StackInUse(RuntimeError):
    pass


# A stack runs until it is stopped, also when nobody holds it: the lock on its folder must not be collected.
_alive: list[Stack] = []


class Clients:
    """One boto3 client per service: they are thread-safe, making them is not and takes 20 ms."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint, self._session = endpoint, new_session()
        self._lock = threading.Lock()
        self._made: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        with self._lock:
            if service not in self._made:
                self._made[service] = connect_client(service, self._endpoint, self._session)
            return self._made[service]

    def close(self) -> None:
        for client in self._made.values():
            client.close()


@dataclass(frozen=True)
class Address:
    """What stack.json says, for other processes."""

    endpoint: str
    url: str
    outputs: dict[str, str]
    pid: int = field(default_factory=os.getpid)


class AttachedStack:
    """A stack that another process runs."""

    def __init__(self, address: Address) -> None:
        self.endpoint, self.url, self.outputs, self.pid = (
            address.endpoint, address.url, address.outputs, address.pid,
        )  # fmt: skip
        self.client = Clients(self.endpoint)


class Stack:
    endpoint: str
    url: str
    outputs: dict[str, str]
    logs: Path
    scheduler: Scheduler
    _undo: ExitStack

    @classmethod
    def start(
        cls,
        *,
        data: Path | None,
        template: Path = Path("infra/template.yaml"),
        parameters: Mapping[str, str] = {},
        time_scale: float = 1.0,
        clock: Callable[[], datetime] = _utc_now,
        port: int = 0,
        layer_cache: Path | None = None,
    ) -> Stack:
        """`port` is the HTTP API's; 0 takes a free one."""
        stack = cls.__new__(cls)
        with ExitStack() as undo:
            stack._start(undo, data, template, parameters, time_scale, clock, port, layer_cache)
            stack._undo = undo.pop_all()
        _alive.append(stack)
        return stack

    def _start(
        self, undo: ExitStack, data: Path | None, template: Path, parameters: Mapping[str, str],
        time_scale: float, clock: Callable[[], datetime], port: int, layer_cache: Path | None,
    ) -> None:  # fmt: skip
        # moto takes seconds to load: who only asks a stack that runs elsewhere shall not wait for it
        from local.aws import EmbeddedAws
        from local.deploy import deploy
        from local.durable import DurableStore
        from local.scheduler import Scheduler, refuse_bad_schedules

        plan = load(template, parameters)
        folder = _folder(undo, data)
        self.logs = folder / "logs"
        _ours(self.logs, folder=True)
        undo.callback(_log_to(self.logs / "host.log"))
        durable = DurableStore(folder) if data else None
        if durable:
            undo.callback(durable.close)
        layers = LayerStore(layer_cache) if layer_cache else LayerStore()
        self._host = LambdaHost(layers.runtime(), self.logs)
        undo.callback(self._host.stop)
        self._observers = Observers(self._host.worker_of)
        aws = EmbeddedAws(self._host, self._observers, time_scale)
        undo.callback(aws.stop)
        undo.callback(self._host.kill_workers)
        self.endpoint = self._host.endpoint = aws.endpoint
        self.client = Clients(self.endpoint)
        undo.callback(self.client.close)
        front = HttpApiFront(self._host, port)
        undo.callback(front.stop)
        self.url = front.url
        self.scheduler = Scheduler(self.client, clock, durable)
        undo.callback(self.scheduler.stop)
        aws.gate.checks.append(refuse_bad_schedules)
        aws.gate.hooks.append(self.scheduler)
        if durable:
            durable.restore_secrets()
        self.outputs = deploy(Site(self.client, self._host, layers, plan, front.publish, front.url))
        if durable:
            self._begin_recording(durable)
            aws.gate.hooks += [durable, Mailbox(folder)]
            self._announce(folder, undo)

    @staticmethod
    def _begin_recording(durable: DurableStore) -> None:
        for lost in durable.restore():
            log.warning("kept in state.sqlite, but the template has no place for it: %s", lost)
        durable.adopt()
        durable.recording = True

    def _announce(self, folder: Path, undo: ExitStack) -> None:
        address, path = Address(self.endpoint, self.url, self.outputs), folder / "stack.json"
        unfinished = path.with_suffix(".tmp")
        _ours(unfinished)
        unfinished.write_text(json.dumps(asdict(address)))
        unfinished.rename(path)
        undo.callback(path.unlink, missing_ok=True)

    def observe(self, callback: Callback) -> Callable[[], None]:
        """Shows each AWS request of a Lambda worker, before and after; returns what ends it."""
        return self._observers.add(callback)

    def stop(self) -> None:
        if self in _alive:
            _alive.remove(self)
        self._undo.close()

    def __enter__(self) -> Stack:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def connect(data: Path) -> AttachedStack | None:
    """The stack that another process runs on this data folder, if one does."""
    if not (data / "lock").exists():
        return None
    with (data / "lock").open() as handle:
        if _lock(handle):
            return None
    try:
        return AttachedStack(Address(**json.loads((data / "stack.json").read_text())))
    except FileNotFoundError:
        return None  # it is still starting


def _folder(undo: ExitStack, data: Path | None) -> Path:
    if data is None:
        return Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="local-stack-")))
    if not data.exists() or (data / "lock").exists():
        _ours(data, folder=True)
    for name in ("lock", "state.sqlite"):
        _ours(data / name)
    handle = undo.enter_context((data / "lock").open("a"))
    if not _lock(handle):
        known = data / "stack.json"
        who = f"process {json.loads(known.read_text())['pid']}" if known.exists() else "another process"
        raise StackInUse(
            f"{data} is in use by {who}. Stop it, or use it through local.stack.connect({str(data)!r}), "
            "or give this stack another data folder."
        )
    (data / "stack.json").unlink(missing_ok=True)  # left by one that was killed
    return data


def _ours(path: Path, folder: bool = False) -> None:
    """Made, and for nobody else on this machine to read: it holds children's data in the clear."""
    if folder:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    else:
        path.touch(mode=0o600)
    path.chmod(0o700 if folder else 0o600)


def _lock(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _log_to(path: Path) -> Callable[[], None]:
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    told = [log, logging.getLogger("moto")]
    for logger in told:
        logger.addHandler(handler)
    log.setLevel(logging.INFO)

    def close() -> None:
        for logger in told:
            logger.removeHandler(handler)
        handler.close()

    return close
