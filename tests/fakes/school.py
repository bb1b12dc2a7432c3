"""A school that tests change between nights, and the pipeline run over it step by step, as the state machine does.

`School.provider()` serves the school's records page by page through the real contract, so that stories (joiner,
leaver, half a pull) are told without any real provider's wire format.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

from roster.errors import RosterError
from roster.fields import text
from roster.model import (
    JSON,
    Class,
    Enrolment,
    Person,
    Record,
    Rejected,
    Relationship,
    School,
    Selection,
    SourceState,
    Term,
)
from roster.ports import Answer, Event, Http, Integration, RunKey
from roster.provider import Ask, Page, Resource
from roster.pull import Place, Puller
from roster.sync import State, Sync
from tests.fakes.memory import MemoryRecords, MemoryRoster, MemorySlots

TYPES = {t.__name__: t for t in (Person, Class, Enrolment, Relationship, School, Term, SourceState, Rejected)}
ACCOUNT, EVENT = "11600000", "spring"


@dataclass
class Source:
    """The records a provider holds, per resource; a test edits them between nights."""

    people: list[Person] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)
    members: list[Enrolment] = field(default_factory=list)
    ties: list[Relationship] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)
    states: list[SourceState] = field(default_factory=list)
    bad_rows: int = 0
    shows_parents: bool = True
    page_size: int = 4
    fault: Callable[[str, int], Answer | None] = lambda resource, asked: None

    @classmethod
    def small(cls, students: int = 12) -> Source:
        """Two classes, two teachers, every student with one parent."""
        source = cls(terms=[Term("t1", "Autumn", "2026-08-01", "2026-12-20")])
        for n in range(2):
            source.people.append(Person("teacher", f"T{n}", "Tess", f"Teach{n}", email=f"t{n}@school.example"))
            source.classes.append(Class(f"C{n}", f"Class {n}", "school-1", ("t1",)))
            source.members.append(Enrolment(f"C{n}", f"T{n}", "teacher", True))
        for n in range(students):
            source.join(f"S{n}", f"C{n % 2}")
        return source

    def join(self, student: str, class_id: str) -> None:
        """A student with one parent."""
        self.people.append(Person("student", student, "Sam", student, birth_date="2012-04-08", number=f"9{student}"))
        self.people.append(Person("parent", f"P-{student}", last=f"Parent {student}", email=f"{student}@home.example"))
        self.members.append(Enrolment(class_id, student, "student"))
        self.ties.append(Relationship(f"P-{student}", student, "Mother", "Family"))

    def leave(self, student: str) -> None:
        """The student and their parent are gone from the source."""
        gone = {student, f"P-{student}"}
        self.people = [person for person in self.people if person.id not in gone]
        self.members = [member for member in self.members if member.person != student]
        self.ties = [tie for tie in self.ties if tie.student != student]

    def change(self, kind: str, id: str, **fields: str) -> None:
        at = next(n for n, person in enumerate(self.people) if (person.kind, person.id) == (kind, id))
        self.people[at] = replace(self.people[at], **fields)

    def rows(self, resource: str) -> list[JSON]:
        found: Mapping[str, Sequence[Record]] = {
            "state": self.states,
            "terms": self.terms,
            "classes": [*self.classes, *self.members],
            "teachers": [p for p in self.people if p.kind == "teacher"],
            "students": [p for p in self.people if p.kind == "student"],
            "parents": [*(p for p in self.people if p.kind == "parent"), *self.ties],
        }
        rows = [[type(record).__name__, asdict(record)] for record in found[resource]]
        return rows + [["?", {}]] * (self.bad_rows if resource == "students" else 0)


@dataclass
class FakeProvider:
    """The contract over a Source: cursor = `<resource>/<offset>`."""

    source: Source
    name: str = "fake"
    help: Mapping[str, str] = field(default_factory=dict)

    def resources(self, settings: Mapping[str, JSON], selection: Selection) -> Sequence[Resource]:
        kinds = {"state": "state", "terms": "term", "classes": "class", "teachers": "teacher", "students": "student"}
        found = [Resource(name, kind, f"{name}/0", _read, _normalise, _row_id) for name, kind in kinds.items()]
        parents = Resource(
            "parents", "parent", "parents/0", _read, _normalise, _row_id, ("parent", "relationship"), "not_shared"
        )
        again = Resource("state again", "state", "state/0", _read, _normalise, _row_id)
        return [*found, *([parents] if selection.contacts else []), again]

    def connect(self, http: Http, settings: Mapping[str, JSON], secret: Mapping[str, str]) -> Ask:
        asked = dict.fromkeys(("state", "terms", "classes", "teachers", "students", "parents"), 0)

        def ask(cursor: str) -> Answer:
            resource, offset = cursor.split("/")
            asked[resource] += 1
            fault = self.source.fault(resource, int(offset))
            if fault:
                return fault
            if resource == "parents" and not self.source.shows_parents:
                return Answer(403, {})
            return _page(self.source.rows(resource), resource, int(offset), self.source.page_size)

        return ask

    def wait(self, answer: Answer, now: float) -> float | None:
        after = answer.headers.get("retry-after")
        return float(after) if after else None


def _page(rows: list[JSON], resource: str, offset: int, size: int) -> Answer:
    following = f"{resource}/{offset + size}" if offset + size < len(rows) else None
    return Answer(200, {}, json.dumps({"rows": rows[offset : offset + size], "next": following}).encode())


def _read(cursor: str, answer: Answer) -> Page:
    body = answer.json()
    return Page(body["rows"], body["next"])


def _normalise(row: JSON) -> Iterator[Record]:
    name, values = row
    if name not in TYPES:
        yield Rejected("student", "not a record")
        return
    yield TYPES[name](**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})


def _row_id(row: JSON) -> str:
    """Every row of a kind of its own, so that an enrolment is not taken for its class."""
    return text(json.dumps(row))


@dataclass
class District:
    """One account at the fake provider, with its staging and its table."""

    source: Source
    slots: MemorySlots = field(default_factory=MemorySlots)
    roster: MemoryRoster = field(default_factory=MemoryRoster)
    records: MemoryRecords = field(init=False)
    today: datetime = datetime(2026, 10, 1, 1, 0, tzinfo=UTC)
    runs: int = 0
    running: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        events = [Event(ACCOUNT, name) for name in (EVENT, "autumn")]
        self.records = MemoryRecords(Integration(ACCOUNT, "fake"), *events)

    def select(self, selection: Selection, event: str = EVENT) -> None:
        self.records.events[event].selection = selection.to_json()

    def night(self, mode: str = "import", event: str = EVENT) -> dict[str, JSON]:
        """One run, as the state machine would drive it; a terminal or lasting error ends in the run's failure."""
        self.runs += 1
        run = f"run-{self.runs:03d}"
        state: State = {"account": ACCOUNT, "event": event, "mode": mode}
        sync = self.sync()
        try:
            state = sync.begin(state, run, run)
            state = self._pull(state)
            while not state.get("plan", {}).get("done"):
                state = _through_json(sync.plan(state, run))
            state = _through_json(sync.guard(state))
            if state["verdict"]["decision"] == "apply":
                state["applied"] = [sync.apply(state, shard) for shard in state["verdict"]["shards"]]
            return sync.finish(state)
        except RosterError as error:
            cause = json.dumps({"errorMessage": str(error)})
            return sync.fail(state, run, {"Error": type(error).__name__, "Cause": cause})

    def sync(self) -> Sync:
        return Sync(
            self.slots,
            self.records,
            self.roster,
            is_running=lambda owner: owner in self.running,
            now=lambda: self.today,
            left=lambda: 900.0,
        )

    def _pull(self, state: State) -> State:
        """Turn after turn; waiting costs nothing here."""
        puller = Puller(FakeProvider(self.source), None, self.slots, self.records, lambda: 900.0, lambda: 0.0)
        key = RunKey(state["account"], state["event"], state["run"])
        while not state["place"]["done"]:
            place = puller.turn(key, state, {}, Place(**_through_json(state["place"])))
            state = {**state, "place": asdict(place)}
        return state


def _through_json(value: JSON) -> JSON:
    return json.loads(json.dumps(value))
