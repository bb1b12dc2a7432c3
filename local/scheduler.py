"""Fires EventBridge schedules (and rules with a schedule): moto stores them and never looks at the clock.

Exactly once per due time, at the start of a flexible window. What was due while the stack was down or the
laptop slept is made up for only where a retry policy says for how long. A start that is refused is tried again
when the stack is started anew. Targets: Step Functions, Lambda, and the universal sfn:startExecution.
"""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from local import cron
from local.aws import Answer
from local.entries import Entry, entries, find, schedule_named, times
from local.marks import Forgetful, Kept, Marks, patience
from local.names import arn
from local.wire import Call

log = logging.getLogger(__name__)
_ASLEEP = timedelta(minutes=15)


@dataclass(frozen=True)
class Fired:
    schedule: str
    due: datetime
    execution: str


@dataclass(frozen=True)
class Running:
    scheduler: Scheduler

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.scheduler.stop()


class Scheduler:
    def __init__(
        self, client: Callable[[str], Any], clock: Callable[[], datetime], kept: Kept | None = None
    ) -> None:  # fmt: skip
        self._client, self._clock = client, clock
        self.kept = kept or Forgetful()
        self._marks = Marks(self.kept)
        self._mark = clock()
        self._since: dict[str, datetime] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    # A hook of the gate: when a schedule was made is what its first due time is counted from.

    def guards(self, call: Call) -> bool:
        return call.service == "scheduler" and call.method in ("POST", "PUT", "DELETE")

    def done(self, call: Call, answer: Answer) -> None:
        group, name = schedule_named(call)
        made = arn("scheduler", f"schedule/{group}/{name}")
        if (schedule := find(group, name)) is None:
            self._marks.gone(made)
            return
        self._since[made] = self._clock()
        if patience(schedule.target):
            self._marks.made(made, times(schedule), self._clock())

    @property
    def seen_until(self) -> datetime:
        """Everything due until then has been fired."""
        return self._mark

    def tick(self) -> list[Fired]:
        """Fires all that has become due since the last tick, in order of time."""
        with self._lock:
            now, after = self._clock(), self._mark
            self._mark = max(now, after)
            due = [(when, entry) for entry in entries() for when in self._due(entry, after, now)]
            fired = [self._fire(entry, when) for when, entry in sorted(due, key=lambda pair: pair[0])]
            self._marks.looked(now)
            return fired

    def run_forever(self, every: float = 1.0) -> Running:
        """Ticks in a thread until stop(), or the end of a `with` block."""
        self._stopped.clear()
        self._thread = threading.Thread(target=self._loop, args=(every,), name="scheduler", daemon=True)
        self._thread.start()
        return Running(self)

    def _loop(self, every: float) -> None:
        while not self._stopped.wait(every):
            self._mark = max(self._mark, self._clock() - _ASLEEP)
            try:
                self.tick()
            except Exception:
                log.exception("the scheduler's tick")

    def stop(self) -> None:
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def _due(self, entry: Entry, after: datetime, now: datetime) -> Iterable[datetime]:
        since = self._since.get(entry.arn, after)
        missed = max(after, since)
        if entry.patience:
            missed = max(self._marks.until(entry.arn, missed), now - entry.patience)
        begin = max(missed, (entry.starts or missed) - timedelta(microseconds=1))
        end = min(now, entry.ends or now)
        try:
            return list(cron.parse(entry.expression, entry.zone).due(begin, end, since))
        except cron.BadExpression:
            log.exception("schedule %s", entry.arn)
            return []

    def _fire(self, entry: Entry, due: datetime) -> Fired:
        execution = f"{entry.name}-{due:%Y%m%dT%H%M%SZ}"[-80:]
        try:
            self._send(entry, execution, due)
            self._marks.fired(entry.arn, due)
        except Exception:
            # On AWS the retries and the dead-letter queue come now; the other schedules must still fire.
            log.exception("schedule %s due %s", entry.arn, due)
        if entry.once:
            self._client("scheduler").delete_schedule(Name=entry.name, GroupName=entry.group)
        return Fired(entry.name, due, execution)

    def _send(self, entry: Entry, execution: str, due: datetime) -> None:
        given = _filled(entry.target.get("Input") or "{}", entry, due)
        match entry.target["Arn"].split(":")[2:]:
            case ["states", *_]:
                self._start(stateMachineArn=entry.target["Arn"], name=execution, input=given)
            case ["lambda", *_]:
                self._invoke(entry.target["Arn"], given)
            case ["scheduler", _, _, "aws-sdk", "sfn", "startExecution"]:
                wanted = {key[0].lower() + key[1:]: value for key, value in json.loads(given).items()}
                self._start(**{"name": execution, **wanted})
            case ["scheduler", _, _, "aws-sdk", "lambda", "invoke"]:
                wanted = json.loads(given)
                self._invoke(wanted["FunctionName"], wanted.get("Payload", "{}"))
            case _:
                raise NotImplementedError(f"local/scheduler.py has no target {entry.target['Arn']}")

    def _start(self, **wanted: Any) -> None:
        client = self._client("stepfunctions")
        try:
            client.start_execution(**wanted)
        except client.exceptions.ExecutionAlreadyExists:
            log.info("execution %s was started before", wanted["name"])

    def _invoke(self, function: str, given: str) -> None:
        self._client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=given)


def _filled(text: str, entry: Entry, due: datetime) -> str:
    """The context attributes that AWS puts into a target's input."""
    values = {
        "schedule-arn": entry.arn,
        "scheduled-time": f"{due:%Y-%m-%dT%H:%M:%SZ}",
        "execution-id": str(uuid.uuid4()),
        "attempt-number": "1",
    }
    for name, value in values.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def refuse_bad_schedules(call: Call) -> Answer | None:
    """AWS refuses a cron it cannot read and a time zone it does not know; moto stores both."""
    if call.service != "scheduler" or call.method not in ("POST", "PUT") or "/schedules/" not in call.path:
        return None
    wanted = json.loads(call.body)
    try:
        cron.parse(wanted.get("ScheduleExpression", ""), wanted.get("ScheduleExpressionTimezone"))
    except cron.BadExpression as error:
        return Answer.error("400 Bad Request", "ValidationException", str(error))
    return None
