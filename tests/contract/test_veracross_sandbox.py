"""The Veracross sandbox keeps Veracross' contract: tokens, order of checks, pages, filters, limits, switches.

An importer is tested against this server, so the server must itself be held to what is known of Veracross.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
import requests

from local.sandbox.faults import Fault
from local.sandbox.veracross import VeracrossSandbox
from local.sandbox.veracross_conduct import CONDUCTS, Conduct
from local.sandbox.veracross_faults import VERACROSS_FAULTS
from local.sandbox.veracross_oddities import ODD
from local.sandbox.veracross_resources import ALL, RESOURCES
from local.sandbox.veracross_school import VeracrossSchool
from local.sandbox.veracross_values import SUMMER

Rows = list[dict[str, Any]]
LISTS = {r.table: r.path for r in RESOURCES}


class Client:
    """A client that does as it should: one token, pages until one is short."""

    def __init__(self, server: VeracrossSandbox) -> None:
        self.server = server
        self.session = requests.Session()
        self.token = self.mint().json()["access_token"]

    def post(self, path: str, **form: str) -> requests.Response:
        form = {"client_id": self.server.client_id, "client_secret": self.server.client_secret} | form
        return self.session.post(f"{self.server.url}/{self.server.route}{path}", data=form, timeout=10)

    def mint(self, scope: str = " ".join(ALL), **form: str) -> requests.Response:
        return self.post("/oauth/token", **({"grant_type": "client_credentials", "scope": scope} | form))

    def get(self, path: str = "/students", **headers: str) -> requests.Response:
        told = {"Authorization": f"Bearer {self.token}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return self.session.get(f"{self.server.url}/{self.server.route}/v3{path}", headers=told, timeout=10)

    def page(self, path: str = "/students", number: int = 1, size: int = 40, **headers: str) -> Rows:
        answer = self.get(path, X_Page_Number=str(number), X_Page_Size=str(size), **headers)
        assert answer.status_code == 200, answer.text
        rows: Rows = answer.json()["data"]
        return rows

    def pages(self, path: str = "/students", size: int = 40, most: int = 60) -> list[list[int]]:
        found: list[list[int]] = []
        while len(found) < most:
            found.append([row["id"] for row in self.page(path, len(found) + 1, size)])
            if len(found[-1]) < size:
                break
        return found

    def rows(self, path: str) -> Rows:
        found: Rows = []
        while len(page := self.page(path, len(found) // 1000 + 1, 1000)) == 1000:
            found += page
        return found + page

    def by_id(self, path: str) -> dict[int, dict[str, Any]]:
        return {row["id"]: row for row in self.rows(path)}


def flat(pages: list[list[int]]) -> list[int]:
    return [i for page in pages for i in page]


def start(**options: Any) -> VeracrossSandbox:
    return VeracrossSandbox.start(VeracrossSchool.generated(options.pop("students", 60)), **options)


@pytest.fixture
def client() -> Iterator[Client]:
    """A server of its own for each test: most of these change something."""
    with VeracrossSandbox.start(VeracrossSchool.generated(120)) as server:
        client = Client(server)
        yield client
        client.session.close()


@pytest.fixture(scope="module")
def school() -> Iterator[Client]:
    """A server that no test changes."""
    with VeracrossSandbox.start(VeracrossSchool.generated(300), rate_limit=100_000) as server:
        client = Client(server)
        yield client
        client.session.close()


# -- tokens


def test_a_token_for_what_was_asked(client: Client) -> None:
    told = client.mint("students:list parents:list").json()
    assert set(told) == {"access_token", "created_at", "expires_in", "scope", "token_type"}
    assert (told["expires_in"], told["scope"], told["token_type"]) == (3600, "students:list parents:list", "Bearer")
    assert abs(told["created_at"] - time.time()) < 5


@pytest.mark.parametrize("kind", ["application/json", "text/plain", ""])
def test_only_forms_are_read(client: Client, kind: str) -> None:
    body = json.dumps({"grant_type": "client_credentials"})
    url = f"{client.server.url}/abcd/oauth/token"
    answer = requests.post(url, data=body, headers={"Content-Type": kind}, timeout=10)
    assert (answer.status_code, answer.text) == (415, "{}")


def test_a_token_request_without_grant_type(client: Client) -> None:
    answer = client.mint(grant_type="")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert answer.json()["error_description"] == "Missing required parameter: grant_type."
    assert client.mint(grant_type="password").status_code == 400
    assert client.mint(scope="").status_code == 400


@pytest.mark.parametrize("wrong", [{"client_id": "x"}, {"client_secret": "x"}, {"client_secret": ""}])
def test_wrong_credentials(client: Client, wrong: dict[str, str]) -> None:
    for path in ("/oauth/token", "/oauth/introspect", "/oauth/revoke"):
        form = {"grant_type": "client_credentials", "scope": "students:list", "token": client.token} | wrong
        answer = client.post(path, **form)
        assert answer.status_code == 401
        assert set(answer.json()) == {"error", "error_description", "error_id"}
        assert answer.json()["error"] == "invalid_client"


@pytest.mark.parametrize("scope", ["students:list admission:list", "students:list,parents:list", "students"])
def test_one_scope_that_is_not_enabled_sinks_the_request(client: Client, scope: str) -> None:
    answer = client.mint(scope)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


def test_the_eleventh_token_revokes_the_first(client: Client) -> None:
    for _ in range(9):
        client.mint()
    assert client.get().status_code == 200
    client.mint()
    refused = client.get()
    assert (refused.status_code, refused.json()["error"]) == (401, "The provided access token has been revoked")
    assert [t.revoked for t in client.server.tokens] == [True] + [False] * 10


def test_introspect_and_revoke(client: Client) -> None:
    told = client.post("/oauth/introspect", token=client.token).json()
    assert set(told) == {"active", "scope", "client_id", "token_type", "exp", "iat"}
    assert (told["active"], told["exp"] - told["iat"]) == (True, 3600)
    assert client.post("/oauth/revoke", token="no such token").status_code == 200
    assert client.post("/oauth/revoke", token=client.token).status_code == 200
    assert client.post("/oauth/introspect", token=client.token).json() == {"active": False}
    assert client.get().status_code == 401


def test_a_token_expires_by_the_clock() -> None:
    now = [1_800_000_000.0]
    with start(expires_in=60, clock=lambda: now[0]) as server:
        client = Client(server)
        now[0] += 59
        assert client.get().status_code == 200
        now[0] += 1
        refused = client.get()
        assert (refused.status_code, refused.json()["error"]) == (401, "The provided access token has expired")


def test_a_new_secret_ends_the_old_one_and_no_token(client: Client) -> None:
    old = client.server.client_secret
    assert client.server.reset_secret() == client.server.client_secret != old
    assert client.mint(client_secret=old).status_code == 401
    assert client.mint().status_code == 200
    assert client.get().status_code == 200


def test_all_tokens_revoked(client: Client) -> None:
    client.server.revoke_tokens()
    assert client.get().status_code == 401
    assert client.mint().status_code == 200


def test_a_scope_taken_back_and_given_again(client: Client) -> None:
    client.server.remove_scope("students:list", from_tokens=False)
    assert client.get().status_code == 200
    client.server.remove_scope("students:list")
    assert client.get().json()["error"].endswith("missing a required scope: students:list")
    assert client.mint().status_code == 400
    client.server.add_scope("students:list")
    assert client.get().status_code == 401
    client.token = client.mint().json()["access_token"]
    assert client.get().status_code == 200


def test_an_import_with_one_token_can_be_seen(client: Client) -> None:
    for path in LISTS.values():
        client.rows(path)
    (token,) = client.server.tokens
    assert token.requests == len(client.server.requests) - 1


# -- routes


def test_another_route_is_unknown_on_both_hosts(client: Client) -> None:
    data = requests.get(f"{client.server.url}/other/v3/students", timeout=10)
    assert (data.status_code, data.json()["error"]) == (404, "The requested client is unknown")
    assert set(data.json()) == {"error", "error_id"}
    token = requests.post(f"{client.server.url}/other/oauth/token", data={}, timeout=10)
    assert token.status_code == 404
    assert set(token.json()) == {"error", "error_description", "error_id"}


def test_routes_have_no_case_and_may_have_a_suffix() -> None:
    with start(route="school/testing") as server:
        assert Client(server).get().status_code == 200
        server.route = "school/testing"
        answer = requests.get(f"{server.url}/SCHOOL/Testing/v3/students", timeout=10)
        assert answer.status_code == 401
        assert requests.get(f"{server.url}/school/v3/students", timeout=10).status_code == 404


# -- the order of checks: each request is also wrong in whatever is checked later


WRONG: list[tuple[int, str, dict[str, Any]]] = [
    (404, "client is unknown", {}),
    (404, "endpoint wasn't found", {"route": "abcd"}),
    (405, "method", {"path": "/students"}),
    (406, "content type", {"method": "GET"}),
    (401, "bearer token is required", {"accept": "application/*;q=0.5, text/html"}),
    (401, "is unknown", {"authorization": "Bearer nonsense"}),
    (401, "has been revoked", {"authorization": "revoked"}),
    (401, "required scope: students:list", {"authorization": "parents"}),
    (400, "parameters were provided: limit, page", {"authorization": "good"}),
    (400, "X-Page-Number", {"path": "/students"}),
    (400, "X-Page-Size", {"number": "2"}),
    (200, "", {"size": "1000"}),
]


def test_the_order_of_checks(client: Client) -> None:
    parents = client.mint("parents:list").json()["access_token"]
    revoked = client.mint().json()["access_token"]
    client.post("/oauth/revoke", token=revoked)
    named = {"revoked": revoked, "parents": parents, "good": client.token}
    asked = {"route": "other", "path": "/nothing", "method": "PUT", "accept": "text/html", "number": "0", "size": "x"}
    asked |= {"authorization": client.token}  # without a scheme
    query = "?page=2&limit=5"
    for status, text, mended in WRONG:
        asked |= mended
        query = "" if text == "X-Page-Number" else query
        bearer = (
            f"Bearer {named[asked['authorization']]}" if asked["authorization"] in named else asked["authorization"]
        )
        headers = {"Accept": asked["accept"], "Authorization": bearer}
        headers |= {"X-Page-Number": asked["number"], "X-Page-Size": asked["size"]}
        url = f"{client.server.url}/{asked['route']}/v3{asked['path']}{query}"
        answer = requests.request(asked["method"], url, headers=headers, timeout=10)
        assert (answer.status_code, text in answer.json().get("error", "")) == (status, status != 200 or not text), text
        assert answer.headers["x-api-revision"]
        assert {h for h in answer.headers if h.lower().startswith("x-rate-limit")} == {
            "X-Rate-Limit-Limit",
            "X-Rate-Limit-Remaining",
            "X-Rate-Limit-Reset",
        }
        if status != 200:
            assert set(answer.json()) == {"error", "error_id"}


def test_encodings_and_the_json_suffix(school: Client) -> None:
    assert school.get("/students.json", Accept="text/html").status_code == 200
    assert school.get("/students", Accept_Encoding="gzip").status_code == 406
    assert school.get("/students", Accept_Encoding="gzip, identity;q=0").status_code == 406
    assert school.get("/students", Accept_Encoding="gzip, deflate").status_code == 200


def test_single_records_and_paths(school: Client) -> None:
    first = school.page(size=1)[0]["id"]
    assert school.get(f"/students/{first}").json()["data"]["id"] == first
    for path, status in (("/1", 404), ("/x", 404), ("/{id}", 400), (f"/{first}?role=1", 400)):
        assert school.get(f"/students{path}").status_code == status
    assert school.get("/students/{id}").json()["error"].endswith("missing required parameters: id")


# -- pages


@pytest.mark.parametrize("count", [999, 1000, 1001])
def test_pages_of_999_1000_and_1001_rows(count: int) -> None:
    with start(students=count) as server:
        client = Client(server)
        sizes = [len(page) for page in client.pages(size=1000)]
        assert sizes == {999: [999], 1000: [1000, 0], 1001: [1000, 1]}[count]
        assert [len(page) for page in client.pages(size=500)] == {
            999: [500, 499],
            1000: [500, 500, 0],
            1001: [500, 500, 1],
        }[count]


def test_pages_are_of_100_unless_asked(school: Client) -> None:
    assert len(school.get("/students").json()["data"]) == 100
    assert school.page(number=99) == []
    everyone = flat(school.pages())
    assert everyone == sorted(set(everyone))
    assert len(everyone) == 300


@pytest.mark.parametrize(("name", "value"), [("X_Page_Size", "1001"), ("X_Page_Size", "0"), ("X_Page_Number", "-1")])
def test_bad_page_headers(school: Client, name: str, value: str) -> None:
    assert school.get("/students", **{name: value}).status_code == 400


# -- shapes


def test_every_record_and_answer_has_something_unknown(school: Client) -> None:
    for path in LISTS.values():
        told = school.get(path).json()
        assert set(told) == {"data", "sandbox_unknown"}
        assert all("sandbox_unknown_field" in row for row in told["data"])
        assert not [name for row in told["data"] for name in row if name.startswith("_")]


def test_value_lists_only_when_asked(school: Client) -> None:
    told = school.get("/relationships", X_API_Value_Lists="include").json()["value_lists"]
    assert [entry["fields"] for entry in told] == [["relationship"], ["role", "related_person_role"]]
    labels = {item["id"]: item for item in told[0]["items"]}
    assert {row["relationship"] for row in school.rows("/relationships")} <= set(labels)
    assert [item["description"] for item in labels.values() if item.get("obsolete")] == ["Nanny"]
    assert "Guardian &amp; Trustee" in {item["description"] for item in labels.values()}
    assert told[0]["categories"] == [{"id": 0, "description": "&lt;None&gt;", "sort_key": 0}]


def test_two_schools_have_other_codes() -> None:
    one, other = (VeracrossSchool.generated(10, seed).values for seed in (1, 2))
    assert one.code("relationship", "Mother") != other.code("relationship", "Mother")
    assert one.code("grade_level", "Kindergarten") == other.code("grade_level", "Kindergarten") == 20


def test_lists_and_single_records_differ(school: Client) -> None:
    listed, single = (school.page(size=1)[0], school.get(f"/students/{school.page(size=1)[0]['id']}").json()["data"])
    assert {"roles", "house", "student_group"} <= set(listed) - set(single)
    assert {"name_prefix", "name_suffix", "current_location"} <= set(single) - set(listed)
    assert (set(listed["campus"]), type(single["campus"])) == ({"id", "description"}, int)


# -- filters


def test_every_filter_is_known_and_no_other(school: Client) -> None:
    for resource in RESOURCES:
        for name in resource.filters():
            value = "true" if name in resource.booleans else "2026-09-01" if name in resource.dates else "1"
            assert school.get(f"{resource.path}?{name}={value}").status_code == 200, name
        refused = school.get(f"{resource.path}?last_modified_since=2026-01-01")
        assert refused.json()["error"] == "Unknown parameters were provided: last_modified_since"


def selects(school: Client, path: str, query: str, keep: Callable[[dict[str, Any]], bool]) -> None:
    everything = school.rows(path)
    wanted = [row["id"] for row in everything if keep(row)]
    assert [row["id"] for row in school.rows(f"{path}?{query}")] == wanted
    assert 0 < len(wanted) < len(everything)


def test_filters_select(school: Client) -> None:
    student = school.page(size=1)[0]
    code = school.server.school.values.code
    for path, query, keep in [
        (
            "/students",
            f"household_id={student['household_id']}",
            lambda r: r["household_id"] == student["household_id"],
        ),
        ("/students", "on_or_after_exit_date=2026-01-01", lambda r: r["exit_date"] is not None),
        ("/students", f"role={code('role', 'Future Student')}", lambda r: r["roles"] == "Future Student"),
        ("/relationships", f"person_id={student['id']}", lambda r: r["person_id"] == student["id"]),
        ("/relationships", "parent_portal_access=true", lambda r: r["parent_portal_access"]),
        ("/relationships", "related_person_is_deceased=true", lambda r: r["related_person_is_deceased"]),
        ("/academics/classes", "school_year=2025", lambda r: r["school_year"] == 2025),
        ("/academics/classes", f"school_year={SUMMER}", lambda r: r["school_year"] <= 0),
        ("/academics/classes", "id=5001;5003", lambda r: r["id"] in (5001, 5003)),
        ("/academics/enrollments", "currently_enrolled=true", lambda r: r["currently_enrolled"]),
        ("/academics/config/grading_periods", "group_id=31", lambda r: r["group"]["id"] == 31),
        ("/academics/config/grading_periods", "on_or_before_end_date=2026-08-01", lambda r: r["end_date"] < "2026-08"),
        ("/students", "on_or_after_last_modified_date=2026-08-01", lambda r: r["last_modified_date"] > "2026-08"),
    ]:
        selects(school, path, query, keep)


def test_filters_add_up_and_refuse_nonsense(school: Client) -> None:
    student = school.page(size=1)[0]["id"]
    rows = school.rows(f"/relationships?person_id={student}&legal_custody=true")
    assert rows
    assert all(row["person_id"] == student and row["legal_custody"] for row in rows)
    for query in ("person_id=x", "legal_custody=yes", "on_or_after_last_modified_date=yesterday"):
        assert school.get(f"/relationships?{query}").status_code == 400


def test_the_school_year_is_a_filter_of_enrollments_and_no_field(school: Client) -> None:
    classes = school.by_id("/academics/classes")
    old = school.rows("/academics/enrollments?school_year=2025")
    assert old
    assert {classes[row["internal_class_id"]]["school_year"] for row in old} == {2025}
    assert "school_year" not in old[0]


# -- the limit


def test_rate_window() -> None:
    with start(rate_limit=3, rate_window=2.0) as server:
        client = Client(server)
        assert client.get("/nothing").headers["x-rate-limit-remaining"] == "3"  # refused before it counts
        answers = [client.get() for _ in range(4)]
        assert [a.status_code for a in answers] == [200, 200, 200, 429]
        assert [a.headers["x-rate-limit-remaining"] for a in answers] == ["2", "1", "0", "0"]
        assert answers[-1].json()["error"] == "Too Many Requests"
        assert "retry-after" not in answers[-1].headers
        other = Client(server)  # each token has a window of its own
        assert other.get().status_code == 200
        time.sleep(max(0, int(answers[-1].headers["x-rate-limit-reset"]) - time.time()) + 0.05)
        assert client.get().status_code == 200


# -- the made-up school


def test_the_same_school_every_time() -> None:
    one, other = VeracrossSchool.generated(50, 3), VeracrossSchool.generated(50, 3)
    assert {k: t.rows for k, t in one.tables.items()} == {k: t.rows for k, t in other.tables.items()}


def test_the_school_has_every_oddity_and_says_where(school: Client) -> None:
    assert len(school.rows("/relationships")) > 1000
    for name, (table, _) in ODD.items():
        listed = school.by_id(LISTS[table] + ("?include_deceased=true" if table == "parents" else ""))
        found = school.server.school.odd[name]
        assert found, name
        assert set(found) <= set(listed), name


def odd(school: Client, name: str, query: str = "") -> Rows:
    rows = school.by_id(LISTS[ODD[name][0]] + query)
    return [rows[i] for i in school.server.school.odd[name]]


def test_people_are_as_odd_as_told(school: Client) -> None:
    staff, parents = school.by_id("/staff_faculty"), school.by_id("/parents")
    today = str(school.server.school.today)
    for row in odd(school, "teacher who is a parent"):
        assert (row["first_name"], row["username"]) == (staff[row["id"]]["first_name"], staff[row["id"]]["username"])
        assert row["roles"] == staff[row["id"]]["roles"] == "Faculty, Parent"
    addresses = Counter(row["email_1"] for row in odd(school, "shared e-mail"))
    assert set(addresses.values()) == {2}
    assert all(row["email_1"] is None for row in odd(school, "parent without e-mail"))
    assert not set(school.server.school.odd["deceased parent"]) & set(parents)
    assert all(row["birthday"] is None for row in odd(school, "student without birthday"))
    assert all(row["exit_date"] < today for row in odd(school, "former student"))
    assert all(row["entry_date"] > today for row in odd(school, "future student"))
    assert {"佐藤"} <= {row["last_name"] for row in odd(school, "CJK name")}
    assert {"O'Dálaigh"} <= {row["last_name"] for row in odd(school, "name with apostrophe or accent")}


def test_relationships_are_as_odd_as_told(school: Client) -> None:
    parents = school.by_id("/parents")
    rights = ("resident", "legal_custody", "parent_portal_access")
    told = {name: {tuple(row[r] for r in rights) for row in odd(school, name)} for name in ODD if "custody" in name}
    assert told == {
        "step-parent without custody": {(True, False, False)},
        "custody without portal access": {(False, True, False)},
        "portal access without custody": {(False, False, True)},
    }
    for row in odd(school, "grandparent with portal access"):
        assert (row["parent_portal_access"], row["related_person_id"] in parents) == (True, False)
    for student in odd(school, "divorced parents"):
        rows = school.rows(f"/relationships?person_id={student['id']}&legal_custody=true")
        homes = {parents[row["related_person_id"]]["household_id"] for row in rows}
        assert len(homes) == 2
        assert student["household_id"] in homes
    dead = school.rows("/relationships?related_person_is_deceased=true&legal_custody=true")
    assert {row["related_person_id"] for row in dead} == set(school.server.school.odd["deceased parent"])


def test_every_relationship_is_told_from_both_sides(school: Client) -> None:
    rows = school.rows("/relationships")
    pairs = Counter((row["person_id"], row["related_person_id"]) for row in rows)
    assert all(pairs[b, a] == n == 1 for (a, b), n in pairs.items())
    label = school.server.school.values.label
    kinds = Counter(label("relationship", row["relationship"]) for row in rows)
    assert {"Mother", "Father", "Son", "Brother", "Wife", "Ex-Husband", "Grandmother", "Ward"} <= set(kinds)
    students = school.by_id("/students")
    mirrors = [r for r in rows if r["person_id"] not in students and r["related_person_id"] in students]
    assert not [r for r in mirrors if r["legal_custody"] or r["parent_portal_access"]]
    names = {row["id"]: row["first_name"] for row in students.values()}
    assert all(row["first_name"] == names[row["related_person_id"]] for row in mirrors)


def test_classes_are_as_odd_as_told(school: Client) -> None:
    staff, label = school.by_id("/staff_faculty"), school.server.school.values.label
    enrolled = Counter(row["internal_class_id"] for row in school.rows("/academics/enrollments"))
    dates = {
        name: {(r["begin_date"], r["end_date"]) for r in odd(school, name)}
        for name in ("year-long class", "semester 1 class", "semester 2 class", "summer class")
    }
    assert dates["year-long class"] == {("2026-08-17", "2027-06-11")}
    assert dates["semester 1 class"] == {("2026-08-17", "2026-12-18")}
    assert dates["semester 2 class"] == {("2027-01-11", "2027-06-11")}
    assert dates["summer class"] == {("2026-06-22", "2026-07-24")}
    assert {(r["begin_date"], r["end_date"]) for r in odd(school, "class without dates")} == {(None, None)}
    assert {r["primary_teacher_id"] for r in odd(school, "class without teacher")} == {None}
    assert not [r for r in odd(school, "class with terminated teacher") if r["primary_teacher_id"] in staff]
    assert not [r for r in odd(school, "class without students") if enrolled[r["id"]]]
    assert {r["school_year"] for r in odd(school, "class of last year")} == {2025}
    codes = [row["class_id"] for row in school.rows("/academics/classes?school_year=2026")]
    assert len(codes) == len(set(codes))
    assert {row["class_id"] for row in school.rows("/academics/classes?school_year=2025")} & set(codes)
    statuses = {label("class_status", r["status"]) for r in school.rows("/academics/classes")}
    assert statuses == {"Active", "Future", "Completed", "Cancelled"}


def test_enrollments_are_as_odd_as_told(school: Client) -> None:
    today = str(school.server.school.today)
    rows = school.rows("/academics/enrollments")
    assert all(row["late_date_enrolled"] > today for row in odd(school, "late enrolment to come"))
    assert not [row for row in odd(school, "late enrolment to come") if row["currently_enrolled"]]
    assert all(row["late_date_enrolled"] < today for row in odd(school, "late enrolment"))
    assert all(row["date_withdrawn"] < today for row in odd(school, "withdrawn from a class"))
    for again in odd(school, "withdrawn and re-enrolled"):
        same = [r for r in rows if all(r[k] == again[k] for k in ("person_id", "internal_class_id"))]
        assert [r["currently_enrolled"] for r in same] == [False, True]
        assert same[0]["date_withdrawn"] < same[1]["late_date_enrolled"]
    nobody = [
        r["primary_teacher"]
        for r in rows
        if r["internal_class_id"] == school.server.school.odd["class without teacher"][0]
    ]
    assert nobody
    assert {tuple(t.values()) for t in nobody} == {(None,) * 7}


def test_co_teachers_are_told_where_the_scope_allows(client: Client) -> None:
    assert client.get("/academics/permissions").json()["error"].endswith("scope: academics.permissions:list")
    client.server.add_scope("academics.permissions:list")
    client.token = client.mint("academics.permissions:list").json()["access_token"]
    taught = client.server.school.odd["class with co-teachers"][0]
    answer = client.get(f"/academics/permissions?class_id={taught}", X_API_Value_Lists="include").json()
    labels = {i["id"]: i["description"] for e in answer["value_lists"] if "role" in e["fields"] for i in e["items"]}
    told = [labels[row["role"]] for row in answer["data"]]
    assert (told[0], set(told[1:])) == ("Primary Teacher", {"Co-Teacher"})
    assert client.get("/academics/permissions/1").status_code == 404


def test_grading_periods(school: Client) -> None:
    rows = school.rows("/academics/config/grading_periods")
    assert len({row["group"]["id"] for row in rows if row["school_year"] > 0}) == 2
    assert {row["school_year"] for row in rows} == {2025, 2026, SUMMER}
    assert {(row["major"], row["minor"]) for row in rows} == {(True, False), (False, True), (False, False)}
    assert all(row["start_date"].endswith("T00:00:00Z") for row in rows)


# -- stories between two nights


def test_a_student_joins_and_leaves(client: Client) -> None:
    school = client.server.school
    before = {kind: dict(table.rows) for kind, table in school.tables.items()}
    new = school.join(preferred_name="Kit")
    assert flat(client.pages())[-1] == new
    told = client.get(f"/students/{new}").json()["data"]
    assert (told["preferred_name"], told["last_modified_date"][:10]) == ("Kit", str(school.today))
    (link,) = client.rows(f"/relationships?person_id={new}")
    assert client.get(f"/parents/{link['related_person_id']}").status_code == 200
    assert len(client.rows(f"/academics/enrollments?person_id={new}")) == len(school.classes_of(new)) > 3
    school.leave(new)
    assert {kind: table.rows for kind, table in school.tables.items()} == before


def test_a_student_leaves_and_comes_back(client: Client) -> None:
    school = client.server.school
    before = {kind: dict(table.rows) for kind, table in school.tables.items()}
    student = flat(client.pages())[0]
    gone = school.leave(student)
    assert {kind for kind, _ in gone} >= {"students", "relationships", "enrollments"}
    assert client.get(f"/students/{student}").status_code == 404
    assert str(student) not in str([row["person_id"] for row in client.rows("/relationships")])
    school.come_back(gone)
    assert {kind: table.rows for kind, table in school.tables.items()} == before


def test_birthdays_are_set_and_blanked(client: Client) -> None:
    school, student = client.server.school, flat(client.pages())[0]
    school.set_birthday(student, date(2012, 2, 29))
    assert client.page(size=1)[0]["birthday"] == "2012-02-29"
    school.blank_birthdays()
    assert {row["birthday"] for row in client.rows("/students")} == {None}


def test_small_changes_to_classes(client: Client) -> None:
    school, student = client.server.school, flat(client.pages())[0]
    first = school.classes_of(student)[0]
    school.withdraw(first, student)
    (row,) = client.rows(f"/academics/enrollments?person_id={student}&internal_class_id={first}")
    assert (row["date_withdrawn"], row["currently_enrolled"]) == (str(school.today), False)
    school.enrol(first, student, late=school.today)
    assert len(client.rows(f"/academics/enrollments?person_id={student}&internal_class_id={first}")) == 2
    school.set_teacher(first, None)
    assert client.get(f"/academics/classes/{first}").json()["data"]["primary_teacher_id"] is None
    gone = school.remove("classes", first)
    assert client.get(f"/academics/classes/{first}").status_code == 404
    school.come_back(gone)
    school.edit("classes", first, description="Chess")
    assert client.get(f"/academics/classes/{first}").json()["data"]["description"] == "Chess"


# -- signing in

HOME = "https://app.example.org/client?from=veracross"


def authorize(client: Client, **changed: str) -> requests.Response:
    query = {"client_id": client.server.client_id, "redirect_uri": HOME, "response_type": "code", "scope": "sso"}
    url = f"{client.server.url}/abcd/oauth/authorize"
    return client.session.get(url, params=query | changed, allow_redirects=False, timeout=10)


def exchange(client: Client, answer: requests.Response, **changed: str) -> requests.Response:
    code = dict(parse_qsl(urlsplit(answer.headers["location"]).query))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": HOME} | changed
    return client.post("/oauth/token", **form)


def who(client: Client, token: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return client.session.get(f"{client.server.url}/abcd/oauth/userinfo", headers=headers, timeout=10)


def may_sign_in(client: Client, person: int | None = None) -> int:
    person = person or client.server.school.odd["teacher who is a parent"][0]
    client.server.sso.redirect_uris.append(HOME)
    for scope in ("sso", "openid"):
        client.server.add_scope(scope)
    client.server.sign_in(person)
    return person


def userinfo(client: Client) -> dict[str, Any]:
    may_sign_in(client)
    token = exchange(client, authorize(client)).json()["access_token"]
    told: dict[str, Any] = who(client, token).json()
    return told


def test_signing_in(client: Client) -> None:
    person = may_sign_in(client)
    answer = authorize(client, state="a b&c")
    query = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert (answer.status_code, query["state"], query["from"]) == (302, "a b&c", "veracross")
    assert answer.headers["location"].startswith(HOME + "&code=")
    token = exchange(client, answer).json()
    assert set(token) == {"access_token", "refresh_token", "created_at", "expires_in", "scope", "token_type"}
    told = who(client, token["access_token"]).json()
    (staff,) = [row for row in client.rows("/staff_faculty") if row["id"] == person]
    assert told == {
        "sub": str(person),
        "preferred_username": staff["username"],
        "email": staff["email_1"],
        "roles": ["Faculty", "Parent"],
    }


def test_what_is_wrong_is_shown_on_the_screen(client: Client) -> None:
    may_sign_in(client)
    wrong = {"client_id": "x", "redirect_uri": HOME + "&x=1", "response_type": "token", "scope": "sso admission:list"}
    for name, value in wrong.items():
        answer = authorize(client, **{name: value})
        assert answer.status_code in (400, 401), name
        assert answer.headers["content-type"].startswith("text/html")
        assert "location" not in answer.headers
    client.session.get(f"{client.server.url}/abcd/logout", timeout=10)
    assert authorize(client).status_code == 200  # a form to log in


def test_a_code_serves_once_for_ten_minutes_and_one_address() -> None:
    now = [1_800_000_000.0]
    with start(clock=lambda: now[0], scopes=(*ALL, "sso"), redirect_uris=[HOME]) as server:
        client = Client(server)
        client.server.sign_in(server.school.tables["parents"].ids[0])
        first, second = authorize(client), authorize(client)
        assert exchange(client, first, redirect_uri=HOME + "/").status_code == 401
        assert [exchange(client, first).status_code for _ in range(2)] == [200, 401]
        now[0] += 600
        late = exchange(client, second)
        assert (late.status_code, late.json()["error"]) == (401, "invalid_grant")


def test_userinfo_wants_the_token_of_a_person(client: Client) -> None:
    assert who(client, "nonsense").status_code == 401
    assert who(client, client.token).status_code == 403
    may_sign_in(client)
    assert who(client, client.mint("sso").json()["access_token"]).status_code == 404


def test_a_refresh_token_renews(client: Client) -> None:
    may_sign_in(client)
    token = exchange(client, authorize(client)).json()
    renewed = client.post("/oauth/token", grant_type="refresh_token", refresh_token=token["refresh_token"])
    assert who(client, token["access_token"]).status_code == 401
    assert who(client, renewed.json()["access_token"]).status_code == 200


def test_openid_connect(client: Client) -> None:
    person, base = may_sign_in(client), f"{client.server.url}/abcd"
    told = client.session.get(f"{base}/.well-known/openid-configuration", timeout=10).json()
    token = exchange(client, authorize(client, scope="openid", nonce="n1")).json()
    (key,) = client.session.get(told["jwks_uri"], timeout=10).json()["keys"]
    assert (key["alg"], key["kid"]) == ("RS256", jwt.get_unverified_header(token["id_token"])["kid"])
    claims = jwt.decode(
        token["id_token"],
        jwt.PyJWK(key).key,
        algorithms=["RS256"],
        audience=client.server.client_id,
        issuer=told["issuer"],
    )
    assert (claims["sub"], claims["nonce"], claims["roles"]) == (str(person), "n1", ["Faculty", "Parent"])


# -- every conduct does what it says

Check = Callable[[Client], None]
CONDUCT: dict[str, Check] = {}
FAULT: dict[str, Check] = {}


def shows(name: str, kept: dict[str, Check]) -> Callable[[Check], Check]:
    def keep(check: Check) -> Check:
        kept[name] = check
        return check

    return keep


def honest(client: Client, path: str = "/students") -> list[int]:
    return client.server.school.tables[next(r.table for r in RESOURCES if r.path == path)].ids


@shows("scope_error_401", CONDUCT)
def _(client: Client) -> None:
    assert client.mint("nothing:list").status_code == 401


@shows("grant_error_400", CONDUCT)
def _(client: Client) -> None:
    answer = client.post("/oauth/token", grant_type="authorization_code", code="x", redirect_uri=HOME)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@shows("short_tokens", CONDUCT)
def _(client: Client) -> None:
    assert [client.get().status_code for _ in range(6)] == [200, 200, 200, 200, 401, 401]
    client.token = client.mint().json()["access_token"]
    assert client.get().status_code == 200


@shows("lower_rate_limit", CONDUCT)
def _(client: Client) -> None:
    answers = [client.get() for _ in range(6)]
    assert 429 in {a.status_code for a in answers}
    assert answers[0].headers["x-rate-limit-limit"] == "5"
    assert int(answers[0].headers["x-rate-limit-reset"]) - time.time() <= 2


@shows("page_size_clamped", CONDUCT)
def _(client: Client) -> None:
    assert client.get("/students", X_Page_Size="5000").status_code == 200


@shows("row_moved_between_pages", CONDUCT)
def _(client: Client) -> None:
    ids = flat(client.pages())
    assert sorted(set(ids)) == honest(client)
    assert len(ids) == len(honest(client)) + 1


@shows("row_lost_between_pages", CONDUCT)
def _(client: Client) -> None:
    assert set(honest(client)) - set(flat(client.pages())) == {honest(client)[40]}


@shows("full_page_repeated", CONDUCT)
def _(client: Client) -> None:
    pages = client.pages()
    assert pages[0] == pages[1]
    assert flat(pages[1:]) == honest(client)


@shows("string_codes", CONDUCT)
def _(client: Client) -> None:
    told = client.get("/students", X_API_Value_Lists="include").json()
    assert {type(item["id"]) for entry in told["value_lists"] for item in entry["items"]} == {str}
    assert {type(row["grade_level"]) for row in told["data"]} == {int}


@shows("string_ids", CONDUCT)
def _(client: Client) -> None:
    row = client.page("/academics/enrollments", size=1)[0]
    ids = (row["id"], row["person_id"], row["internal_class_id"], row["primary_teacher"]["id"])
    assert [type(i) for i in ids] == [str] * 4
    assert type(row["grade_level_id"]) is int
    assert client.get(f"/academics/enrollments/{row['id']}").status_code == 200


@shows("null_nested", CONDUCT)
def _(client: Client) -> None:
    listed = client.rows("/academics/enrollments")
    assert None in [row["primary_teacher"] for row in listed]
    assert client.page(size=1)[0]["house"] is None


@shows("older_api", CONDUCT)
def _(client: Client) -> None:
    assert "related_person_is_deceased" not in client.page("/relationships")[0]
    assert client.get("/relationships?related_person_is_deceased=true").status_code == 400


@shows("hidden_birthdays", CONDUCT)
def _(client: Client) -> None:
    assert {row["birthday"] for row in client.rows("/students")} == {None}


@shows("no_reciprocal_rows", CONDUCT)
def _(client: Client) -> None:
    rows, students = client.rows("/relationships"), set(honest(client))
    assert len(rows) * 2 == len(honest(client, "/relationships"))
    assert not [r for r in rows if r["person_id"] not in students and r["related_person_id"] in students]


@shows("parent_side_only", CONDUCT)
def _(client: Client) -> None:
    rows, students = client.rows("/relationships"), set(honest(client))
    assert not [r for r in rows if r["person_id"] in students and r["related_person_id"] not in students]
    assert [r for r in rows if r["related_person_id"] in students and r["person_id"] not in students]


@shows("current_students_only", CONDUCT)
def _(client: Client) -> None:
    assert {row["roles"] for row in client.rows("/students")} == {"Student"}
    role = client.server.school.values.code("role", "Future Student")
    assert {row["roles"] for row in client.rows(f"/students?role={role}")} == {"Future Student"}


@shows("current_year_only", CONDUCT)
def _(client: Client) -> None:
    assert {row["school_year"] for row in client.rows("/academics/classes")} == {2026}
    assert client.rows("/academics/classes?school_year=2025")


@shows("advisory_elsewhere", CONDUCT)
def _(client: Client) -> None:
    told = {row["id"] for row in client.rows("/academics/classes")}
    assert not told & set(client.server.school.odd["advisory class"])
    assert {row["internal_class_id"] for row in client.rows("/academics/enrollments")} <= told


@shows("single_value_filters", CONDUCT)
def _(client: Client) -> None:
    assert client.get("/academics/classes?id=5001;5003").status_code == 400


@shows("sub_is_account", CONDUCT)
def _(client: Client) -> None:
    assert int(userinfo(client)["sub"]) not in client.server.school.people.everyone


@shows("userinfo_email_null", CONDUCT)
def _(client: Client) -> None:
    assert userinfo(client)["email"] is None


@shows("userinfo_email_absent", CONDUCT)
def _(client: Client) -> None:
    assert "email" not in userinfo(client)


@shows("userinfo_roles_null", CONDUCT)
def _(client: Client) -> None:
    assert userinfo(client)["roles"] is None


@shows("userinfo_roles_absent", CONDUCT)
def _(client: Client) -> None:
    assert "roles" not in userinfo(client)


@pytest.mark.parametrize("name", CONDUCTS)
def test_conduct(name: str, client: Client) -> None:
    assert set(CONDUCT) == set(CONDUCTS)
    assert CONDUCTS[name]
    client.server.conduct = Conduct.named(name)
    CONDUCT[name](client)


def test_an_unknown_conduct_is_refused() -> None:
    with pytest.raises(ValueError, match="no conduct 'typo'"):
        Conduct.named("typo")


# -- every fault does what it says, where Veracross is other than the provider they are shown on


@shows("too_many", FAULT)
def _(client: Client) -> None:
    answer = client.get()
    assert (answer.status_code, answer.headers["x-rate-limit-remaining"]) == (429, "0")
    assert 0 <= int(answer.headers["x-rate-limit-reset"]) - time.time() <= 2


@shows("no_list_key", FAULT)
def _(client: Client) -> None:
    assert "data" not in client.get().json()


@shows("empty_list", FAULT)
def _(client: Client) -> None:
    assert client.pages() == [[]]


@shows("half_gone", FAULT)
def _(client: Client) -> None:
    assert client.pages() == [honest(client)[:40:2]]


@shows("same_cursor", FAULT)
def _(client: Client) -> None:
    assert client.pages(most=5) == [honest(client)[:40]] * 5


@shows("empty_last_page", FAULT)
def _(client: Client) -> None:
    client.server.school.leave(honest(client)[0])
    for path, size in (("/students", 40), ("/students", 1000), ("/staff_faculty", 20)):
        pages = client.pages(path, size)
        assert pages[-1] == []
        assert {len(page) for page in pages[:-1]} == {size}
        assert list(dict.fromkeys(sorted(flat(pages)))) == honest(client, path)


@shows("repeated_rows", FAULT)
def _(client: Client) -> None:
    pages = client.pages()
    assert [page[0] for page in pages[1:]] == [page[-1] for page in pages[:-1]]
    assert sorted(set(flat(pages))) == honest(client)
    assert max(map(len, pages)) == 40


@shows("rows_inserted", FAULT)
def _(client: Client) -> None:
    before = list(honest(client))
    assert flat(client.pages())[:-1] == before


@shows("token_revoked", FAULT)
def _(client: Client) -> None:
    assert [client.get().status_code for _ in range(3)] == [200, 401, 401]
    client.token = client.mint().json()["access_token"]
    assert client.get().status_code == 200


@shows("token_withdrawn", FAULT)
def _(client: Client) -> None:
    secret = client.server.client_secret
    assert [client.get().status_code for _ in range(3)] == [200, 401, 401]
    assert client.mint(client_secret=secret).status_code == 401


@shows("scope_removed", FAULT)
def _(client: Client) -> None:
    client.get()
    assert client.get("/relationships").json()["error"].endswith("required scope: relationships:list")
    assert client.get().status_code == 200
    client.server.faults.add(Fault("scope_removed", path="*/academics/classes*", nth=1))
    assert client.get("/academics/classes").json()["error"].endswith("required scope: academics.classes:list")


SHOWN_ELSEWHERE = (
    "too_many_bare too_many_retry_after error_500 error_502 error_503 slow truncated cut_json reset html_200 html_404"
    " bare_array"
).split()


@pytest.mark.parametrize("name", FAULT)
def test_fault(name: str, client: Client) -> None:
    client.server.faults.add(name)
    FAULT[name](client)


def test_every_fault_is_known() -> None:
    assert set(VERACROSS_FAULTS) == set(FAULT) | set(SHOWN_ELSEWHERE)


def test_a_fault_on_the_wire_spares_signing_in(client: Client) -> None:
    client.server.faults.add(Fault("error_503", times=None))
    assert client.mint().status_code == 200
    assert client.get().status_code == 503
    client.server.faults.clear()
    client.server.faults.add(Fault("error_500", path="*/oauth/token*"))
    assert client.mint().status_code == 500


# -- as a command


def test_command_says_where_it_is() -> None:
    command = [sys.executable, "-m", "local.sandbox.veracross", "--students", "20"]
    command += ["--fault", "error_500", "--conduct", "hidden_birthdays", "--route", "efgh"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = dict(pair.split("=", 1) for pair in process.stdout.readline().split())
        assert (set(told), told["route"]) == ({"url", "route", "client_id", "client_secret"}, "efgh")
        form = {"grant_type": "client_credentials", "scope": "students:list"}
        form |= {name: told[name] for name in ("client_id", "client_secret")}
        token = requests.post(f"{told['url']}/efgh/oauth/token", data=form, timeout=10).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        answers = [requests.get(f"{told['url']}/efgh/v3/students", headers=headers, timeout=10) for _ in range(2)]
        process.terminate()
    assert [a.status_code for a in answers] == [500, 200]
    assert {row["birthday"] for row in answers[1].json()["data"]} == {None}
