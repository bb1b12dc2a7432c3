"""A night on which nothing changed: known by its pages and its choice, before a row is read.

A plan is a function of the pages, the choice, what was applied last, and today. When the first three are those of the
last applied run, and no date that the plan depends on has come, the plan would be empty: the run says so at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from roster.errors import FilesMissing
from roster.model import JSON
from roster.ports import Event, Integration
from roster.staging import Staging
from roster.tally import Tally

LONGEST = timedelta(days=7)  # then everything is looked at again, whatever the pages say


def settled(
    content: str, context: Mapping[str, JSON], tally: Tally, ledger: str, snapshot: str, folder: str
) -> dict[str, JSON]:
    """What a later run compares itself with; empty where this one left something in doubt."""
    if not content or not context["trusted"] or any(context["doubt"]):
        return {}
    longest = (date.fromisoformat(context["today"]) + LONGEST).isoformat()
    return {
        "content": content,
        "selection": context["selection"],
        "never": context["never"],
        "ledger": ledger,
        "snapshot": snapshot,
        "until": min(filter(None, (tally.until, longest))),
        "tally": tally.settled().to_json(),
        "folder": folder,
    }


def unchanged(
    before: Mapping[str, JSON], content: str, context: Mapping[str, JSON], integration: Integration, event: Event
) -> bool:
    """Whether this run would plan nothing."""
    now = {
        "content": content,
        "selection": context["selection"],
        "never": context["never"],
        "ledger": integration.ledger,
        "snapshot": event.snapshot,
    }
    same = bool(content) and all(before.get(name) == value for name, value in now.items())
    sound = context["trusted"] and not any(context["doubt"]) and not context["vanished"]
    sound = sound and not context["removed"] and "clear" not in context and "adopt" not in context
    return same and sound and context["today"] < before["until"]


def carried_over(staging: Staging, folder: str) -> bool:
    """Copy what may be asked of a run (choices, problems) from the last one; False where that is forgotten."""
    slots = staging.slots
    try:
        slots.write_json(f"{staging.folder}/offer", slots.read_json(f"{folder}/offer"))
        for name in slots.names(f"{folder}/problems/"):
            if name.endswith(("/identify", "/match")):
                continue  # who was recognised was recognised that night
            slots.write_json(f"{staging.folder}/problems/{name.rsplit('/', 1)[1]}", slots.read_json(name))
    except FilesMissing:
        return False
    return True
