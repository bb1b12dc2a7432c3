"""Plan: the pulled roster against what was applied last, shard by shard, until every change is written down.

A plan is a list of small tasks (a pass over one shard each), so it stops before the function's time is up and goes
on in the next turn. Nothing of the roster changes here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypedDict

from roster.calendar import Calendar
from roster.errors import NotSetUp
from roster.facts import Context, Doubt, Outcome
from roster.guard import renewed, resolve_terms
from roster.identity import Trace, identify, newcomers
from roster.keys import SLOTS, slot
from roster.model import JSON, Selection, Term, to_line
from roster.ports import Records, RunKey, Slots
from roster.pull import Place
from roster.pulled import appraised, by_id, departures_trusted, without_parents
from roster.reconcile import people, rosters, scope
from roster.staging import Staging
from roster.tally import Tally

FACTS_PER_SHARD = 40_000  # what one shard may hold in memory at a time
OTHER_PROVIDER_HELP = (
    "The contacts of this account came from another provider. Write to support@pickatime.com: they have to be cleared "
    "or taken over before the new provider's are imported."
)
PASSES = ("newcomers", "identify", "scope", "people", "rosters")


class Planned(TypedDict):
    """The plan's place between turns, and its sums."""

    task: int
    shards: int
    tally: JSON
    done: bool


@dataclass
class Planner:
    """One turn of planning. `left()` gives the seconds this function may still run."""

    slots: Slots
    records: Records
    left: Callable[[], float]
    reserve: float = 60.0

    def begin(self, key: RunKey, provider: str, place: Place, today: str, run: Mapping[str, JSON]) -> Planned:
        """Gather what every task needs to know; the account's lock is already ours."""
        integration, event = self.records.integration(key.account), self.records.event(key.account, key.event)
        staging = Staging(self.slots, key, provider)
        if not staging.is_ours(integration.ledger, integration.applying, event.applying):
            raise NotSetUp("what was applied last came from another provider", OTHER_PROVIDER_HELP)
        notes = list(staging.notes(place.round, place.noted))
        selection, vanished = resolve_terms(
            Selection.from_json(run["selection"]), (Term(**note) for tag, note in notes if tag == "term")
        )
        schools = by_id(note for tag, note in notes if tag == "school")
        unknown = sorted(set(selection.schools) - {school["id"] for school in schools}) if schools else []
        states = [note for tag, note in notes if tag == "state"]
        before = self.slots.read_json(f"{event.snapshot}/manifest")["selection"] if event.snapshot else None
        absent = {*place.absent, *(() if selection.contacts else ("parent", "relationship"))}
        told = {
            "today": today,
            "provider": provider,
            "pulled": staging.pulled(place.round, place.pages),
            "selection": selection.to_json(),
            "before": before or selection.to_json(),
            "vanished": [*(f"term “{term}”" for term in vanished), *(f"school “{school}”" for school in unknown)],
            "schools": schools,
            "terms": by_id(note for tag, note in notes if tag == "term"),
            "within": sorted({(note["term"], note["parent"]) for tag, note in notes if tag == "within"}),
            "absent": sorted(absent),
            "ledger": integration.ledger,
            "snapshot": event.snapshot,
            "doubt": [integration.applying, event.applying],
            # listed now, while the locks are ours: should the last step be done twice, others may have begun
            "outdated": staging.outdated(integration.ledger, event.snapshot),
        }
        tally = appraised(
            place,
            states,
            source_incomplete=place.warnings.get("source_incomplete", 0) + staging.repeats(place.round, place.ids),
            no_current_term=calendar(told).over(selection.term_ids(), today),
            parents_missing=int("parent" not in absent and without_parents(place)),
            term_vanished=len(vanished),
            school_vanished=len(unknown),
        )
        told["trusted"] = departures_trusted(tally, states)
        self.slots.write_json(f"{staging.folder}/context", told)
        self._problems(staging, notes)
        return {"task": 0, "shards": _shards(place.facts), "tally": tally.to_json(), "done": False}

    def turn(self, key: RunKey, provider: str, planned: Planned) -> Planned:
        """Do tasks until the plan is complete or the time is up."""
        desk = Desk(Staging(self.slots, key, provider, planned["shards"]), key.event)
        tasks = desk.tasks()
        tally = Tally.from_json(planned["tally"])
        task = planned["task"]
        while task < len(tasks):
            name, shard = tasks[task]
            tally.add(desk.do(name, shard))
            task += 1
            self.records.progress(key, {"stage": "plan", "page": task, "of": len(tasks)})
            if self.left() < self.reserve:
                break
        return {**planned, "task": task, "tally": tally.to_json(), "done": task == len(tasks)}

    def _problems(self, staging: Staging, notes: Iterable[tuple[str, Mapping[str, JSON]]]) -> None:
        rejected = [("rejected", note["kind"], note["id"]) for tag, note in notes if tag == "rejected"]
        if rejected:
            self.slots.write_json(f"{staging.folder}/problems/pull", rejected)


def _shards(facts: int) -> int:
    """A power of two, so that each shard is a whole number of slots."""
    wanted = max(1, -(-facts // FACTS_PER_SHARD))
    return min(SLOTS, 1 << (wanted - 1).bit_length())


@dataclass
class Desk:
    """The tasks of one plan, each a pure pass between reading and writing."""

    staging: Staging
    event: str
    told: Mapping[str, JSON] = field(init=False)
    context: Context = field(init=False)

    def __post_init__(self) -> None:
        self.told = self.staging.context()
        self.context = self._context({})
        self._recognised = False

    def tasks(self) -> list[tuple[str, int]]:
        """Newcomers can only be recognised where somebody was known before."""
        passes = PASSES if self.told["ledger"] else PASSES[2:]
        return [(name, shard) for name in passes for shard in range(1 if name == "identify" else self.staging.shards)]

    def do(self, name: str, shard: int) -> Tally:
        if name == "newcomers":
            return self._newcomers(shard)
        if name == "identify":
            return self._identify()
        self._recognise()
        out = {"scope": self._scope, "people": self._people, "rosters": self._rosters}[name](shard)
        self.staging.keep(name, shard, out)
        return out.tally

    def _newcomers(self, shard: int) -> Tally:
        facts = self.staging.facts(self.told["pulled"], shard, ("person", "relationship"))
        known = self.staging.known(self.told["ledger"], ("people", "rosters"), shard)
        if self.context.absent:
            known = {key: entry for key, entry in known.items() if key[0] not in self.context.absent}
        new, gone = newcomers(facts.persons.values(), (tie for tie, _ in facts.ties_told()), known)
        for name, traces in (("new", new), ("gone", gone)):
            lines = ((slot(trace.id), to_line(trace.to_json())) for trace in traces)
            self.staging.slots.write(f"{self.staging.folder}/{name}/{shard:03d}", lines)
        return Tally()

    def _identify(self) -> Tally:
        gone = list(self._traces("gone"))
        aliases, soft = identify(self._traces("new"), gone) if gone else ({}, [])
        self.staging.slots.write_json(f"{self.staging.folder}/aliases", aliases)
        tally = Tally()
        for kind, id in soft:
            tally.warn("matched_by_person", kind, id)
        if tally.problems:
            self.staging.slots.write_json(f"{self.staging.folder}/problems/identify", tally.problems)
        return tally

    def _traces(self, name: str) -> Iterator[Trace]:
        slots = self.staging.slots
        for file in slots.names(f"{self.staging.folder}/{name}/"):
            yield from (Trace.from_json(json.loads(line)) for line in slots.read(file, range(SLOTS)))

    def _recognise(self) -> None:
        if not self._recognised and self.told["ledger"]:
            self.context = self._context(self.staging.slots.read_json(f"{self.staging.folder}/aliases"))
        self._recognised = True

    def _scope(self, shard: int) -> Outcome:
        tags = ("class", "enrolment", "person", "birth_date", "relationship", "remark")
        facts = self.staging.facts(self.told["pulled"], shard, tags)
        self.staging.offer(
            shard, ((info.school, self.context.calendar.terms_of(info)) for info in facts.classes.values())
        )
        changed = self.context.selection != self.context.before
        before = self.staging.classes(self.told["snapshot"], shard).values() if changed else ()
        return scope(facts, before, self.context)

    def _people(self, shard: int) -> Outcome:
        tags = ("person", "birth_date", "remark", "claim", "offer", "orphan", "released")
        facts = self.staging.facts(self.told["pulled"], shard, tags, ("scope",))
        known = self.staging.known(self.told["ledger"], ("people",), shard)
        return people(facts, known, self._doubt(shard), self.context)

    def _rosters(self, shard: int) -> Outcome:
        tags = ("person", "class", "remark", "member", "tie", "released")
        facts = self.staging.facts(self.told["pulled"], shard, tags, ("scope", "people"))
        known = self.staging.known(self.told["ledger"], ("rosters",), shard)
        before = self.staging.classes(self.told["snapshot"], shard)
        return rosters(facts, known, before, self._doubt(shard), self.context)

    def _doubt(self, shard: int) -> Doubt:
        contacts, event = self.told["doubt"]
        return self.staging.doubt(contacts, event, shard)

    def _context(self, aliases: Mapping[str, Mapping[str, str]]) -> Context:
        told = self.told
        selection, before = Selection.from_json(told["selection"]), Selection.from_json(told["before"])
        return Context(
            event=self.event,
            today=told["today"],
            selection=selection,
            before=before,
            absent=frozenset(told["absent"]),
            departures_trusted=told["trusted"],
            aliases={kind: dict(ids) for kind, ids in aliases.items()},
            renewed=renewed(before, selection),
            calendar=calendar(told),
        )


def calendar(told: Mapping[str, JSON]) -> Calendar:
    """The provider's terms, from a run's context."""
    return Calendar(tuple(Term(**term) for term in told["terms"]), tuple(map(tuple, told["within"])))
