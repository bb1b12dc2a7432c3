"""Lists for spreadsheets: a run's changes and problems, an event's classes, enrolments and people, as CSV.

Never a birth date. A cell that a spreadsheet would take for a formula is told as text, blanks and breaks before it or
not, in East Asian full width too.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from typing import TypeAlias

from roster.cells import harmless
from roster.errors import FilesMissing
from roster.keys import SLOTS, provider_of
from roster.ledgers import CHANGING, applied
from roster.lines import classes, contacts
from roster.model import JSON, ClassEntry, ContactEntry, replace
from roster.ports import ContactId, ContactMark, Event, Integration, RunKey, Slots
from roster.report import UNEXPECTED_HELP
from roster.staging import Staging

Row: TypeAlias = tuple[str, ...]
UNICODE = "\ufeff"  # without this mark Excel takes the file for the code page of its country
NAMED = ("first", "last", "email")  # what a report shows of somebody, and people may set by hand
PROBLEMS: Row = ("code", "kind", "id", "what to do")
CHANGES: Row = ("kind", "id", "outcome", "changed")
REPORTS: Mapping[str, Row] = {
    "classes": ("class id", "class", "school", "terms", "teachers", "students"),
    "enrolments": ("class id", "class", "role", "id", "first name", "last name"),
    "people": ("kind", "id", "number", "first name", "last name", "e-mail", "classes", "security value"),
}


def as_csv(header: Row, rows: Iterable[Row]) -> str:
    text = StringIO()
    text.write(UNICODE)
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(header)
    lines.writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def problems(slots: Slots, key: RunKey, report: Mapping[str, JSON]) -> list[Row]:
    """What the run found wrong, id by id, with what a person can do; what has one remedy stands together.

    `report`: the run's own, or empty.
    """
    staging = Staging(slots, key, "")
    help = {**provided_help(staging), **(report.get("help") or {})}
    return sorted((*found, help.get(found[0], UNEXPECTED_HELP)) for found in staging.problems())


def changes(slots: Slots, key: RunKey) -> list[Row]:
    """What became of whom, and which attributes changed; never their values."""
    told = Staging(slots, key, "").told_changes()
    return sorted((kind, id, outcome, " ".join(fields)) for kind, id, outcome, fields in told)


def provided_help(staging: Staging) -> Mapping[str, str]:
    """The provider's words, for a run that ended without a report of them; unless it failed before it had any."""
    try:
        return staging.help()
    except FilesMissing:
        return {}


def report(
    slots: Slots, name: str, integration: Integration | None, event: Event, marks: Mapping[ContactId, ContactMark]
) -> Iterator[Row]:
    """One of REPORTS, from what was applied last; nothing where nothing was. `marks`: names and addresses that were
    set by hand go before the provider's.
    """
    ledger = integration.ledger if integration else ""
    found = _as_they_count(_contacts(slots, ledger), provider_of(ledger), marks)
    if name == "people":
        return _people(found, event.event)
    names = {entry.key: entry for entry in found if event.event in entry.listed}
    return (_classes if name == "classes" else _enrolments)(_all_classes(slots, event.snapshot), names)


def _as_they_count(
    found: Iterable[ContactEntry], provider: str, marks: Mapping[ContactId, ContactMark]
) -> Iterator[ContactEntry]:
    for entry in found:
        mark = marks.get((provider, *entry.key))
        edits = {name: mark.edits[name] or "" for name in NAMED if name in mark.edits} if mark else {}
        yield replace(entry, person=replace(entry.person, **edits)) if edits else entry


def _people(found: Iterable[ContactEntry], event: str) -> Iterator[Row]:
    for entry in found:
        if event in entry.listed:
            person = entry.person
            on_file = "" if person.kind != "student" else "on file" if person.birth_date else "blank"
            known = (person.kind, person.id, person.number or person.sis_id, person.first, person.last, person.email)
            yield (*known, str(len(entry.listed[event].classes)), on_file)


def _classes(found: Iterable[ClassEntry], names: Mapping[tuple[str, str], ContactEntry]) -> Iterator[Row]:
    for entry in found:
        teachers = ", ".join(_name(names, "teacher", id) for id in entry.teachers)
        info = entry.info
        yield info.id, info.name, info.school, " ".join(info.terms), teachers, str(len(entry.students))


def _enrolments(found: Iterable[ClassEntry], names: Mapping[tuple[str, str], ContactEntry]) -> Iterator[Row]:
    for entry in found:
        for kind, ids in (("teacher", entry.teachers), ("student", entry.students)):
            for id in ids:
                person = names[kind, id].person if (kind, id) in names else None
                yield (
                    entry.key,
                    entry.info.name,
                    kind,
                    id,
                    person.first if person else "",
                    person.last if person else "",
                )


def _name(names: Mapping[tuple[str, str], ContactEntry], kind: str, id: str) -> str:
    return (names[kind, id].person.name if (kind, id) in names else "") or id


def _contacts(slots: Slots, ledger: str) -> Iterator[ContactEntry]:
    for name in CHANGING if ledger else ():
        for file in applied(slots, ledger, name, range(SLOTS)):
            yield from contacts(file)


def _all_classes(slots: Slots, snapshot: str) -> Iterator[ClassEntry]:
    for file in applied(slots, snapshot, "classes", range(SLOTS)) if snapshot else ():
        yield from classes(file)
