"""What travels through the state machine, and what kinds of run there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from roster.model import JSON
from roster.plan import Planned
from roster.ports import RunKey, Slots
from roster.staging import Staging

ALONE = ("clear", "undo", "delete")  # nothing is asked of the provider
MODES = ("import", "preview", *ALONE)


class State(TypedDict, total=False):
    """Places, sums and names of files; never a row and never a secret. `quiet`: why nothing is done tonight. `chosen`:
    the selection is the run's own. `dry`: a clear that only says whom it would delete. `failing`, `warned`: how the
    event's last run ended (roster.notices). `adopt`: people kept here become those of the provider; its `settled` says
    who is whom: origin, kind, id, and the provider's id or blank.
    """

    account: str
    event: str
    run: str
    mode: str
    by: str
    allow: str
    clear: dict[str, JSON]
    adopt: dict[str, JSON]
    undo: str
    night: str
    zone: str
    quiet: str
    provider: str
    settings: dict[str, JSON]
    before: dict[str, JSON]
    began: str
    source: str
    shared: bool
    selection: JSON
    chosen: bool
    dry: bool
    failing: bool
    warned: list[str]
    place: dict[str, JSON]
    plan: Planned
    verdict: dict[str, JSON]
    cleared: dict[str, list[JSON]]
    applied: dict[str, list[JSON]]
    put_back: dict[str, list[JSON]]


def key_of(state: State) -> RunKey:
    return RunKey(state["account"], state["event"], state["run"])


def staging_of(slots: Slots, state: State) -> Staging:
    shards = state["plan"]["shards"] if "plan" in state else 1
    return Staging(slots, key_of(state), state["provider"], shards, preview=state["mode"] == "preview")


def rewrites(state: State) -> bool:
    """Whether it writes over what people keep and set by hand, or puts that back as it was."""
    clears = state["mode"] in ("clear", "undo") or bool(state.get("clear") or state.get("adopt"))
    return clears and state["mode"] != "preview" and not state.get("dry")


def asked(state: Mapping[str, JSON]) -> dict[str, JSON]:
    """What of a run's input goes on travelling with it."""
    return {name: state[name] for name in ("by", "allow", "clear", "adopt", "undo", "shared", "dry") if state.get(name)}
