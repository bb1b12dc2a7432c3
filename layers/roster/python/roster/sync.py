"""The steps of a run, as the state machine calls them: begin, plan, guard, clear, apply, put back, finish, fail.

Every step takes the run's state and returns it; the state holds places, sums and names of files, never a row and
never a secret. A step that is done twice leaves what doing it once leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from roster.beginning import Beginning
from roster.collector import undisturbed
from roster.difference import difference
from roster.errors import Superseded
from roster.finishing import Finishing
from roster.guard import Excess, allowed, excess, excess_of_clear
from roster.keys import provider_of, pulled_folder, shard_slots
from roster.ledgers import images
from roster.model import JSON, Selection
from roster.notices import matters, new_warnings
from roster.outcome import Doubt
from roster.place import Place
from roster.plan import Planner
from roster.ports import Change, Records, Roster, RunKey, Slots
from roster.rewriting import applied_of
from roster.sharing import recipe, told
from roster.state import ALONE, key_of, rewrites, staging_of
from roster.state import MODES as MODES
from roster.state import State as State
from roster.tally import Tally


@dataclass
class Sync:
    """The use case. `owner` is the execution that runs it: locks belong to executions, and end with them. `tell`: has
    the school told of a run's end (roster.telling), what kind of run it was, by whom, and of warnings that are new; it
    waits for nothing.
    """

    slots: Slots
    records: Records
    roster: Roster
    is_running: Callable[[str], bool]
    now: Callable[[], datetime]
    left: Callable[[], float]
    tell: Callable[[RunKey, Mapping[str, JSON]], None] = lambda key, told: None
    planner: Planner = field(init=False)

    def __post_init__(self) -> None:
        self.planner = Planner(self.slots, self.records, self.roster, self.left)

    def begin(self, state: State, run: str, owner: str) -> State:
        """Take the event's lock, write the run's record, and say what is to be pulled."""
        return Beginning(self.records, self.is_running, self.now()).begin(state, run, owner)

    def plan(self, state: State, owner: str) -> State:
        """One turn of planning; the first takes the account's lock, so that plans never see a half applied other."""
        key = key_of(state)
        planned, mode = state.get("plan"), state["mode"]
        if planned is None:
            place, today = Place(**state["place"]), self.now().date().isoformat()
            if state["source"] == pulled_folder(key.account, key.event, key.run):
                contacts = Selection.from_json(state["selection"]).contacts
                asked = recipe(state["provider"], state["settings"], contacts)
                self.records.pulled(key.account, told(place, state["source"], asked, state["began"]))
            self.records.hold_account(key, owner, self.is_running, rewrites(state))
            if mode in ALONE:
                planned = self.planner.begin_alone(key, state["provider"], today, state)
            else:
                planned = self.planner.begin(key, state["provider"], place, today, state)
        return {**state, "plan": self.planner.turn(key, state["provider"], planned, mode)}

    def guard(self, state: State) -> State:
        """Decide: apply, preview, held or unchanged. Only `apply` may be followed by a change, and is marked first."""
        staging = staging_of(self.slots, state)
        context = staging.context()
        found = self._excess(state, context)
        held = bool(found) and not (state.get("allow") and allowed(found, self._allowance(staging.key, state["allow"])))
        decision = _decided(state, held, context)
        if decision == "apply":
            self.records.applying(staging.key, staging.plan, state["provider"])
        verdict = {
            "decision": decision,
            "reasons": [sentence for _, sentence in found.values()],
            "excess": {code: list(figures) for code, figures in found.items()},
            "shards": list(range(state["plan"]["shards"])),
            "clear": "clear" in context or "adopt" in context,
        }
        return {**state, "verdict": verdict}

    def _excess(self, state: State, context: Mapping[str, JSON]) -> Excess:
        tally = Tally.from_json(state["plan"]["tally"])
        if state["mode"] in ALONE:
            return {}
        if "clear" in context or context.get("fresh"):
            chosen = Selection.from_json(context["selection"])
            unasked = () if chosen.contacts else ("parent", "relationship")
            return excess_of_clear(tally, context["vanished"], unasked, context["trusted"])
        return excess(tally, context["vanished"])

    def _allowance(self, key: RunKey, run: str) -> Mapping[str, JSON]:
        """What the run would have done that somebody said yes to."""
        record = self.records.run(RunKey(key.account, key.event, run))
        if record is None or record.status != "held" or record.decided == "discarded":
            return {}
        found: Mapping[str, JSON] = record.report.get("excess") or {}
        return found

    @undisturbed()
    def clear(self, state: State, shard: int) -> dict[str, int]:
        """Delete one shard of what is cleared; all of it is kept aside. Only now, when the new roster is planned."""
        return self._write(state, shard, state["provider"], staging_of(self.slots, state).clearing(shard))

    @undisturbed()
    def apply(self, state: State, shard: int) -> dict[str, int]:
        """Write one shard's changes. Writing them again changes nothing; but not once another run's are written."""
        staging, provider = staging_of(self.slots, state), state["provider"]
        if state["mode"] == "undo":
            provider = provider_of(staging.context()["target"]["ledger"]) or provider
        return self._write(state, shard, provider, staging.changes(shard))

    @undisturbed()
    def put_back(self, state: State, shard: int) -> dict[str, int]:
        """After a clear that failed, or whose import failed: one shard as it was before, whatever was written of it."""
        staging = staging_of(self.slots, state)
        replaced, event = staging.context()["replaced"], staging.key.event
        snapshot = "" if state["mode"] in ALONE else staging.snapshot
        now = applied_of(staging, staging.ledger, snapshot, shard)
        then = applied_of(staging, replaced["ledger"], replaced["snapshot"], shard)
        then = then.without_classes(replaced["removed"].keys(), event)
        kept = images(self.slots, staging.cleared, shard_slots(shard, staging.shards))
        changes = difference(now, then, event, Doubt(), kept, everything=True)
        return self._write(state, shard, then.provider or now.provider, changes)

    def _write(self, state: State, shard: int, provider: str, changes: Iterable[Change]) -> dict[str, int]:
        key = key_of(state)
        if not self.records.holds(key):
            raise Superseded(f"another run has taken over from run {key.run}")
        writes = self.roster.apply(key.account, key.event, provider, changes)
        self.records.progress(key, {"stage": "apply", "page": shard + 1, "of": state["plan"]["shards"]})
        return {"writes": writes}

    def finish(self, state: State) -> JSON:
        """The run's report; for an applied plan also the flip to its ledger and snapshot, all in one transaction."""
        return self._told(state, state["run"], self._finishing().finish(state))

    def fail(self, state: State, run: str, error: Mapping[str, str]) -> JSON:
        """Write what went wrong and what to do about it, and free the locks; the roster is as the plan left it."""
        return self._told(state, run, self._finishing().fail(state, run, error))

    def ended(self, state: State, run: str, status: str) -> JSON:
        """Close the record of an execution that ended without a word."""
        return self._told(state, run, self._finishing().ended(state, run, status))

    def _told(self, state: State, run: str, said: JSON) -> JSON:
        """The report, handed on where it matters to somebody."""
        by, mode = state.get("by", ""), state.get("mode", "import")
        new = new_warnings(by, said.get("warnings", ()), state.get("warned", ()))
        if matters(mode, said, state.get("failing", False), new):
            self.tell(RunKey(state["account"], state["event"], run), {"mode": mode, "by": by, "new": new})
        return said

    def _finishing(self) -> Finishing:
        return Finishing(self.slots, self.records, self.now())


def _decided(state: State, held: bool, context: Mapping[str, JSON]) -> str:
    """Where nothing would change, what was applied last goes on being what every event is compared with."""
    if state.get("dry"):
        return "preview"
    if state["mode"] in ALONE:
        return "apply"
    if state["mode"] == "preview":
        return "preview"
    if state["plan"]["settled"]:
        return "unchanged"
    if held:
        return "held"
    known = context["ledger"] and context["snapshot"] and context["before"] == context["selection"]
    moved = Tally.from_json(state["plan"]["tally"]).guard["plan.moved"]
    clears = "clear" in context or context.get("fresh")
    return "apply" if moved or not known or any(context["doubt"]) or clears else "unchanged"
