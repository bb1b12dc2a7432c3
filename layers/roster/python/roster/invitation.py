"""A provider's invitation to an account, as pickAtime's support keeps track of it: invited, accepted, set up.

The invitation itself is sent, and accepted, in the provider's own console; here is written down who did what when.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from roster.errors import MoveRefused
from roster.model import JSON

INVITED, ACCEPTED, SET_UP = "invited", "accepted", "set up"
MOVES: Mapping[str, tuple[str, ...]] = {
    "": (INVITED,),
    INVITED: (ACCEPTED, INVITED),  # an invitation may be sent again
    ACCEPTED: (SET_UP, INVITED),
    SET_UP: (INVITED,),
}
MOST_STEPS = 50


@dataclass(frozen=True)
class Step:
    """`at`: ISO time, UTC; `by`: the contact of pickAtime's who said so."""

    state: str
    at: str
    by: str


@dataclass(frozen=True)
class Invitation:
    """Oldest step first."""

    steps: tuple[Step, ...] = ()

    @property
    def state(self) -> str:
        return self.steps[-1].state if self.steps else ""

    def to_json(self) -> list[JSON]:
        return [asdict(step) for step in self.steps]

    @classmethod
    def from_json(cls, told: list[JSON]) -> Invitation:
        return cls(tuple(Step(**step) for step in told))


def moved(before: Invitation, to: str, at: str, by: str) -> Invitation:
    """Raises MoveRefused, which names what is allowed."""
    if to not in MOVES[before.state]:
        allowed = " or ".join(MOVES[before.state])
        raise MoveRefused(f"the invitation is {before.state or 'not sent'}, so it can become {allowed}")
    return Invitation((*before.steps, Step(to, at, by))[-MOST_STEPS:])
