"""What a pass of a plan gives, and what it may not trust."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from roster.facts import ContactKey, Routed
from roster.keys import slot
from roster.lines import Call
from roster.model import ClassEntry, ContactEntry, to_line
from roster.ports import Change
from roster.tally import Tally


@dataclass
class Outcome:
    """What a pass gives: lines for other shards, items to change, and the entries that hold afterwards.

    `moved`: how many of those are not what they were, be their items the same. `told`: kind, id and outcome of each
    change, and the names of the fields that are others now, never a value; then the origin, where it is not the run's.
    """

    routed: list[Routed] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    contacts: list[ContactEntry] = field(default_factory=list)
    classes: list[ClassEntry] = field(default_factory=list)
    moved: int = 0
    tally: Tally = field(default_factory=Tally)
    told: list[tuple[str, str, str, list[str]] | tuple[str, str, str, list[str], str]] = field(default_factory=list)

    def call(self, to: str, what: Call) -> None:
        """Tell the shard of the id `to`."""
        self.routed.append((slot(to), to_line(what)))


@dataclass(frozen=True)
class Doubt:
    """What an interrupted run may have written, as its plan meant it: written again or taken back, never trusted.

    A contact without an entry may have been deleted.
    """

    contacts: Mapping[ContactKey, ContactEntry | None] = field(default_factory=dict)
    classes: frozenset[str] = frozenset()
    schedules: frozenset[str] = frozenset()
