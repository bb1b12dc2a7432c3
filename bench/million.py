"""Whether memory and time per record stay level from ten thousand students to a million.

The district's rows are made as they are asked for and nothing of them is held, so the size is limited by patience
alone. Making them takes the world longer than sending prepared ones, and a pull waits for it: read the CPU column.
"""

from __future__ import annotations

import sys
from typing import Any

from bench.counted import STEPS
from bench.district import District
from bench.suite import PAGE
from bench.worlds import World, world

SIZES = (10_000, 100_000)
COLUMNS = ("students", "records", "step", "calls", "seconds", "µs a record", "µs of CPU a record", "peak MB")
HEAD = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"


def climb(students: int) -> None:
    """A first import and a quiet night at each size up to this one; a line as soon as a step is done."""
    print(HEAD, flush=True)
    for size in sorted({size for size in SIZES if size < students} | {students}):
        with world() as place:
            place.control(students=size, live=True)
            for night in ("first", "quiet"):
                for step in STEPS:
                    _line(place, size, night, step)


def _line(place: World, students: int, night: str, step: str) -> None:
    folder = str(place.folder / "ours")
    said: dict[str, Any] = place.measure("ours.run", page=PAGE, folder=folder, run=night, steps=[step])
    records = District(students).rows()
    calls = sum(said["turns"].values())
    seconds, cpu = said["seconds"], said["cpu"]
    each = f"{1e6 * seconds / records:.1f} | {1e6 * cpu / records:.1f}"
    named = f"{step}, {night}"
    print(f"| {students:,} | {records:,} | {named} | {calls} | {seconds:.1f} | {each} | {said['peak_mb']:.0f} |")
    sys.stdout.flush()
