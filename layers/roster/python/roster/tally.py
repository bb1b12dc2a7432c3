"""What a plan counts: outcomes per kind, warnings per code, and the figures the guard judges by.

A tally adds up over shards in any order and travels through the state machine as JSON.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from roster.model import COUNTED, JSON, OUTCOMES


@dataclass
class Tally:
    """outcomes["student.created"] and so on; warnings[code]; guard["student.previous"], .excused, .filled, .rows."""

    outcomes: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    guard: Counter[str] = field(default_factory=Counter)
    problems: list[tuple[str, str, str]] = field(default_factory=list)

    def count(self, kind: str, outcome: str, times: int = 1) -> None:
        self.outcomes[f"{kind}.{outcome}"] += times

    def judge(self, kind: str, figure: str, times: int = 1) -> None:
        self.guard[f"{kind}.{figure}"] += times

    def warn(self, code: str, kind: str, id: str) -> None:
        """One more of `code`, and a line for the list of problems."""
        self.warnings[code] += 1
        self.problems.append((code, kind, id))

    def add(self, other: Tally) -> None:
        self.outcomes.update(other.outcomes)
        self.warnings.update(other.warnings)
        self.guard.update(other.guard)

    def counts(self) -> dict[str, dict[str, int]]:
        """Every kind with every outcome, zeros included."""
        return {kind: {outcome: self.outcomes[f"{kind}.{outcome}"] for outcome in OUTCOMES} for kind in COUNTED}

    def to_json(self) -> JSON:
        """Without the problems, which have a file of their own."""
        return {"outcomes": dict(self.outcomes), "warnings": dict(self.warnings), "guard": dict(self.guard)}

    @classmethod
    def from_json(cls, value: Mapping[str, JSON]) -> Tally:
        return cls(Counter(value["outcomes"]), Counter(value["warnings"]), Counter(value["guard"]))
