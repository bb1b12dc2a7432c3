"""The steps of a run, as the state machine calls them: begin, plan, guard, apply, finish, fail.

Every step takes the run's state and returns it; the state holds places, sums and names of files, never a row and
never a secret. A step that is done twice leaves what doing it once leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TypedDict

from roster import report
from roster.collector import undisturbed
from roster.desk import calendar
from roster.errors import NotSetUp, Superseded
from roster.guard import reasons
from roster.keys import pulled_folder
from roster.model import JSON, Selection
from roster.place import Place
from roster.plan import Planned, Planner
from roster.ports import Records, Roster, RunKey, Slots
from roster.settled import settled
from roster.sharing import join, recipe, told
from roster.staging import Staging
from roster.tally import Tally

MODES = ("import", "preview")
NOT_ACTIVE_HELP = "pickAtime is setting up this import: you will get an e-mail when it is active and ready for use."


class State(TypedDict, total=False):
    """What travels through the state machine."""

    account: str
    event: str
    run: str
    mode: str
    provider: str
    settings: dict[str, JSON]
    before: dict[str, JSON]
    began: str
    source: str
    shared: bool
    selection: JSON
    place: dict[str, JSON]
    plan: Planned
    verdict: dict[str, JSON]
    applied: dict[str, list[JSON]]


@dataclass
class Sync:
    """The use case. `owner` is the execution that runs it: locks belong to executions, and end with them."""

    slots: Slots
    records: Records
    roster: Roster
    is_running: Callable[[str], bool]
    now: Callable[[], datetime]
    left: Callable[[], float]
    planner: Planner = field(init=False)

    def __post_init__(self) -> None:
        self.planner = Planner(self.slots, self.records, self.left)

    def begin(self, state: State, run: str, owner: str) -> State:
        """Take the event's lock, write the run's record, and say what is to be pulled."""
        key = RunKey(state["account"], state["event"], run)
        mode = state.get("mode", "import")
        if mode not in MODES:
            raise ValueError(f"no such mode: {mode}")
        integration, event = self.records.integration(key.account), self.records.event(key.account, key.event)
        if integration.state != "active":
            raise NotSetUp(f"the import is {integration.state}, not active", NOT_ACTIVE_HELP)
        self.records.begin(key, owner, self.is_running, mode, self._stamp())
        selection = Selection.from_json(event.selection)
        begun: State = {
            "account": key.account,
            "event": key.event,
            "run": run,
            "mode": mode,
            "provider": integration.provider,
            "settings": integration.settings,
            "before": integration.pulled.get("before", {}),
            "began": self.now().isoformat(),
            "selection": selection.to_json(),
            "source": pulled_folder(key.account, key.event, key.run),
            "place": asdict(Place()),
        }
        if state.get("shared"):
            contacts = selection.contacts
            found = join(integration, contacts, owner, self.now(), self.is_running, self.records)
            if found:
                begun["place"], begun["source"] = found
        return begun

    def plan(self, state: State, owner: str) -> State:
        """One turn of planning; the first takes the account's lock, so that plans never see a half applied other."""
        key = _key(state)
        planned = state.get("plan")
        if planned is None:
            place = Place(**state["place"])
            if state["source"] == pulled_folder(key.account, key.event, key.run):
                contacts = Selection.from_json(state["selection"]).contacts
                asked = recipe(state["provider"], state["settings"], contacts)
                self.records.pulled(key.account, told(place, state["source"], asked, state["began"]))
            self.records.hold_account(key, owner, self.is_running)
            planned = self.planner.begin(key, state["provider"], place, self.now().date().isoformat(), state)
        return {**state, "plan": self.planner.turn(key, state["provider"], planned)}

    def guard(self, state: State) -> State:
        """Decide: apply, preview, held or unchanged. Only `apply` may be followed by a change, and is marked first."""
        staging = self._staging(state)
        context = staging.context()
        why = reasons(Tally.from_json(state["plan"]["tally"]), context["vanished"])
        decision = _decided(state, why, context)
        if decision == "apply":
            self.records.applying(staging.key, staging.plan)
        shards = list(range(state["plan"]["shards"]))
        return {**state, "verdict": {"decision": decision, "reasons": why, "shards": shards}}

    @undisturbed()
    def apply(self, state: State, shard: int) -> dict[str, int]:
        """Write one shard's changes. Writing them again changes nothing; but not once another run's are written."""
        key = _key(state)
        if not self.records.holds(key):
            raise Superseded(f"another run has taken over from run {key.run}")
        changes = self._staging(state).changes(shard)
        writes = self.roster.apply(key.account, key.event, state["provider"], changes)
        self.records.progress(key, {"stage": "apply", "page": shard + 1, "of": state["plan"]["shards"]})
        return {"writes": writes}

    def finish(self, state: State) -> JSON:
        """The run's report; for an applied plan also the flip to its ledger and snapshot, all in one transaction."""
        staging, verdict = self._staging(state), state["verdict"]
        context = staging.context()
        applied = verdict["decision"] == "apply"
        tally = Tally.from_json(state["plan"]["tally"])
        said = report.ended(
            "applied" if applied or verdict["decision"] == "unchanged" else verdict["decision"],
            tally,
            verdict["reasons"],
            context["absent"],
            context["help"],
            state["place"]["requests"],
            sum(state.get("applied", {}).get("writes", [])),
        )
        if not state["plan"]["settled"]:
            offer = report.offer(staging.offered(), context["schools"], calendar(context))
            self.slots.write_json(f"{staging.folder}/offer", offer)
        if applied:
            new = settled(state["place"]["content"], context, tally, staging.ledger, staging.snapshot, staging.folder)
            self._flip(staging, context, said, Selection.from_json(state["selection"]), new)
        else:
            self.records.finish(
                staging.key, said["status"], said, self._stamp(), settled=self._renewed(state, staging, tally)
            )
            staging.discard()
        return said

    def _renewed(self, state: State, staging: Staging, tally: Tally) -> dict[str, JSON] | None:
        """After a night on which nothing changed, the next one is compared with this run."""
        if state["verdict"]["decision"] != "unchanged" or not self.records.holds(staging.key):
            return None
        if state["plan"]["settled"]:
            return {**self.records.event(staging.key.account, staging.key.event).settled, "folder": staging.folder}
        context, content = staging.context(), state["place"]["content"]
        return settled(content, context, tally, context["ledger"], context["snapshot"], staging.folder)

    def _flip(
        self,
        staging: Staging,
        context: Mapping[str, JSON],
        said: Mapping[str, JSON],
        chosen: Selection,
        settled: Mapping[str, JSON],
    ) -> None:
        """Point at what the next run is compared with; then forget what no run needs any more."""
        self.slots.write_json(f"{staging.snapshot}/manifest", {"selection": context["selection"]})
        self.records.finish(staging.key, "applied", said, self._stamp(), (staging.ledger, staging.snapshot), settled)
        self._renew(staging.key, chosen, Selection.from_json(context["selection"]))
        staging.forget(context["outdated"])

    def _renew(self, key: RunKey, chosen: Selection, found: Selection) -> None:
        """Remember chosen terms under the ids that they have now, unless somebody has chosen anew since Begin."""
        stored = self.records.event(key.account, key.event).selection
        if found != chosen == Selection.from_json(stored):
            self.records.renew(key, stored, found.to_json())

    def fail(self, state: State, run: str, error: Mapping[str, str]) -> JSON:
        """Write what went wrong and what to do about it, and free the locks; the roster is as the plan left it."""
        applying = "verdict" in state and state["verdict"]["decision"] == "apply"
        said = report.failed(error, state.get("place") or {}, applying)
        self._give_up_pulling(state["account"], run)
        self.records.finish(RunKey(state["account"], state["event"], run), "failed", said, self._stamp())
        if "provider" in state and not _may_have_applied(state):
            self._staging(state).discard()
        return said

    def _give_up_pulling(self, account: str, run: str) -> None:
        """So that whoever waits for this run's pages does not wait in vain. Executions are named after their runs."""
        with suppress(NotSetUp):
            pulling = self.records.integration(account).pulling
            if pulling.get("owner", "").rpartition(":")[2] == run:
                self.records.pulling(account, pulling, {})

    def _staging(self, state: State) -> Staging:
        shards = state["plan"]["shards"] if "plan" in state else 1
        return Staging(self.slots, _key(state), state["provider"], shards)

    def _stamp(self) -> str:
        return self.now().isoformat(timespec="seconds")


def _decided(state: State, why: list[str], context: Mapping[str, JSON]) -> str:
    """Where nothing would change, what was applied last goes on being what every event is compared with."""
    if state["mode"] == "preview":
        return "preview"
    if state["plan"]["settled"]:
        return "unchanged"
    if why:
        return "held"
    known = context["ledger"] and context["snapshot"] and context["before"] == context["selection"]
    moved = Tally.from_json(state["plan"]["tally"]).guard["plan.moved"]
    return "apply" if moved or not known or any(context["doubt"]) else "unchanged"


def _key(state: State) -> RunKey:
    return RunKey(state["account"], state["event"], state["run"])


def _may_have_applied(state: State) -> bool:
    """Also a guard that marked the plan, and was killed before it could say so."""
    if "verdict" in state:
        return bool(state["verdict"]["decision"] == "apply")
    return "plan" in state and state["plan"]["done"]
