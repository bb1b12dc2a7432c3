"""What the passes of a plan hand each other: the facts of one shard, the run's context, and a pass's outcome.

Kept apart from the rules in reconcile and settle, which read them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from roster.calendar import Calendar
from roster.identity import Aliases
from roster.lines import (
    Absent,
    BirthDateTold,
    Claim,
    ClassTold,
    EnrolmentTold,
    Member,
    Offer,
    Orphan,
    PersonTold,
    RelationshipTold,
    Released,
    RemarkTold,
    Roster,
    Tie,
    Told,
    tag,
)
from roster.model import (
    NO_TERM,
    Class,
    Enrolment,
    Person,
    Relationship,
    Selection,
    replace,
)

ContactKey = tuple[str, str]
Routed = tuple[int, bytes]


@dataclass
class Facts:
    """What the lines of one shard say, and what earlier passes called here."""

    persons: dict[ContactKey, Person] = field(default_factory=dict)
    classes: dict[str, Class] = field(default_factory=dict)
    enrolments: dict[str, dict[tuple[str, ...], Enrolment]] = field(default_factory=lambda: defaultdict(dict))
    relationships: dict[tuple[str, str], dict[str, Relationship]] = field(default_factory=lambda: defaultdict(dict))
    birth_dates: dict[str, str] = field(default_factory=dict)
    remarks: dict[ContactKey, set[str]] = field(default_factory=lambda: defaultdict(set))
    claims: dict[ContactKey, set[str]] = field(default_factory=lambda: defaultdict(set))
    offers: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(dict))
    one_sided: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    orphans: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    members: dict[str, dict[ContactKey, bool]] = field(default_factory=lambda: defaultdict(dict))
    missing: dict[str, set[ContactKey]] = field(default_factory=lambda: defaultdict(set))
    ties: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(dict))
    released: dict[ContactKey, set[str]] = field(default_factory=lambda: defaultdict(set))

    def take(self, told: Iterable[Told], wanted: Container[str]) -> None:
        """Lines' facts and calls of the wanted tags. A row seen twice (pages shift) counts once, its last version."""
        takers = {line: taker for line, taker in self._takers.items() if tag(line) in wanted}
        for one in told:
            if taker := takers.get(type(one)):
                taker(one)

    @cached_property
    def _takers(self) -> Mapping[type, Callable[[Any], None]]:
        return {
            PersonTold: self._take_person,
            BirthDateTold: self._take_birth_date,
            ClassTold: self._take_class,
            EnrolmentTold: self._take_enrolment,
            RelationshipTold: self._take_tie,
            RemarkTold: self._take_remark,
            Claim: self._take_claim,
            Offer: self._take_offer,
            Orphan: lambda orphan: self.orphans[orphan.student].add(orphan.parent),
            Roster: self._take_roster,
            Absent: lambda absent: self.missing[absent.class_id].add((absent.kind, absent.person)),
            Member: self._take_member,
            Tie: self._take_child,
            Released: lambda released: self.released[released.kind, released.person].add(released.what),
        }

    def _take_claim(self, claim: Claim) -> None:
        self.claims[claim.kind, claim.person].add(claim.class_id)

    def _take_offer(self, offer: Offer) -> None:
        self.offers[offer.student][offer.parent] = [offer.parent, offer.relation, offer.type]
        if offer.one_sided:
            self.one_sided[offer.student].add(offer.parent)

    def _take_roster(self, roster: Roster) -> None:
        members = self.members[roster.class_id]
        for kind, person, primary in roster.members:
            members[kind, person] = primary

    def _take_member(self, member: Member) -> None:
        self.members[member.class_id].setdefault((member.kind, member.person), False)

    def _take_child(self, tie: Tie) -> None:
        self.ties[tie.parent][tie.student] = [tie.student, tie.relation, tie.type]

    def _take_class(self, told: ClassTold) -> None:
        self.classes[told.fact.id] = told.fact

    def _take_enrolment(self, told: EnrolmentTold) -> None:
        """By its dates as well: who left a class and came back has two."""
        one = told.fact
        self.enrolments[one.class_id][one.role, one.person, one.begin, one.end] = one

    def _take_remark(self, told: RemarkTold) -> None:
        self.remarks[told.fact.kind, told.fact.id].add(told.fact.code)

    def _take_birth_date(self, told: BirthDateTold) -> None:
        self.birth_dates[told.fact.student] = told.fact.value

    def _take_tie(self, told: RelationshipTold) -> None:
        """Of two rows of one side (a mother who is also the physician), one that allows the tie is enough."""
        tie = told.fact
        sides = self.relationships[tie.parent, tie.student]
        if tie.side not in sides or not tie.refused or sides[tie.side].refused:
            sides[tie.side] = tie

    def _take_person(self, told: PersonTold) -> None:
        person = told.fact
        key = person.kind, person.id
        if not person.partial or key not in self.persons or self.persons[key].partial:
            self.persons[key] = person

    def person(self, key: ContactKey) -> Person | None:
        """The person, with a birth date that came in a row of its own."""
        person = self.persons.get(key)
        date = self.birth_dates.get(key[1]) if person and person.kind == "student" else None
        return replace(person, birth_date=date) if person and date else person

    def members_of(self, class_id: str) -> dict[ContactKey, bool]:
        """Who is in the class and in the event, and whether as its primary teacher."""
        missing = self.missing.get(class_id, ())
        return {key: primary for key, primary in self.members.get(class_id, {}).items() if key not in missing}

    def ties_told(self) -> Iterator[tuple[Relationship, bool]]:
        """Each tie that its decisive row allows, and whether only one side of a provider that says both says so."""
        for sides in self.relationships.values():
            tie = sides.get("student") or next(iter(sides.values()))
            if not tie.refused:
                yield tie, len(sides) == 1 and bool(tie.side)


@dataclass(frozen=True)
class Context:
    """What every pass knows: the event, its selection now and before, and what the pull could not see.

    `renewed`: old id → new id of terms that the provider dropped and made anew. `never`: classes that somebody does not
    want in the event.
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
    never: frozenset[str] = frozenset()

    @cached_property
    def tomorrow(self) -> str:
        return (date.fromisoformat(self.today) + timedelta(days=1)).isoformat()

    @cached_property
    def _chosen(self) -> frozenset[str]:
        return self.calendar.family(self.selection.term_ids())

    def takes(self, info: Class) -> bool:
        """Whether a class belongs to the event."""
        in_term = not self.selection.terms or not self._chosen.isdisjoint(self.calendar.terms_of(info))
        return in_term and self._in_school(info) and info.id not in self.never

    def leaves_out_unasked(self, info: Class) -> bool:
        """Whether a class is left out only because it has no term, which nobody may have thought of."""
        unasked = not self.takes(info) and info.id not in self.never
        return unasked and self._in_school(info) and self.calendar.terms_of(info) == (NO_TERM,)

    def _in_school(self, info: Class) -> bool:
        return not self.selection.schools or info.school in self.selection.schools

    def plausible(self, birth_date: str) -> bool:
        """Whether a student may be born on this ISO date, at 2 to 59 years of age: adults go to school too."""
        year, day = int(self.today[:4]), self.today[4:]
        return f"{year - 60}{day}" < birth_date <= f"{year - 2}{day}"

    def contact(self, kind: str, id: str) -> str:
        return self.aliases.get(kind, {}).get(id, id)

    def deselected(self, info: Class) -> bool:
        """Whether the administrator, not the provider, took this class out."""
        if info.id in self.never:
            return True
        return self.selection != self.before and not self.takes(replace(info, terms=self.terms(info)))

    def terms(self, info: Class) -> tuple[str, ...]:
        """The terms of a class of the last run, under the ids that they have now."""
        return tuple(self.renewed.get(term, term) for term in info.terms)

    def stays(self, kind: str) -> bool:
        """Whether somebody who is missing stays: the kind was not shown, or the source is not to be trusted."""
        return kind in self.absent or not self.departures_trusted
