"""The plan's rules: from facts of one shard to entries, changes and facts for other shards.

Three passes over the shards join the whole roster with one shard in memory at a time. `scope` picks the event's
classes and calls their members; `people` settles students and teachers, and calls classes and parents back;
`rosters` settles classes and parents. A call is a fact routed to the shard of the id it is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from roster.facts import ContactKey, Context, Doubt, Facts, Outcome
from roster.model import ClassEntry, ContactEntry, Listing, Person, dense
from roster.settle import count_ties, settle_class, settle_contact, settle_schedule


def scope(facts: Facts, before: Iterable[ClassEntry], context: Context) -> Outcome:
    """Classes call their members, parents offer themselves to their children, renamed people move shard."""
    out = Outcome()
    for enrolment in facts.enrolments.values():
        info = facts.classes.get(enrolment.class_id)
        if info is None:
            out.tally.warn("dangling_enrolment", "class", enrolment.class_id)
        elif context.selection.takes(info.school, info.terms):
            person = context.contact(enrolment.role, enrolment.person)
            out.call(person, "claim", enrolment.role, person, info.id, enrolment.primary)
    for tie in facts.relationships.values():
        if ("parent", tie.parent) in facts.persons:
            parent = context.contact("parent", tie.parent)
            out.call(tie.student, "offer", tie.student, parent, tie.relation, tie.type)
        else:
            out.tally.warn("dangling_relationship", "parent", tie.parent)
    _move(facts, context, out)
    for entry in before:
        if context.deselected(entry.info):
            _release(entry, out)
    return out


def _move(facts: Facts, context: Context, out: Outcome) -> None:
    for (kind, id), person in facts.persons.items():
        contact = context.contact(kind, id)
        if contact != id:
            others = tuple(sorted({*person.other_ids, id} - {contact}))
            out.call(contact, "person", dense(replace(person, id=contact, other_ids=others)))
            for code in sorted(facts.remarks.get((kind, id), ())):
                out.call(contact, "remark", {"code": code, "kind": kind, "id": contact})


def _release(entry: ClassEntry, out: Outcome) -> None:
    for kind, ids in (("student", entry.students), ("teacher", entry.teachers)):
        for id in ids:
            out.call(id, "released", kind, id, entry.key)


def people(facts: Facts, known: Mapping[ContactKey, ContactEntry], doubt: Doubt, context: Context) -> Outcome:
    """Students and teachers: in the event is who is in one of its classes."""
    out = Outcome()
    listings: dict[ContactKey, Listing] = {}
    for (kind, id), classes in facts.claims.items():
        if (kind, id) not in facts.persons:
            out.tally.warn("dangling_enrolment", kind, id)
            continue
        for class_id, primary in classes.items():
            out.call(class_id, "member", class_id, kind, id, primary)
        listings[kind, id] = Listing(sorted(classes), _parents(id, facts, known, context, out))
    for key in _students_and_teachers(facts, known, doubt):
        person = _with_birth_date(facts.persons.get(key), facts)
        settle_contact(key, person, listings.get(key), known.get(key), facts, doubt, context, out)
        if key[0] == "student":
            settle_schedule(key, listings.get(key), known.get(key), facts, doubt, context, out)
    return out


def _parents(
    student: str, facts: Facts, known: Mapping[ContactKey, ContactEntry], context: Context, out: Outcome
) -> list[list[str]]:
    """The student's parents, each told so; as they were when the provider did not show parents."""
    if "parent" in context.absent:
        entry = known.get(("student", student))
        return entry.listed[context.event].related if entry and context.event in entry.listed else []
    offers = facts.offers.get(student, {})
    for parent, relation, type in offers.values():
        out.call(parent, "tie", parent, student, relation, type)
    return [offers[parent] for parent in sorted(offers)]


def _students_and_teachers(
    facts: Facts, known: Mapping[ContactKey, ContactEntry], doubt: Doubt
) -> Iterator[ContactKey]:
    keys = {*facts.claims, *known, *doubt.contacts, *(("student", id) for id in doubt.schedules)}
    return (key for key in sorted(keys) if key[0] != "parent")


def _with_birth_date(person: Person | None, facts: Facts) -> Person | None:
    date = facts.birth_dates.get(person.id) if person and person.kind == "student" else None
    return replace(person, birth_date=date) if person and date else person


def rosters(
    facts: Facts,
    known: Mapping[ContactKey, ContactEntry],
    before: Mapping[str, ClassEntry],
    doubt: Doubt,
    context: Context,
) -> Outcome:
    """Classes with the members that exist, and parents with the children that are in the event."""
    out = Outcome()
    for id in sorted({*facts.classes, *before, *doubt.classes}):
        settle_class(id, facts, before.get(id), id in doubt.classes, context, out)
    for key in sorted({*(("parent", id) for id in facts.ties), *known, *doubt.contacts}):
        if key[0] == "parent":
            ties = facts.ties.get(key[1])
            listing = Listing([], [ties[student] for student in sorted(ties)]) if ties else None
            person = facts.persons.get(key) if listing else None
            count_ties(listing if person else None, known.get(key), facts.released.get(key, set()), context, out)
            settle_contact(key, person, listing, known.get(key), facts, doubt, context, out)
    return out
