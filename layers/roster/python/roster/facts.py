"""What the passes of a plan hand each other: the facts of one shard, the run's context, and a pass's outcome.

Kept apart from the rules in reconcile and settle, which read them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from roster.calendar import Calendar
from roster.identity import Aliases
from roster.keys import slot
from roster.model import (
    JSON,
    NO_TERM,
    BirthDate,
    Class,
    ClassEntry,
    ContactEntry,
    Enrolment,
    Person,
    Relationship,
    Selection,
    class_from,
    person_from,
    to_line,
)
from roster.ports import Change
from roster.tally import Tally

ContactKey = tuple[str, str]
Routed = tuple[int, bytes]


@dataclass
class Facts:
    """What the lines of one shard say, and what earlier passes called here."""

    persons: dict[ContactKey, Person] = field(default_factory=dict)
    classes: dict[str, Class] = field(default_factory=dict)
    enrolments: dict[tuple[str, ...], Enrolment] = field(default_factory=dict)
    relationships: dict[tuple[str, str], dict[str, Relationship]] = field(default_factory=lambda: defaultdict(dict))
    birth_dates: dict[str, str] = field(default_factory=dict)
    remarks: dict[ContactKey, set[str]] = field(default_factory=lambda: defaultdict(set))
    claims: dict[ContactKey, dict[str, bool]] = field(default_factory=lambda: defaultdict(dict))
    offers: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(dict))
    one_sided: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    orphans: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    members: dict[str, dict[ContactKey, bool]] = field(default_factory=lambda: defaultdict(dict))
    ties: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(dict))
    released: dict[ContactKey, set[str]] = field(default_factory=lambda: defaultdict(set))

    def take(self, tag: str, *values: JSON) -> None:
        """One line. A row seen twice (pages shift while we read) counts once, its last version."""
        if tag == "claim":
            kind, person, class_id, primary = values
            self.claims[kind, person][class_id] = primary or self.claims[kind, person].get(class_id, False)
        elif tag == "offer":
            student, parent, relation, type, one_sided = values
            self.offers[student][parent] = [parent, relation, type]
            if one_sided:
                self.one_sided[student].add(parent)
        elif tag == "orphan":
            student, parent = values
            self.orphans[student].add(parent)
        elif tag == "member":
            class_id, kind, person, primary = values
            self.members[class_id][kind, person] = primary
        elif tag == "tie":
            parent, student, relation, type = values
            self.ties[parent][student] = [student, relation, type]
        elif tag == "released":
            kind, person, what = values
            self.released[kind, person].add(what)
        else:
            self._take_record(tag, values[0])

    def _take_record(self, tag: str, value: Mapping[str, JSON]) -> None:
        if tag == "person":
            self._take_person(person_from(value))
        elif tag == "class":
            self.classes[value["id"]] = class_from(value)
        elif tag == "enrolment":
            enrolment = Enrolment(**value)
            # by its dates as well: who left a class and came back has two
            dates = enrolment.begin, enrolment.end
            self.enrolments[enrolment.class_id, enrolment.role, enrolment.person, *dates] = enrolment
        elif tag == "relationship":
            self._take_tie(Relationship(**value))
        elif tag == "remark":
            self.remarks[value["kind"], value["id"]].add(value["code"])
        elif tag == "birth_date":
            date = BirthDate(**value)
            self.birth_dates[date.student] = date.value

    def _take_tie(self, tie: Relationship) -> None:
        """Of two rows of one side (a mother who is also the physician), one that allows the tie is enough."""
        sides = self.relationships[tie.parent, tie.student]
        if tie.side not in sides or not tie.refused or sides[tie.side].refused:
            sides[tie.side] = tie

    def _take_person(self, person: Person) -> None:
        key = person.kind, person.id
        if not person.partial or key not in self.persons or self.persons[key].partial:
            self.persons[key] = person

    def person(self, key: ContactKey) -> Person | None:
        """The person, with a birth date that came in a row of its own."""
        person = self.persons.get(key)
        date = self.birth_dates.get(key[1]) if person and person.kind == "student" else None
        return replace(person, birth_date=date) if person and date else person

    def ties_told(self) -> Iterator[tuple[Relationship, bool]]:
        """Each tie that its decisive row allows, and whether only one side of a provider that says both says so."""
        for sides in self.relationships.values():
            tie = sides.get("student") or next(iter(sides.values()))
            if not tie.refused:
                yield tie, len(sides) == 1 and bool(tie.side)


@dataclass(frozen=True)
class Context:
    """What every pass knows: the event, its selection now and before, and what the pull could not see.

    `renewed`: old id → new id of terms that the provider dropped and made anew.
    """

    event: str
    today: str
    selection: Selection
    before: Selection
    absent: frozenset[str] = frozenset()
    departures_trusted: bool = True
    aliases: Aliases = field(default_factory=dict)
    renewed: Mapping[str, str] = field(default_factory=dict)
    calendar: Calendar = field(default_factory=Calendar)

    @cached_property
    def _chosen(self) -> frozenset[str]:
        return self.calendar.family(self.selection.term_ids())

    def takes(self, info: Class) -> bool:
        """Whether a class belongs to the event."""
        in_term = not self.selection.terms or not self._chosen.isdisjoint(self.calendar.terms_of(info))
        return in_term and self._in_school(info)

    def leaves_out_unasked(self, info: Class) -> bool:
        """Whether a class is left out only because it has no term, which nobody may have thought of."""
        return not self.takes(info) and self._in_school(info) and self.calendar.terms_of(info) == (NO_TERM,)

    def _in_school(self, info: Class) -> bool:
        return not self.selection.schools or info.school in self.selection.schools

    def plausible(self, birth_date: str) -> bool:
        """Whether a student may be born on this ISO date, at 2 to 59 years of age.

        Adults go to school too, and sandbox districts grow older with every year.
        """
        year, day = int(self.today[:4]), self.today[4:]
        return f"{year - 60}{day}" < birth_date <= f"{year - 2}{day}"

    def contact(self, kind: str, id: str) -> str:
        return self.aliases.get(kind, {}).get(id, id)

    def deselected(self, info: Class) -> bool:
        """Whether the administrator, not the provider, took this class out."""
        return self.selection != self.before and not self.takes(replace(info, terms=self.terms(info)))

    def terms(self, info: Class) -> tuple[str, ...]:
        """The terms of a class of the last run, under the ids that they have now."""
        return tuple(self.renewed.get(term, term) for term in info.terms)

    def stays(self, kind: str) -> bool:
        """Whether somebody who is missing stays: the kind was not shown, or the source is not to be trusted."""
        return kind in self.absent or not self.departures_trusted


@dataclass
class Outcome:
    """What a pass gives: lines for other shards, items to change, and the entries that hold afterwards."""

    routed: list[Routed] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    contacts: list[ContactEntry] = field(default_factory=list)
    classes: list[ClassEntry] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    def call(self, to: str, tag: str, *values: JSON) -> None:
        self.routed.append((slot(to), to_line([tag, *values])))


@dataclass(frozen=True)
class Doubt:
    """What an interrupted run may have written, as its plan meant it: written again or taken back, never trusted."""

    contacts: Mapping[ContactKey, ContactEntry] = field(default_factory=dict)
    classes: frozenset[str] = frozenset()
    schedules: frozenset[str] = frozenset()
