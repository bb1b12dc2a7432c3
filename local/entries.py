"""What moto stores of schedules and of rules with a schedule, as far as their clock is concerned."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from moto.events.models import events_backends
from moto.scheduler.models import scheduler_backends

from local.marks import patience
from local.names import ACCOUNT, REGION
from local.wire import Call


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
    patience: timedelta | None = None


def entries() -> Iterator[Entry]:
    """All that is enabled just now."""
    for group in list(scheduler_backends[ACCOUNT][REGION].schedule_groups.values()):
        for schedule in list(group.schedules.values()):
            if schedule.state == "ENABLED":
                yield _of_schedule(schedule)
    for bus in list(events_backends[ACCOUNT][REGION].event_buses.values()):
        for rule in list(bus.rules.values()):
            if rule.scheduled_expression and rule.state == "ENABLED":
                yield from _of_rule(rule)


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
        patience(schedule.target),
    )


def times(schedule: Any) -> str:
    """All that its due times follow from."""
    told = schedule.schedule_expression, schedule.schedule_expression_timezone, schedule.state
    return json.dumps([*told, str(schedule.start_date), str(schedule.end_date)])


def schedule_named(call: Call) -> tuple[str, str]:
    """Group and name of the schedule that a call is about; no name where it is about something else."""
    found = re.fullmatch(r"/schedules/([^/]+)", call.path)
    body = json.loads(call.body or b"{}")
    return body.get("GroupName") or call.query.get("groupName") or "default", unquote(found[1]) if found else ""


def find(group: str, name: str) -> Any:
    found = scheduler_backends[ACCOUNT][REGION].schedule_groups.get(group)
    return found.schedules.get(name) if found else None


def _of_rule(rule: Any) -> Iterator[Entry]:
    for target in rule.targets:
        yield Entry(rule.arn, rule.name, "", rule.scheduled_expression, "UTC", target)


def _moment(stored: Any) -> datetime | None:
    if stored is None:
        return None
    return datetime.fromtimestamp(float(stored), UTC) if not isinstance(stored, datetime) else stored
