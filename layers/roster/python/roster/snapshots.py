"""The S3 adapter of `Slots`: files of lines in 256 slots, each slot gzip members, the offsets in a footer.

Any range of slots is one ranged GET, and most files are so small that the first GET, of the end, holds all of it.
Equal lines give equal bytes, so a step done twice leaves what it left the first time. A file may hold several parts,
slot by slot, and say something of them (its memo): a part can be lifted into another file without being unpacked.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Sequence
from struct import Struct

import boto3
import msgspec
from botocore.config import Config
from botocore.exceptions import ClientError

from roster.errors import FilesMissing, StoreBusy
from roster.keys import SLOTS
from roster.model import JSON, to_line
from roster.ports import Packed
from roster.trouble import trouble

BUCKET = "the staging bucket"
FOOTER = Struct(f">{SLOTS + 1}I")
FIRST_LOOK = 64 * 1024
LEVEL, GZIP = 1, 31  # more compression costs more time than the bytes are worth; the format, for zlib


class S3Slots:
    """Files under the staging bucket; `name` is the object's key."""

    def __init__(self, bucket: str) -> None:
        config = Config(connect_timeout=3, read_timeout=20, retries={"mode": "standard", "max_attempts": 5})
        self._client = boto3.client("s3", config=config)
        self._bucket = bucket
        self._offsets: dict[str, tuple[int, ...]] = {}

    def write(self, name: str, lines: Iterable[tuple[int, bytes]]) -> None:
        """Write the lines, (slot, line) each; none is a file too, for it may replace one that had some."""
        self.store(name, [self.pack(lines)])

    @staticmethod
    def pack(lines: Iterable[tuple[int, bytes]]) -> Packed:
        """The lines as a part of a file."""
        slots: list[list[bytes] | None] = [None] * SLOTS
        for slot, line in lines:
            held = slots[slot]
            if held is None:
                slots[slot] = [line]
            else:
                held.append(line)
        return [zlib.compress(b"\n".join([*held, b""]), LEVEL, GZIP) if held else b"" for held in slots]

    @trouble(BUCKET)
    def store(self, name: str, parts: Sequence[Packed], memo: JSON = None) -> None:
        """Write a file of several parts; `memo` is what `opened` gives back with them."""
        members, offsets = [], [0]
        for slot in range(SLOTS):
            members += [part[slot] for part in parts]
            offsets.append(offsets[-1] + sum(len(part[slot]) for part in parts))
        if memo is not None:
            lengths = [[len(member) for member in part] for part in parts]
            members.append(zlib.compress(to_line([lengths, memo]), LEVEL))
        self._offsets.pop(name, None)
        body = b"".join(members) + FOOTER.pack(*offsets)
        self._client.put_object(Bucket=self._bucket, Key=name, Body=body)

    def opened(self, name: str) -> tuple[list[Packed], JSON]:
        """The parts of a file and its memo. Raises FilesMissing where it is gone."""
        body = self._get(name, "bytes=0-")
        offsets = FOOTER.unpack(body[-FOOTER.size :])
        lengths, memo = msgspec.json.decode(zlib.decompress(body[offsets[-1] : -FOOTER.size]))
        parts: list[Packed] = [[] for _ in lengths]
        for slot in range(SLOTS):
            at = offsets[slot]
            for part, sizes in zip(parts, lengths, strict=True):
                part.append(body[at : at + sizes[slot]])
                at += sizes[slot]
        return parts, memo

    def read(self, name: str, slots: range) -> bytes:
        """The lines of those slots, in slot order, each ended by a line end."""
        offsets, whole = self._look(name)
        start, stop = offsets[slots.start], offsets[slots.stop]
        if start == stop:
            return b""
        return gzip.decompress(whole[start:stop] if whole else self._get(name, f"bytes={start}-{stop - 1}"))

    @trouble(BUCKET)
    def names(self, prefix: str) -> Sequence[str]:
        """Names of the files whose name begins so, sorted."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    @trouble(BUCKET)
    def write_json(self, name: str, value: JSON) -> None:
        self._client.put_object(Bucket=self._bucket, Key=name, Body=zlib.compress(to_line(value)))

    def read_json(self, name: str) -> JSON:
        return msgspec.json.decode(zlib.decompress(self._get(name, "bytes=0-")))

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
        if offsets[-1] + FOOTER.size <= len(tail) < FIRST_LOOK:
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
