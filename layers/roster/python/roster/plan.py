"""Plan: the pulled roster against what was applied last, shard by shard, until every change is written down.

A plan is a list of small tasks (a pass over one shard each), so it stops before the function's time is up and goes
on in the next turn. Nothing of the roster changes here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypedDict

from roster.adoption import HELP
from roster.collector import sweep, undisturbed
from roster.comparing import Comparison, integration_of
from roster.desk import Desk, calendar
from roster.guard import resolve_terms
from roster.model import JSON, Selection, Term
from roster.place import Place
from roster.ports import Records, Roster, RunKey, Slots
from roster.pulled import appraised, by_id, departures_trusted, without_parents
from roster.settled import carried_over, unchanged
from roster.staging import Staging, shards_for
from roster.tally import Tally

FACTS_PER_SHARD = 40_000  # what one shard may hold in memory at a time
NOTHING_PULLED: dict[str, JSON] = {
    "pulled": {}, "vanished": [], "schools": [], "terms": [], "within": [], "absent": [], "trusted": True, "help": {}
}  # fmt: skip


class Planned(TypedDict):
    """The plan's place between turns, and its sums. `routed`: files of calls per pass. `settled`: nothing changed."""

    task: int
    shards: int
    tally: JSON
    routed: dict[str, list[str]]
    settled: bool
    done: bool


@dataclass
class Planner:
    """One turn of planning. `left()` gives the seconds this function may still run."""

    slots: Slots
    records: Records
    roster: Roster
    left: Callable[[], float]
    reserve: float = 60.0

    def begin(self, key: RunKey, provider: str, place: Place, today: str, run: Mapping[str, JSON]) -> Planned:
        """Gather what every task needs to know; the account's lock is already ours."""
        integration, event = self.records.integration(key.account), self.records.event(key.account, key.event)
        staging = Staging(self.slots, key, provider, shared=run["source"], preview=run["mode"] == "preview")
        compared = Comparison(staging, self.records, integration, event, run)
        notes = list(staging.notes(place.round, place.noted))
        selection, vanished = resolve_terms(
            Selection.from_json(run["selection"]), (Term(**note) for tag, note in notes if tag == "term")
        )
        schools = by_id(note for tag, note in notes if tag == "school")
        unknown = sorted(set(selection.schools) - {school["id"] for school in schools}) if schools else []
        states = [note for tag, note in notes if tag == "state"]
        absent = {*place.absent, *(() if selection.contacts else ("parent", "relationship"))}
        told = {
            "today": today,
            "provider": provider,
            "pulled": staging.pulled(place.round, place.files, place.tags),
            "selection": selection.to_json(),
            "vanished": [*(f"term “{term}”" for term in vanished), *(f"school “{school}”" for school in unknown)],
            "schools": schools,
            "terms": by_id(note for tag, note in notes if tag == "term"),
            "within": sorted({(note["term"], note["parent"]) for tag, note in notes if tag == "within"}),
            "absent": sorted(absent),
            **compared.told(selection),
        }
        tally = appraised(
            place,
            states,
            source_incomplete=place.warnings.get("source_incomplete", 0)
            + staging.repeats(place.round, place.ids, place.facts),
            no_current_term=calendar(told).over(selection.term_ids(), today),
            parents_missing=int("parent" not in absent and without_parents(place)),
            term_vanished=len(vanished),
            school_vanished=len(unknown),
        )
        told["trusted"] = departures_trusted(tally, states)
        told["help"] = {**staging.help(), **HELP}
        self._note(staging, told, notes)
        # somebody who tries an import wants to see its classes, be they last night's
        quiet = run["mode"] != "preview" and unchanged(event.settled, place.content, told, integration, event)
        if quiet and carried_over(staging, event.settled["folder"]):
            return {**_planned(0, Tally.from_json(event.settled["tally"])), "settled": True, "done": True}
        return _planned(compared.shards(shards_for(place.facts, FACTS_PER_SHARD)), tally)

    def begin_alone(self, key: RunKey, provider: str, today: str, run: Mapping[str, JSON]) -> Planned:
        """The same for a clear, an undo and the deletion of an event: nothing was pulled."""
        integration, event = integration_of(self.records, key.account), self.records.event(key.account, key.event)
        staging = Staging(self.slots, key, provider)
        compared = Comparison(staging, self.records, integration, event, run)
        told = {
            **NOTHING_PULLED,
            "today": today,
            "provider": provider,
            **compared.told(Selection.from_json(run["selection"])),
        }
        told["selection"] = told["before"]
        if run["mode"] == "undo":
            told |= compared.undone()
        elif run["mode"] == "delete":
            told |= compared.deleted()
        self._note(staging, told, ())
        return _planned(compared.shards(), Tally())

    @undisturbed()
    def turn(self, key: RunKey, provider: str, planned: Planned, mode: str) -> Planned:
        """Do tasks until the plan is complete or the time is up."""
        if planned["done"]:
            return planned
        staging = Staging(self.slots, key, provider, planned["shards"], preview=mode == "preview")
        desk = Desk(staging, key.event, self.roster, planned["routed"])
        tasks = desk.tasks()
        tally = Tally.from_json(planned["tally"])
        task = planned["task"]
        while task < len(tasks):
            name, shard = tasks[task]
            tally.add(desk.do(name, shard))
            sweep()
            task += 1
            self.records.progress(key, {"stage": "plan", "page": task, "of": len(tasks)})
            if self.left() < self.reserve:
                break
        desk.route()
        return {**planned, "task": task, "tally": tally.to_json(), "routed": desk.routed, "done": task == len(tasks)}

    def _note(
        self, staging: Staging, told: Mapping[str, JSON], notes: Iterable[tuple[str, Mapping[str, JSON]]]
    ) -> None:
        self.slots.write_json(f"{staging.folder}/context", told)
        rejected = [("rejected", note["kind"], note["id"]) for tag, note in notes if tag == "rejected"]
        if rejected:
            self.slots.write_json(f"{staging.folder}/problems/pull", rejected)


def _planned(shards: int, tally: Tally) -> Planned:
    return {"task": 0, "shards": shards, "tally": tally.to_json(), "routed": {}, "settled": False, "done": False}
