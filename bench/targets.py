"""The figures to beat, and what a run says of them. A verdict goes by the median; the spread is shown beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

MET, MISSED, ABSENT, INFORMATIVE = "met", "missed", "not there yet", ""
TIMES = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True)
class Figure:
    """One row. `limit`: what the median may at most be (or, where `at_least`, must at least be); None: no target."""

    name: str
    values: tuple[float, ...]
    unit: str = TIMES
    limit: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def median(self) -> float | None:
        return median(self.values) if self.values else None

    @property
    def verdict(self) -> str:
        if self.median is None:
            return ABSENT
        if self.limit is None:
            return INFORMATIVE
        return MET if (self.median >= self.limit if self.at_least else self.median <= self.limit) else MISSED

    @property
    def target(self) -> str:
        if self.limit is None:
            return ""
        return f"{'≥' if self.at_least else '≤'} {self.limit:g} {self.unit}".strip()

    @property
    def spread(self) -> str:
        if len(self.values) < 2:
            return "one run" if self.values else ""
        return f"{written(min(self.values))} to {written(max(self.values))}"

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "median": self.median, "verdict": self.verdict}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Figure:
        kept = {name: told[name] for name in cls.__dataclass_fields__}
        return cls(**{**kept, "values": tuple(kept["values"])})


def written(value: float) -> str:
    """Three significant digits are all that such a figure holds."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def ratios(
    ours: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]], of: str = "seconds", scale: float = 1.0
) -> tuple[float, ...]:
    """Run by run, so that what slowed a round down slowed both."""
    return tuple(scale * one[of] / other[of] for one, other in zip(ours, theirs, strict=True))


def missed(figures: Iterable[Figure]) -> list[str]:
    return [figure.name for figure in figures if figure.verdict == MISSED]
