"""A book of runs over the records of a test: what was mailed about them, and what an event's imports fail at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from roster.model import JSON
from roster.ports import HeldLink, Run, RunKey
from tests.fakes.memory import MemoryRecords


class MemoryRunBook:
    """roster.ports.RunBook."""

    def __init__(self, records: MemoryRecords) -> None:
        self._records = records

    def page(self, account: str, event: str, after: str, most: int) -> Sequence[Run]:
        return list(reversed(self._records.runs.values()))[:most]

    def decide(self, key: RunKey, decision: str, by: str) -> bool:
        run = self._records.runs[key.run]
        if run.decided:
            return False
        run.decided, run.decided_by = decision, by
        return True

    def undecide(self, key: RunKey, by: str) -> None:
        run = self._records.runs[key.run]
        run.decided = run.decided_by = ""

    def claim_mail(self, key: RunKey, doubt: str) -> bool:
        run = self._records.runs[key.run]
        claimed = not run.mail
        run.mail = run.mail or doubt
        return claimed

    def note_mail(self, key: RunKey, outcome: str) -> None:
        self._records.runs[key.run].mail = outcome

    def failing(self, account: str, event: str, failing: Mapping[str, JSON]) -> None:
        self._records.events[event].failing = dict(failing)


class MemoryHeldLinks:
    """roster.ports.HeldLinks."""

    def __init__(self) -> None:
        self.links: dict[str, HeldLink] = {}

    def keep(self, digest: str, link: HeldLink) -> None:
        self.links[digest] = link

    def of(self, digest: str) -> HeldLink | None:
        return self.links.get(digest)
