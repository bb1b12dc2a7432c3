"""One lane in one turn of a pull: what each page of its resource brings, and the file that they are bound into."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import NamedTuple

from roster.budget import Ticket
from roster.keys import slot
from roster.model import JSON, to_line
from roster.paging import LoopGuard
from roster.place import Lane, Place, sealed
from roster.ports import Answer, Packed, Slots
from roster.provider import Checker, Page, Refused, Resource
from roster.sheaf import Leaf, Sheaf, Yesterday, digest, leaf_of, normalised


class Coming(NamedTuple):
    """An answer that was asked for."""

    answer: Future[Answer]
    ticket: Ticket


@dataclass
class Reading:
    """The pages of resource `number`. What they bring goes into the place; `coming` is the answer on its way."""

    place: Place
    number: int
    resource: Resource
    checker: Checker
    slots: Slots
    folder: str
    recipe: str
    yesterday: Yesterday
    coming: Coming | None = None
    stuck: bool = False
    lane: Lane = field(init=False)
    guard: LoopGuard = field(init=False)
    sheaf: Sheaf = field(init=False)

    def __post_init__(self) -> None:
        self.lane = self.place.lanes[self.number]
        self.guard, self.sheaf = LoopGuard(self.lane.loop), Sheaf(self.lane.page)

    @property
    def cursor(self) -> str:
        return self.lane.cursor or self.resource.start

    def opened(self, answer: Answer) -> tuple[Leaf, Packed | Page] | Refused:
        """What the answer is: last night's page, another, or a refusal."""
        cursor, seal = self.cursor, digest(self.recipe, self.resource, self.cursor, answer)
        known = self.yesterday.find(self.number, self.lane.page, cursor, seal) if answer.status == 200 else None
        if known:
            return known
        page = self.checker.page(self.resource, cursor, answer)
        return page if isinstance(page, Refused) else (leaf_of(self.resource, cursor, page, seal), page)

    def refuse(self, code: str) -> None:
        place, lane = self.place, self.lane
        place.warnings[code] = 1
        place.absent.extend(self.resource.covers)
        lane.content = sealed(lane.content, self.resource.name, code)
        lane.done = True

    def turn(self, leaf: Leaf) -> bool:
        """Go on to the next page, before this one's rows are read. Returns whether the source has moved."""
        lane, shifting = self.lane, self.resource.shifting
        self.guard.cursor(self.cursor)
        complete = shifting and lane.total is not None and lane.distinct >= lane.total
        new = self.guard.page(leaf.ids, shifting, complete)
        lane.distinct += new
        # a server without offsets, whose total may be of one page
        self.stuck = complete and not new and leaf.rows > 0
        lane.page += 1
        lane.rows += 0 if self.stuck else leaf.rows
        lane.waits = 0
        lane.cursor = "" if self.stuck else leaf.next or ""
        lane.done = self.stuck or leaf.next is None
        return self._moved(leaf)

    def keep(self, leaf: Leaf, page: Packed | Page) -> bool:
        """Keep what the page's rows bring. Returns whether they say that the source has moved."""
        if self.stuck:
            return False
        part = page
        if isinstance(part, Page):
            leaf, lines = normalised(self.resource, part, leaf)
            part = self.slots.pack(lines)
        self.sheaf.add(leaf, part)
        self.lane.content = sealed(self.lane.content, leaf.digest)
        place, number = self.place, str(self.number)
        place.facts += leaf.facts
        place.pulled = dict(Counter(place.pulled) + Counter(leaf.pulled))
        place.rejected = dict(Counter(place.rejected) + Counter(leaf.rejected))
        place.tags[number] = sorted({*leaf.tags, *place.tags.get(number, ())})
        return self._moved(leaf)

    def _moved(self, leaf: Leaf) -> bool:
        """Whether the provider says, by a marker or another total, that this is not the data we began with."""
        place, lane = self.place, self.lane
        moved = leaf.total is not None and lane.total not in (None, leaf.total)
        lane.total = lane.total if leaf.total is None else leaf.total
        for marker in filter(None, leaf.markers()):
            moved = moved or place.marker not in ("", marker)
            place.marker = marker
        return moved

    def end(self) -> None:
        """The resource's last page was read."""
        place, lane = self.place, self.lane
        if any(name.startswith(f"{self.number:02d}-") for name in place.ids):
            self._keep_ids()
        promised = lane.total if lane.total is not None else lane.rows if self.resource.shifting else 0
        if self.stuck or lane.distinct < promised:  # somebody may be missing, and we do not know who
            place.warnings["source_incomplete"] = place.warnings.get("source_incomplete", 0) + 1
        self._write()
        lane.loop = {}

    def pause(self) -> None:
        """The turn ends before the resource does."""
        self._write()
        if self.guard.ids and self.resource.shifting:
            self._keep_ids()
        self.lane.loop = self.guard.state

    def _write(self) -> None:
        """The files are named in the place: a killed turn may have left others."""
        if not self.sheaf.leaves:
            return
        place = self.place
        name = self.sheaf.name(self.number, self.lane.content)
        self.sheaf.write(self.slots, f"{self.folder}/pull/{place.round}/{name}")
        place.files.append(name)
        if notes := self.sheaf.notes():
            self.slots.write_json(f"{self.folder}/notes/{place.round}/{name}", notes)
            place.noted.append(name)

    def _keep_ids(self) -> None:
        """For the plan, which can tell whether a row of this turn came in another one as well."""
        place = self.place
        name = f"{self.number:02d}-{self.lane.page:06d}-{self.lane.content[:12]}"
        lines = ((slot(id), to_line(id)) for id in self.guard.ids)
        self.slots.write(f"{self.folder}/ids/{place.round}/{name}", lines)
        place.ids.append(name)

    def progress(self) -> dict[str, JSON]:
        lane = self.lane
        told = {"page": lane.page, "rows": lane.rows, "of": lane.total}
        return {"stage": "pull", "resource": self.resource.name, **told}
