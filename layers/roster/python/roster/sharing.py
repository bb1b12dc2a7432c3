"""One pull for several events of an account that start within the same quarter of an hour, as they do at 1 AM.

Only runs that ask for it share: whoever starts an import by hand has just changed something, and wants it seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

from roster.errors import PullUnderWay
from roster.model import JSON
from roster.place import Place
from roster.ports import Integration, Records

FRESH = timedelta(minutes=15)


def recipe(provider: str, settings: Mapping[str, JSON], contacts: bool) -> JSON:
    """What two runs must have in common to need the same pages."""
    return [provider, dict(settings), contacts]


def join(
    integration: Integration,
    contacts: bool,
    owner: str,
    now: datetime,
    is_running: Callable[[str], bool],
    records: Records,
) -> tuple[dict[str, JSON], str] | None:
    """The complete pull of another run, its place and its folder; or None: then this run pulls, and says so.

    Raises PullUnderWay while somebody else is at it.
    """
    asked = recipe(integration.provider, integration.settings, contacts)
    found, other = integration.pulled, integration.pulling
    if _fits(found, asked, now):
        return {**found["place"], "requests": 0}, found["source"]
    if other and other["owner"] != owner and is_running(other["owner"]):
        if _fits(other, asked, now):
            raise PullUnderWay("another event of this account is pulling the same")
        return None  # it takes long, or pulls something else: nobody is kept waiting for it, or for us
    mine = {"owner": owner, "recipe": asked, "began": now.isoformat()}
    if not records.pulling(integration.account, other, mine):
        raise PullUnderWay("another event of this account has just begun to pull the same")
    return None


def told(place: Place, source: str, asked: JSON, began: str) -> dict[str, JSON]:
    """What is remembered of a complete pull: for runs that share it, and for the next night's to compare with."""
    before = {"folder": f"{source}/pull/{place.round}", "files": place.files}
    return {"before": before, "place": asdict(place), "source": source, "recipe": asked, "began": began}


def _fits(pull: Mapping[str, JSON], asked: JSON, now: datetime) -> bool:
    return pull.get("recipe") == asked and now - datetime.fromisoformat(pull["began"]) <= FRESH
