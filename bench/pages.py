"""The provider's pages: prepared in a file where the time to make them must not count, or made on the fly.

A prepared page is a slice of a mapped file, so that whatever a run takes is the client's own work. Pages made on the
fly hold nothing, so that a million students need no more memory or disk than one.
"""

from __future__ import annotations

from array import array
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Protocol

from bench.district import District, encoded


class Pages(Protocol):
    """One collection; `total` rows."""

    total: int

    def page(self, offset: int, limit: int) -> bytes: ...


class Prepared:
    """A collection's rows in a file, and where each begins."""

    def __init__(self, district: District, collection: str, folder: Path) -> None:
        count, row = district.collections()[collection]
        path = folder / f"{collection}-{district.students}-{district.changed}.json"
        self._offsets = array("Q", [0])
        with path.open("wb") as file:
            for line in encoded(row, range(count)):
                file.write(line)
                file.write(b",")
                self._offsets.append(self._offsets[-1] + len(line) + 1)
        with path.open("rb") as file:
            self._rows = mmap(file.fileno(), 0, access=ACCESS_READ)
        self._key = collection.encode()
        self.total = count

    def page(self, offset: int, limit: int) -> bytes:
        first, last = min(offset, self.total), min(offset + limit, self.total)
        rows = self._rows[self._offsets[first] : self._offsets[last] - 1] if last > first else b""
        return b'{"%s":[%s]}' % (self._key, rows)


class Live:
    """A collection whose rows are made when they are asked for."""

    def __init__(self, district: District, collection: str) -> None:
        self.total, self._row = district.collections()[collection]
        self._key = collection.encode()

    def page(self, offset: int, limit: int) -> bytes:
        numbers = range(min(offset, self.total), min(offset + limit, self.total))
        return b'{"%s":[%s]}' % (self._key, b",".join(encoded(self._row, numbers)))
