"""Lambda on one machine: a pool of worker processes per function, warm reuse, time-outs, deaths.

A worker's environment is what the template says and what Lambda sets, nothing of the developer's shell. Not
proved here: memory limits, the read-only file system, IAM, arm64.
"""

from __future__ import annotations

import itertools
import logging
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from local.guardian import Guardian
from local.names import REGION, SECRET
from local.worker import Invocation, NeverTaken, Result, Worker

log = logging.getLogger(__name__)
LIMIT = 6 * 1024 * 1024  # request and response of a synchronous invocation
MOST_AT_ONCE = 16  # this machine's own limit; beyond it an invocation waits. AWS's is 1,000
_NAME = re.compile(r"(?:arn:[^:]+:lambda:[^:]+:\d+:function:)?(?P<name>[\w-]+)(?::[\w$-]+)?")


class UnknownFunction(Exception):
    pass


class TooMany(Exception):
    """The template reserves fewer environments than are asked for."""


class TooLarge(Exception):
    pass


@dataclass(frozen=True)
class Function:
    """What the template says about a function."""

    name: str
    arn: str
    handler: str
    folder: Path
    layers: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 3
    memory: int = 128
    reserved: int | None = None
    runtime: str = "python3.13"


class LambdaHost:
    def __init__(self, runtime: Path, logs: Path) -> None:
        self.endpoint = ""
        self._runtime, self._logs = runtime, logs
        self._guardian = Guardian()
        self._pools: dict[str, _Pool] = {}
        self._workers: dict[str, Worker] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._stopped = False
        self._later = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="invoke-later")

    def register(self, function: Function) -> None:
        logfile = (self._logs / f"{function.name}.log").open("ab", buffering=0)
        self._pools[function.name] = _Pool(function, lambda: self._start(function, logfile), logfile)

    def functions(self) -> list[Function]:
        return [pool.function for pool in self._pools.values()]

    def invoke(self, name: str, payload: bytes, client_context: str | None = None) -> Result:
        pool = self._pool(name)
        if len(payload) > LIMIT:
            raise TooLarge(f"Request must be smaller than {LIMIT} bytes for the InvokeFunction operation")
        result = pool.invoke(payload or b"{}", client_context)
        if len(result.payload) > LIMIT:
            text = f"Response payload size ({len(result.payload)} bytes) exceeded maximum of {LIMIT} bytes."
            return Result.error("Function.ResponseSizeTooLarge", text)
        return result

    def invoke_later(self, name: str, payload: bytes) -> None:
        """Asynchronous invocation. AWS would try a failing one twice more, minutes later; this does not."""
        self._pool(name)
        self._later.submit(self._invoke_and_log, name, payload)

    def _invoke_and_log(self, name: str, payload: bytes) -> None:
        try:
            result = self.invoke(name, payload)
            if result.failed:
                log.warning("asynchronous invocation of %s failed: %s", name, result.payload.decode())
        except Exception:
            log.exception("asynchronous invocation of %s", name)

    def worker_of(self, access_key: str) -> Worker | None:
        return self._workers.get(access_key)

    def kill_workers(self) -> None:
        """First of all when stopping: whoever waits for an answer gets one, and none is started any more."""
        self._later.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            self._stopped = True
        for worker in list(self._workers.values()):
            worker.kill()

    def stop(self) -> None:
        self.kill_workers()
        self._later.shutdown(wait=True)
        for pool in self._pools.values():
            pool.log.close()
        self._guardian.stop()

    def _pool(self, name: str) -> _Pool:
        found = _NAME.fullmatch(name)
        if not found or found["name"] not in self._pools:
            raise UnknownFunction(f"Function not found: {name}")
        return self._pools[found["name"]]

    def _start(self, function: Function, logfile: IO[bytes]) -> Worker:
        key = f"AKIALOCALWORK{next(self._numbers):07d}"
        environment = worker_environment(function, self._runtime, self.endpoint, key)
        with self._lock:
            if self._stopped:
                raise RuntimeError("the local stack has been stopped")
            worker = Worker(function.name, function.handler, function.folder, environment, logfile, self._guardian)
            self._workers = {k: w for k, w in self._workers.items() if w.alive} | {key: worker}
        return worker


def worker_environment(function: Function, runtime: Path, endpoint: str, access_key: str) -> dict[str, str]:
    """Exactly what the template says, then what Lambda itself sets, then where AWS is."""
    path = [runtime, function.folder, *function.layers]
    return {
        **function.environment,
        "_HANDLER": function.handler,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "SANDBOXES": "local",  # what runs on this machine may be asked
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": access_key,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": "local",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "LAMBDA_TASK_ROOT": str(function.folder),
        "LAMBDA_RUNTIME_DIR": str(runtime),
        "PYTHONPATH": ":".join(str(folder) for folder in path),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
    }


class _Pool:
    """The environments of one function."""

    def __init__(self, function: Function, start: Callable[[], Worker], logfile: IO[bytes]) -> None:
        self.function, self._start, self.log = function, start, logfile
        self._idle: list[Worker] = []
        self._free = threading.BoundedSemaphore(function.reserved or MOST_AT_ONCE)
        self._lock = threading.Lock()

    def invoke(self, payload: bytes, client_context: str | None) -> Result:
        # A reserved concurrency throttles, as on AWS; this machine's own limit only makes callers wait.
        if not self._free.acquire(blocking=self.function.reserved is None):
            raise TooMany("Rate Exceeded.")
        try:
            return self._run(payload, client_context)
        finally:
            self._free.release()

    def _run(self, payload: bytes, client_context: str | None) -> Result:
        request_id = str(uuid.uuid4())
        while True:
            worker = self._worker()
            try:
                started = time.time()
                result = worker.run(self._invocation(request_id, payload, client_context))
            except NeverTaken:
                continue
            self._report(request_id, time.time() - started, result)
            if worker.alive:
                with self._lock:
                    self._idle.append(worker)
            return result

    def _invocation(self, request_id: str, payload: bytes, client_context: str | None) -> Callable[[], Invocation]:
        arn, timeout = self.function.arn, self.function.timeout
        return lambda: Invocation(request_id, payload, int((time.time() + timeout) * 1000), arn, client_context)

    def _worker(self) -> Worker:
        with self._lock:
            while self._idle:
                if (worker := self._idle.pop()).alive:
                    return worker
        return self._start()

    def _report(self, request_id: str, seconds: float, result: Result) -> None:
        failed = " Failed" if result.failed else ""
        self.log.write(f"REPORT RequestId: {request_id} Duration: {seconds * 1000:.1f} ms{failed}\n".encode())
