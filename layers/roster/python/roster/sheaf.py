"""The pages that a turn of a pull has read of one resource, bound into one file; and last night's, page by page.

A page whose bytes are last night's brings last night's facts, ids and sums with it: its part of the file is lifted into
tonight's without a row being parsed. What a page was is told by a digest of all that its reading depends on.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import msgspec
from msgspec import Struct

from roster.errors import FilesMissing, StoreRefused
from roster.lines import FACTS, NOTES, fact_line, note_line, tag_of
from roster.model import JSON, BirthDate, Person, Record, Rejected, Remark, SourceState, Within
from roster.ports import Answer, Packed, Slots
from roster.provider import Page, Resource
from roster.sizes import storable, surely_storable

UNCOUNTED = (Remark, BirthDate, Within, SourceState)  # they say something about another record


class Leaf(Struct, frozen=True, omit_defaults=True):
    """What one page was and brought: its digest, where it lay, its ids, and the sums over its records.

    `pulled`, `rejected`: records per kind. `notes`: (tag, note). `tags`: which facts are among its lines.
    """

    digest: str
    cursor: str
    next: str | None
    rows: int
    ids: list[str]
    total: int | None = None
    marker: str = ""
    facts: int = 0
    pulled: dict[str, int] = {}
    rejected: dict[str, int] = {}
    notes: list[tuple[str, dict[str, JSON]]] = []
    tags: list[str] = []

    def markers(self) -> Iterator[str]:
        """By which the provider says that its data is not what it was."""
        yield self.marker
        yield from (note["marker"] for tag, note in self.notes if tag == "state")


def digest(recipe: str, resource: Resource, cursor: str, answer: Answer) -> str:
    """Of all that reading this answer depends on: the code and settings (`recipe`), and what was asked and answered."""
    told = (answer.headers.get(name, "") for name in resource.told)
    seal = blake2b("\0".join((recipe, resource.name, cursor, *told, "")).encode(), digest_size=16)
    seal.update(answer.body)
    return seal.hexdigest()


def leaf_of(resource: Resource, cursor: str, page: Page, seal: str) -> Leaf:
    """The page, its rows not yet normalised."""
    ids = list(filter(None, map(resource.row_id, page.rows)))
    return Leaf(seal, cursor, page.next, len(page.rows), ids, page.total, page.marker)


def normalised(resource: Resource, page: Page, leaf: Leaf) -> tuple[Leaf, list[tuple[int, bytes]]]:
    """The leaf with its sums, and the lines of its facts."""
    lines: list[tuple[int, bytes]] = []
    notes: list[tuple[str, dict[str, JSON]]] = []
    counts: Counter[tuple[type, str]] = Counter()
    for row in page.rows:
        for given in resource.normalise(row):
            for record, line in _staged(given):
                counts[type(record), getattr(record, "kind", "")] += 1
                if line:
                    lines.append(line)
                else:
                    notes.append(note_line(record))
    tags = sorted({tag_of(record) for record, _ in counts if record in FACTS})
    pulled, rejected = _sums(counts)
    told = {"facts": len(lines), "pulled": pulled, "rejected": rejected, "notes": notes, "tags": tags}
    return msgspec.structs.replace(leaf, **told), lines


def _staged(record: Record) -> Iterator[tuple[Record, tuple[int, bytes] | None]]:
    """The record as it can be stored, with its slot and line; a note, which is for the run as a whole, has none."""
    if type(record) in NOTES:
        yield record, None
        return
    line = fact_line(record)
    if surely_storable(line[1]):
        yield record, line
        return
    for kept in storable(record):
        yield kept, None if type(kept) in NOTES else fact_line(kept)


def _sums(counts: Mapping[tuple[type, str], int]) -> tuple[dict[str, int], dict[str, int]]:
    """What was read of each kind, and how much of it cannot be used."""
    pulled, rejected = Counter[str](), Counter[str]()
    for (record, kind), times in counts.items():
        if record not in UNCOUNTED:
            pulled[kind if record in (Person, Rejected) else record.__name__.lower()] += times
        if record is Rejected:
            rejected[kind] += times
    return dict(pulled), dict(rejected)


@dataclass
class Sheaf:
    """What was read of one resource and not written yet. `first`: the number of its first page."""

    first: int
    leaves: list[Leaf] = field(default_factory=list)
    parts: list[Packed] = field(default_factory=list)

    def name(self, resource: int, content: str) -> str:
        """Equal names hold equal pages: a turn that was taken for dead may still write, and must overwrite nobody's."""
        return f"{resource:02d}-{self.first:06d}-{content[:12]}"

    def add(self, leaf: Leaf, part: Packed) -> None:
        self.leaves.append(leaf)
        self.parts.append(part)

    def write(self, slots: Slots, file: str) -> None:
        slots.store(file, self.parts, msgspec.to_builtins(self.leaves))

    def notes(self) -> list[tuple[str, dict[str, JSON]]]:
        return [note for leaf in self.leaves for note in leaf.notes]


@dataclass
class Yesterday:
    """The pages of the pull before, for one lane: its folder, and the names of its files.

    One file is in memory at a time.
    """

    slots: Slots
    folder: str = ""
    files: Sequence[str] = ()
    _open: str = ""
    _leaves: dict[str, tuple[Leaf, Packed]] = field(default_factory=dict)

    def find(self, resource: int, page: int, cursor: str, seal: str) -> tuple[Leaf, Packed] | None:
        """The page under this cursor, if it was the same to the byte."""
        first, last = f"{resource:02d}-", f"{resource:02d}-{page:06d}~"
        name = max((name for name in self.files if first <= name <= last), default="")
        if name and name != self._open:
            self._open, self._leaves = name, self._read(f"{self.folder}/{name}")
        leaf, part = self._leaves.get(cursor, (None, None)) if name else (None, None)
        return (leaf, part) if leaf and part is not None and leaf.digest == seal else None

    def _read(self, name: str) -> dict[str, tuple[Leaf, Packed]]:
        """Files of long ago are forgotten, or of another form: then every page is read as if it were the first time.

        To whoever may not list the bucket, as importers, S3 says of a file that is gone that access is denied.
        """
        try:
            parts, memo = self.slots.opened(name)
            leaves = msgspec.convert(memo, list[Leaf])
        except (FilesMissing, StoreRefused, msgspec.MsgspecError, zlib.error, struct.error):
            return {}
        return {leaf.cursor: (leaf, part) for leaf, part in zip(leaves, parts, strict=True)}
