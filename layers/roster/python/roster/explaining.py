"""What is known of one student, teacher, parent or class of an event, gathered for the one sentence of roster.why.

Reads the one slot of what was applied last that the id lies in, and what the newest run said of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from roster.importing import Importer
from roster.keys import slot
from roster.ledgers import applied, applied_contact
from roster.lines import classes
from roster.model import ClassEntry
from roster.ports import ClassMark, Event, Run, RunKey, Slots
from roster.staging import Staging
from roster.tabular import provided_help
from roster.why import Reason, Seen, why

HELD = "held"
LOOKED_AT = 50  # of the newest runs: test imports may follow one that counts


@dataclass(frozen=True)
class Explainer:
    """`names`: what each provider calls itself."""

    importer: Importer
    slots: Slots
    names: Mapping[str, str]

    def why(self, account: str, event: str, kind: str, id: str) -> Reason:
        """Why it is missing, inactive, hidden, held or cannot be linked; or that nothing is wrong."""
        integration = self.importer.integration(account)
        if integration is None:
            return why(Seen(kind, id, event=event))
        found = self.importer.records.event(account, event)
        newest = self._newest(account, event)
        marks = self.importer.records.class_marks(account, event)
        staging = Staging(self.slots, RunKey(account, event, newest.run), "") if newest else None
        help = {**(provided_help(staging) if staging else {}), **(newest.report.get("help") or {} if newest else {})}
        return why(
            Seen(
                kind,
                id,
                self.names.get(integration.provider, integration.provider),
                bool(found.snapshot),
                applied_contact(self.slots, integration.ledger, kind, id) if kind != "class" else None,
                self._class(found, id) if kind == "class" else None,
                marks.get(id, ClassMark()) if kind == "class" else ClassMark(),
                _problems(staging, kind, id, help),
                self._waiting(newest, staging, kind, id),
                event,
                frozenset(one for one, mark in marks.items() if mark.hidden),
                help,
            )
        )

    def _newest(self, account: str, event: str) -> Run | None:
        """The newest run that read the provider, with its report: a test import says nothing of what is there."""
        runs = self.importer.runs.page(account, event, "", LOOKED_AT)
        newest = next((run.run for run in runs if run.mode == "import" and run.status in (HELD, "applied")), "")
        return self.importer.records.run(RunKey(account, event, newest)) if newest else None

    def _class(self, event: Event, id: str) -> ClassEntry | None:
        files = applied(self.slots, event.snapshot, "classes", range(slot(id), slot(id) + 1))
        return next((one for file in files for one in classes(file) if one.key == id), None)

    @staticmethod
    def _waiting(newest: Run | None, staging: Staging | None, kind: str, id: str) -> str:
        if newest is None or staging is None or newest.status != HELD or newest.decided:
            return ""
        return next((outcome for one, its, outcome, _ in staging.told_changes() if (one, its) == (kind, id)), "")


def _problems(staging: Staging | None, kind: str, id: str, help: Mapping[str, str]) -> dict[str, str]:
    found = staging.problems() if staging else ()
    return {code: help.get(code, "") for code, its_kind, its_id in found if (its_kind, its_id) == (kind, id)}
