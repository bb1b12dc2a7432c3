"""Fetch, normalise, stage: one turn of a pull, which stops by itself and hands its place to the next turn.

A turn that is killed is done again from the place it began at and writes the same files under the same names.
Nothing here touches the roster: a pull only fills the run's own staging folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import time

from roster.budget import MOST, Budget
from roster.collector import undisturbed
from roster.errors import ContractBroken, ProviderUnavailable
from roster.keys import pulled_folder
from roster.model import JSON, Selection, to_line
from roster.place import Place as Place
from roster.place import sealed
from roster.ports import Http, Records, RunKey, Slots, Tokens
from roster.provider import Checker, Provider
from roster.tokens import OneToken
from roster.turn import Turn


@dataclass
class Puller:
    """One turn of one provider's pull. `left()` gives the seconds this function may still run.

    `edition`: of the code that reads rows; pages of the pull before count only under the same one, none under a blank.
    """

    provider: Provider
    http: Http
    slots: Slots
    records: Records
    tokens: Tokens
    left: Callable[[], float]
    clock: Callable[[], float] = time
    reserve: float = 240.0  # one request, tried three times and then for a smaller page, may take 210 seconds
    edition: str = ""

    @undisturbed()
    def turn(self, key: RunKey, run: Mapping[str, JSON], secret: Mapping[str, str], place: Place) -> Place:
        """Pull pages until the end, the time, or the provider's patience is up. Returns the next place."""
        selection = Selection.from_json(run.get("selection"))
        settings = run.get("settings") or {}
        resources = list(self.provider.resources(settings, selection))
        folder = pulled_folder(key.account, key.event, key.run)
        if place == Place():
            self.slots.write_json(f"{folder}/provider", {"help": dict(self.provider.help)})
        recipe = sealed(self.edition, self.provider.name, to_line([settings, selection.contacts]).decode())
        before = run.get("before") or {} if self.edition else {}
        try:
            ask = self.provider.connect(self.http, settings, secret, OneToken(self.tokens))
            with ThreadPoolExecutor(MOST) as threads:
                return Turn(
                    Checker(self.provider, self.clock),
                    self.slots,
                    self.records,
                    lambda: self.left() >= self.reserve,
                    key,
                    folder,
                    resources,
                    ask,
                    place,
                    recipe,
                    before,
                    threads,
                    Budget(self.provider.lanes),
                ).walk()
        except (ProviderUnavailable, ContractBroken) as error:
            code = "unavailable" if isinstance(error, ProviderUnavailable) else "contract_broken"
            raise type(error)(error.message, self.provider.help.get(code) or error.help) from error
