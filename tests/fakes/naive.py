"""The whole sync, told naively: everything in memory, joined in one go, no shards, no staging, no plan.

Slow and obvious on purpose. What the pipeline does must come to the same.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from roster.model import COUNTED, Class, Person, Relationship, Selection, asdict, replace
from tests.fakes.school import Source

Key = tuple[str, str]
PEOPLE = ("student", "teacher", "parent")


@dataclass
class Spot:
    """Somebody's place in one event: classes, and ties by the other's id."""

    classes: set[str] = field(default_factory=set)
    ties: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Contact:
    person: Person
    spots: dict[str, Spot] = field(default_factory=dict)
    inactive_since: str = ""


@dataclass
class Room:
    """One class with its teachers in order."""

    info: Class
    teachers: list[str]


@dataclass
class Night:
    """What a night would do: nothing has happened yet."""

    event: str
    selection: Selection
    today: str
    spots: dict[Key, Spot] = field(default_factory=dict)
    people: dict[Key, Person] = field(default_factory=dict)
    rooms: dict[str, Room] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    figures: Counter[str] = field(default_factory=Counter)

    def held(self) -> bool:
        return any(self._held(kind) for kind in COUNTED)

    def _held(self, kind: str) -> bool:
        base = self.figures[f"{kind} previous"] - self.figures[f"{kind} excused"]
        departed = self.counts[f"{kind} departed"] - self.figures[f"{kind} excused"]
        changed = self.counts[f"{kind} updated"] - self.figures[f"{kind} filled"]
        many = departed > 10 and departed * 10 > base
        most = changed > 10 and changed * 4 > (base + self.figures[f"{kind} met"]) * 3
        return (base > 0 and departed == base) or many or most


@dataclass
class Naive:
    """What the account should look like. `teacher_ids`: the contact of a teacher, by the number both ids share.

    `torn`: events whose classes and schedules an interrupted run left half written, until their own next night.
    """

    contacts: dict[Key, Contact] = field(default_factory=dict)
    rooms: dict[str, dict[str, Room]] = field(default_factory=lambda: defaultdict(dict))
    chosen: dict[str, Selection] = field(default_factory=dict)
    doubted: dict[Key, Person] = field(default_factory=dict)
    teacher_ids: dict[str, str] = field(default_factory=dict)
    torn: set[str] = field(default_factory=set)

    def plan(self, source: Source, event: str, selection: Selection, today: str) -> Night:
        night = Night(event, selection, today)
        trusted = all(state.departures_trusted for state in source.states)
        shown = selection.contacts and source.shows_parents
        listed = {(p.kind, self._id(p.kind, p.id)): self._seen(p) for p in source.people}
        offered = {c.id: c for c in source.classes}
        before = self.rooms[event]
        old = self.chosen.get(event, selection)
        dropped = {c for c in before if old != selection and not _takes(selection, before[c].info)}
        primary = self._claim(night, source, listed, offered)
        claimed = {id for kind, id in night.spots if kind == "student"}
        if not trusted:
            self._hold_back(night, dropped)
        self._tie(night, [tie for tie in source.ties if tie.student in claimed], listed, shown, trusted)
        self._rooms(night, offered, primary, dropped, trusted)
        self._count(night, listed, dropped, shown)
        return night

    def _id(self, kind: str, id: str) -> str:
        return self.teacher_ids.get(id.split("-")[-1], id) if kind == "teacher" else id

    def _seen(self, person: Person) -> Person:
        """The person under our contact's id, with every id that was ever seen."""
        id = self._id(person.kind, person.id)
        known = self.contacts.get((person.kind, id))
        others = {person.id, *person.other_ids, *(known.person.other_ids if known else ())} - {id}
        birth_date = person.birth_date or (known.person.birth_date if known else "")
        return replace(person, id=id, other_ids=tuple(sorted(others)), birth_date=birth_date)

    def _claim(
        self, night: Night, source: Source, listed: dict[Key, Person], offered: dict[str, Class]
    ) -> set[tuple[str, str]]:
        primary: dict[tuple[str, str], bool] = {}
        rows = {(person.kind, person.id) for person in source.people}
        for member in source.members:
            there = (member.role, member.person) in rows  # whose row is missing is not recognised under another id
            key = member.role, self._id(member.role, member.person) if there else member.person
            info = offered.get(member.class_id)
            if info and _takes(night.selection, info):
                primary[info.id, key[1]] = member.primary
                if key in listed:
                    night.spots.setdefault(key, Spot()).classes.add(info.id)
        return {place for place, first in primary.items() if first}

    def _spots_before(self, night: Night) -> dict[Key, Spot]:
        return {key: c.spots[night.event] for key, c in self.contacts.items() if night.event in c.spots}

    def _hold_back(self, night: Night, dropped: set[str]) -> None:
        for key, spot in self._spots_before(night).items():
            classes = spot.classes - dropped
            if key[0] != "parent" and (classes or key in night.spots):
                night.spots.setdefault(key, Spot()).classes |= classes

    def _tie(
        self, night: Night, ties: Iterable[Relationship], listed: dict[Key, Person], shown: bool, trusted: bool
    ) -> None:
        before = self._spots_before(night)
        students = [key for key in night.spots if key[0] == "student"]
        for key in students:
            if (not shown or not trusted) and key in before:
                night.spots[key].ties.update(before[key].ties)
        if not shown:
            night.spots.update({key: spot for key, spot in before.items() if key[0] == "parent"})
            return
        for tie in ties:
            if ("parent", tie.parent) in listed:
                night.spots["student", tie.student].ties[tie.parent] = [tie.parent, tie.relation, tie.type]
        for key in students:
            for parent, words in night.spots[key].ties.items():
                night.spots.setdefault(("parent", parent), Spot()).ties[key[1]] = [key[1], *words[1:]]

    def _rooms(
        self, night: Night, offered: dict[str, Class], primary: set[tuple[str, str]], dropped: set[str], trusted: bool
    ) -> None:
        before = self.rooms[night.event]
        for id, info in offered.items():
            if _takes(night.selection, info):
                there = [k[1] for k, spot in night.spots.items() if k[0] == "teacher" and id in spot.classes]
                lost = id in before and not trusted and not any((id, t) in primary for t in there)
                first = before[id].teachers[:1] if lost else []
                order = sorted(((id, t) not in primary, t not in first, t) for t in there)
                night.rooms[id] = Room(info, [t for *_, t in order])
        if not trusted:
            night.rooms |= {id: room for id, room in before.items() if id not in night.rooms and id not in dropped}

    def _count(self, night: Night, listed: dict[Key, Person], dropped: set[str], shown: bool) -> None:
        before = self._spots_before(night)
        for key, spot in night.spots.items():
            hidden = key[0] == "parent" and not shown
            known = self.contacts.get(key)
            person = known.person if known and (hidden or key not in listed) else listed[key]
            night.people[key] = person
            night.counts[f"{key[0]} {self._outcome(night, key, person)}"] += 1
            assert spot.classes or spot.ties
        excused: set[Key] = set()
        for key in sorted(before, key=lambda k: k[0] == "parent"):  # students before their parents
            kind, gone = key[0], key not in night.spots
            night.figures[f"{kind} previous"] += 1
            night.counts[f"{kind} departed"] += gone
            held_by = before[key].classes <= dropped if kind != "parent" else False
            if kind == "parent":
                held_by = all(("student", child) in excused for child in before[key].ties)
            if gone and held_by:
                excused.add(key)
                night.figures[f"{kind} excused"] += 1
        self._count_pairs(night, before, dropped, excused)
        self._count_rooms(night, dropped)

    def _outcome(self, night: Night, key: Key, person: Person) -> str:
        known = self.contacts.get(key)
        if known is None:
            return "created"
        if known.inactive_since:
            return "returned"
        if known.spots and night.event not in known.spots:
            night.figures[f"{key[0]} met"] += 1
        if person == known.person:
            return "unchanged"
        changed = [name for name, value in asdict(person).items() if value != getattr(known.person, name)]
        night.figures[f"{key[0]} filled"] += not any(getattr(known.person, name) for name in changed)
        return "updated"

    def _count_pairs(self, night: Night, before: dict[Key, Spot], dropped: set[str], excused: set[Key]) -> None:
        def enrolments(spots: dict[Key, Spot]) -> dict[Any, Any]:
            return {(key, c): c for key, spot in spots.items() if key[0] == "student" for c in spot.classes}

        def ties(spots: dict[Key, Spot]) -> dict[Any, Any]:
            return {(k, s): words for k, spot in spots.items() if k[0] == "parent" for s, words in spot.ties.items()}

        for kind, was, now in (
            ("enrolment", enrolments(before), enrolments(night.spots)),
            ("relationship", ties(before), ties(night.spots)),
        ):
            same = was.keys() & now.keys()
            night.counts[f"{kind} created"] += len(now.keys() - was.keys())
            night.counts[f"{kind} departed"] += len(was.keys() - now.keys())
            night.counts[f"{kind} updated"] += sum(was[pair] != now[pair] for pair in same)
            night.counts[f"{kind} unchanged"] += sum(was[pair] == now[pair] for pair in same)
            night.figures[f"{kind} previous"] += len(was)
            free = dropped if kind == "enrolment" else {id for k, id in excused if k == "student"}
            night.figures[f"{kind} excused"] += sum(pair[1] in free for pair in was.keys() - now.keys())

    def _count_rooms(self, night: Night, dropped: set[str]) -> None:
        before = self.rooms[night.event]
        for id in before.keys() | night.rooms.keys():
            was, now = before.get(id), night.rooms.get(id)
            same = was and now and was.info == now.info
            outcome = "created" if not was else "departed" if not now else "unchanged" if same else "updated"
            night.counts[f"class {outcome}"] += 1
            night.figures["class previous"] += was is not None
            night.figures["class excused"] += outcome == "departed" and id in dropped

    def crash(self, night: Night) -> None:
        """Killed somewhere in the apply: whom it would have created is in doubt."""
        self.torn.add(night.event)
        self.doubted |= {key: person for key, person in night.people.items() if key not in self.contacts}

    def apply(self, night: Night) -> None:
        for key in [key for key, contact in self.contacts.items() if night.event in contact.spots]:
            if key not in night.spots:
                contact = self.contacts[key]
                del contact.spots[night.event]
                contact.inactive_since = contact.inactive_since if contact.spots else night.today
        for key, spot in night.spots.items():
            contact = self.contacts.setdefault(key, Contact(night.people[key]))
            contact.person, contact.inactive_since = night.people[key], ""
            contact.spots[night.event] = spot
        for key, person in self.doubted.items():
            self.contacts.setdefault(key, Contact(person, {}, night.today))
        self.doubted.clear()
        self.torn.discard(night.event)
        self.rooms[night.event], self.chosen[night.event] = night.rooms, night.selection
        for kind, id in self.contacts:
            if kind == "teacher":
                self.teacher_ids.setdefault(id.split("-")[-1], id)

    def table(self) -> dict[tuple[str, ...], Any]:
        """The items, as MemoryRoster would hold them."""
        return self.sound(self._table())

    def sound(self, table: dict[tuple[str, ...], Any]) -> dict[tuple[str, ...], Any]:
        """The table without what is torn."""
        return {name: item for name, item in table.items() if name[0] == "contact" or name[1] not in self.torn}

    def _table(self) -> dict[tuple[str, ...], Any]:
        items: dict[tuple[str, ...], Any] = {}
        for (kind, id), contact in self.contacts.items():
            ties = {o: tie for event in sorted(contact.spots) for o, tie in contact.spots[event].ties.items()}
            items["contact", kind, id] = {
                "person": asdict(contact.person),
                "related": [ties[other] for other in sorted(ties)],
                "inactive_since": contact.inactive_since,
            }
            for event, spot in contact.spots.items():
                if kind == "student":
                    items["schedule", event, id] = sorted(spot.classes)
        for event, rooms in self.rooms.items():
            for id, room in rooms.items():
                items["class", event, id] = self._room(event, id, room)
        return items

    def _room(self, event: str, id: str, room: Room) -> dict[str, Any]:
        students = [k[1] for k, c in self.contacts.items() if k[0] == "student" and event in c.spots]
        there = [s for s in students if id in self.contacts["student", s].spots[event].classes]
        info = {name: value for name, value in asdict(room.info).items() if value}
        return {"info": info, "teachers": room.teachers, "students": sorted(there)}


def _takes(selection: Selection, info: Class) -> bool:
    terms: Iterable[str] = info.terms or ("(no term)",)
    chosen = {term.id for term in selection.terms}
    return (not selection.schools or info.school in selection.schools) and (
        not chosen or any(term in chosen for term in terms)
    )
