"""What a pull says as a whole, before any row is compared: warnings, the guard's figures, whom to trust to be gone.

A pull that may lack somebody is used for all that it brought, and removes nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from roster.model import JSON
from roster.place import Place
from roster.tally import Tally

UNTRUSTED = frozenset({"source_moved", "source_incomplete"})


def appraised(place: Place, states: Sequence[Mapping[str, JSON]], **odd: int) -> Tally:
    """The tally that a plan begins with. `odd`: times per further warning; what did not happen is left out."""
    tally = Tally()
    tally.warnings.update(place.warnings)
    for warning in {state["warning"] for state in states if state["warning"]}:
        tally.warnings[warning] = 1
    tally.warnings.update({code: times for code, times in odd.items() if times})
    for kind, rows in place.pulled.items():
        tally.judge(kind, "rows", rows)
    for kind, rows in place.rejected.items():
        tally.count(kind, "rejected", rows)
    return tally


def departures_trusted(tally: Tally, states: Iterable[Mapping[str, JSON]]) -> bool:
    return all(state["departures_trusted"] for state in states) and UNTRUSTED.isdisjoint(tally.warnings)


def without_parents(place: Place) -> bool:
    """Students came, and nobody's parent."""
    return bool(place.pulled.get("student")) and not place.pulled.get("parent")


def by_id(notes: Iterable[Mapping[str, JSON]]) -> list[JSON]:
    """Each school or term once, as its last row tells it, however many rows name it."""
    return list({note["id"]: note for note in notes}.values())
