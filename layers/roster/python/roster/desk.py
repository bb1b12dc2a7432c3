"""The tasks of one plan: passes over shards, each pure, between reading its files and writing its outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from msgspec.json import Decoder

from roster.calendar import Calendar
from roster.facts import Context, Doubt, Outcome
from roster.guard import renewed
from roster.identity import Trace, identify, newcomers
from roster.keys import SLOTS, slot
from roster.model import JSON, Selection, Term, to_line
from roster.ports import Packed
from roster.reconcile import people, rosters, scope
from roster.staging import Staging
from roster.tally import Tally

TRACES = Decoder(list[JSON]).decode_lines
MOST_WAITING = 16 * 1024 * 1024  # bytes of calls in memory, compressed
PASSES = ("newcomers", "identify", "scope", "people", "rosters")


@dataclass
class Desk:
    """The tasks of one plan, each a pure pass between reading and writing."""

    staging: Staging
    event: str
    routed: dict[str, list[str]]
    told: Mapping[str, JSON] = field(init=False)
    context: Context = field(init=False)
    calls: dict[str, list[tuple[int, Packed]]] = field(default_factory=dict)
    waiting: int = 0

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
        if name not in self.calls:
            self.route()  # the next pass reads what the one before called
        out = {"scope": self._scope, "people": self._people, "rosters": self._rosters}[name](shard)
        self.staging.keep(name, shard, out)
        out.tally.judge("plan", "moved", out.moved + len(out.changes))
        packed = self.staging.slots.pack(out.routed)
        self.calls.setdefault(name, []).append((shard, packed))
        self.waiting += sum(map(len, packed))
        if self.waiting > MOST_WAITING:
            self.route()
        return out.tally

    def route(self) -> None:
        """Write the calls of the shards done so far, in one file; its name says of which shards."""
        for name, parts in self.calls.items():
            file = f"{name}-{parts[0][0]:03d}-{parts[-1][0]:03d}"
            self.staging.route(file, [part for _, part in parts])
            self.routed = {**self.routed, name: [*self.routed.get(name, ()), file]}
        self.calls, self.waiting = {}, 0

    def _called(self, *passes: str) -> list[str]:
        return [name for step in passes for name in self.routed.get(step, ())]

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
            yield from map(Trace.from_json, TRACES(slots.read(file, range(SLOTS))))

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
        facts = self.staging.facts(self.told["pulled"], shard, tags, self._called("scope"))
        known = self.staging.known(self.told["ledger"], ("people",), shard)
        return people(facts, known, self._doubt(shard), self.context)

    def _rosters(self, shard: int) -> Outcome:
        tags = ("person", "class", "remark", "roster", "absent", "member", "tie", "released")
        facts = self.staging.facts(self.told["pulled"], shard, tags, self._called("scope", "people"))
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
