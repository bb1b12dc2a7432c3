"""The plan's rules: from facts of one shard to entries, changes and facts for other shards.

Three passes over the shards join the whole roster with one shard in memory at a time. `scope` picks the event's
classes and calls their members; `people` settles students and teachers, and calls classes and parents back;
`rosters` settles classes and parents. A call is a fact routed to the shard of the id it is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import TypeGuard

from roster.calendar import enrolled
from roster.facts import ContactKey, Context, Facts
from roster.lines import Absent, Claim, Member, Offer, Orphan, PersonTold, Released, RemarkTold, Roster, Tie
from roster.model import Class, ClassEntry, ContactEntry, Enrolment, Listing, Remark, replace
from roster.outcome import Doubt, Outcome
from roster.settle import count_ties, settle_class, settle_contact, settle_schedule


def scope(facts: Facts, before: Iterable[ClassEntry], context: Context) -> Outcome:
    """Classes call their members, parents offer themselves to their children, renamed people move shard."""
    out = Outcome()
    _claim(facts, context, out)
    for tie, one_sided in facts.ties_told():
        student = context.contact("student", tie.student)
        if ("parent", tie.parent) in facts.persons:
            parent = context.contact("parent", tie.parent)
            out.call(student, Offer(student, parent, tie.relation, tie.type, one_sided))
        else:
            out.call(student, Orphan(student, tie.parent))
    _move(facts, context, out)
    for entry in before:
        if context.deselected(entry.info):
            _release(entry, out)
    return out


def _claim(facts: Facts, context: Context, out: Outcome) -> None:
    """Each chosen class calls those who are its members on the day that counts."""
    for class_id, rows in facts.enrolments.items():
        info, members = facts.classes.get(class_id), rows.values()
        if info is None:
            out.tally.warn("dangling_enrolment", "class", class_id)
        elif context.takes(info):
            students = (enrolment for enrolment in members if enrolment.role == "student")
            day = context.calendar.day(info, students, context.today)
            roster: dict[ContactKey, bool] = {}
            for enrolment in (member for member in members if enrolled(member, day)):
                person = enrolment.role, context.contact(enrolment.role, enrolment.person)
                roster[person] = enrolment.primary or roster.get(person, False)
            out.call(class_id, Roster(class_id, [(*person, primary) for person, primary in roster.items()]))
            for kind, id in roster:
                out.call(id, Claim(kind, id, class_id))
            _lasts(info, members, context, out)
        elif context.leaves_out_unasked(info):
            out.tally.warn("class_without_term", "class", class_id)


def _lasts(info: Class, members: Iterable[Enrolment], context: Context, out: Outcome) -> None:
    """Until when the same rows make the same roster."""
    for day in (*context.calendar.window(info), *(day for one in members for day in (one.begin, one.end))):
        if day >= context.today:
            out.tally.lasts(day if day > context.today else context.tomorrow)


def _move(facts: Facts, context: Context, out: Outcome) -> None:
    for (kind, id), person in facts.persons.items():
        contact = context.contact(kind, id)
        if contact != id:
            others = tuple(sorted({*person.other_ids, id} - {contact}))
            person = facts.person((kind, id)) or person
            out.call(contact, PersonTold(replace(person, id=contact, other_ids=others)))
            for code in sorted(facts.remarks.get((kind, id), ())):
                out.call(contact, RemarkTold(Remark(code, kind, contact)))


def _release(entry: ClassEntry, out: Outcome) -> None:
    for kind, ids in (("student", entry.students), ("teacher", entry.teachers)):
        for id in ids:
            out.call(id, Released(kind, id, entry.key))


def people(facts: Facts, known: Mapping[ContactKey, ContactEntry], doubt: Doubt, context: Context) -> Outcome:
    """Students and teachers: in the event is who is in one of its classes."""
    out = Outcome()
    _dangling(facts, out)
    for key in _students_and_teachers(facts, known, doubt):
        entry = known.get(key)
        listing = _standing(key, _claimed(key, entry, facts, context, out), entry, facts, context)
        _call_back(key, listing, facts, context, out)
        settle_contact(key, facts.person(key), listing, entry, facts, doubt, context, out)
        if key[0] == "student":
            settle_schedule(key, listing, entry, facts, doubt, context, out)
    return out


def _dangling(facts: Facts, out: Outcome) -> None:
    """Ties of which one end is not shared; with neither end there is nobody to speak of.

    Providers also tie spouses: whoever is shared as something else than a student is not missed.
    """
    for student in facts.offers:
        if not any((kind, student) in facts.persons for kind in ("student", "parent", "teacher")):
            out.tally.warn("dangling_relationship", "student", student)
    for student, parents in facts.orphans.items():
        for parent in sorted(parents) if ("student", student) in facts.persons else ():
            out.tally.warn("dangling_relationship", "parent", parent)


def _claimed(
    key: ContactKey, entry: ContactEntry | None, facts: Facts, context: Context, out: Outcome
) -> Listing | None:
    """What the source says now: the person's classes in this event, and a student's parents."""
    classes = facts.claims.get(key)
    if not classes:
        return None
    if key not in facts.persons:
        out.tally.warn("dangling_enrolment", *key)
        return None
    until = facts.persons[key].until
    if "" < until < context.today:  # has left; an enrolment that nobody ended says nothing else
        return None
    if until:
        out.tally.lasts(max(until, context.tomorrow))
    if key[0] != "student":
        return Listing(sorted(classes))
    if "parent" in context.absent:  # not shown: as they were
        return Listing(sorted(classes), entry.listed[context.event].related if _listed(entry, context) else [])
    offers = facts.offers.get(key[1], {})
    for parent in sorted(facts.one_sided.get(key[1], ())):
        out.tally.warn("relationship_one_sided", "parent", parent)
    return Listing(sorted(classes), [offers[parent] for parent in sorted(offers)])


def _listed(entry: ContactEntry | None, context: Context) -> TypeGuard[ContactEntry]:
    return entry is not None and context.event in entry.listed


def _standing(
    key: ContactKey, now: Listing | None, entry: ContactEntry | None, facts: Facts, context: Context
) -> Listing | None:
    """`now`, with all that a source without our trust fails to show; what was deselected goes all the same."""
    if not context.stays(key[0]) or not _listed(entry, context):
        return now
    now, before = now or Listing(), entry.listed[context.event]
    classes = {*now.classes, *before.classes} - (facts.released.get(key, set()) - {*now.classes})
    ties = {tie[0]: tie for tie in (*before.related, *now.related)}
    return Listing(sorted(classes), [ties[parent] for parent in sorted(ties)]) if classes else None


def _call_back(key: ContactKey, listing: Listing | None, facts: Facts, context: Context, out: Outcome) -> None:
    """Tell the person's classes who of those they name is not in the event, and a student's parents who is."""
    named: Set[str] = facts.claims.get(key, frozenset())
    classes = set(listing.classes if listing else ())
    for class_id in sorted(named - classes):
        out.call(class_id, Absent(class_id, *key))
    for class_id in sorted(classes - named):
        out.call(class_id, Member(class_id, *key))
    for parent, relation, type in () if "parent" in context.absent or not listing else listing.related:
        out.call(parent, Tie(parent, key[1], relation, type))


def _students_and_teachers(
    facts: Facts, known: Mapping[ContactKey, ContactEntry], doubt: Doubt
) -> Iterator[ContactKey]:
    keys = {*facts.claims, *known, *doubt.contacts, *(("student", id) for id in doubt.schedules)}
    return (key for key in sorted(keys) if key[0] != "parent")


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
            count_ties(listing, known.get(key), facts.released.get(key, set()), context, out)
            settle_contact(key, person, listing, known.get(key), facts, doubt, context, out)
    return out
