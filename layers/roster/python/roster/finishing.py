"""How a run ends: its report, the flip to what it applied, and which files nobody needs any more."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from roster import report
from roster.adoption import SURE, UNSURE, figures
from roster.audit import of_run
from roster.clearing import Clearing
from roster.comparing import integration_of, is_integrated
from roster.desk import calendar
from roster.errors import NotSetUp
from roster.leftovers import discard, forget
from roster.model import JSON, Selection
from roster.ports import PLAIN_ENDING, Audited, Ending, Records, RunKey, Slots
from roster.settled import settled
from roster.staging import Staging
from roster.state import ALONE, State, key_of, staging_of
from roster.tally import Tally

CANCELLED = {"code": "Cancelled", "message": "somebody stopped the run", "help": "Nothing was changed."}
STOPPED = "ABORTED"  # by somebody; any other end that left no record is a failure


@dataclass
class Finishing:
    """One run's end."""

    slots: Slots
    records: Records
    now: datetime

    def finish(self, state: State) -> JSON:
        """The run's report; for an applied plan also the flip, all in one transaction."""
        staging, verdict = staging_of(self.slots, state), state["verdict"]
        context = staging.context()
        tally = Tally.from_json(state["plan"]["tally"])
        said = self._said(state, context, tally)
        if not state["plan"]["settled"] and state["mode"] not in ALONE:
            offer = report.offer(staging.offered(), context["schools"], calendar(context))
            self.slots.write_json(f"{staging.folder}/offer", offer)
        if verdict["decision"] != "apply":
            new = self._renewed(state, staging, tally)
            ending = PLAIN_ENDING if new is None else Ending(warned=sorted(said["warnings"]))
            self.records.finish(staging.key, said["status"], said, self._stamp(), settled=new, ending=ending)
            discard(staging)
        elif state["mode"] in ALONE:
            self._flip_alone(state, staging, context, said, tally)
        else:
            new = settled(state["place"]["content"], context, tally, staging.ledger, staging.snapshot, staging.folder)
            self._flip(staging, context, said, state, new)
        return said

    def _said(self, state: State, context: Mapping[str, JSON], tally: Tally) -> dict[str, JSON]:
        verdict = state["verdict"]
        status = "applied" if verdict["decision"] in ("apply", "unchanged") else verdict["decision"]
        writes = sum(state.get("applied", {}).get("writes", [])) + sum(state.get("cleared", {}).get("writes", []))
        said = report.ended(
            status, tally, verdict["reasons"], context["absent"], context["help"], state["place"]["requests"], writes
        )
        said["excess"] = verdict["excess"]
        if "clear" in context:
            said["clearing"] = Clearing.from_json(context["clear"]).told(tally.guard)
        if "others" in context:
            said["duplicates"] = {verdict: figures(tally.guard, verdict) for verdict in (SURE, UNSURE)}
        if "adopt" in context:
            said["adopted"] = figures(tally.guard, "adopted")
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
        state: State,
        new: Mapping[str, JSON],
    ) -> None:
        """Point at what the next run is compared with; then forget what no run needs any more."""
        key, own = staging.key, context["selection"] if state.get("chosen") else None
        row = self._audited(state, key.run, said)
        ending = Ending(before=context["replaced"], selection=own, warned=sorted(said["warnings"]), audited=row)
        self.slots.write_json(f"{staging.snapshot}/manifest", {"selection": context["selection"]})
        self.records.finish(key, "applied", said, self._stamp(), (staging.ledger, staging.snapshot), new, ending)
        self.records.unmark(key.account, key.event, context["removed"])
        if own is None:
            self._renew(key, Selection.from_json(state["selection"]), Selection.from_json(context["selection"]))
        forget(staging, context["outdated"], context["doubt"][1])

    def _flip_alone(
        self, state: State, staging: Staging, context: Mapping[str, JSON], said: Mapping[str, JSON], tally: Tally
    ) -> None:
        key, integrated = staging.key, is_integrated(integration_of(self.records, staging.key.account))
        if state["mode"] == "undo":
            target = context["target"]
            if self.records.holds(key):
                self.records.remark(key.account, key.event, target["removed"], context["removed"])
            ending = Ending(selection=target["selection"], undone=context["undoes"], integrated=integrated)
            pointers = target["ledger"], target["snapshot"]
        elif state["mode"] == "delete":
            ending = Ending(deleted=True, integrated=integrated)
            pointers = staging.ledger if context["keeps_ledger"] else "", ""
        else:
            ending = Ending(before=context["replaced"], integrated=integrated)
            left = tally.guard["clear.left"]
            pointers = staging.ledger if left else "", ""
        ending = replace(ending, audited=self._audited(state, key.run, said))
        self.records.finish(key, "applied", said, self._stamp(), pointers, {}, ending)
        if state["mode"] == "clear":
            self.records.unmark(key.account, key.event, context["removed"])
        unused = [name for name in self.slots.names(f"{staging.ledger}/") if pointers[0] != staging.ledger]
        forget(staging, [*context["outdated"], *unused], context["doubt"][1])

    def _renew(self, key: RunKey, chosen: Selection, found: Selection) -> None:
        """Remember chosen terms under the ids that they have now, unless somebody has chosen anew since Begin."""
        stored = self.records.event(key.account, key.event).selection
        if found != chosen == Selection.from_json(stored):
            self.records.renew(key, stored, found.to_json())

    def fail(self, state: State, run: str, error: Mapping[str, str]) -> JSON:
        """Write what went wrong and what to do about it, and free the locks; the roster is as the plan left it."""
        restored = self._restored(state)
        applying = "verdict" in state and state["verdict"]["decision"] == "apply" and not restored
        said = report.failed(error, state.get("place") or {}, applying)
        self._give_up_pulling(state["account"], run)
        key = RunKey(state["account"], state["event"], run)
        row = self._audited(state, run, said) if applying else None
        self.records.finish(key, "failed", said, self._stamp(), ending=Ending(restored=restored, audited=row))
        if "provider" in state and (restored or not _may_have_applied(state)):
            discard(staging_of(self.slots, state))
        return said

    def _restored(self, state: State) -> bool:
        """Whether a clear that failed was taken back whole. What an earlier run left in doubt, still is."""
        back = state.get("put_back")
        if not back or back["errors"] or not self.records.holds(key_of(state)):
            return False
        return not any(staging_of(self.slots, state).context()["doubt"])

    def ended(self, state: State, run: str, status: str) -> JSON:
        """An execution was stopped, or died, before it could write its own end."""
        key = RunKey(state["account"], state["event"], run)
        record = self.records.run(key)
        if record.ended if record else state.get("night"):  # a night that had nothing to do leaves no record
            return {}
        lingers = is_applying(self.records, key)
        said = report.failed({"Error": "Stopped", "Cause": ""}, {}, lingers)
        if status == STOPPED and not lingers:  # what was stopped while it wrote has failed: it may be half done
            said |= {"status": "cancelled", "error": CANCELLED}
        self._give_up_pulling(key.account, run)
        row = self._audited(state, run, said) if lingers else None
        self.records.finish(key, said["status"], said, self._stamp(), ending=Ending(lingers=lingers, audited=row))
        if not lingers:  # what it planned holds birth dates, and nobody will apply it
            provider = integration_of(self.records, key.account).provider
            discard(Staging(self.slots, key, provider, preview=bool(record and record.mode == "preview")))
        return said

    def _give_up_pulling(self, account: str, run: str) -> None:
        """So that whoever waits for this run's pages does not wait in vain. Executions are named after their runs."""
        with suppress(NotSetUp):
            pulling = self.records.integration(account).pulling
            if pulling.get("owner", "").rpartition(":")[2] == run:
                self.records.pulling(account, pulling, {})

    def _audited(self, state: State, run: str, said: Mapping[str, JSON]) -> Audited:
        """What the run changed, or may have: the transaction that ends it adds this row with it."""
        key = RunKey(state["account"], state["event"], run)
        return of_run(key, state.get("mode", "import"), state.get("by", ""), self.now, said)

    def _stamp(self) -> str:
        return self.now.isoformat(timespec="seconds")


def is_applying(records: Records, key: RunKey) -> bool:
    """Whether this run's plan is marked as being written."""
    try:
        plan = records.event(key.account, key.event).applying
    except NotSetUp:
        return False
    return plan.rpartition("/")[2] == key.run


def _may_have_applied(state: State) -> bool:
    """Also a guard that marked the plan, and was killed before it could say so."""
    if "verdict" in state:
        return bool(state["verdict"]["decision"] == "apply")
    return "plan" in state and state["plan"]["done"]
