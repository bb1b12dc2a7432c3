"""The steps of a run, as the state machine calls them: begin, plan, guard, apply, finish, fail.

Every step takes the run's state and returns it; the state holds places, sums and names of files, never a row and
never a secret. A step that is done twice leaves what doing it once leaves.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Container, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TypedDict

from roster.calendar import Calendar
from roster.errors import HELP_MARK, NotSetUp
from roster.guard import reasons
from roster.keys import ledger_folder, run_folder, snapshot_folder
from roster.model import JSON, NO_TERM, Selection, Term
from roster.plan import Planned, Planner, calendar
from roster.ports import Records, Roster, RunKey, Slots
from roster.pull import Place
from roster.staging import Staging
from roster.tally import Tally

FULL_SHARE = 0.99  # a few birth dates are missing in every school
MODES = ("import", "preview")
NOT_ACTIVE_HELP = "pickAtime is setting up this import: you will get an e-mail when it is active and ready for use."
UNEXPECTED_HELP = "Nothing was lost: start the import again. If it fails again, write to support@pickatime.com."


class State(TypedDict, total=False):
    """What travels through the state machine."""

    account: str
    event: str
    run: str
    mode: str
    provider: str
    settings: dict[str, JSON]
    selection: JSON
    place: dict[str, JSON]
    plan: Planned
    verdict: dict[str, JSON]
    applied: list[dict[str, int]]


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
        return {
            "account": key.account,
            "event": key.event,
            "run": run,
            "mode": mode,
            "provider": integration.provider,
            "settings": integration.settings,
            "selection": Selection.from_json(event.selection).to_json(),
            "place": asdict(Place()),
        }

    def plan(self, state: State, owner: str) -> State:
        """One turn of planning; the first takes the account's lock, so that plans never see a half applied other."""
        key = _key(state)
        planned = state.get("plan")
        if planned is None:
            self.records.hold_account(key, owner, self.is_running)
            today = self.now().date().isoformat()
            planned = self.planner.begin(key, state["provider"], Place(**state["place"]), today, state)
        return {**state, "plan": self.planner.turn(key, state["provider"], planned)}

    def guard(self, state: State) -> State:
        """Decide: apply, preview or held. Only `apply` may be followed by a change, and marks that it is coming."""
        context = self._context(state)
        why = reasons(Tally.from_json(state["plan"]["tally"]), context["vanished"])
        decision = "preview" if state["mode"] == "preview" else "held" if why else "apply"
        if decision == "apply":
            self.records.applying(_key(state), _folder(state))
        shards = list(range(state["plan"]["shards"]))
        return {**state, "verdict": {"decision": decision, "reasons": why, "shards": shards}}

    def apply(self, state: State, shard: int) -> dict[str, int]:
        """Write one shard's changes. Writing them again changes nothing."""
        key = _key(state)
        staging = Staging(self.slots, _folder(state), "", "", state["plan"]["shards"])
        changes = (change for name in ("people", "rosters") for change in staging.changes(name, shard))
        writes = self.roster.apply(key.account, key.event, state["provider"], changes)
        self.records.progress(key, {"stage": "apply", "page": shard + 1, "of": state["plan"]["shards"]})
        return {"writes": writes}

    def finish(self, state: State) -> JSON:
        """The run's report; for an applied plan also the flip to its ledger and snapshot, all in one transaction."""
        key, verdict = _key(state), state["verdict"]
        status = "applied" if verdict["decision"] == "apply" else verdict["decision"]
        context = self._context(state)
        report = self._report(state, status, context)
        self._write_offer(state, context)
        flip = self._flip(key, state, context) if status == "applied" else None
        self.records.finish(key, status, report, self._stamp(), flip)
        return report

    def _flip(self, key: RunKey, state: State, context: Mapping[str, JSON]) -> tuple[str, str, JSON]:
        """Make ready what the next run is compared with, and forget what it no longer needs."""
        ledger = ledger_folder(key.account, state["provider"], key.run)
        snapshot = snapshot_folder(key.account, key.event, key.run)
        self.slots.write_json(f"{snapshot}/manifest", {"selection": context["selection"]})
        self.slots.delete(context["outdated"])
        return ledger, snapshot, context["selection"]

    def fail(self, state: State, run: str, error: Mapping[str, str]) -> JSON:
        """Write what went wrong and what to do about it, and free the locks; the roster is as the plan left it."""
        code, message, help = _explain(error)
        place = state.get("place") or {}
        report = {
            "status": "failed",
            "error": {"code": code, "message": message, "help": help},
            "counts": Tally().counts(),
            "warnings": place.get("warnings", {}),
            "requests": place.get("requests", 0),
            "writes": 0,
        }
        self.records.finish(RunKey(state["account"], state["event"], run), "failed", report, self._stamp())
        return report

    def _report(self, state: State, status: str, context: Mapping[str, JSON]) -> dict[str, JSON]:
        tally = Tally.from_json(state["plan"]["tally"])
        help = self.slots.read_json(f"{_folder(state)}/provider")["help"]
        return {
            "status": status,
            "counts": tally.counts(),
            "warnings": dict(sorted(tally.warnings.items())),
            "help": {code: help.get(code, UNEXPECTED_HELP) for code in sorted(tally.warnings)},
            "security_values": _security_values(tally, context["absent"], help),
            "reasons": state["verdict"]["reasons"],
            "requests": state["place"]["requests"],
            "writes": sum(shard["writes"] for shard in state.get("applied", [])),
        }

    def _write_offer(self, state: State, context: Mapping[str, JSON]) -> None:
        """What there is to choose from at the provider: schools and terms, each with its number of classes."""
        staging = Staging(self.slots, _folder(state), "", "")
        schools: Counter[str] = Counter()
        places: Counter[frozenset[str]] = Counter()
        for school, terms, classes in staging.offered():
            schools[school] += classes
            places[frozenset(terms)] += classes
        provided = calendar(context)
        known = {term.id for term in provided.terms}
        unknown = [Term(id, id if id == NO_TERM else "") for id in sorted(frozenset().union(*places) - known)]
        offer = {
            "schools": [{**school, "classes": schools[school["id"]]} for school in context["schools"]],
            "terms": [
                {**asdict(term), "classes": _brought(term.id, places, provided)} for term in (*provided.terms, *unknown)
            ],
        }
        self.slots.write_json(f"{_folder(state)}/offer", offer)

    def _context(self, state: State) -> dict[str, JSON]:
        context: dict[str, JSON] = self.slots.read_json(f"{_folder(state)}/context")
        return context

    def _stamp(self) -> str:
        return self.now().isoformat(timespec="seconds")


def _security_values(tally: Tally, absent: Container[str], help: Mapping[str, str]) -> dict[str, JSON]:
    """Whether the provider shows birth dates, of how many students none is stored, and what to click."""
    students = sum(tally.outcomes[f"student.{outcome}"] for outcome in ("created", "updated", "unchanged", "returned"))
    dated = tally.guard["student.dated"]
    state = (
        "refused"
        if "birth_date" in absent
        else "full"
        if dated >= FULL_SHARE * students
        else "partial"
        if dated
        else "empty"
    )
    said = help.get(f"security_values_{state}", "") if state != "full" else ""
    return {"state": state, "students": students, "missing": tally.warnings["student_without_birth_date"], "help": said}


def _brought(term: str, places: Mapping[frozenset[str], int], provided: Calendar) -> int:
    """How many classes choosing the term would bring."""
    family = provided.family([term])
    return sum(classes for terms, classes in places.items() if not family.isdisjoint(terms))


def _key(state: State) -> RunKey:
    return RunKey(state["account"], state["event"], state["run"])


def _folder(state: State) -> str:
    return run_folder(state["account"], state["event"], state["run"])


def _explain(error: Mapping[str, str]) -> tuple[str, str, str]:
    """(code, message, help) of an error as Step Functions hands it over: a name, and a cause that may be JSON."""
    code, cause = error.get("Error", "Unknown"), error.get("Cause", "")
    try:
        said = json.loads(cause).get("errorMessage", "")
    except (ValueError, AttributeError):
        said = ""
    message, mark, help = str(said).partition(HELP_MARK)
    return code, message if mark else f"the run stopped unexpectedly ({code})", help or UNEXPECTED_HELP
