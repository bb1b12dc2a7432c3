"""What a preview would bring, read from the files that it keeps for a while: classes with their teachers by name."""

from __future__ import annotations

from collections.abc import Iterator

from roster.keys import SLOTS
from roster.ledgers import applied
from roster.lines import classes, contacts
from roster.ports import ClassRow, RunKey, Slots
from roster.staging import Staging


def previewed(slots: Slots, key: RunKey) -> Iterator[ClassRow]:
    """The classes of a preview's plan; raises FilesMissing once they are forgotten."""
    staging, everything = Staging(slots, key, "", preview=True), range(SLOTS)
    names = {
        entry.person.id: entry.person.name or entry.person.id
        for file in applied(slots, staging.ledger, "people", everything)
        for entry in contacts(file)
        if entry.person.kind == "teacher"
    }
    for file in applied(slots, staging.snapshot, "classes", everything):
        for entry in classes(file):
            info, teachers = entry.info, tuple(names.get(id, id) for id in entry.teachers)
            yield ClassRow(info.id, info.name, info.school, info.terms, teachers, len(entry.students))
