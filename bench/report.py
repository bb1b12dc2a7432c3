"""Writes a run down: a table to read, a file to reckon with. No host, no path: what a machine is, not which."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.targets import Figure, written

RESULTS = Path(__file__).parent / "results"
PACKAGES = "boto3 pynamodb requests aws-lambda-powertools dlt duckdb".split()
NOTHING = "\N{EN DASH}"
METHOD = (
    "Runs that are compared alternate, each in a process of its own, against a provider, a table and a bucket on "
    "loopback; a ratio is of wall times of one round; the verdict goes by the median. The floor fetches every page "
    "with requests, parses it with `json.loads`, and posts prepared, signed bodies of 25 items (one item a record) "
    "over one connection of `http.client`. The importer's locks and progress are kept in memory, everything else is as "
    "it is on AWS."
)


def machine() -> dict[str, Any]:
    """Facts that a reader needs to judge the figures."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "memory_gb": round(pages / 2**30),
        "processor": platform.machine(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
        "versions": {name: version(name) for name in PACKAGES},
    }


def table(figures: Iterable[Figure]) -> str:
    lines = ["| figure | median | spread | target | verdict | |", "|---|--:|---|---|---|---|"]
    for one in figures:
        median = NOTHING if one.median is None else f"{written(one.median)} {one.unit}".strip()
        lines.append(f"| {one.name} | {median} | {one.spread} | {one.target} | {one.verdict} | {one.note} |")
    return "\n".join(lines) + "\n"


def page(figures: Iterable[Figure], facts: dict[str, Any], title: str) -> str:
    versions = ", ".join(f"{name} {held}" for name, held in facts["versions"].items())
    about = (
        f"{facts['date']}; {facts['cores']} cores ({facts['processor']}), {facts['memory_gb']} GB, "
        f"Python {facts['python']}; {versions}. Load before the run: {facts['load']}."
    )
    return f"# {title}\n\n{about}\n\n{METHOD}\n\n{table(figures)}"


def keep(figures: list[Figure], facts: dict[str, Any], quick: bool) -> Path:
    """Both files, named by the date; a quick run never replaces a whole one. Returns the table's."""
    RESULTS.mkdir(exist_ok=True)
    name = facts["date"] + ("-quick" if quick else "")
    told = {"machine": facts, "quick": quick, "figures": [figure.to_json() for figure in figures]}
    (RESULTS / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n")
    file = RESULTS / f"{name}.md"
    file.write_text(page(figures, facts, f"Benchmark, {'quick' if quick else 'whole'}"))
    return file


def newest() -> tuple[list[Figure], dict[str, Any], bool]:
    """The last whole run, or the last quick one where there is no whole one."""
    dated = sorted(RESULTS.glob("????-??-??*.json"), key=lambda file: ("quick" not in file.stem, file.stem))
    if not dated:
        raise SystemExit("no results yet: make bench")
    told = json.loads(dated[-1].read_text())
    return [Figure.from_json(one) for one in told["figures"]], told["machine"], told["quick"]
