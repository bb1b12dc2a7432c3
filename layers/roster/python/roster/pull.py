"""Fetch, normalise, stage: one turn of a pull, which stops by itself and hands its place to the next turn.

A turn that is killed is done again from the place it began at and writes the same files under the same names.
Nothing here touches the roster: a pull only fills the run's own staging folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import time

from roster.collector import undisturbed
from roster.errors import ContractBroken, ProviderUnavailable
from roster.keys import pulled_folder
from roster.model import JSON, Selection, to_line
from roster.place import Place as Place
from roster.place import sealed
from roster.ports import Answer, Http, Records, RunKey, Slots, Tokens
from roster.provider import Ask, Provider
from roster.sheaf import Yesterday
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
            ask = self._counting(self.provider.connect(self.http, settings, secret, self.tokens), place)
            with ThreadPoolExecutor(1) as ahead:
                return Turn(
                    self.provider,
                    self.slots,
                    self.records,
                    self.clock,
                    lambda: self.left() >= self.reserve,
                    key,
                    folder,
                    resources,
                    ask,
                    place,
                    recipe,
                    Yesterday(self.slots, **before),
                    ahead,
                ).walk()
        except (ProviderUnavailable, ContractBroken) as error:
            code = "unavailable" if isinstance(error, ProviderUnavailable) else "contract_broken"
            raise type(error)(error.message, self.provider.help.get(code) or error.help) from error

    @staticmethod
    def _counting(ask: Ask, place: Place) -> Ask:
        def counted(cursor: str) -> Answer:
            place.requests += 1
            return ask(cursor)

        return counted
