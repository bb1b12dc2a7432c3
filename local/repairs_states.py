"""Repairs of moto 5.2.5's Step Functions engine, each small, with its reason (see repairs.py).

What is still wrong after them, and so must not be used: ItemBatcher, ResultWriter, JSONata, redrive, nested
executions (.sync), Choice on $[0].
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from typing import Any

from botocore.config import Config
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.backend import execution as sfn_execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from local import events
from local.names import new_session
from local.patch import on_undo, replace

log = logging.getLogger(__name__)


def apply(endpoint: str, time_scale: float) -> None:
    _lambda_tasks_share_one_client(endpoint)
    _definitions_are_parsed_once()
    _unnamed_executions_get_a_name()
    _waits_are_scaled(time_scale)
    _retries_are_scaled(time_scale)
    _a_broken_engine_fails_the_execution()
    _a_stopped_execution_is_aborted()
    _executions_tell_eventbridge()


def _lambda_tasks_share_one_client(endpoint: str) -> None:
    """Upstream makes a client per task from the shared default session, which is not thread-safe (a Map
    with concurrency breaks it), and goes to `localhost`, which may be IPv6."""
    session, lock, clients = new_session(), threading.Lock(), dict[str, Any]()

    def boto_client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        with lock:
            if service not in clients:
                clients[service] = _patient_client(service, endpoint, session)
            return clients[service]

    replace(lambda_eval_utils, "boto_client_for", boto_client_for)

    def close() -> None:
        for client in clients.values():
            client.close()

    on_undo(close)


def _patient_client(service: str, endpoint: str, session: Any) -> Any:
    """A task may take 15 minutes; the engine's own TimeoutSeconds decides, not the HTTP client."""
    config = Config(
        proxies={}, read_timeout=3600, parameter_validation=False, max_pool_connections=64,
        retries={"total_max_attempts": 1},
    )  # fmt: skip
    return session.client(service, endpoint_url=endpoint, config=config)


def _definitions_are_parsed_once() -> None:
    """Parsing takes longer than a small run. A parsed program holds no state: the Environment does."""
    upstream = AmazonStateLanguageParser.parse
    known: dict[str, Any] = {}

    def parse(definition: str) -> Any:
        if definition not in known:
            known[definition] = upstream(definition)
        return known[definition]

    replace(AmazonStateLanguageParser, "parse", staticmethod(parse))


def _unnamed_executions_get_a_name() -> None:
    """Upstream calls every unnamed execution None, so that the second one is taken for the first. The lock is
    for two starts with the same name at once, of which both would run."""
    lock = threading.Lock()

    def start_execution(
        self: Any, arn: str, name: str | None = None, execution_input: str | None = None, trace: Any = None
    ) -> Any:
        with lock:
            return upstream(self, arn, name or str(uuid.uuid4()), execution_input, trace)

    upstream = replace(StepFunctionsParserBackend, "start_execution", start_execution)


def _waits_are_scaled(scale: float) -> None:
    """A test cannot wait out a Retry-After of ten minutes."""

    def _wait_interval(self: Any, env: Any, wait_seconds: float) -> None:
        deadline = time.monotonic() + wait_seconds * scale
        while env.is_running() and (left := deadline - time.monotonic()) > 0:
            env.program_state_event.wait(min(left, 1.0))

    replace(WaitFunction, "_wait_interval", _wait_interval)


def _retries_are_scaled(scale: float) -> None:
    class ScaledTime:
        sleep = staticmethod(lambda seconds: time.sleep(seconds * scale))

    replace(retrier_decl, "time", ScaledTime)


def _a_broken_engine_fails_the_execution() -> None:
    """An exception of the engine itself kills its thread; the execution would stay RUNNING for ever."""

    def _execution_logic(self: Any) -> None:
        try:
            upstream(self)
        except Exception as error:
            log.exception("the Step Functions engine failed")
            execution = self._execution_communication.execution
            execution.error, execution.cause = "States.Runtime", repr(error)
            execution.stop_date = events.now()
            execution.exec_status = ExecutionStatus.FAILED
            events.execution_changed(execution)

    upstream = replace(ExecutionWorker, "_execution_logic", _execution_logic)


def _a_stopped_execution_is_aborted() -> None:
    """Upstream skips the parts of a state that was about to begin, trips over what they did not leave, and says
    that the execution FAILED."""

    def set_error(self: Any, error: Any) -> None:
        if not isinstance(self.program_state(), ProgramStopped):
            upstream(self, error)

    upstream = replace(Environment, "set_error", set_error)


def _executions_tell_eventbridge() -> None:
    """Upstream never sends "Step Functions Execution Status Change"."""

    def start(self: Any) -> None:
        started(self)
        events.execution_changed(self, status="RUNNING")

    def terminated(self: Any) -> None:
        ended(self)
        events.execution_changed(self.execution)

    started = replace(sfn_execution.Execution, "start", start)
    ended = replace(sfn_execution.BaseExecutionWorkerCommunication, "terminated", terminated)
