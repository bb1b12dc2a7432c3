"""A thousand lives of a tiny school: whatever is done to it, in any order, its roster is what a plain model says.

The model knows nothing of ledgers, shards, marks or plans: it holds who is at the provider, what was decided here, and
what the last run made of both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from roster.classes import hide_classes, import_again, never_import, remove_classes
from roster.handlist import HandList
from roster.model import BY_HAND, Class, Enrolment, Person, Relationship, Selection, Term, replace
from tests.fakes.kept import Shelf, keep
from tests.fakes.memory import Killed
from tests.fakes.school import ACCOUNT, EVENT, District, Source
from tests.unit.test_sync_classes import MemoryBook

LIVES, STEPS = 1000, 9
TERMS = (Term("t1", "Autumn"), Term("t2", "Spring"))
SELECTIONS = (Selection(), Selection(terms=(TERMS[0],)), Selection(terms=(TERMS[1],)))
LEVELS = ("Customer", "Appointment Viewer", "Event Administrator")
FIRST = {"teacher": "Appointment Viewer"}
RANKS = {level: rank for rank, level in enumerate(LEVELS)}
ADOPT: dict[str, Any] = {"adopt": {"settled": []}}
KEPT = "kept-"
Key = tuple[str, str]
Mark = dict[str, Any]
MAIN, OTHER = "fake", "another"  # the providers
PREFIXES = {MAIN: "", OTHER: "n-"}  # of their ids: the same people have others at each


@dataclass
class Visible:
    """What a school sees: contacts (name, whether active, children or parents), classes with their members."""

    people: dict[Key, tuple[str, bool, frozenset[str]]] = field(default_factory=dict)
    classes: dict[str, tuple[str, frozenset[str], frozenset[str]]] = field(default_factory=dict)
    by_hand: dict[str, str] = field(default_factory=dict)

    def schedules(self) -> dict[str, frozenset[str]]:
        students = {student for _, _, students in self.classes.values() for student in students}
        return {one: frozenset(id for id, (*_, who) in self.classes.items() if one in who) for one in students}


@dataclass
class Model:
    """The roster as it must be. `marks`: level and edits by hand; `numbers`: of people kept by hand; `origin`: the
    provider that what was applied came from. `newest`: what a run that can be undone had found.
    """

    now: Visible = field(default_factory=Visible)
    marks: dict[Key, Mark] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    origin: str = ""
    never: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    nightly: bool = True
    applied: tuple[Selection, ...] = ()
    newest: tuple[str, Visible, dict[Key, Mark | None], set[str], Selection, tuple[Selection, ...], str] | None = None

    def imported(self, source: Source, selection: Selection) -> Visible:
        """Everybody who is in a class of the event, and the parents of its students."""
        wanted = {one.id: one for one in source.classes if self._takes(one, selection)}
        known = {(one.kind, one.id): one for one in source.people}
        members = [m for m in source.members if m.class_id in wanted and (m.role, m.person) in known]
        there = {(m.role, m.person) for m in members}
        ties = [t for t in source.ties if ("student", t.student) in there and ("parent", t.parent) in known]
        there |= {("parent", t.parent) for t in ties}
        people = {key: (name, False, frozenset[str]()) for key, (name, *_) in self.now.people.items()}
        for key in there:
            related = {t.student for t in ties if key == ("parent", t.parent)}
            related |= {t.parent for t in ties if key == ("student", t.student)}
            people[key] = known[key].last, True, frozenset(related)
        classes = {
            id: (one.name, _of(members, id, "teacher"), _of(members, id, "student")) for id, one in wanted.items()
        }
        return Visible(people, classes, dict(self.now.by_hand))

    def _takes(self, one: Class, selection: Selection) -> bool:
        chosen = {term.id for term in selection.terms}
        return one.id not in self.never and (not chosen or not chosen.isdisjoint(one.terms))

    def cleared(self, level: str) -> tuple[Visible, dict[Key, Mark]]:
        people = {key: one for key, one in self.now.people.items() if not self._goes(key, level)}
        by_hand = {id: own for id, own in self.now.by_hand.items() if RANKS.get(self._own(id), 99) > RANKS[level]}
        gone = (self.now.people.keys() - people.keys()) | {kept(id) for id in self.now.by_hand.keys() - by_hand.keys()}
        marks = {key: own for key, own in self.marks.items() if key not in gone}
        return Visible(people, {}, by_hand), marks

    def _own(self, id: str) -> str:
        return self.marks.get(kept(id), {}).get("level") or self.now.by_hand[id]

    def adopted(self, prefix: str) -> dict[Key, Mark | None]:
        """Whoever is kept by hand and in the event now goes, and their level stays with them.

        Returns what an undo sets again.
        """
        times = Counter(self.numbers[id] for id in self.now.by_hand if id in self.numbers)
        alone = {id for id in self.now.by_hand if times[self.numbers.get(id, "")] == 1}  # of two, neither is sure
        pairs = {id: ("student", prefix + self.numbers[id]) for id in alone}
        back: dict[Key, Mark | None] = {}
        for id, key in pairs.items():
            if not self.now.people.get(key, ("", False))[1]:
                continue
            mark, own = self.marks.pop(kept(id), None), self.now.by_hand.pop(id)
            if mark or own != "Customer":
                back |= {key: self.marks.get(key)} | ({kept(id): mark} if mark else {})
                level: Mark = {"level": own} if own != "Customer" else {}
                self.marks[key] = {**level, **(mark or {}), **self.marks.get(key, {})}
        return back

    def _goes(self, key: Key, level: str) -> bool:
        own = self.marks.get(key, {}).get("level") or FIRST.get(key[0], "Customer")
        return RANKS.get(own, 99) <= RANKS[level]


def _of(members: list[Enrolment], class_id: str, role: str) -> frozenset[str]:
    return frozenset(one.person for one in members if (one.class_id, one.role) == (class_id, role))


@dataclass
class Life:
    """One school from its first import on, in the pipeline and in the model."""

    seed: int
    district: District = field(init=False)
    model: Model = field(default_factory=Model)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)
        self.district = District(born(self.dice))
        self.district.records.events[EVENT].nightly = True
        self.book = MemoryBook(self.district)
        self.provider = MAIN
        for level in ("Customer", "Event Administrator", "Administrator"):
            self.district.roster.items[f"contact of {BY_HAND}", "administrator", level] = {"level": level, "email": ""}
            self.model.now.by_hand[level] = level
        for _ in range(self.dice.randrange(4)):
            self.keep()

    @property
    def source(self) -> Source:
        return self.district.source

    @property
    def selection(self) -> Selection:
        return Selection.from_json(self.district.records.events[EVENT].selection)

    def live(self) -> None:
        self.dice.choice((self.run, self.adopt))()
        for _ in range(STEPS):
            step = self.dice.choice(DEEDS)
            self.told.append(step.__name__)
            step(self)
            assert self.seen() == self.expected(), (self.seed, self.told)
        self.run()
        assert self.seen() == self.expected(), (self.seed, self.told, "at the end")

    def seen(self) -> tuple[Any, ...]:
        items = self.district.roster.items
        people = {
            key[1:]: (
                item["person"]["last"],
                not item["inactive_since"],
                frozenset(tie[0] for tie in item["related"]),
            )
            for key, item in items.items()
            if key[0] in ("contact", f"contact of {OTHER}")
        }
        classes = {
            key[2]: (item["info"]["name"], frozenset(item["teachers"]), frozenset(item["students"]))
            for key, item in items.items()
            if key[0] == "class"
        }
        schedules = {key[2]: frozenset(item) for key, item in items.items() if key[0] == "schedule"}
        by_hand = {key[2]: item["level"] for key, item in items.items() if key[0] == f"contact of {BY_HAND}"}
        marks = {key[2:]: item for key, item in items.items() if key[0] == "level"}
        return people, classes, schedules, by_hand, marks

    def expected(self) -> tuple[Any, ...]:
        now = self.model.now
        classes = {id: one for id, one in now.classes.items() if id not in self.model.removed}
        schedules = Visible(classes=classes).schedules()
        return now.people, classes, schedules, now.by_hand, self.model.marks

    # -- what people and clocks do

    def run(self, **asked: Any) -> str:
        """An import, with a clear before it or not; what the guard holds, it says, and nothing changes. Its status."""
        self.district.later()
        model, clear = self.model, asked.get("clear")
        before = model.now, dict(model.marks), set(model.removed), self.was_chosen(), model.applied, model.origin
        report = self.district.night(**asked)
        if model.origin not in ("", self.provider) and not clear:
            assert report["error"]["code"] == "NotSetUp", "what another provider left is cleared or adopted first"
            return "failed"
        if report["status"] == "held":
            assert report["reasons"]
            return "held"
        assert report["status"] == "applied", (self.seed, self.told, report)
        if clear:
            model.now, model.marks = model.cleared(clear["level"])
        model.now, model.removed = model.imported(self.source, self.selection), set()
        back = model.adopted(PREFIXES[self.provider]) if "adopt" in asked else {}
        model.origin = self.provider
        if report["writes"] or self.newest_run() == self.last_run():
            model.newest = (
                self.last_run(),
                went(before[0], model.now),
                lost(before[1], model.marks) | back,
                *before[2:],
            )
        model.applied = (self.selection,)
        return "applied"

    def was_chosen(self) -> Selection:
        return self.model.applied[0] if self.model.applied else self.selection

    def last_run(self) -> str:
        return f"run-{self.district.runs:03d}"

    def newest_run(self) -> str:
        return self.district.records.events[EVENT].changed

    def night(self) -> None:
        self.district.later()
        at = self.district.today.isoformat()
        if self.model.nightly and self.model.applied:  # nobody's choice yet is no choice of everything
            self.run(night=at, zone="UTC", shared=True)
        assert "quiet" in self.district.night(night=at, zone="UTC"), "off, never imported, or had already"

    def switch_nights(self) -> None:
        self.model.nightly = not self.model.nightly
        self.district.records.events[EVENT].nightly = self.model.nightly

    def clear_and_import(self) -> None:
        if level := self.how_high():
            self.run(clear={"level": level})

    def clear(self) -> None:
        level, model = self.how_high(), self.model
        if not level:
            return
        before = model.now, dict(model.marks), set(model.removed), self.was_chosen(), model.applied, model.origin
        assert self.district.night("clear", clear={"level": level})["status"] == "applied"
        model.now, model.marks = model.cleared(level)
        model.removed, model.applied = set(), ()
        model.origin = ""
        model.newest = (self.last_run(), went(before[0], model.now), lost(before[1], model.marks), *before[2:])

    def how_high(self) -> str:
        """A level to clear; of another provider's people all or, where some stand too high for that, nobody."""
        if self.model.origin in ("", self.provider):
            return self.dice.choice(LEVELS)
        high = any(mark.get("level") not in (*LEVELS, None) for mark in self.model.marks.values())
        return "" if high else LEVELS[-1]

    def change_provider(self) -> None:
        """Everybody has another id there, and an import waits for a clear."""
        if self.dice.random() < 0.5 or (self.model.now.people and not self.model.origin):
            return  # whom a clear has left stands beside the new ones, as if people kept them
        before, self.provider = PREFIXES[self.provider], OTHER if self.provider == MAIN else MAIN
        now, source = PREFIXES[self.provider], self.source
        source.people = [replace(one, id=now + one.id.removeprefix(before)) for one in source.people]
        source.members = [replace(one, person=now + one.person.removeprefix(before)) for one in source.members]
        source.ties = [
            replace(one, parent=now + one.parent.removeprefix(before), student=now + one.student.removeprefix(before))
            for one in source.ties
        ]
        self.district.records.integration(ACCOUNT).provider = self.provider
        self.district.later()
        self.run()
        self.clear_and_import()

    def undo(self) -> None:
        model = self.model
        newest = model.newest
        asked = newest[0] if newest else self.last_run()
        report, marks_now = self.district.night("undo", undo=asked), model.marks
        if newest is None:
            assert report["error"]["code"] == "UndoRefused", (self.seed, self.told)
            return
        assert report["status"] == "applied", (self.seed, self.told, report)
        kept_now = model.now.by_hand
        _, then, back, model.removed, chosen, model.applied, model.origin = newest
        model.now = Visible(then.people, then.classes, kept_now | then.by_hand)
        # those that were set since are nobody's to take, but of the people whom an adoption made of two
        model.marks = {key: own for key, own in {**marks_now, **back}.items() if own}
        model.newest = None
        assert self.selection == chosen, (self.seed, self.told)

    def kill(self) -> None:
        """A run that dies at some write, with a clear, an adoption or nothing before it; the next one mends it."""
        if self.model.removed or self.model.origin not in ("", self.provider):
            return
        asked = self.dice.choice([{}, {"clear": {"level": "Customer"}}, ADOPT])
        self.district.roster.fail_after = self.dice.randrange(6)
        try:
            self.run(**asked)
        except Killed:
            self.district.roster.fail_after = None
            if self.run() == "held":  # whoever a clear let go without asking is asked about now
                self.run(**asked)
        finally:
            self.district.roster.fail_after = None

    def delete_class(self) -> None:
        id = self.a_class()
        remove_classes(self.book, ACCOUNT, EVENT, [id], self.district.today.isoformat())
        self.model.removed.add(id)
        self.district.later()

    def unwanted(self) -> None:
        id = self.a_class()
        if id in self.model.never:
            import_again(self.book, ACCOUNT, EVENT, [id])
            self.model.never.discard(id)
            return
        never_import(self.book, ACCOUNT, EVENT, [id], self.district.today.isoformat())
        self.model.never.add(id)
        self.model.removed.add(id)

    def hide(self) -> None:
        id = self.a_class()
        hide_classes(self.book, ACCOUNT, EVENT, [id], id not in self.model.hidden)
        self.model.hidden ^= {id}
        assert {id for id, mark in self.district.records.marks[EVENT].items() if mark.hidden} == self.model.hidden

    def choose(self) -> None:
        self.district.select(self.dice.choice(SELECTIONS))

    def promote(self) -> None:
        self.mark(level=self.dice.choice(("Appointment Viewer", "Administrator")))

    def edit(self) -> None:
        self.mark(edits={"phone": f"+1 {self.dice.randrange(9)}"})

    def mark(self, **given: Any) -> None:
        """Somebody sets something by hand of somebody."""
        own = {kept(id) for id in self.model.now.by_hand if id in self.model.numbers}
        everybody = sorted({*self.model.now.people, *own})
        if everybody:
            key = self.dice.choice(everybody)
            self.model.marks[key] = {**self.model.marks.get(key, {}), **given}
            origin = BY_HAND if key in own else self.origin_of(key)
            self.district.roster.items["level", origin, *key] = dict(self.model.marks[key])

    def origin_of(self, key: Key) -> str:
        return OTHER if key[1].startswith(PREFIXES[OTHER]) else MAIN

    def keep(self) -> None:
        """Somebody types a student, whether the school has them or not."""
        number = f"S{self.dice.randrange(5)}"
        level = self.dice.choice(("Customer", "Event Administrator"))
        if number in self.numbers_kept():
            return
        self.model.numbers[KEPT + number] = number
        keep(self.district, "student", KEPT + number, level, first="Sam", last="Kept", number=number)
        self.model.now.by_hand[KEPT + number] = level

    def numbers_kept(self) -> set[str]:
        return {self.model.numbers[id] for id in self.model.now.by_hand if id in self.model.numbers}

    def bring_a_file(self) -> None:
        """Rows of students: whom a number is of, is left as they are; the others are kept from now on."""
        wanted = sorted({f"S{self.dice.randrange(5)}" for _ in range(2)})
        rows = [f"student,Sam,Kept,{number}" for number in wanted]
        shelf = Shelf(self.district)
        for _ in range(2):  # a second time changes nothing
            text = "\n".join(["kind,first name,last name,SIS number", *rows])
            filed = HandList(shelf).bring(ACCOUNT, text, dry=False, skip=False)
            assert not filed.problems, filed.problems
            for one in filed.moved:
                assert one.outcome == "created"
                assert one.after.number in set(wanted) - self.numbers_kept()
                self.model.numbers[one.after.id] = one.after.number
                self.model.now.by_hand[one.after.id] = "Customer"
        assert set(wanted) <= self.numbers_kept()

    def adopt(self) -> None:
        if self.model.origin in ("", self.provider):
            self.run(**ADOPT)

    # -- what happens at the provider

    def join(self) -> None:
        number, prefix = f"S{self.dice.randrange(5)}", PREFIXES[self.provider]
        if prefix + number not in {person.id for person in self.source.people}:
            enter(self.source, number, self.a_class(), self.dice, prefix)

    def leave(self) -> None:
        student = self.a_student()
        parent = next((one.parent for one in self.source.ties if one.student == student), "")
        self.source.leave(student)
        self.source.people = [one for one in self.source.people if one.id != parent]

    def a_student(self) -> str:
        return f"{PREFIXES[self.provider]}S{self.dice.randrange(5)}"

    def rename(self) -> None:
        at = self.dice.randrange(len(self.source.people))
        self.source.people[at] = replace(self.source.people[at], last=f"Name {self.dice.randrange(9)}")

    def move(self) -> None:
        self.source.move(self.a_student(), self.a_class())

    def change_class(self) -> None:
        terms = self.dice.choice([("t1",), ("t2",), ("t1", "t2")])
        self.source.change_class(self.a_class(), name=f"Class {self.dice.randrange(9)}", terms=terms)

    def a_class(self) -> str:
        return f"C{self.dice.randrange(3)}"


DEEDS: tuple[Callable[[Life], object], ...] = (
    Life.run, Life.run, Life.night, Life.night, Life.switch_nights, Life.clear_and_import, Life.clear,
    Life.undo, Life.undo, Life.kill, Life.delete_class, Life.delete_class, Life.unwanted, Life.hide, Life.choose,
    Life.promote, Life.edit, Life.keep, Life.bring_a_file, Life.adopt, Life.adopt, Life.change_provider, Life.join,
    Life.join, Life.leave, Life.rename, Life.move, Life.change_class,
)  # fmt: skip


def kept(id: str) -> Key:
    return "student", id


def went(before: Visible, now: Visible) -> Visible:
    """As it was before a run; of the people kept by hand, those whom it took."""
    gone = {id: own for id, own in before.by_hand.items() if id not in now.by_hand}
    return Visible(before.people, before.classes, gone)


def lost(before: dict[Key, Mark], now: dict[Key, Mark]) -> dict[Key, Mark | None]:
    """What a clear has taken, and an undo brings back."""
    return {key: own for key, own in before.items() if key not in now}


def enter(source: Source, number: str, class_id: str, dice: Random, prefix: str = "") -> None:
    name, parent = prefix + number, f"{prefix}P{number}"
    source.people.append(Person("student", name, first="Sam", last=number, number=number))
    source.members.append(Enrolment(class_id, name, "student"))
    if dice.random() < 0.7:
        if ("parent", parent) not in {(one.kind, one.id) for one in source.people}:
            source.people.append(Person("parent", parent, last=f"P {number}"))
        source.ties.append(Relationship(parent, name, "Mother"))


def born(dice: Random) -> Source:
    """Two to five students, three classes in two terms, two teachers."""
    source = Source(terms=list(TERMS), page_size=1000)
    for n in range(3):
        source.classes.append(Class(f"C{n}", f"Class {n}", "school", (TERMS[n % 2].id,)))
        source.members.append(Enrolment(f"C{n}", f"T{n % 2}", "teacher", True))
    source.people += [Person("teacher", f"T{n}", last=f"Teach {n}") for n in range(2)]
    for n in range(dice.randint(2, 5)):
        enter(source, f"S{n}", f"C{dice.randrange(3)}", dice)
    return source


@pytest.mark.matrix
@pytest.mark.parametrize("first", range(0, LIVES, 100))
def test_a_thousand_lives(first: int) -> None:
    for seed in range(first, first + 100):
        Life(seed).live()


def test_the_model_knows_when_something_is_wrong() -> None:
    """A property that nothing breaks proves nothing."""
    life = Life(1)
    life.run()
    whole = deepcopy(life.seen())
    student = next(key for key in life.district.roster.items if key[:2] == ("contact", "student"))
    del life.district.roster.items[student]
    assert life.seen() != whole == life.expected()
