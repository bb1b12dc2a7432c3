"""The Clever sandbox against Clever's own specs: every path of every version, for both districts, key by key.

Skipped where the specs or the recorded district are not at hand (PICKATIME_SHARED says where they are):
neither may be redistributed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from local.sandbox.clever import CleverSandbox
from local.sandbox.clever_data import CleverDistrict
from local.sandbox.clever_routes import VERSIONS
from tests.contract.swagger import SHARED, Swagger

SPECS, FOLDER = SHARED / "specs/clever", SHARED / "data/clever/full_district_v3.0"
pytestmark = pytest.mark.skipif(not SPECS.is_dir(), reason=f"Clever's specs are not at {SPECS}")
recorded_only = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the recorded district is not at {FOLDER}")

# Where Clever's recordings, and our odd records after them, say what the spec does not. All else must fit.
# (Nothing is required by the spec, so contacts without a first name and sections without a teacher do fit.)
KNOWN = {
    # once more inside the role, in every recorded student
    "student: Additional properties are not allowed ('email' was unexpected)",
    "dob: pattern",  # ISO, as user-token answers have it
    "relationship: enum",  # Guardian
}


class Reader:
    """A session at one sandbox."""

    def __init__(self, server: CleverSandbox) -> None:
        self.server, self.session = server, requests.Session()
        self.session.headers["Authorization"] = f"Bearer {server.token}"

    def get(self, target: str) -> requests.Response:
        return self.session.get(self.server.url + target, timeout=10)

    def rows(self, target: str) -> list[dict[str, Any]]:
        return [item["data"] for item in self.get(target).json()["data"]]


@pytest.fixture(scope="module", params=["recorded", "generated"])
def reader(request: pytest.FixtureRequest) -> Iterator[Reader]:
    if request.param == "recorded" and not FOLDER.is_dir():
        pytest.skip(f"the recorded district is not at {FOLDER}")
    district = CleverDistrict.from_folder(FOLDER) if request.param == "recorded" else CleverDistrict.generated(300)
    with CleverSandbox.start(district, v2_contacts="served", rate_limit=100_000) as server:
        reader = Reader(server)
        yield reader
        reader.session.close()


@pytest.fixture(scope="module")
def recorded() -> Iterator[Reader]:
    with CleverSandbox.start(CleverDistrict.from_folder(FOLDER)) as server:
        reader = Reader(server)
        yield reader
        reader.session.close()


def examples(reader: Reader, version: str, kind: str) -> list[str]:
    """A few ids of a kind: of users, two of each role."""
    if kind != "users":
        ids = [row["id"] for row in reader.rows(f"/{version}/{kind}?limit=10000")]
        return [*ids[:2], *ids[-1:]]
    roles = ("student", "teacher", "staff", "district_admin", "contact")
    return [row["id"] for role in roles for row in reader.rows(f"/{version}/users?role={role}&limit=2")]


@pytest.mark.parametrize("version", ["v2.0", "v2.1", "v3.0"])
def test_every_answer_fits_the_spec(reader: Reader, version: str) -> None:
    swagger = Swagger(SPECS / f"{version}.yml")
    broken: dict[str, set[str]] = {}
    for path in swagger.paths:
        kind = path.split("/")[1]
        if kind == "resources":
            continue  # recorded as Express's 404 page, whatever the spec says
        ids = examples(reader, version, kind) if "{id}" in path else [""]
        for target in [f"/{version}{path}".replace("{id}", i) for i in ids]:
            answer = reader.get(target if "{id}" in path else f"{target}?limit=10000")
            if path.endswith("/resources"):
                assert answer.json() == {"resources": []}
            elif answer.status_code == 404 and path.count("/") == 3:
                assert answer.json()["message"]  # a section without a term, a user without a school
            else:
                assert answer.status_code == 200, target
                broken[path] = broken.get(path, set()) | (swagger.complaints(path, answer.json()) - KNOWN)
    assert {path: found for path, found in broken.items() if found} == {}


@pytest.mark.parametrize("version", ["v2.0", "v2.1", "v3.0"])
def test_the_paths_are_those_of_the_spec(version: str) -> None:
    ours = {f"/{kind}" for kind in VERSIONS[version]} | {f"/{kind}/{{id}}" for kind in VERSIONS[version]}
    ours |= {f"/{kind}/{{id}}/{name}" for kind, nested in VERSIONS[version].items() for name in nested}
    theirs = {p for p in Swagger(SPECS / f"{version}.yml").paths if not p.startswith("/resources")}
    assert ours == theirs


def test_a_path_of_another_version_is_unknown(reader: Reader) -> None:
    for path, version in [("students", "v3.0"), ("teachers", "v3.1"), ("users", "v2.0"), ("users", "v2.1")]:
        answer = reader.get(f"/{version}/{path}")
        assert (answer.status_code, answer.headers["content-type"][:9]) == (404, "text/html")
        assert f"<pre>Cannot GET /{version}/{path}</pre>" in answer.text


@pytest.mark.parametrize("version", ["v2.0", "v2.1"])
def test_both_majors_tell_of_the_same_people(reader: Reader, version: str) -> None:
    newer = {row["id"]: row for row in reader.rows("/v3.0/users?role=teacher&limit=10000")}
    legacy = {row["roles"]["teacher"]["legacy_id"]: i for i, row in newer.items()}
    assert {row["id"] for row in reader.rows(f"/{version}/teachers?limit=10000")} == set(legacy)
    students = [row["id"] for row in reader.rows("/v3.0/users?role=student&limit=10000")]
    assert [row["id"] for row in reader.rows(f"/{version}/students?limit=10000")] == students
    sections = {row["id"]: row for row in reader.rows("/v3.0/sections?limit=10000")}
    for row in reader.rows(f"/{version}/sections?limit=10000"):
        assert [legacy[t] for t in row["teachers"]] == sections[row["id"]]["teachers"]


# -- what is known of the recorded district (clever.md, section 11)


@recorded_only
def test_recorded_people(recorded: Reader) -> None:
    users = recorded.rows("/v3.0/users?limit=10000")
    assert len(users) == 2_098
    assert Counter(role for user in users for role in user["roles"]) == {
        "student": 1_004, "contact": 1_002, "teacher": 89, "district_admin": 3,
    }  # fmt: skip
    roles = [(name, role) for user in users for name, role in user["roles"].items()]
    several = Counter(name for name, role in roles if len(role.get("schools", ())) > 1)
    assert several == {"student": 264, "teacher": 24}
    undated = [u["id"] for u in users if "student" in u["roles"] and "dob" not in u["roles"]["student"]]
    assert undated == ["5a25ffb1c1bc2a0036000607"]
    assert sum("@" not in user["email"] for user in users) == 1
    names = Counter((u["name"]["first"], u["name"]["last"]) for u in users if "student" in u["roles"])
    assert sum(n > 1 for n in names.values()) == 4


@recorded_only
def test_recorded_contacts(recorded: Reader) -> None:
    contacts = recorded.rows("/v3.0/users?role=contact&limit=10000")
    related = [r["student"] for c in contacts for r in c["roles"]["contact"]["student_relationships"]]
    assert len(related) == len(set(related)) == 1_004
    assert sum(len(c["roles"]["contact"]["student_relationships"]) == 2 for c in contacts) == 2


@recorded_only
def test_recorded_sections(recorded: Reader) -> None:
    sections = recorded.rows("/v3.0/sections?limit=10000")
    students = {u["id"] for u in recorded.rows("/v3.0/users?role=student&limit=10000")}
    teachers = {u["id"] for u in recorded.rows("/v3.0/users?role=teacher&limit=10000")}
    taught = {t for s in sections for t in s["teachers"]}
    assert (len(sections), sum(len(s["students"]) for s in sections)) == (378, 8_954)
    assert (sum(len(s["teachers"]) for s in sections), len(teachers - taught)) == (452, 12)
    assert Counter(len(s["teachers"]) for s in sections) == {1: 333, 2: 20, 3: 21, 4: 4}
    assert {s for section in sections for s in section["students"]} <= students
    assert taught <= teachers
    assert (max(len(s["students"]) for s in sections), min(len(s["students"]) for s in sections)) == (50, 14)
    per_school = Counter(s["school"][-4:] for s in sections)
    assert per_school == {"0004": 165, "0005": 127, "0006": 86}


TERMS = {
    ("0006", "3962"): (6, 116, 6), ("0006", "3963"): (5, 99, 5), ("0006", "3964"): (68, 234, 19),
    ("0006", "3965"): (3, 78, 1), ("0006", "3966"): (4, 112, 2),
    ("0004", "3964"): (156, 400, 41), ("0004", "3965"): (5, 100, 3), ("0004", "3966"): (4, 130, 2),
}  # fmt: skip


@recorded_only
@pytest.mark.parametrize(("ends", "expected"), TERMS.items(), ids=lambda v: "-".join(map(str, v)))
def test_recorded_terms(recorded: Reader, ends: tuple[str, str], expected: tuple[int, int, int]) -> None:
    (school,) = [s["id"] for s in recorded.rows("/v3.0/schools") if s["id"].endswith(ends[0])]
    sections = recorded.rows(f"/v3.0/schools/{school}/sections?limit=1000")
    chosen = [s for s in sections if s["term_id"].endswith(ends[1])]
    students = {i for s in chosen for i in s["students"]}
    assert (len(chosen), len(students), len({i for s in chosen for i in s["teachers"]})) == expected


@recorded_only
def test_what_was_made_up_for_the_recorded_district(recorded: Reader) -> None:
    terms = recorded.rows("/v3.0/terms")
    named = {s["term_id"] for s in recorded.rows("/v3.0/sections?limit=10000")}
    assert {t["id"] for t in terms} == named
    assert Counter(t["name"] for t in terms)["Semester 1"] == 2
    assert sum("start_date" not in t for t in terms) == 1
    assert len(recorded.rows("/v3.0/courses?limit=1000")) == 343
