"""What a plan counts: outcomes per kind, warnings per code, and the figures the guard judges by.

A tally adds up over shards in any order and travels through the state machine as JSON.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from roster.adoption import HELP
from roster.model import COUNTED, JSON, OUTCOMES

PRESENT = ("created", "updated", "unchanged", "returned")
ONCE = frozenset({"matched_by_person", *HELP})  # said in the night in which it happened


@dataclass
class Tally:
    """outcomes["student.created"] and so on; warnings[code]; guard["student.previous"], .excused, .filled, .rows.

    until: the ISO date from which on the same facts may come to another plan; blank where nobody's dates are to come.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    guard: Counter[str] = field(default_factory=Counter)
    problems: list[tuple[str, str, str]] = field(default_factory=list)
    until: str = ""

    def count(self, kind: str, outcome: str, times: int = 1) -> None:
        self.outcomes[f"{kind}.{outcome}"] += times

    def judge(self, kind: str, figure: str, times: int = 1) -> None:
        self.guard[f"{kind}.{figure}"] += times

    def warn(self, code: str, kind: str, id: str) -> None:
        """One more of `code`, and a line for the list of problems."""
        self.warnings[code] += 1
        self.problems.append((code, kind, id))

    def lasts(self, until: str) -> None:
        """The plan depends on a date to come."""
        self.until = min(filter(None, (self.until, until)), default="")

    def settled(self) -> Tally:
        """What the same plan counts once it is applied: everybody as they are."""
        now = Counter({name: times for name, times in self.outcomes.items() if name.endswith(".rejected")})
        for kind in COUNTED:
            now[f"{kind}.unchanged"] = sum(self.outcomes[f"{kind}.{outcome}"] for outcome in PRESENT)
        warnings = Counter({code: times for code, times in self.warnings.items() if code not in ONCE})
        return Tally(now, warnings, Counter({"student.dated": self.guard["student.dated"]}), until=self.until)

    def add(self, other: Tally) -> None:
        self.lasts(other.until)
        self.outcomes.update(other.outcomes)
        self.warnings.update(other.warnings)
        self.guard.update(other.guard)

    def counts(self) -> dict[str, dict[str, int]]:
        """Every kind with every outcome, zeros included."""
        return {kind: {outcome: self.outcomes[f"{kind}.{outcome}"] for outcome in OUTCOMES} for kind in COUNTED}

    def to_json(self) -> JSON:
        """Without the problems, which have a file of their own."""
        sums = {"outcomes": dict(self.outcomes), "warnings": dict(self.warnings), "guard": dict(self.guard)}
        return {**sums, "until": self.until}

    @classmethod
    def from_json(cls, value: Mapping[str, JSON]) -> Tally:
        outcomes, warnings, guard = (Counter[str](value[name]) for name in ("outcomes", "warnings", "guard"))
        return cls(outcomes, warnings, guard, until=value["until"])
