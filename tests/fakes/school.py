"""A school that tests change between nights, and the pipeline run over it step by step, as the state machine does.

`School.provider()` serves the school's records page by page through the real contract, so that stories (joiner,
leaver, half a pull) are told without any real provider's wire format.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from roster.errors import ContractBroken, RosterError, TransientError
from roster.fields import text
from roster.model import (
    JSON,
    BirthDate,
    Class,
    Enrolment,
    Person,
    Record,
    Rejected,
    Relationship,
    Remark,
    School,
    Selection,
    SourceState,
    Term,
    Within,
    asdict,
    replace,
)
from roster.ports import Answer, Event, Http, Integration, RunKey, Tokens
from roster.provider import Ask, Page, Resource
from roster.pull import Place, Puller
from roster.sync import State, Sync
from tests.fakes.memory import Killed, MemoryRecords, MemoryRoster, MemorySlots, MemoryTokens

RECORDS = (Person, BirthDate, Class, Enrolment, Relationship, Remark, School, Term, SourceState, Rejected, Within)
TYPES: Mapping[str, Callable[..., Record]] = {t.__name__: t for t in RECORDS}
ACCOUNT, EVENT, OTHER = "11600000", "spring", "autumn"
ATTEMPTS = 13  # the first and twelve more, as infra/sync.asl.json says of errors that pass
HELP = {
    code: f"In the school's own system, open {code}."
    for code in (
        "rate_limited unavailable credential_rejected access_missing contract_broken not_shared security_values_empty"
    ).split()
}


@dataclass
class Source:
    """The records a provider holds, per resource; a test edits them between nights."""

    people: list[Person] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)
    members: list[Enrolment] = field(default_factory=list)
    ties: list[Relationship] = field(default_factory=list)
    terms: list[Term | Within | School] = field(default_factory=list)
    states: list[SourceState] = field(default_factory=list)
    notices: list[BirthDate | Remark] = field(default_factory=list)
    bad_rows: int = 0
    shows_parents: bool = True
    promised: dict[str, int] = field(default_factory=dict)  # per resource: how many rows it says there are
    shifting: bool = False  # its pages are counted off
    page_size: int = 4
    normalised: int = 0  # rows that were read, and not known by their page
    fault: Callable[[str, int], Answer | None] = lambda resource, asked: None

    @classmethod
    def small(cls, students: int = 12) -> Source:
        """Two classes, two teachers, every student with one parent."""
        source = cls(terms=[Term("t1", "Autumn", "2026-08-01", "2026-12-20")])
        for n in range(2):
            source.people.append(Person("teacher", f"T{n}", "Tess", last=f"Teach{n}", email=f"t{n}@school.example"))
            source.classes.append(Class(f"C{n}", f"Class {n}", "school-1", ("t1",)))
            source.members.append(Enrolment(f"C{n}", f"T{n}", "teacher", True))
        for n in range(students):
            source.join(f"S{n}", f"C{n % 2}")
        return source

    def join(self, student: str, class_id: str) -> None:
        """A student with one parent."""
        named = Person("student", student, "Sam", last=f"Student {student}", number=f"9{student}")
        self.people.append(replace(named, birth_date="2012-04-08"))
        self.people.append(Person("parent", f"P-{student}", last=f"Parent {student}", email=f"{student}@home.example"))
        self.members.append(Enrolment(class_id, student, "student"))
        self.ties.append(Relationship(f"P-{student}", student, "Mother", "Family"))

    def leave(self, student: str) -> None:
        """The student and their parent are gone from the source."""
        gone = {student, f"P-{student}"}
        self.people = [person for person in self.people if person.id not in gone]
        self.members = [member for member in self.members if member.person != student]
        self.ties = [tie for tie in self.ties if tie.student != student]

    def change(self, kind: str, id: str, **fields: Any) -> None:
        at = next(n for n, person in enumerate(self.people) if (person.kind, person.id) == (kind, id))
        self.people[at] = replace(self.people[at], **fields)

    def without(self, kind: str, id: str) -> Person:
        """The person's own row is gone; rows about them stay."""
        person = next(p for p in self.people if (p.kind, p.id) == (kind, id))
        self.people.remove(person)
        return person

    def move(self, student: str, class_id: str) -> None:
        """The student's one class is another now."""
        self.members = [m for m in self.members if (m.person, m.role) != (student, "student")]
        self.members.append(Enrolment(class_id, student, "student"))

    def change_class(self, id: str, **fields: Any) -> None:
        self.classes = [replace(c, **fields) if c.id == id else c for c in self.classes]

    def drop_class(self, id: str) -> None:
        """The class and its enrolments are gone; its people stay."""
        self.classes = [c for c in self.classes if c.id != id]
        self.members = [m for m in self.members if m.class_id != id]

    def rows(self, resource: str) -> list[JSON]:
        found: Mapping[str, Sequence[Record]] = {
            "state": self.states,
            "terms": self.terms,
            "classes": [*self.classes, *self.members],
            "teachers": [p for p in self.people if p.kind == "teacher"],
            "students": [*(p for p in self.people if p.kind == "student"), *self.notices],
            "parents": [*(p for p in self.people if p.kind == "parent"), *self.ties],
        }
        rows = [[type(record).__name__, asdict(record)] for record in found[resource]]
        return rows + [["?", {}]] * (self.bad_rows if resource == "students" else 0)


@dataclass
class FakeProvider:
    """The contract over a Source: cursor = `<resource>/<offset>`."""

    source: Source
    name: str = "fake"
    help: Mapping[str, str] = field(default_factory=lambda: HELP)
    lanes: int = 3

    def resources(self, settings: Mapping[str, JSON], selection: Selection) -> Sequence[Resource]:
        names = ("state", "terms", "classes", "teachers", "students")
        shifting = self.source.shifting
        resource = partial(Resource, read=_read, normalise=self.normalise, row_id=_row_id, told=("x-total-count",))
        found = [resource(name, f"{name}/0", shifting=shifting) for name in names]
        covers = ("parent", "relationship")
        parents = resource("parents", "parents/0", covers=covers, optional="not_shared")
        again = resource("state again", "state/0", closing=True)
        return [*found, *([parents] if selection.contacts else []), again]

    def normalise(self, row: JSON) -> Iterator[Record]:
        self.source.normalised += 1
        yield from _normalise(row)

    def connect(self, http: Http, settings: Mapping[str, JSON], secret: Mapping[str, str], tokens: Tokens) -> Ask:
        asked = dict.fromkeys(("state", "terms", "classes", "teachers", "students", "parents"), 0)

        def ask(cursor: str) -> Answer:
            resource, offset = cursor.split("/")
            asked[resource] += 1
            fault = self.source.fault(resource, int(offset))
            if fault:
                return fault
            if resource == "parents" and not self.source.shows_parents:
                return Answer(403, {})
            answer = _page(self.source.rows(resource), resource, int(offset), self.source.page_size)
            promised = (
                {"x-total-count": str(self.source.promised[resource])} if resource in self.source.promised else {}
            )
            return dataclasses.replace(answer, headers=promised)

        return ask

    def remaining(self, answer: Answer) -> int | None:
        left = answer.headers.get("x-left")
        return int(left) if left else None

    def wait(self, answer: Answer, now: float) -> float | None:
        after = answer.headers.get("retry-after")
        return float(after) if after else None


def _page(rows: list[JSON], resource: str, offset: int, size: int) -> Answer:
    following = f"{resource}/{offset + size}" if offset + size < len(rows) else None
    return Answer(200, {}, json.dumps({"rows": rows[offset : offset + size], "next": following}).encode())


def _read(cursor: str, answer: Answer) -> Page:
    body = answer.json()
    if not isinstance(body, dict) or not isinstance(body.get("rows"), list):
        raise ContractBroken("the answer holds no list of rows", HELP["contract_broken"])
    promised = answer.headers.get("x-total-count")
    return Page(body["rows"], body["next"], int(promised) if promised else None)


def _normalise(row: JSON) -> Iterator[Record]:
    name, values = row
    if name not in TYPES:
        yield Rejected("student", "not a record")
        return
    yield TYPES[name](**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})


def _row_id(row: JSON) -> str:
    """Every row of a kind of its own, so that an enrolment is not taken for its class."""
    return text(json.dumps(row))


def page(rows: Sequence[JSON], following: str | None) -> Answer:
    """A page as a fault would send it."""
    return Answer(200, {}, json.dumps({"rows": list(rows), "next": following}).encode())


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
    left: Callable[[], float] = lambda: 900.0
    edition: str = "the code of today"
    waited: list[int] = field(default_factory=list)
    provider: Callable[[Source], FakeProvider] = FakeProvider
    told: list[tuple[RunKey, Mapping[str, Any]]] = field(default_factory=list)  # whose end matters

    def __post_init__(self) -> None:
        events = [Event(ACCOUNT, name) for name in (EVENT, OTHER)]
        self.records = MemoryRecords(Integration(ACCOUNT, "fake"), *events)
        self.roster.records = self.records

    def select(self, selection: Selection, event: str = EVENT) -> None:
        self.records.events[event].selection = selection.to_json()

    def night(self, mode: str = "import", event: str = EVENT, shared: bool = False, **asked: Any) -> dict[str, JSON]:
        """One run, as the state machine would drive it; a terminal or lasting error ends in the run's failure."""
        run = self._next_run()
        state: State = {"account": ACCOUNT, "event": event, "mode": mode, "shared": shared, **asked}  # type: ignore[typeddict-item]
        try:
            state = _through_json(self.sync().begin(state, run, run))
            if "quiet" in state:
                return {"quiet": state["quiet"]}
            state = self.planned(self.pulled(state))
            state = _through_json(self.sync().guard(state))
            return self.ended(state)
        except RosterError as error:
            return self.failed(state, run, error)

    def begun(self, mode: str = "import", event: str = EVENT, shared: bool = False, **more: Any) -> State:
        """A run that has its event's lock and has pulled nothing."""
        run = self._next_run()
        asked: State = {"account": ACCOUNT, "event": event, "mode": mode, "shared": shared, **more}  # type: ignore[typeddict-item]
        state: State = self.sync().begin(asked, run, run)
        return state

    def judged(self, state: State) -> State:
        """The run pulled, planned and past its guard."""
        judged: State = _through_json(self.sync().guard(self.planned(self.pulled(state))))
        return judged

    def planned(self, state: State) -> State:
        while not state.get("plan", {}).get("done"):
            state = _through_json(self.sync().plan(state, state["run"]))
        return state

    def pulled(self, state: State) -> State:
        """Turn after turn; waiting costs nothing here, and what may pass is tried again."""
        attempts = 0
        while not state["place"]["done"]:
            try:
                state = self.turned(state)
            except TransientError:
                attempts += 1
                if attempts == ATTEMPTS:
                    raise
                continue
            attempts = 0
            if state["place"]["wait"]:
                self.waited.append(state["place"]["wait"])
        return state

    def turned(self, state: State) -> State:
        """One turn of the pull."""
        puller = Puller(
            self.provider(self.source),
            NoHttp(),
            self.slots,
            self.records,
            MemoryTokens(),
            self.left,
            lambda: 0.0,
            edition=self.edition,
        )
        key = RunKey(state["account"], state["event"], state["run"])
        place = puller.turn(key, state, {}, Place(**_through_json(state["place"])))
        return {**state, "place": _through_json(dataclasses.asdict(place))}

    def ended(self, state: State) -> dict[str, JSON]:
        """Applied, when the guard let it pass, and finished."""
        sync = self.sync()
        if state["verdict"]["decision"] == "apply" and state["verdict"].get("clear"):
            state = self.cleared(state)
        if state["verdict"]["decision"] == "apply":
            writes = [sync.apply(state, shard)["writes"] for shard in state["verdict"]["shards"]]
            state = {**state, "applied": {"writes": writes, "errors": []}}
        report: dict[str, JSON] = sync.finish(state)
        return report

    def cleared(self, state: State) -> State:
        writes = [self.sync().clear(state, shard)["writes"] for shard in state["verdict"]["shards"]]
        return {**state, "cleared": {"writes": writes, "errors": []}}

    def put_back(self, state: State, error: Exception) -> dict[str, JSON]:
        """What the state machine does when Clear or Apply has failed for good."""
        writes = [self.sync().put_back(state, shard)["writes"] for shard in state["verdict"]["shards"]]
        return self.failed({**state, "put_back": {"writes": writes, "errors": []}}, state["run"], error)

    def failed(self, state: State, run: str, error: Exception) -> dict[str, JSON]:
        cause = json.dumps({"errorMessage": str(error)})
        report: dict[str, JSON] = self.sync().fail(state, run, {"Error": type(error).__name__, "Cause": cause})
        return report

    def killed(self, after: int, event: str = EVENT) -> bool:
        """A night whose process is killed after so many writes; False when it needed no more than that."""
        self.roster.fail_after = after
        try:
            self.night(event=event)
        except Killed:
            return True
        finally:
            self.roster.fail_after = None
        return False

    def sync(self) -> Sync:
        return Sync(
            self.slots,
            self.records,
            self.roster,
            is_running=lambda owner: owner in self.running,
            now=lambda: self.today,
            left=self.left,
            tell=lambda key, told: self.told.append((key, told)),
        )

    def later(self, days: int = 1) -> None:
        self.today += timedelta(days=days)

    def contact(self, kind: str, id: str) -> dict[str, JSON]:
        """The contact's item."""
        item: dict[str, JSON] = self.roster.items["contact", kind, id]
        return item

    def table(self) -> dict[tuple[str, ...], JSON]:
        return deepcopy(self.roster.items)

    def applied(self) -> dict[str, object]:
        """What the next run will be compared with, byte for byte, and where it is said to be."""
        integration = self.records.integration(ACCOUNT)
        places = [integration.ledger, *(event.snapshot for event in self.records.events.values())]
        files = {name: file for name, file in self.slots.files.items() if name.rpartition("/")[0] in places}
        selections = {name: event.selection for name, event in self.records.events.items()}
        return deepcopy({**files, "places": places, "selections": selections})

    def _next_run(self) -> str:
        self.runs += 1
        return f"run-{self.runs:03d}"


class NoHttp:
    """The fake provider answers by itself."""

    def get(self, url: str, headers: Mapping[str, str] = {}, auth: tuple[str, str] | None = None) -> Answer:
        raise AssertionError("nothing here speaks HTTP")

    def post(
        self,
        url: str,
        form: Mapping[str, str],
        headers: Mapping[str, str] = {},
        auth: tuple[str, str] | None = None,
    ) -> Answer:
        raise AssertionError("nothing here speaks HTTP")


def _through_json(value: Any) -> Any:
    return json.loads(json.dumps(value))
