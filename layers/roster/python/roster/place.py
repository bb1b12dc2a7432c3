"""Where a pull stands between two of its turns."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b

from roster.model import JSON


@dataclass
class Lane:
    """How far one resource has been read.

    `rows`, `distinct`: all, and those whose ids are new to their turn. `total`: what its provider promised. `loop`:
    what the loop guard remembers. `content`: a digest of all its pages so far. `waits`: times that the present page was
    answered 429.
    """

    cursor: str = ""
    page: int = 0
    rows: int = 0
    distinct: int = 0
    total: int | None = None
    content: str = ""
    loop: dict[str, JSON] = field(default_factory=dict)
    waits: int = 0
    done: bool = False


@dataclass
class Place:
    """Where a pull stands; travels through the state machine as JSON, so it holds no row and no secret.

    `lanes`: of the resources that have been begun, in their order. `files`: what was staged, a file for each turn and
    resource; `noted`: those that have notes; `ids`: files of the ids of resources that took more than one turn. `tags`:
    which facts each resource has brought. `content`: a digest of all pages, once they were read.
    """

    round: int = 0
    lanes: list[Lane] = field(default_factory=list)
    requests: int = 0
    facts: int = 0
    files: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)
    tags: dict[str, list[str]] = field(default_factory=dict)
    pulled: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    marker: str = ""
    content: str = ""
    absent: list[str] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    wait: int = 0
    done: bool = False

    def __post_init__(self) -> None:
        """From JSON, lanes come as objects."""
        self.lanes = [Lane(**lane) if isinstance(lane, dict) else lane for lane in self.lanes]

    @property
    def all_read(self) -> bool:
        """Whether every lane that was begun has ended."""
        return all(lane.done for lane in self.lanes)

    def in_order(self) -> None:
        """As the resources are, whichever of them was read first: a plan depends on the order of its files."""
        for names in (self.files, self.noted, self.ids):
            names.sort()


def sealed(*parts: str) -> str:
    """A digest of the parts, in their order."""
    return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()
