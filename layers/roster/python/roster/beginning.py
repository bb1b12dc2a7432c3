"""How a run begins: its lock, its record, its night; what it will ask the provider for, or that nothing is to be done.

A night that comes too late, twice, or while somebody imports by hand, ends without a word and without a record.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from roster.clocks import night_of
from roster.comparing import integration_of
from roster.errors import AlreadyRunning, NotSetUp
from roster.keys import provider_of, pulled_folder
from roster.model import Selection
from roster.notices import NIGHT
from roster.place import Place
from roster.ports import Event, Integration, Records, RunKey
from roster.sharing import join
from roster.state import ALONE, MODES, State, asked

NOT_ACTIVE_HELP = "pickAtime is setting up this import: you will get an e-mail when it is active and ready for use."
log = logging.getLogger(__name__)


def check_active(integration: Integration) -> None:
    """Raises NotSetUp before imports may run."""
    if integration.state != "active":
        raise NotSetUp(f"the import is {integration.state}, not active", NOT_ACTIVE_HELP)


@dataclass
class Beginning:
    """One run's Begin."""

    records: Records
    is_running: Callable[[str], bool]
    now: datetime

    def begin(self, state: State, run: str, owner: str) -> State:
        key = RunKey(state["account"], state["event"], run)
        mode = state.get("mode", "import")
        if mode not in MODES:
            raise ValueError(f"no such mode: {mode}")
        if not state.get("night"):
            return self._begun(state, key, owner, mode)
        try:
            return self._at_night(state, key, owner, mode)
        except AlreadyRunning:
            return self._quiet(state, key, "a run of this event is under way")

    def _at_night(self, state: State, key: RunKey, owner: str, mode: str) -> State:
        try:
            event = self.records.event(key.account, key.event)
            nightly, imported = event.nightly, bool(event.snapshot)
        except NotSetUp:
            return self._quiet(state, key, "the event is gone")
        if not nightly:
            return self._quiet(state, key, "the event is not synced at night")
        if not imported:
            return self._quiet(state, key, "nobody has imported into the event yet")
        night = night_of(datetime.fromisoformat(state["night"]), state.get("zone") or "UTC")
        return self._begun(state, key, owner, mode, night.isoformat())

    def _quiet(self, state: State, key: RunKey, why: str) -> State:
        log.info("run %s of event %s does nothing: %s", key.run, key.event, why)
        return {**state, "quiet": why}

    def _begun(self, state: State, key: RunKey, owner: str, mode: str, night: str = "") -> State:
        alone = mode in ALONE
        event = self.records.event(key.account, key.event)
        integration = integration_of(self.records, key.account) if alone else self.records.integration(key.account)
        if not alone:
            check_active(integration)
        by = state.get("by") or (NIGHT if night else "")
        stamp = self.now.isoformat(timespec="seconds")
        wanted = {name: state[name] for name in ("selection", "clear", "adopt") if state.get(name)}
        if not self.records.begin(key, owner, self.is_running, mode, stamp, by, night, wanted):
            return self._quiet(state, key, "another run has had this night")
        begun = self._told(state, key, mode, integration, event)
        if alone:
            source = provider_of(integration.ledger) or integration.provider
            return {**begun, "provider": source, "source": "", "place": asdict(Place(done=True))}
        if state.get("shared"):
            contacts = Selection.from_json(event.selection).contacts
            found = join(integration, contacts, owner, self.now, self.is_running, self.records)
            if found:
                begun["place"], begun["source"] = found
        return begun

    def _told(self, state: State, key: RunKey, mode: str, integration: Integration, event: Event) -> State:
        return {
            "account": key.account,
            "event": key.event,
            "run": key.run,
            "mode": mode,
            **asked(state),  # type: ignore[typeddict-item]
            "provider": integration.provider,
            "settings": integration.settings,
            "before": integration.pulled.get("before", {}),
            "began": self.now.isoformat(),
            "failing": bool(event.failing),
            "warned": list(event.warned),
            "selection": Selection.from_json(state.get("selection") or event.selection).to_json(),
            "chosen": bool(state.get("selection")),
            "source": pulled_folder(key.account, key.event, key.run),
            "place": asdict(Place()),
        }
