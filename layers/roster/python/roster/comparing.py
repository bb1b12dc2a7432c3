"""What a run is compared with: what is applied now, what of it is in doubt, and what people decided about classes.

Gathered once, under the account's lock; so are the refusals of a clear and of an undo.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from roster.clearing import Clearing, origins_of, refuse_others
from roster.errors import FilesMissing, NotSetUp, UndoRefused
from roster.integrated import known_integration
from roster.keys import cleared_folder, provider_of, run_of
from roster.leftovers import outdated
from roster.model import BY_HAND, JSON, Selection
from roster.ports import Event, Integration, Records, RunKey
from roster.staging import Staging

OTHER_PROVIDER_HELP = (
    "The contacts of this account came from another provider: a test import shows who is whom. Adopt them with the "
    "import, or clear them with it, which asks first whom to delete. Or write to support@pickatime.com."
)
EMPTIED = "emptied"  # lies beside a ledger of those whom a clear left


def integration_of(records: Records, account: str) -> Integration:
    """Without a provider, what people keep by hand can be cleared, and an event deleted, all the same."""
    return known_integration(records, account) or Integration(account, BY_HAND)


def is_integrated(integration: Integration) -> bool:
    """Whether the account has a provider (see integration_of)."""
    return integration.provider != BY_HAND


def is_newest(run: str, event: Event, integration: Integration) -> bool:
    """Whether the run's change is the newest of its event and, where the account has a provider, of the account."""
    return event.changed == run and (integration.changed == run or not is_integrated(integration))


@dataclass
class Comparison:
    """One run's look at what is applied."""

    staging: Staging
    records: Records
    integration: Integration
    event: Event
    run: Mapping[str, JSON]

    def told(self, selection: Selection) -> dict[str, JSON]:
        """The part of a run's context that every kind of run has."""
        staging, event = self.staging, self.event
        marks = self.records.class_marks(staging.key.account, event.event)
        never = sorted(id for id, mark in marks.items() if mark.never)
        removed = {id: mark.removed for id, mark in marks.items() if mark.removed}
        before = self._selection(selection)
        replaced = {"ledger": self.integration.ledger, "snapshot": event.snapshot}
        ledger = self.integration.ledger if self._knows() else ""
        clears = self._clears() is not None
        return {
            "mode": self.run["mode"],
            "before": before,
            "ledger": ledger,
            "snapshot": event.snapshot,
            "doubt": [self.integration.applying, event.applying],
            "never": never,
            "removed": removed,
            "replaced": {**replaced, "selection": before, "removed": removed, "cleared": clears or self._adopts()},
            # listed now, while the locks are ours: should the last step be done twice, others may have begun
            "outdated": outdated(staging, event.applying, *replaced.values(), *self._others_images()),
            **(self._cleared() if clears else self._matched()),
        }

    def _clears(self) -> JSON:
        """What is to be cleared; None where nothing is."""
        return self.run.get("clear") or ({} if self.run["mode"] == "clear" else None)

    def _selection(self, selection: Selection) -> JSON:
        """What was applied last."""
        if not self.event.snapshot:
            return selection.to_json()
        return self.staging.slots.read_json(f"{self.event.snapshot}/manifest")["selection"] or selection.to_json()

    def _knows(self) -> bool:
        """Whether the ledger says anything of this provider's contacts: another's ids are other people's."""
        staging, ledger = self.staging, self.integration.ledger
        plans = self.integration.applying, self.event.applying
        if self._clears() is not None or self._adopts() or staging.is_ours(ledger, *plans):
            return bool(ledger)
        if staging.is_ours("", *plans) and staging.slots.names(f"{ledger}/{EMPTIED}"):
            return False
        raise NotSetUp("what was applied last came from another provider", OTHER_PROVIDER_HELP)

    def _cleared(self) -> dict[str, JSON]:
        """A clear leaves no class, and of the ledger only its survivors; an import after it starts from there."""
        key, ledger = self.staging.key, self.integration.ledger
        Clearing.from_json(self._clears())
        refuse_others(self.records.all_events(key.account), key.event)
        return {
            "clear": self._clears(),
            "origins": self._origins(),
            "ledger": self.staging.survivors if ledger else "",
            "snapshot": "",
        }

    def _origins(self) -> list[str]:
        came = [provider_of(self.integration.ledger), self.integration.provider]
        return origins_of(self.integration.origins, *came, provider_of(self.integration.applying))

    def _adopts(self) -> bool:
        return self.run["mode"] in ("import", "preview") and bool(self.run.get("adopt"))

    def _is_fresh(self) -> bool:
        """Whether an adoption leaves another provider's roster behind: of that one, all classes go."""
        plans = self.integration.applying, self.event.applying
        return self._adopts() and not self.staging.is_ours(self.integration.ledger, *plans)

    def _matched(self) -> dict[str, JSON]:
        """Whose contacts are compared with those who come: in a test import, and where they are adopted."""
        if self.run["mode"] != "preview" and not self._adopts():
            return {}
        ours = self.staging.provider
        told: dict[str, JSON] = {"others": [origin for origin in self._origins() if origin != ours]}
        if not self._adopts():
            return told
        told |= {"adopt": self.run["adopt"]["settled"], "fresh": self._is_fresh()}
        if self._is_fresh():
            refuse_others(self.records.all_events(self.staging.key.account), self.event.event)
            told |= {"ledger": "", "snapshot": "", "others": [*told["others"], ours]}
        return told

    def _others_images(self) -> list[str]:
        """What other events' clears deleted, while it may have to be brought back."""
        account, mine = self.staging.key.account, self.event.event
        others = [one for one in self.records.all_events(account) if one.event != mine]
        runs = {run for one in others for run in (run_of(one.applying), one.changed) if run}
        return sorted(cleared_folder(account, run) for run in runs)

    def undone(self) -> dict[str, JSON]:
        """What the run that is taken back had replaced."""
        asked, account = str(self.run["undo"]), self.staging.key.account
        record = self.records.run(RunKey(account, self.event.event, asked))
        if record is None or record.status != "applied" or not record.before:
            raise UndoRefused(f"run {asked} has changed nothing that could be undone")
        if record.decided == "undone":
            raise UndoRefused(f"run {asked} is undone already", "Nothing has to be done.")
        if not is_newest(asked, self.event, self.integration):
            raise UndoRefused(f"a later run has changed this account since run {asked}")
        target = record.before
        self._look_for(target, asked)
        kept = [target["ledger"], target["snapshot"], cleared_folder(account, asked)]
        files = outdated(self.staging, self.event.applying, *kept[:2], *self._others_images())
        settled = (record.asked.get("adopt") or {}).get("settled", ())
        told = {"target": {**target, "images": kept[2]}, "undoes": asked, "outdated": files}
        return {**told, "unsettled": [whose for *whose, new in settled if not new]}

    def deleted(self) -> dict[str, JSON]:
        """An account without contacts of a provider keeps no ledger. What was before cannot come back."""
        marks = self.records.class_marks(self.staging.key.account, self.event.event)
        keeps = bool(self.integration.ledger or self.integration.applying)
        files = outdated(self.staging, self.event.applying, *self._others_images())
        return {"keeps_ledger": keeps, "marked": sorted(marks), "outdated": files}

    def shards(self, wanted: int = 1) -> int:
        """As many as what is applied was written with, where it is read; for facts alone, as many as `wanted`."""
        if self.run["mode"] in ("import", "preview") and self._clears() is None and not self._is_fresh():
            return wanted
        folders = filter(None, (self.integration.ledger, self.event.snapshot))
        names = [name for folder in folders for name in self.staging.slots.names(f"{folder}/") if "-of-" in name]
        return max(wanted, *(int(name.rpartition("-of-")[2]) for name in names), 1)

    def _look_for(self, target: Mapping[str, JSON], asked: str) -> None:
        slots = self.staging.slots
        for folder in filter(None, (target["ledger"], target["snapshot"])):
            if not slots.names(f"{folder}/"):
                raise UndoRefused(f"the files from before run {asked} are forgotten")
        images = cleared_folder(self.staging.key.account, asked)
        if target["cleared"] and not slots.names(f"{images}/"):
            raise FilesMissing(f"what run {asked} has deleted was not kept")
