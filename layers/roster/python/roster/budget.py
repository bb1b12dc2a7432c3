"""How many requests of a turn may be under way at once, by what the provider's answers say of its limit.

An answer's count does not know of requests that were on their way beside it, and answers overtake each other. So of
what one says is left, every request is taken off that may have been counted after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

MOST = 4  # at once: one thread reads all rows, and more pages than this would only lie in memory
SHARE = 8  # requests that must be left for each that is under way: others may use the same credential


class Ticket(NamedTuple):
    """A request: its number, and how many answers had come before it was made."""

    number: int
    before: int


def lanes(usual: int, left: int | None) -> int:
    """`usual` where the provider does not say what is left; else so few that what is left lasts."""
    if left is None:
        return min(usual, MOST)
    return max(0, min(MOST, max(left // SHARE, min(left, 1))))


@dataclass
class Budget:
    """Of one turn. Its first answer comes alone: it shows whether the credential works, and what is left."""

    usual: int
    asked: int = 0
    answers: int = 0
    left: int | None = None
    told_by: int = 0  # the number of the latest request that was told what is left

    @property
    def open(self) -> bool:
        """Whether one more request may be made now."""
        return self.asked - self.answers < (lanes(self.usual, self.left) if self.answers else 1)

    @property
    def spent(self) -> bool:
        return self.left is not None and self.left <= 0

    def ask(self) -> Ticket:
        self.asked += 1
        if self.left is not None:
            self.left -= 1
        return Ticket(self.asked, self.answers)

    def answered(self, ticket: Ticket, remaining: int | None) -> None:
        """`remaining`: what the answer says is left; None where it does not say, or never came."""
        self.answers += 1
        if remaining is not None and ticket.number > self.told_by:
            self.told_by = ticket.number
            self.left = remaining - (self.asked - 1 - ticket.before)
