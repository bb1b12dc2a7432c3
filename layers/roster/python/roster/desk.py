"""The tasks of one plan: passes over shards, each pure, between reading its files and writing its outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from msgspec.json import Decoder

from roster.adopting import Adopting
from roster.calendar import Calendar
from roster.clearance import Clearance
from roster.difference import Applied
from roster.facts import Context
from roster.guard import renewed
from roster.identity import Trace, identify, newcomers
from roster.keys import SLOTS, shard_slots, slot
from roster.ledgers import RESTORED
from roster.matching import Matching
from roster.mending import restored
from roster.model import JSON, Selection, Term, to_line
from roster.outcome import Doubt, Outcome
from roster.ports import Packed, Roster
from roster.reconcile import people, rosters, scope
from roster.rewriting import Rewriting, with_removed
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
    roster: Roster
    routed: dict[str, list[str]]
    told: Mapping[str, JSON] = field(init=False)
    context: Context = field(init=False)
    calls: dict[str, list[tuple[int, Packed]]] = field(default_factory=dict)
    waiting: int = 0

    def __post_init__(self) -> None:
        self.told = self.staging.context()
        self.context = self._context({})
        self.clearance = Clearance(self.staging, self.told, self.roster) if "clear" in self.told else None
        self.matching = Matching(self.staging, self.told, self.roster) if "others" in self.told else None
        adopting = Adopting(self.staging, self.told, self.roster, self.matching) if self.matching else None
        self.adopting = adopting if "adopt" in self.told else None
        self.rewriting = Rewriting(self.staging, self.told, self.roster)
        self._recognised = False

    def tasks(self) -> list[tuple[str, int]]:
        """Newcomers can only be recognised where somebody was known before."""
        if self.told["mode"] in ("undo", "delete"):
            return self.rewriting.tasks()
        first = self.clearance.tasks() if self.clearance else []
        last = [task for one in (self.matching, self.adopting) if one for task in one.tasks()]
        passes = () if self.told["mode"] == "clear" else PASSES if self.told["ledger"] else PASSES[2:]
        counts = {"identify": 1}
        shards = self.staging.shards
        own = ((name, shard) for name in passes for shard in range(counts.get(name, shards)))
        return [*first, *own, *last]

    def do(self, name: str, shard: int) -> Tally:
        if name in ("undo", "delete"):
            return self.rewriting.do(name, shard)
        if self.clearance and name in ("look", "survivors"):
            return self.clearance.look(shard) if name == "look" else self.clearance.survivors(shard)
        if self.matching and name in ("old", "new", "match"):
            return self.matching.do(name, shard)
        if self.adopting and name in ("take", "adopt"):
            return self.adopting.do(name, shard)
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
        changed = self.context.selection != self.context.before or self.context.never
        before = self.staging.classes(self.told["snapshot"], shard).values() if changed else ()
        return scope(facts, before, self.context)

    def _people(self, shard: int) -> Outcome:
        tags = ("person", "birth_date", "remark", "claim", "offer", "orphan", "released")
        facts = self.staging.facts(self.told["pulled"], shard, tags, self._called("scope"))
        now = self._applied("people", shard)
        doubt = self._by_hand(self._doubt(shard), now, shard)
        return people(facts, now.without_classes(self._removed, self.event).contacts, doubt, self.context)

    def _rosters(self, shard: int) -> Outcome:
        tags = ("person", "class", "remark", "roster", "absent", "member", "tie", "released")
        facts = self.staging.facts(self.told["pulled"], shard, tags, self._called("scope", "people"))
        now, before = self._applied("rosters", shard), self.staging.classes(self.told["snapshot"], shard)
        before = {id: entry for id, entry in before.items() if id not in self._removed}
        self._restore(shard)
        return rosters(facts, now.contacts, before, self._by_hand(self._doubt(shard), now, shard), self.context)

    def _applied(self, name: str, shard: int) -> Applied:
        return Applied(self.staging.provider, self.staging.known(self.told["ledger"], (name,), shard))

    @cached_property
    def _removed(self) -> frozenset[str]:
        """Classes that come back, because they were deleted here; but not those that somebody does not want again."""
        return frozenset(self.told["removed"]) - frozenset(self.told["never"])

    def _by_hand(self, doubt: Doubt, now: Applied, shard: int) -> Doubt:
        """What was deleted here is not as it was applied."""
        return with_removed(doubt, self.told["removed"], (now,), self.event, shard_slots(shard, self.staging.shards))

    def _restore(self, shard: int) -> None:
        """What an interrupted clear deleted beside the ledger comes back, and what an interrupted undo brought, goes; a
        clear has judged both already, and an adoption will.
        """
        if self.clearance or self.adopting:
            return
        back = restored(self.staging, self.told, shard)
        if back:
            self.staging.write_changes(RESTORED, shard, back.values())

    def _doubt(self, shard: int) -> Doubt:
        doubt = self.staging.doubt(self.told["doubt"], shard)
        return self.clearance.doubt(shard, doubt) if self.clearance else doubt

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
            never=frozenset(told["never"]),
        )


def calendar(told: Mapping[str, JSON]) -> Calendar:
    """The provider's terms, from a run's context."""
    return Calendar(tuple(Term(**term) for term in told["terms"]), tuple(map(tuple, told["within"])))
