"""The S3 adapter of `Slots`: files of lines in 256 slots, each slot a gzip member, the offsets in a footer.

Any range of slots is one ranged GET, and most files are so small that the first GET, of the end, holds all of it.
Equal lines give equal bytes, so a step done twice leaves what it left the first time.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from struct import Struct

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from roster.errors import FilesMissing, StoreBusy
from roster.keys import SLOTS
from roster.model import JSON, to_line
from roster.trouble import trouble

BUCKET = "the staging bucket"
FOOTER = Struct(f">{SLOTS + 1}I")
FIRST_LOOK = 64 * 1024
LEVEL = 3  # compression: beyond 3 it costs more time than the bytes are worth


class S3Slots:
    """Files under the staging bucket; `name` is the object's key."""

    def __init__(self, bucket: str) -> None:
        config = Config(connect_timeout=3, read_timeout=20, retries={"mode": "standard", "max_attempts": 5})
        self._client = boto3.client("s3", config=config)
        self._bucket = bucket
        self._offsets: dict[str, tuple[int, ...]] = {}

    @trouble(BUCKET)
    def write(self, name: str, lines: Iterable[tuple[int, bytes]]) -> None:
        """Write the lines, (slot, line) each; none is a file too, for it may replace one that had some."""
        slots = defaultdict(list)
        for slot, line in lines:
            slots[slot].append(line)
        self._offsets.pop(name, None)
        self._client.put_object(Bucket=self._bucket, Key=name, Body=_pack(slots))

    def read(self, name: str, slots: range) -> Iterator[bytes]:
        """The lines of those slots, in slot order."""
        offsets, whole = self._look(name)
        start, stop = offsets[slots.start], offsets[slots.stop]
        if start == stop:
            return
        packed = whole[start:stop] if whole else self._get(name, f"bytes={start}-{stop - 1}")
        yield from gzip.decompress(packed).splitlines()

    @trouble(BUCKET)
    def names(self, prefix: str) -> Sequence[str]:
        """Names of the files whose name begins so, sorted."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    @trouble(BUCKET)
    def write_json(self, name: str, value: JSON) -> None:
        self._client.put_object(Bucket=self._bucket, Key=name, Body=zlib.compress(to_line(value)))

    def read_json(self, name: str) -> JSON:
        return json.loads(zlib.decompress(self._get(name, "bytes=0-")))

    @trouble(BUCKET)
    def delete(self, names: Sequence[str]) -> None:
        """S3 takes at most 1,000 names at a time."""
        for first in range(0, len(names), 1000):
            batch = names[first : first + 1000]
            told = self._client.delete_objects(
                Bucket=self._bucket, Delete={"Objects": [{"Key": name} for name in batch], "Quiet": True}
            )
            if left := told.get("Errors"):
                raise StoreBusy(f"{BUCKET} kept {len(left)} files that were to be deleted ({left[0].get('Code')})")

    def _look(self, name: str) -> tuple[tuple[int, ...], bytes]:
        """(offsets, the file when one look shows all of it)."""
        if name in self._offsets:
            return self._offsets[name], b""
        tail = self._get(name, f"bytes=-{FIRST_LOOK}")
        offsets = FOOTER.unpack(tail[-FOOTER.size :])
        if offsets[-1] + FOOTER.size <= len(tail):
            return offsets, tail
        self._offsets[name] = offsets
        return offsets, b""

    @trouble(BUCKET)
    def _get(self, name: str, span: str) -> bytes:
        try:
            body: bytes = self._client.get_object(Bucket=self._bucket, Key=name, Range=span)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            raise FilesMissing(f"there is no file {name}") from None
        return body


def _pack(slots: dict[int, list[bytes]]) -> bytes:
    members: list[bytes] = []
    offsets = [0]
    for slot in range(SLOTS):
        lines = slots.get(slot)
        member = gzip.compress(b"\n".join(lines) + b"\n", LEVEL, mtime=0) if lines else b""
        members.append(member)
        offsets.append(offsets[-1] + len(member))
    return b"".join(members) + FOOTER.pack(*offsets)
