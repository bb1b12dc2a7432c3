"""Whether the end of a run is worth a mail to its school, and to whom it is news: a quiet night says nothing.

Decided twice: by the step that ends a run, from what it knows, so that a quiet night costs nothing; and from what is
stored, when the mail is written. A failure is told once, and once a week while its cause stays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from roster.model import JSON
from roster.ports import Run
from roster.tally import ONCE

AGAIN_AFTER = timedelta(days=7)
NIGHT = "night"
NOBODYS_CONCERN = frozenset({"AlreadyRunning", "Superseded"})  # another run's result counts


@dataclass(frozen=True)
class Failing:
    """What an event's imports fail at: the error's code, since when, and when that was mailed last (ISO; or blank)."""

    cause: str = ""
    since: str = ""
    mailed: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, JSON]) -> Failing:
        return cls(**stored)

    def again(self, cause: str, began: str) -> Failing:
        """After one more failure."""
        return self if cause == self.cause else Failing(cause, began)

    def is_due(self, now: datetime) -> bool:
        return not self.mailed or now - datetime.fromisoformat(self.mailed) >= AGAIN_AFTER


@dataclass(frozen=True)
class News:
    """What is to be told, `held`, `failed` or `night`, or blank; what the event's imports fail at once it was told; and
    what of that the mail speaks of, which stays where it cannot be sent.
    """

    kind: str = ""
    failing: Failing = field(default_factory=Failing)
    spoken: Failing = field(default_factory=Failing)


def new_warnings(by: str, warnings: Collection[str], known: Collection[str]) -> list[str]:
    """Codes of warnings that a night came with and the run before did not."""
    return sorted({*warnings} - {*known} - ONCE) if by == NIGHT else []


def matters(mode: str, said: Mapping[str, JSON], failing: bool, new: Collection[str]) -> bool:
    """Whether somebody may have to be told of a run that ended so, or the event fails no longer."""
    status = said.get("status")
    if mode == "preview":
        return False
    if status == "failed":
        return said["error"]["code"] not in NOBODYS_CONCERN
    return status == "held" or (status == "applied" and mode == "import" and (failing or bool(new)))


def news(run: Run, failing: Failing, new: Collection[str], now: datetime) -> News:
    """Of a run that matters. Whoever clears or undoes looks at it: each such failure is one of its own."""
    if run.mode == "preview":
        return News(failing=failing)
    if run.status == "held":
        return News("held")
    if run.status == "failed":
        code = run.report["error"]["code"]
        if code in NOBODYS_CONCERN:
            return News(failing=failing)
        if run.mode != "import":
            return News("failed", failing)
        still = failing.again(code, run.started or run.ended)
        if not still.is_due(now):
            return News(failing=still)
        return News("failed", replace(still, mailed=now.isoformat(timespec="seconds")), still)
    if run.status == "applied" and run.mode == "import":
        return News("night" if run.by == NIGHT and (failing.cause or new) else "", spoken=failing)
    return News(failing=failing)
