"""Fires EventBridge schedules (and rules with a schedule): moto stores them and never looks at the clock.

Exactly once per due time, at the start of a flexible window. What was due while the stack was down or the
laptop slept is not made up for. Targets: Step Functions, Lambda, and the universal sfn:startExecution.
"""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.events.models import events_backends
from moto.scheduler.models import scheduler_backends

from local import cron
from local.aws import Answer
from local.names import ACCOUNT, REGION
from local.wire import Call

log = logging.getLogger(__name__)
_ASLEEP = timedelta(minutes=15)


@dataclass(frozen=True)
class Entry:
    """A schedule or a rule, as far as its clock is concerned."""

    arn: str
    name: str
    group: str
    expression: str
    zone: str
    target: Mapping[str, Any]
    starts: datetime | None = None
    ends: datetime | None = None
    once: bool = False


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
    def __init__(self, client: Callable[[str], Any], clock: Callable[[], datetime]) -> None:
        self._client, self._clock = client, clock
        self._mark = clock()
        self._since: dict[str, datetime] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    # A hook of the gate: when a schedule was made is what its first due time is counted from.

    def guards(self, call: Call) -> bool:
        return call.service == "scheduler" and call.method in ("POST", "PUT")

    def done(self, call: Call, answer: Answer) -> None:
        self._since[json.loads(answer.body).get("ScheduleArn", "")] = self._clock()

    @property
    def seen_until(self) -> datetime:
        """Everything due until then has been fired."""
        return self._mark

    def tick(self) -> list[Fired]:
        """Fires all that has become due since the last tick, in order of time."""
        with self._lock:
            now, after = self._clock(), self._mark
            self._mark = max(now, after)
            due = [(when, entry) for entry in self._entries() for when in self._due(entry, after, now)]
            return [self._fire(entry, when) for when, entry in sorted(due, key=lambda pair: pair[0])]

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
        begin = max(after, since, (entry.starts or after) - timedelta(microseconds=1))
        end = min(now, entry.ends or now)
        try:
            return list(cron.parse(entry.expression, entry.zone).due(begin, end, since))
        except cron.BadExpression:
            log.exception("schedule %s", entry.arn)
            return []

    def _entries(self) -> Iterator[Entry]:
        for group in list(scheduler_backends[ACCOUNT][REGION].schedule_groups.values()):
            for schedule in list(group.schedules.values()):
                if schedule.state == "ENABLED":
                    yield _of_schedule(schedule)
        for bus in list(events_backends[ACCOUNT][REGION].event_buses.values()):
            for rule in list(bus.rules.values()):
                if rule.scheduled_expression and rule.state == "ENABLED":
                    yield from _of_rule(rule)

    def _fire(self, entry: Entry, due: datetime) -> Fired:
        execution = f"{entry.name}-{due:%Y%m%dT%H%M%SZ}"[-80:]
        try:
            self._send(entry, execution, due)
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


def _of_schedule(schedule: Any) -> Entry:
    return Entry(
        schedule.arn,
        schedule.name,
        schedule.group_name,
        schedule.schedule_expression,
        schedule.schedule_expression_timezone,
        schedule.target,
        _moment(schedule.start_date),
        _moment(schedule.end_date),
        schedule.schedule_expression.startswith("at(") and schedule.action_after_completion == "DELETE",
    )


def _of_rule(rule: Any) -> Iterator[Entry]:
    for target in rule.targets:
        yield Entry(rule.arn, rule.name, "", rule.scheduled_expression, "UTC", target)


def _moment(stored: Any) -> datetime | None:
    if stored is None:
        return None
    return datetime.fromtimestamp(float(stored), UTC) if not isinstance(stored, datetime) else stored


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
