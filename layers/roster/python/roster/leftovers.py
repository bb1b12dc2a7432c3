"""Which files of the bucket no run needs any more: they hold birth dates, and no lifecycle rule forgets them.

Only names that lie where a run's own files lie are ever deleted, whatever a list says.
"""

from __future__ import annotations

from collections.abc import Iterable

from roster.keys import beside, ledgers, plan_folder, provider_of
from roster.staging import Staging


def outdated(staging: Staging, event_plan: str, *kept: str) -> list[str]:
    """Files of runs before the last, or that were never applied. `event_plan`: the event's interrupted plan, which is
    mended now; what another event's planned is not among them.
    """
    needed = {*staging.lasting, *kept}
    names = (name for place in _places(staging, event_plan) for name in staging.slots.names(place))
    return [name for name in names if name.rsplit("/", 1)[0] not in needed]


def _places(staging: Staging, event_plan: str) -> list[str]:
    key = staging.key
    providers = sorted({staging.provider, provider_of(event_plan)} - {""})
    plans = [beside(plan_folder(key.account, provider, key.event, key.run)) for provider in providers]
    return [ledgers(key.account), beside(staging.snapshot), *plans, beside(staging.cleared)]


def forget(staging: Staging, names: Iterable[str], event_plan: str) -> None:
    """Delete such files, and this run's own plan."""
    places = tuple(_places(staging, event_plan))
    found = [name for name in names if name.startswith(places)]
    staging.slots.delete([*found, *staging.slots.names(f"{staging.plan}/")])


def discard(staging: Staging) -> None:
    """Delete what would have been applied, and never will be; what a preview would apply may be looked at."""
    for folder in (staging.plan, staging.cleared) if staging.preview else staging.lasting:
        staging.slots.delete(staging.slots.names(f"{folder}/"))
