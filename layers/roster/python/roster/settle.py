"""One contact, class or schedule: what was applied last against what the pull says now.

What decides created, updated, departed or returned is here, and what must survive a sync: a stored security value,
other events' listings, people whom an untrusted source does not show.
"""

from __future__ import annotations

from collections.abc import Sequence

from roster.errors import ClassTooLarge
from roster.facts import ContactKey, Context, Facts
from roster.lines import Released
from roster.model import Class, ClassEntry, ContactEntry, Listing, Person, asdict, replace
from roster.outcome import Doubt, Outcome
from roster.ports import Change
from roster.sizes import fitting, weight
from roster.tally import Tally

LARGEST_CLASS = 380_000  # bytes of a class's ids; an item holds 400 KB


def settle_contact(
    key: ContactKey,
    person: Person | None,
    listing: Listing | None,
    known: ContactEntry | None,
    facts: Facts,
    doubt: Doubt,
    context: Context,
    out: Outcome,
) -> None:
    """One contact: created, updated, unchanged, returned, departed, or none of this event's business."""
    listed_before = known is not None and context.event in known.listed
    if listed_before:
        out.tally.judge(key[0], "previous")
    if person and listing:
        entry = _present(person, listing, known, context, out)
        for code in sorted(facts.remarks.get(key, ())):
            out.tally.warn(code, *key)
    elif known and listed_before:
        entry = _missing(known, listing, facts.released.get(key, set()), context, out)
    elif known:
        entry = known
    elif made := doubt.contacts.get(key):  # by an interrupted run, and the source has lost the contact since
        entry = ContactEntry(made.person, {}, context.today)
    else:
        return
    out.contacts.append(entry)
    out.moved += entry != known
    if key in doubt.contacts or known is None or item_of(entry) != item_of(known):
        out.changes.append(Change(key[0], key[1], entry))
        out.told.append((*key, *told_contact(entry, known)))


def item_of(entry: ContactEntry | None) -> tuple[Person, list[list[str]], str] | None:
    """What of an entry is stored in the table; which events list it is not."""
    return (entry.person, fitting(entry.related()), entry.inactive_since) if entry else None


def told_contact(entry: ContactEntry, known: ContactEntry | None) -> tuple[str, list[str]]:
    """For the list of changes: what became of the contact, and the names of what is another now."""
    if known is None:
        return "created", []
    if bool(entry.inactive_since) != bool(known.inactive_since):
        return ("departed" if entry.inactive_since else "returned"), []
    names = _changed(entry.person, known.person)
    return "updated", [*names, "related"] if entry.related() != known.related() else names


def _present(
    person: Person, listing: Listing, known: ContactEntry | None, context: Context, out: Outcome
) -> ContactEntry:
    if person.birth_date and not context.plausible(person.birth_date):  # a slip of the pen: nobody could link with it
        out.tally.warn("birth_date_unreadable", person.kind, person.id)
        person = replace(person, birth_date="")
    if person.kind == "student" and person.birth_date:
        out.tally.judge("student", "dated")
    if person.partial:
        out.tally.warn("person_not_shared", person.kind, person.id)
    if known:
        person = _kept(person, known.person)
        if known.listed and context.event not in known.listed:
            out.tally.judge(person.kind, "met")
    if person.kind == "student" and not person.birth_date:
        out.tally.warn("student_without_birth_date", "student", person.id)
    out.tally.count(person.kind, _outcome(person, known, out.tally))
    entry = ContactEntry(person, {**(known.listed if known else {}), context.event: listing})
    _count_left_out(entry.related(), (person.kind, person.id), out)
    return entry


def _count_left_out(values: Sequence[str | list[str]], key: ContactKey, out: Outcome) -> None:
    """An item holds what it has room for; the ledger knows the rest."""
    if len(fitting(values)) < len(values):
        out.tally.warn("more_than_fits", *key)


def _kept(person: Person, known: Person) -> Person:
    """A blank never overwrites a stored security value, and an id once known stays known.

    Whoever is only mentioned, now that their own row is missing, stays as that row told them.
    """
    if person.partial and not known.partial:
        return known
    others = {*person.other_ids, *known.other_ids} - {person.id}
    return replace(person, birth_date=person.birth_date or known.birth_date, other_ids=tuple(sorted(others)))


def _outcome(person: Person, known: ContactEntry | None, tally: Tally) -> str:
    if known is None:
        return "created"
    if known.inactive_since:
        return "returned"
    if person == known.person:
        return "unchanged"
    if all(not getattr(known.person, name) for name in _changed(person, known.person)):
        tally.judge(person.kind, "filled")
    return "updated"


def _changed(person: Person, known: Person) -> list[str]:
    return [name for name, value in asdict(person).items() if value != getattr(known, name)]


def _missing(
    known: ContactEntry, listing: Listing | None, released: set[str], context: Context, out: Outcome
) -> ContactEntry:
    """Gone from the source. `listing`: what still stands, because the source is not to be trusted.

    `released`: the classes (of a parent: the children) that the administrator has just deselected.
    """
    kind, id = known.key
    if kind in context.absent:
        out.tally.count(kind, "unchanged")
        return known
    if listing:
        out.tally.count(kind, "unchanged")
        out.tally.warn("departures_held_back", kind, id)
        return replace(known, listed={**known.listed, context.event: listing})
    before = known.listed[context.event]
    out.tally.count(kind, "departed")
    held_by = {tie[0] for tie in before.related} if kind == "parent" else set(before.classes)
    if held_by and held_by <= released:
        out.tally.judge(kind, "excused")
        for tie in before.related if kind == "student" else ():
            out.call(tie[0], Released("parent", tie[0], id))
    listed = {event: listing for event, listing in known.listed.items() if event != context.event}
    return ContactEntry(known.person, listed, known.inactive_since if listed else context.today)


def settle_schedule(
    key: ContactKey,
    listing: Listing | None,
    known: ContactEntry | None,
    facts: Facts,
    doubt: Doubt,
    context: Context,
    out: Outcome,
) -> None:
    """A student's classes in this event, one item; its changes are what is counted as enrolments."""
    before = known.listed[context.event].classes if known and context.event in known.listed else []
    now = listing.classes if listing else []
    _count_members("enrolment", set(now), set(before), facts.released.get(key, set()), out.tally)
    _count_left_out(now, key, out)
    if now != before or key[1] in doubt.schedules:
        out.changes.append(Change("schedule", key[1], tuple(fitting(now)) if now else None))
        out.told.append(("schedule", key[1], "updated" if before and now else "created" if now else "departed", []))


def _count_members(kind: str, now: set[str], before: set[str], released: set[str], tally: Tally) -> None:
    tally.count(kind, "created", len(now - before))
    tally.count(kind, "unchanged", len(now & before))
    tally.count(kind, "departed", len(before - now))
    tally.judge(kind, "previous", len(before))
    tally.judge(kind, "excused", len((before - now) & released))


def count_ties(
    listing: Listing | None, known: ContactEntry | None, released: set[str], context: Context, out: Outcome
) -> None:
    listed = known.listed.get(context.event) if known else None
    before = {tie[0]: tie for tie in listed.related} if listed else {}
    now = {tie[0]: tie for tie in listing.related} if listing else {}
    if "parent" in context.absent:
        now = before
    _count_members("relationship", set(now), set(before), released, out.tally)
    updated = sum(1 for student in now.keys() & before.keys() if now[student] != before[student])
    out.tally.count("relationship", "updated", updated)
    out.tally.count("relationship", "unchanged", -updated)


def settle_class(
    id: str, facts: Facts, before: ClassEntry | None, doubted: bool, context: Context, out: Outcome
) -> None:
    if before:
        out.tally.judge("class", "previous")
    info = facts.classes.get(id)
    if info and context.takes(info):
        entry: ClassEntry | None = _present_class(info, facts, before, context, out)
    else:
        entry = _missing_class(before, context, out) if before else None
    if entry:
        out.classes.append(entry)
    out.moved += entry != before
    if doubted or entry != before:
        out.changes.append(Change("class", id, entry))
        out.told.append(("class", id, *told_class(entry, before)))


def told_class(entry: ClassEntry | None, before: ClassEntry | None) -> tuple[str, list[str]]:
    if entry is None:
        return "departed", []
    if before is None:
        return "created", []
    names = [name for name, value in asdict(entry.info).items() if value != getattr(before.info, name)]
    roster = [name for name in ("teachers", "students") if getattr(entry, name) != getattr(before, name)]
    return "updated", [*names, *roster]


def _present_class(info: Class, facts: Facts, before: ClassEntry | None, context: Context, out: Outcome) -> ClassEntry:
    members = facts.members_of(info.id)
    ranked = {id: primary for (kind, id), primary in members.items() if kind == "teacher"}
    primary_missing = context.stays("teacher") and not any(ranked.values())
    first = before.teachers[:1] if before and primary_missing else []
    teachers = sorted((not primary, id not in first, id) for id, primary in ranked.items())
    students = sorted(id for kind, id in members if kind == "student")
    entry = ClassEntry(info, [id for *_, id in teachers], students)
    if weight([*entry.teachers, *students]) > LARGEST_CLASS:
        raise ClassTooLarge(f"class {info.id} has {len(students)} students; one class cannot hold them")
    if not teachers:
        out.tally.warn("class_without_teacher", "class", info.id)
    outcome = "created" if before is None else "unchanged" if before.info == info else "updated"
    out.tally.count("class", outcome)
    if before and outcome == "updated" and replace(before.info, terms=context.terms(before.info)) == info:
        out.tally.judge("class", "filled")  # its term was made anew under another id: no change that anybody sees
    return entry


def _missing_class(before: ClassEntry, context: Context, out: Outcome) -> ClassEntry | None:
    if context.stays("class") and not context.deselected(before.info):
        out.tally.count("class", "unchanged")
        out.tally.warn("departures_held_back", "class", before.key)
        return before
    out.tally.count("class", "departed")
    if context.deselected(before.info):
        out.tally.judge("class", "excused")
    return None
