"""A thousand lives of a tiny school: whatever is done to it, in any order, its roster is what a plain model says.

The model knows nothing of ledgers, shards, marks or plans: it holds who is at the provider, what was decided here, and
what the last run made of both.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from roster.classes import hide_classes, import_again, never_import, remove_classes
from roster.model import BY_HAND, Class, Enrolment, Person, Relationship, Selection, Term, replace
from tests.fakes.kept import keep
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
    """The roster as it must be. `newest`: what a run that can be undone had found."""

    now: Visible = field(default_factory=Visible)
    levels: dict[Key, str] = field(default_factory=dict)
    never: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    nightly: bool = True
    applied: tuple[Selection, ...] = ()
    newest: tuple[str, Visible, dict[Key, str | None], set[str], Selection, tuple[Selection, ...]] | None = None

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

    def cleared(self, level: str) -> tuple[Visible, dict[Key, str]]:
        people = {key: one for key, one in self.now.people.items() if not self._goes(key, level)}
        by_hand = {id: own for id, own in self.now.by_hand.items() if RANKS.get(self._own(id), 99) > RANKS[level]}
        gone = (self.now.people.keys() - people.keys()) | {kept(id) for id in self.now.by_hand.keys() - by_hand.keys()}
        levels = {key: own for key, own in self.levels.items() if key not in gone}
        return Visible(people, {}, by_hand), levels

    def _own(self, id: str) -> str:
        return self.levels.get(kept(id)) or self.now.by_hand[id]

    def adopted(self) -> dict[Key, str | None]:
        """Whoever is kept by hand and in the event now goes, and their level stays with them.

        Returns what an undo sets again.
        """
        pairs = {id: ("student", id.removeprefix(KEPT)) for id in self.now.by_hand if id.startswith(KEPT)}
        back: dict[Key, str | None] = {}
        for id, key in pairs.items():
            if not self.now.people.get(key, ("", False))[1]:
                continue
            mark, own = self.levels.pop(kept(id), None), self.now.by_hand.pop(id)
            if mark or own != "Customer":
                back |= {key: self.levels.get(key)} | ({kept(id): mark} if mark else {})
                self.levels.setdefault(key, mark or own)
        return back

    def _goes(self, key: Key, level: str) -> bool:
        own = self.levels.get(key) or FIRST.get(key[0], "Customer")
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
            if key[0] == "contact"
        }
        classes = {
            key[2]: (item["info"]["name"], frozenset(item["teachers"]), frozenset(item["students"]))
            for key, item in items.items()
            if key[0] == "class"
        }
        schedules = {key[2]: frozenset(item) for key, item in items.items() if key[0] == "schedule"}
        by_hand = {key[2]: item["level"] for key, item in items.items() if key[0] == f"contact of {BY_HAND}"}
        levels = {key[2:]: item["level"] for key, item in items.items() if key[0] == "level"}
        return people, classes, schedules, by_hand, levels

    def expected(self) -> tuple[Any, ...]:
        now = self.model.now
        classes = {id: one for id, one in now.classes.items() if id not in self.model.removed}
        schedules = Visible(classes=classes).schedules()
        return now.people, classes, schedules, now.by_hand, self.model.levels

    # -- what people and clocks do

    def run(self, **asked: Any) -> None:
        """An import, with a clear before it or not; what the guard holds, it says, and nothing changes."""
        self.district.later()
        model, clear = self.model, asked.get("clear")
        before = model.now, dict(model.levels), set(model.removed), self.was_chosen(), model.applied
        report = self.district.night(**asked)
        if report["status"] == "held":
            assert report["reasons"]
            return
        assert report["status"] == "applied", (self.seed, self.told, report)
        if clear:
            model.now, model.levels = model.cleared(clear["level"])
        model.now, model.removed = model.imported(self.source, self.selection), set()
        back = model.adopted() if "adopt" in asked else {}
        if report["writes"] or self.newest_run() == self.last_run():
            model.newest = (
                self.last_run(),
                went(before[0], model.now),
                lost(before[1], model.levels) | back,
                *before[2:],
            )
        model.applied = (self.selection,)

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
        self.run(clear={"level": self.dice.choice(LEVELS)})

    def clear(self) -> None:
        level, model = self.dice.choice(LEVELS), self.model
        before = model.now, dict(model.levels), set(model.removed), self.was_chosen(), model.applied
        assert self.district.night("clear", clear={"level": level})["status"] == "applied"
        model.now, model.levels = model.cleared(level)
        model.removed, model.applied = set(), ()
        model.newest = (self.last_run(), went(before[0], model.now), lost(before[1], model.levels), *before[2:])

    def undo(self) -> None:
        model = self.model
        newest = model.newest
        asked = newest[0] if newest else self.last_run()
        report, levels_now = self.district.night("undo", undo=asked), model.levels
        if newest is None:
            assert report["error"]["code"] == "UndoRefused", (self.seed, self.told)
            return
        assert report["status"] == "applied", (self.seed, self.told, report)
        kept_now = model.now.by_hand
        _, then, back, model.removed, chosen, model.applied = newest
        model.now = Visible(then.people, then.classes, kept_now | then.by_hand)
        # those that were set since are nobody's to take, but of the people whom an adoption made of two
        model.levels = {key: own for key, own in {**levels_now, **back}.items() if own}
        model.newest = None
        assert self.selection == chosen, (self.seed, self.told)

    def kill(self) -> None:
        """A run that dies at some write, with a clear, an adoption or nothing before it; the next one mends it."""
        if self.model.removed:
            return
        asked = self.dice.choice([{}, {"clear": {"level": "Customer"}}, ADOPT])
        self.district.roster.fail_after = self.dice.randrange(6)
        try:
            self.run(**asked)
        except Killed:
            self.district.roster.fail_after = None
            self.run()
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
        own = {kept(id) for id in self.model.now.by_hand if id.startswith(KEPT)}
        everybody = sorted({*self.model.now.people, *own})
        if everybody:
            key = self.dice.choice(everybody)
            self.model.levels[key] = self.dice.choice(("Appointment Viewer", "Administrator"))
            origin = BY_HAND if key in own else "fake"
            self.district.roster.items["level", origin, *key] = {"level": self.model.levels[key]}

    def keep(self) -> None:
        """Somebody types a student, whether the school has them or not."""
        number = f"S{self.dice.randrange(5)}"
        level = self.dice.choice(("Customer", "Event Administrator"))
        keep(self.district, "student", KEPT + number, level, first="Sam", last="Kept", number=number)
        self.model.now.by_hand[KEPT + number] = level

    def adopt(self) -> None:
        self.run(**ADOPT)

    # -- what happens at the provider

    def join(self) -> None:
        name = f"S{self.dice.randrange(5)}"
        if name not in {person.id for person in self.source.people}:
            enter(self.source, name, self.a_class(), self.dice)

    def leave(self) -> None:
        self.source.leave(f"S{self.dice.randrange(5)}")

    def rename(self) -> None:
        at = self.dice.randrange(len(self.source.people))
        self.source.people[at] = replace(self.source.people[at], last=f"Name {self.dice.randrange(9)}")

    def move(self) -> None:
        self.source.move(f"S{self.dice.randrange(5)}", self.a_class())

    def change_class(self) -> None:
        terms = self.dice.choice([("t1",), ("t2",), ("t1", "t2")])
        self.source.change_class(self.a_class(), name=f"Class {self.dice.randrange(9)}", terms=terms)

    def a_class(self) -> str:
        return f"C{self.dice.randrange(3)}"


DEEDS: tuple[Callable[[Life], None], ...] = (
    Life.run, Life.run, Life.night, Life.night, Life.switch_nights, Life.clear_and_import, Life.clear,
    Life.undo, Life.undo, Life.kill, Life.delete_class, Life.delete_class, Life.unwanted, Life.hide, Life.choose,
    Life.promote, Life.keep, Life.keep, Life.adopt, Life.adopt, Life.join, Life.join, Life.leave, Life.rename,
    Life.move, Life.change_class,
)  # fmt: skip


def kept(id: str) -> Key:
    return "student", id


def went(before: Visible, now: Visible) -> Visible:
    """As it was before a run; of the people kept by hand, those whom it took."""
    gone = {id: own for id, own in before.by_hand.items() if id not in now.by_hand}
    return Visible(before.people, before.classes, gone)


def lost(before: dict[Key, str], now: dict[Key, str]) -> dict[Key, str | None]:
    """What a clear has taken, and an undo brings back."""
    return {key: own for key, own in before.items() if key not in now}


def enter(source: Source, name: str, class_id: str, dice: Random) -> None:
    source.people.append(Person("student", name, first="Sam", last=name, number=name))
    source.members.append(Enrolment(class_id, name, "student"))
    if dice.random() < 0.7:
        if ("parent", f"P{name}") not in {(one.kind, one.id) for one in source.people}:
            source.people.append(Person("parent", f"P{name}", last=f"P {name}"))
        source.ties.append(Relationship(f"P{name}", name, "Mother"))


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
