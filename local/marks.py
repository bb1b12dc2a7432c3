"""Until when a schedule has been fired, where its retry policy says that what was missed is made up for.

Kept with the stack's data, so that a new start knows what was due while nothing ran. A mark is written after its
execution was started: whoever is killed between the two fires once more, as AWS may, and under the same name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

_AWS_OWN = {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}  # moto's, where none was given
_NEVER = datetime.min.replace(tzinfo=UTC)


class Kept(Protocol):
    """Texts that outlive the process (local.durable)."""

    def marks(self) -> Mapping[str, str]: ...

    def mark(self, name: str, value: str | None) -> None: ...


class Forgetful:
    """For a stack without a data folder."""

    def marks(self) -> Mapping[str, str]:
        return {}

    def mark(self, name: str, value: str | None) -> None:
        pass


def patience(target: Mapping[str, Any]) -> timedelta | None:
    """For how long a due time that was missed is made up for; None where nobody asked for that."""
    policy = target.get("RetryPolicy", _AWS_OWN)
    if policy == _AWS_OWN or policy.get("MaximumRetryAttempts") == 0:
        return None
    return timedelta(seconds=policy.get("MaximumEventAgeInSeconds", _AWS_OWN["MaximumEventAgeInSeconds"]))


@dataclass
class Marks:
    """By ARN: the last due time that was fired, or when the schedule got its times; and what these times are."""

    kept: Kept
    _until: dict[str, tuple[datetime, str]] = field(init=False)
    _looked: datetime = field(init=False, default=_NEVER)

    def __post_init__(self) -> None:
        told = {name: json.loads(value) for name, value in self.kept.marks().items()}
        self._until = {name: (datetime.fromisoformat(until), times) for name, (until, times) in told.items()}

    def made(self, arn: str, times: str, now: datetime) -> None:
        """Made or changed: what was due before does not count, unless its times are what they were."""
        if arn not in self._until or self._until[arn][1] != times:
            self._write(arn, now, times)

    def gone(self, arn: str) -> None:
        if self._until.pop(arn, None):
            self.kept.mark(arn, None)

    def until(self, arn: str, otherwise: datetime) -> datetime:
        return max(self._until[arn][0], self._looked) if arn in self._until else otherwise

    def fired(self, arn: str, due: datetime) -> None:
        if arn in self._until:
            self._write(arn, due, self._until[arn][1])

    def looked(self, now: datetime) -> None:
        """All that was due until now has been fired, or refused."""
        self._looked = now

    def _write(self, arn: str, until: datetime, times: str) -> None:
        self._until[arn] = until, times
        self.kept.mark(arn, json.dumps([until.isoformat(), times]))
