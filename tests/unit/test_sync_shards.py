"""How many shards a plan has is a matter of memory, and of nothing else; files of one night are read by any other."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest

from roster import plan, snapshots
from roster.keys import slot
from roster.model import Enrolment, Selection
from roster.plan import FACTS_PER_SHARD
from roster.staging import shards_for
from tests.fakes.school import EVENT, OTHER, District, Source
from tests.fakes.sense import nonsense

FACTS = {1: 40_000, 2: 40, 8: 8, 64: 1}  # facts per shard that give the district below so many shards


Table = dict[tuple[str, ...], Any]


class DictS3:
    """As much of S3 as S3Slots uses."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:
        self.objects[Key] = Body

    def get_object(self, Bucket: str, Key: str, Range: str = "bytes=0-") -> dict[str, Any]:
        first, last = Range.removeprefix("bytes=").split("-")
        body = self.objects[Key]
        if not first:  # the last so many bytes
            return {"Body": BytesIO(body[-int(last) :])}
        return {"Body": BytesIO(body[int(first) : int(last) + 1 if last else None])}

    def get_paginator(self, name: str) -> DictS3:
        return self

    def paginate(self, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:
        names = sorted(name for name in self.objects if name.startswith(Prefix))
        for start in range(0, max(1, len(names)), 3):
            yield {"Contents": [{"Key": name} for name in names[start : start + 3]]} if names else {}

    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:
        for entry in Delete["Objects"]:
            self.objects.pop(entry["Key"], None)
        return {}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> DictS3:
    made = DictS3()
    monkeypatch.setattr("roster.snapshots.boto3.client", lambda *given, **named: made)
    return made


def use(shards: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "FACTS_PER_SHARD", FACTS[shards])


def edits(source: Source) -> Iterator[None]:
    """What changes before each of five nights."""
    yield
    source.join("S80", "C0")
    source.leave("S1")
    yield
    source.change("teacher", "T0", email="new@school.example")
    source.members.append(Enrolment("C1", "S2", "student"))
    yield
    source.join("S1", "C1")
    source.leave("S80")
    yield
    source.change_class("C0", name="Renamed")
    source.without("parent", "P-S3")
    yield


def nights(district: District, shards: list[int], monkeypatch: pytest.MonkeyPatch) -> list[Table]:
    """The tables after each night, which has the next number of shards."""
    tables = []
    for night, _ in enumerate(edits(district.source)):
        use(shards[night % len(shards)], monkeypatch)
        for event in (EVENT, OTHER):
            state = district.judged(district.begun(event=event))
            assert len(state["verdict"]["shards"]) == shards[night % len(shards)]
            assert district.ended(state)["status"] == "applied"
        district.later()
        assert nonsense(district.roster) == []
        tables.append(district.table())
    return tables


def school() -> District:
    source = Source.small(14)
    source.page_size = 1000
    return District(source)


@pytest.mark.parametrize("shards", [[2], [8], [1, 64, 2, 1, 8], [64, 8, 1, 64, 2]], ids=str)
def test_any_number_of_shards_gives_the_same_tables(shards: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    assert nights(school(), shards, monkeypatch) == nights(school(), [1], monkeypatch)


@pytest.mark.parametrize("shards", [[1, 8, 2, 8, 1], [8]], ids=str)
def test_the_same_over_files_as_they_lie_in_s3(shards: list[int], s3: DictS3, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges of slots, read out of files that were written with more or fewer shards."""
    expected = nights(school(), [1], monkeypatch)
    district = school()
    district.slots = snapshots.S3Slots("bucket")  # type: ignore[assignment]
    assert nights(district, shards, monkeypatch) == expected


@pytest.mark.parametrize("look", [snapshots.FOOTER.size, snapshots.FOOTER.size + 700, 10**6])
def test_a_file_is_read_whole_or_by_its_ranges(look: int, s3: DictS3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "FIRST_LOOK", look)
    slots = snapshots.S3Slots("bucket")
    lines = [(slot(f"S{n}"), f'"S{n}"'.encode()) for n in range(600)]
    slots.write("f", lines)
    for width in (256, 64, 1):
        for start in range(0, 256, width):
            wanted = range(start, start + width)
            found = slots.read("f", wanted).splitlines()
            assert sorted(found) == sorted(line for at, line in lines if at in wanted)


def test_a_file_written_again_is_read_anew(s3: DictS3, monkeypatch: pytest.MonkeyPatch) -> None:
    """The offsets that were remembered are those of the file before."""
    monkeypatch.setattr(snapshots, "FIRST_LOOK", snapshots.FOOTER.size)
    slots = snapshots.S3Slots("bucket")
    slots.write("f", [(3, b"1"), (200, b"2")])
    assert slots.read("f", range(256)).splitlines() == [b"1", b"2"]
    slots.write("f", [(7, b"three"), (201, b"four")])
    assert slots.read("f", range(256)).splitlines() == [b"three", b"four"]
    slots.write("f", [])
    assert slots.read("f", range(256)).splitlines() == []


def test_equal_lines_are_equal_bytes(s3: DictS3) -> None:
    slots = snapshots.S3Slots("bucket")
    for name in ("one", "other"):
        slots.write(name, [(n % 256, b'"line"') for n in range(1_000)])
    assert s3.objects["one"] == s3.objects["other"]


@pytest.mark.parametrize(
    ("facts", "shards"),
    [(0, 1), (1, 1), (40_000, 1), (40_001, 2), (80_000, 2), (80_001, 4), (10_240_000, 256), (10**9, 256)],
)
def test_how_many_shards(facts: int, shards: int) -> None:
    assert shards_for(facts, FACTS_PER_SHARD) == shards


def test_who_is_deselected_is_told_across_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deselecting, over many shards: who is released is told across them."""
    use(8, monkeypatch)
    district = school()
    district.source.change_class("C1", school="school-2")
    district.night()
    district.select(Selection(schools=("school-1",)))
    report = district.night()
    assert (report["status"], report["counts"]["parent"]["departed"]) == ("applied", 7)
    assert nonsense(district.roster) == []
