"""Where a pull stands between two of its turns."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b

from roster.model import JSON


@dataclass
class Place:
    """Where a pull stands; travels through the state machine as JSON, so it holds no row and no secret.

    `rows`, `distinct`: of the present resource, all and those whose ids are new to their turn. `total`: what its
    provider promised. `pages`: how many each resource had. `files`: what was staged, a file for each turn and resource;
    `noted`: those that have notes; `ids`: files of the ids of resources that took more than one turn. `tags`: which
    facts each resource has brought. `content`: a digest of all pages so far.
    """

    round: int = 0
    resource: int = 0
    cursor: str = ""
    page: int = 0
    rows: int = 0
    distinct: int = 0
    total: int | None = None
    requests: int = 0
    facts: int = 0
    pages: list[int] = field(default_factory=list)
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
    loop: dict[str, JSON] = field(default_factory=dict)
    wait: int = 0
    waits: int = 0
    done: bool = False


def sealed(*parts: str) -> str:
    """A digest of the parts, in their order."""
    return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()
