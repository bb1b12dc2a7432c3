"""What a run asks of AWS, counted in runs that are not timed: each step in a process of its own, every item weighed.

The same runs give the memory of each step, and the counts that bench.cost reckons with.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.worlds import World, world

COUNTS = Path(__file__).parent / "results" / "counts.json"
STEPS = ("pull", "plan", "apply")
# Every how many-th student differs from the first night; `back` takes a change back, and is not counted.
NIGHTS = {"first": 0, "quiet": 0, "1 %": 100, "back": 0, "2 %": 50}
NEEDED = ("first", "quiet", "1 %")  # for the figures; bench.cost asks for the rest

Counted = dict[str, Any]


def nights(world: World, students: int, page: int, names: Iterable[str]) -> dict[str, Counted]:
    """A first import and the nights after it."""
    folder = str(world.folder / "counted")
    world.control(students=students, forget=True, weigh=True)
    found = {}
    for name in names:
        world.control(students=students, changed=NIGHTS[name])
        found[name] = _night(world, name, page, folder, anew=name == "first")
    world.control(students=students, weigh=False)
    return found


def _night(world: World, name: str, page: int, folder: str, anew: bool) -> Counted:
    world.control(reset=True)
    said = [
        world.measure("ours.run", page=page, folder=folder, run=name, steps=[step], anew=anew and step == "pull")
        for step in STEPS
    ]
    asked = world.control(reset=True)
    turns = dict.fromkeys(STEPS, 0)  # a night without a change may need no call of apply
    for one in said:
        turns |= one["turns"]
    return {
        "seconds": {step: one["seconds"] for step, one in zip(STEPS, said, strict=True)},
        "cpu": {step: one["cpu"] for step, one in zip(STEPS, said, strict=True)},
        "peak_mb": {step: one["peak_mb"] for step, one in zip(STEPS, said, strict=True)},
        "turns": turns,
        "state_bytes": max(one["state_bytes"] for one in said),
        "asked": {what: asked.get(what, 0) for what in ASKED},
    }


ASKED = (
    *"pages page_bytes BatchWriteItem items write_units index_units largest_item".split(),
    *"s3_put s3_put_bytes s3_get s3_get_bytes s3_list s3_delete".split(),
)


def alone(sizes: Iterable[int], page: int) -> dict[int, dict[str, Counted]]:
    """All nights at each size, without the rest of the benchmark."""
    with world() as place:
        return {students: nights(place, students, page, NIGHTS) for students in sizes}


def keep(scales: dict[int, dict[str, Counted]], date: str) -> None:
    """For bench.cost: one figure per thing asked, night and number of students."""
    COUNTS.parent.mkdir(exist_ok=True)
    told = {"date": date, "scales": {str(students): scale for students, scale in scales.items()}}
    COUNTS.write_text(json.dumps(told, indent=1) + "\n")


def peak(night: Counted) -> float:
    """Of the step that needs most: each is a Lambda of its own."""
    return max(night["peak_mb"].values())
