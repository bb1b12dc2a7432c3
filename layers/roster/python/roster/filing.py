"""What a run leaves to look at: what there was to choose from, and the bucket that its other lists are read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from roster.errors import FilesMissing, NotThere
from roster.keys import run_folder
from roster.model import JSON
from roster.ports import RunKey, Slots

GONE = "Start a test import: what a run found is kept for a month."


@dataclass(frozen=True)
class Files:
    slots: Slots

    def offer(self, key: RunKey) -> Mapping[str, JSON]:
        """Schools and terms of the provider, each with its number of classes. Raises NotThere where none is kept."""
        try:
            found: Mapping[str, JSON] = self.slots.read_json(f"{run_folder(key.account, key.event, key.run)}/offer")
        except FilesMissing:
            raise NotThere(f"run {key.run} left no choice of schools and terms", GONE) from None
        return found
