"""What was applied last, and what interrupted plans meant to write, read back from the bucket for a range of slots.

The files may have been written with any number of shards; one that is missing must never read as: nobody was there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from roster.clearing import by_id
from roster.errors import FilesMissing
from roster.facts import ContactKey
from roster.keys import cleared_folder, provider_of, run_of, shard_slots, slot
from roster.lines import changes, contacts
from roster.model import ContactEntry, to_line
from roster.outcome import Doubt
from roster.ports import Change, ContactId, Slots, Stored

CHANGING = ("people", "rosters")  # the passes that plan changes
CLEARING = "clear"  # what is deleted before them
RESTORED = "restored"  # items that an interrupted clear deleted


def applied(slots: Slots, folder: str, name: str, wanted: range) -> Iterator[bytes]:
    """Lines of these slots, whatever the number of shards they were written with."""
    for file, theirs in _files(slots, folder, name) if folder else ():
        both = range(max(wanted.start, theirs.start), min(wanted.stop, theirs.stop))
        if both:
            yield slots.read(file, both)


def applied_contact(slots: Slots, ledger: str, kind: str, id: str) -> ContactEntry | None:
    """What was applied last of one contact: one slot of the file that has it."""
    files = applied(slots, ledger, CHANGING[kind == "parent"], range(slot(id), slot(id) + 1))
    return next((one for file in files for one in contacts(file) if one.key == (kind, id)), None)


def _files(slots: Slots, folder: str, name: str) -> list[tuple[str, range]]:
    """All files of a pass, each with its slots."""
    prefix = f"{folder}/{name}-"
    names = slots.names(prefix)
    places = [tuple(map(int, file.removeprefix(prefix).split("-of-"))) for file in names]
    written = Counter(shards for _, shards in places)
    if not written or any(shards != files for shards, files in written.items()):
        raise FilesMissing(f"of {prefix}… there are {len(names)} files, and some are missing")
    return [(file, shard_slots(*place)) for file, place in zip(names, places, strict=True)]


def write_contacts(slots: Slots, ledger: str, place: str, entries: Iterable[ContactEntry]) -> None:
    """A shard (`place`) of a ledger, in the files of the passes that will read it."""
    held: dict[str, list[tuple[int, bytes]]] = {name: [] for name in CHANGING}
    for entry in entries:
        held[CHANGING[entry.person.kind == "parent"]].append((slot(entry.person.id), to_line(entry)))
    for name, lines in held.items():
        slots.write(f"{ledger}/{name}-{place}", lines)


def doubt(slots: Slots, plans: Sequence[str], wanted: range, provider: str) -> Doubt:
    """What interrupted plans may have written: the account's and the event's (folders, or blank).

    Of contacts only those of this provider.
    """
    contacts, event = plans
    intended = _intended(slots, contacts, wanted)
    mine = intended if contacts == event else _intended(slots, event, wanted)
    known = _contacts(intended, provider) if provider_of(contacts) == provider else {}
    return Doubt(
        known,
        frozenset(change.id for change in mine if change.kind == "class"),
        frozenset(change.id for change in mine if change.kind == "schedule"),
    )


def _contacts(intended: Iterable[Change], provider: str) -> dict[ContactKey, ContactEntry | None]:
    """What they would be; None where they may have been deleted. A clear goes before what is written again."""
    found: dict[ContactKey, ContactEntry | None] = {}
    for change in intended:
        entry = change.entry
        if change.kind in ("class", "schedule", "class_mark"):
            continue
        if isinstance(entry, Stored):
            if entry.origin == provider and not entry.mark:
                found.setdefault((change.kind, change.id), None)
        elif entry is None or isinstance(entry, ContactEntry):
            found[change.kind, change.id] = entry
    return found


def _intended(slots: Slots, plan: str, wanted: range) -> list[Change]:
    clears = [CLEARING] if plan and slots.names(f"{plan}/{CLEARING}-") else []
    return [
        change
        for name in (*clears, *CHANGING)
        for file in applied(slots, plan, name, wanted)
        for change in changes(file)
    ]


def images(slots: Slots, folder: str, wanted: range) -> dict[ContactId, Change]:
    """Items as they were before a clear; a contact's hand-set level goes by a kind of its own."""
    found = [change for name in slots.names(f"{folder}/") for change in changes(slots.read(name, wanted))]
    return by_id(found)


def unsettled(slots: Slots, account: str, plans: Sequence[str], wanted: range) -> dict[ContactId, Change]:
    """What becomes of items that no ledger knows, and that interrupted plans (folders) may have written or deleted."""
    return strayed(slots, plans, wanted) | lost(slots, account, plans, wanted)


def lost(slots: Slots, account: str, plans: Iterable[str], wanted: range) -> dict[ContactId, Change]:
    """Items that interrupted plans may have deleted, or meant to bring back because an earlier one had."""
    found: dict[ContactId, Change] = {}
    for plan in sorted({*plans} - {""}):
        found |= images(slots, cleared_folder(account, run_of(plan)), wanted)
        if slots.names(f"{plan}/{RESTORED}-"):
            found |= by_id([change for file in applied(slots, plan, RESTORED, wanted) for change in changes(file)])
    return found


def strayed(slots: Slots, plans: Iterable[str], wanted: range) -> dict[ContactId, Change]:
    """Items that an interrupted undo may have brought back, as their deletions: it was not done."""
    return by_id(
        Change(one.kind, one.id, Stored(one.entry.origin, mark=one.entry.mark))
        for plan in sorted({*plans} - {""})
        for one in _intended(slots, plan, wanted)
        if isinstance(one.entry, Stored) and one.entry.item is not None
    )
