"""What a run talks to, in a process of its own on loopback: the provider's pages, the table, the bucket.

Written on bare sockets, because whatever time the world takes is not the importer's. `/control` switches latencies
and tells what was asked for.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bench.bucket import Bucket, Reply
from bench.district import District
from bench.pages import Live, Pages, Prepared
from bench.table import Table
from bench.worlds import ROSTER


class World:
    """All three services; `counts` says what was asked of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._districts: dict[tuple[int, int, bool], dict[str, Pages]] = {}
        self._collections: dict[str, Pages] = {}
        self.counts: Counter[str] = Counter()
        self.table = Table(self.counts)
        self.bucket = Bucket(self.counts)
        self.write_delay = 0.0
        self.page_delay = 0.0

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[Reply, float]:
        """The reply, and how many seconds it is to be held back."""
        parts = urlsplit(target)
        if "x-amz-target" in headers:
            return self.table.answer(headers["x-amz-target"], body), self.write_delay
        if parts.path.startswith(ROSTER):
            return self.roster(parts.path, parts.query), self.page_delay
        if parts.path == "/control":
            return self.control(json.loads(body)), 0.0
        return self.bucket.answer(method, parts.path, parts.query, headers, body), 0.0

    def roster(self, path: str, query: str) -> Reply:
        asked = parse_qs(query)
        pages = self._collections[path.removeprefix(ROSTER)]
        body = pages.page(int(asked["offset"][0]), int(asked["limit"][0]))
        self.counts["pages"] += 1
        self.counts["page_bytes"] += len(body)
        return 200, {"content-type": "application/json", "x-total-count": str(pages.total)}, body

    def control(self, told: dict) -> Reply:
        """`students`, `changed`, `live`: the district from now on; the answer: the counts so far."""
        counts = dict(self.counts)
        if "students" in told:
            self._serve(told["students"], told.get("changed", 0), told.get("live", False))
        if told.get("forget"):
            self.bucket.forget()
        if told.get("reset"):
            self.counts.clear()
        if "names" in told:
            self.table.keep_names()
        self.write_delay = told.get("write_delay", self.write_delay)
        self.page_delay = told.get("page_delay", self.page_delay)
        self.table.weighing = told.get("weigh", self.table.weighing)
        self.table.item = told.get("item", self.table.item)
        self.table.items = told.get("items", self.table.items)
        return 200, {}, json.dumps(counts).encode()

    def _serve(self, students: int, changed: int, live: bool) -> None:
        key = students, changed, live
        if key not in self._districts:
            district = District(students, changed)
            self._districts[key] = {
                name: Live(district, name) if live else Prepared(district, name, self._folder)
                for name in district.collections()
            }
        self._collections = self._districts[key]


class Wire(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, as far as our clients speak it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._head: tuple[str, str, dict[str, str], int, int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._one():
            pass

    def _one(self) -> bool:
        """Answer the request that is complete, if there is one."""
        if self._head is None and not self._read_head():
            return False
        method, target, headers, start, length = self._head
        if len(self._buffer) < start + length:
            return False
        body = bytes(memoryview(self._buffer)[start : start + length])
        del self._buffer[: start + length]
        self._head = None
        (status, named, content), pause = self._world.answer(method, target, headers, body)
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        reply = f"HTTP/1.1 {status} X\r\ncontent-length: {len(content)}\r\n{head}\r\n".encode() + content
        if pause:
            asyncio.get_running_loop().call_later(pause, self._transport.write, reply)
        else:
            self._transport.write(reply)
        return True

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
        if headers.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._head = method, target, headers, end + 4, int(headers.get("content-length", 0))
        return True


async def serve(folder: Path) -> None:
    world = World(folder)
    server = await asyncio.get_running_loop().create_server(lambda: Wire(world), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
