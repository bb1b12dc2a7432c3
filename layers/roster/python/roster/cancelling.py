"""Cancel: a run that only reads and plans is stopped; one that writes is not, for half of a plan is no roster."""

from __future__ import annotations

from roster.errors import CancelRefused, NotSetUp
from roster.finishing import is_applying
from roster.ports import Executions, Records, RunKey


def cancel(records: Records, executions: Executions, key: RunKey) -> bool:
    """False where the run has ended already. Its record is closed once Step Functions tells that it was stopped."""
    run = records.run(key)
    if run is None:
        raise NotSetUp(f"there is no run {key.run}", "Look at the list of runs again.")
    if run.ended:
        return False
    if is_applying(records, key):
        raise CancelRefused(f"run {key.run} is writing")
    executions.stop(run.owner)
    return True
