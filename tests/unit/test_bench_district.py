"""The benchmark's district: as many of each as it says, every reference leads somewhere, a change changes its share."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bench.district import District
from bench.layout import BATCH, batches, items
from bench.pages import Live, Prepared


def rows(district: District, collection: str) -> list[dict[str, Any]]:
    count, row = district.collections()[collection]
    return [row(n) for n in range(count)]


@pytest.mark.parametrize("students", [1, 25, 601, 1000])
def test_the_proportions(students: int) -> None:
    roles = Counter(user["role"] for user in rows(District(students), "users"))
    assert roles["student"] == students
    assert roles["parent"] == students * 9 // 5
    assert roles["teacher"] == -(-students // 15)
    kinds = Counter(one["role"] for one in rows(District(students), "enrollments"))
    assert kinds["student"] == 7 * students
    assert kinds["teacher"] == len(rows(District(students), "classes"))


def test_a_hundred_thousand_students_are_the_district_of_the_figures() -> None:
    assert District(100_000).items() == 1_222_667


def test_every_reference_leads_somewhere() -> None:
    district = District(1000)
    ids = {c: {row["sourcedId"] for row in rows(district, c)} for c in ("orgs", "classes", "users")}
    for user in rows(district, "users"):
        assert {agent["sourcedId"] for agent in user["agents"]} <= ids["users"]
        assert user["orgs"][0]["sourcedId"] in ids["orgs"]
    for one in rows(district, "enrollments"):
        assert one["class"]["sourcedId"] in ids["classes"]
        assert one["user"]["sourcedId"] in ids["users"]


def test_students_and_parents_name_each_other() -> None:
    ties = Counter[tuple[str, str]]()
    for user in rows(District(1000), "users"):
        for agent in user["agents"]:
            pair = (user["sourcedId"], agent["sourcedId"])
            ties[pair if user["role"] == "student" else pair[::-1]] += 1
    assert len(ties) == 1800
    assert set(ties.values()) == {2}


def test_classes_hold_twenty_five() -> None:
    students = [one for one in rows(District(1000), "enrollments") if one["role"] == "student"]
    assert set(Counter(one["class"]["sourcedId"] for one in students).values()) == {25}


def test_one_percent_changed() -> None:
    before, after = District(1000), District(1000, changed=100)
    users = [a != b for a, b in zip(rows(before, "users"), rows(after, "users"), strict=True)]
    memberships = [a != b for a, b in zip(rows(before, "enrollments"), rows(after, "enrollments"), strict=True)]
    assert sum(users) == 10
    assert sum(memberships) == 10


@pytest.mark.parametrize("students", [1, 333])
def test_an_item_per_record_in_full_batches(students: int) -> None:
    bodies = list(batches(District(students)))
    sizes = [len(json.loads(body)["RequestItems"]["bench"]) for body in bodies]
    assert sum(sizes) == District(students).items()
    assert set(sizes[:-1]) <= {BATCH}


def test_no_two_items_share_a_key() -> None:
    district = District(333)
    made = [item for c in district.collections() for row in rows(district, c) for _, item in items(c, row)]
    assert len({(item["pk"], item["sk"]) for item in made}) == len(made)


def test_prepared_and_live_pages_are_the_same(tmp_path: Path) -> None:
    district = District(60)
    prepared, live = Prepared(district, "users", tmp_path), Live(district, "users")
    assert prepared.total == live.total
    for offset in (0, 50, prepared.total - 1, prepared.total, prepared.total + 10):
        assert prepared.page(offset, 50) == live.page(offset, 50)
        json.loads(live.page(offset, 50))
