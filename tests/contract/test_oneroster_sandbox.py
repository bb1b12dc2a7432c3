"""The OneRoster and ClassLink sandboxes keep the contract: paths, paging, filters, three ways in, habits, stories.

An importer is tested against these servers, so they must themselves be held to what is known of real ones.
"""

from __future__ import annotations

import base64
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import pytest
import requests

from local.sandbox.classlink import ClassLinkSandbox
from local.sandbox.classlink_tenants import Tenant
from local.sandbox.district import District
from local.sandbox.faults import FAULTS, Fault
from local.sandbox.oneroster import ONEROSTER_FAULTS, OneRosterSandbox
from local.sandbox.oneroster_auth import OAuth2, base_string, scope_name, signature
from local.sandbox.oneroster_conduct import CONDUCTS, Conduct, conduct
from local.sandbox.oneroster_data import OneRosterDistrict
from local.sandbox.oneroster_rows import BASES, KINDS, PARENT_ROLES, V11, V12

Row = dict[str, Any]


class Client:
    """A reader of one sandbox; pages by rows received, as an importer should."""

    def __init__(self, server: OneRosterSandbox) -> None:
        self.server, self.session = server, requests.Session()

    def get(self, path: str, version: str = V11, **headers: str) -> requests.Response:
        told = {"Authorization": f"Bearer {self.server.token}", **headers}
        return self.session.get(self.server.base_urls[version] + path, headers=told, timeout=10)

    def rows(self, path: str, version: str = V11) -> list[Row]:
        """All rows on one page."""
        (rows,) = self.get(f"{path}{'&' if '?' in path else '?'}limit=10000", version).json().values()
        assert isinstance(rows, list)
        return rows

    def ids(self, path: str, version: str = V11) -> list[str]:
        return [row["sourcedId"] for row in self.rows(path, version)]

    def pages(self, path: str, limit: int, most: int = 60) -> list[list[str]]:
        found: list[list[str]] = []
        while len(found) < most:
            offset = sum(map(len, found))
            mark = "&" if "?" in path else "?"
            rows = next(iter(self.get(f"{path}{mark}limit={limit}&offset={offset}").json().values()))
            if not rows:
                return found
            found.append([row["sourcedId"] for row in rows])
        return found


def staff_of(client: Client) -> int:
    return len([u for u in client.rows("/users") if u["role"] not in ("student", *PARENT_ROLES)])


@pytest.fixture(scope="module")
def shared() -> Iterator[Client]:
    """For tests that change nothing."""
    with OneRosterSandbox.start(OneRosterDistrict.generated(300)) as server:
        client = Client(server)
        yield client
        client.session.close()


@pytest.fixture
def client() -> Iterator[Client]:
    """A district of one's own."""
    with OneRosterSandbox.start(OneRosterDistrict.generated(300)) as server:
        client = Client(server)
        yield client
        client.session.close()


def minor(answer: requests.Response) -> str:
    (field,) = answer.json()["imsx_CodeMinor"]["imsx_codeMinorField"]
    return str(field["imsx_codeMinorFieldValue"])


def esc(sourced_id: str) -> str:
    return quote(sourced_id, safe="")


def flt(expression: str) -> str:
    return f"filter={quote(expression, safe='')}"


# -- the district


def test_the_district_is_the_generators(shared: Client) -> None:
    told = District(300)
    people = [u for u in shared.rows("/users") if u["status"] == "active"]
    count = {role: sum(u["role"] == role for u in people) for role in ("student", "teacher", *PARENT_ROLES)}
    assert count["student"] == 300
    assert count["teacher"] == told.teacher_start[-1]
    assert sum(count[role] for role in PARENT_ROLES) == len(list(told.guardians()))
    assert all(count.values())
    assert {u["role"] for u in people} == {"student", "teacher", "administrator", "aide", *PARENT_ROLES}
    running = [c for c in shared.rows("/classes") if c["status"] == "active"]
    assert [c["title"] for c in running] == [s.name for s in told.sections()]


def test_the_same_district_for_the_same_students_and_seed() -> None:
    one, again, other = (OneRosterDistrict.generated(60, seed=seed) for seed in (3, 3, 4))
    assert one.tables == again.tables != other.tables


def test_sessions_are_a_tree(shared: Client) -> None:
    sessions = {s["sourcedId"]: s for s in shared.rows("/academicSessions")}
    assert {s["type"] for s in sessions.values()} == {"schoolYear", "semester", "gradingPeriod", "term"}
    for sid, session in sessions.items():
        for child in session.get("children", []):
            assert sessions[child["sourcedId"]]["parent"]["sourcedId"] == sid
        if "parent" in session:
            assert session["startDate"] >= sessions[session["parent"]["sourcedId"]]["startDate"]
    assert sorted(s["title"] for s in sessions.values() if s["sourcedId"].startswith("S1")) == ["Semester 1"] * 2
    assert shared.ids("/terms") == ["IS"]
    assert len(shared.ids("/gradingPeriods")) == 5


def test_classes_sit_anywhere_in_the_tree(shared: Client) -> None:
    types = {s["sourcedId"]: s["type"] for s in shared.rows("/academicSessions")}
    sits = {tuple(types[t["sourcedId"]] for t in c["terms"]) for c in shared.rows("/classes")}
    assert sits == {(), ("schoolYear",), ("semester",), ("semester", "semester"), ("gradingPeriod",), ("term",)}


def test_agents_go_both_ways(shared: Client) -> None:
    agents = {u["sourcedId"]: [a["sourcedId"] for a in u.get("agents", [])] for u in shared.rows("/users")}
    assert all(one in agents[other] for one, others in agents.items() for other in others)
    assert sum(map(len, agents.values())) > 600


def test_a_teacher_who_is_a_parent_is_two_users_in_1_1_and_one_in_1_2(shared: Client) -> None:
    older = {u["sourcedId"]: u for u in shared.rows("/users", V11)}
    newer = {u["sourcedId"]: u for u in shared.rows("/users", V12)}
    twins = shared.server.district.twins
    assert set(older) - set(newer) == set(twins) != set()
    for guardian, teacher in twins.items():
        assert older[guardian]["role"] == "parent"
        assert older[guardian]["identifier"] == older[teacher]["identifier"]
        assert {r["role"] for r in newer[teacher]["roles"]} >= {"teacher", "parent"}
        for child in older[guardian]["agents"]:
            assert teacher in [a["sourcedId"] for a in newer[child["sourcedId"]]["agents"]]


def test_one_primary_role_at_each_org(shared: Client) -> None:
    for user in shared.rows("/users", V12):
        primary = [r["org"]["sourcedId"] for r in user["roles"] if r["roleType"] == "primary"]
        assert sorted(primary) == sorted({r["org"]["sourcedId"] for r in user["roles"]})


def test_ids_are_of_every_kind(shared: Client) -> None:
    ids = shared.ids("/students")
    assert {mark for mark in "/ |%Ñ" if any(mark in i for i in ids)} == set("/ |%Ñ")
    assert [i for i in ids if i.startswith("0")]
    for sid in ids:
        answer = shared.get(f"/students/{esc(sid)}")
        assert answer.json()["user"]["sourcedId"] == sid


def test_rows_that_are_gone_not_begun_or_ended(shared: Client) -> None:
    for kind in ("orgs", "users", "classes", "enrollments", "demographics"):
        assert {r["status"] for r in shared.rows(f"/{kind}")} == {"active", "tobedeleted"}
    dates = {(e.get("beginDate"), e.get("endDate")) for e in shared.rows("/enrollments")}
    assert dates == {
        (None, None),
        ("2026-08-17", "2027-06-12"),
        ("2026-08-17", "2026-08-24"),
        ("2027-01-11", "2027-06-12"),
    }


def test_one_lead_teacher_in_a_class(shared: Client) -> None:
    leads = [e["class"]["sourcedId"] for e in shared.rows("/enrollments") if e["primary"] == "true"]
    assert len(leads) == len(set(leads))
    assert any(e["primary"] == "false" and e["role"] == "teacher" for e in shared.rows("/enrollments"))


def test_demographics_are_of_students_and_staff(shared: Client) -> None:
    rows = shared.rows("/demographics")
    others = [u["sourcedId"] for u in shared.rows("/users") if u["role"] not in PARENT_ROLES]
    assert sorted(r["sourcedId"] for r in rows) == sorted(others)
    assert 0 < sum("birthDate" not in r for r in rows) < 10


# -- paths and envelopes


@pytest.mark.parametrize("version", BASES)
def test_a_list_is_named_after_its_rows_and_a_single_after_one(shared: Client, version: str) -> None:
    for path, many, one in (
        ("/schools", "orgs", "org"),
        ("/terms", "academicSessions", "academicSession"),
        ("/teachers", "users", "user"),
        ("/classes", "classes", "class"),
        ("/demographics", "demographics", "demographics"),
    ):
        told = shared.get(path, version).json()
        assert list(told) == [many]
        single = shared.get(f"{path}/{esc(told[many][0]['sourcedId'])}", version).json()
        assert single == {one: told[many][0]}


def test_nested_lists(shared: Client) -> None:
    enrolled = shared.rows("/enrollments")
    clas = "C/44|a"
    mine = [e for e in enrolled if e["class"]["sourcedId"] == clas]
    school = esc(mine[0]["school"]["sourcedId"])
    assert shared.rows(f"/schools/{school}/classes/{esc(clas)}/enrollments") == mine
    for role in ("student", "teacher"):
        people = [e["user"]["sourcedId"] for e in mine if e["role"] == role]
        assert shared.ids(f"/classes/{esc(clas)}/{role}s") == people
        assert clas in shared.ids(f"/{role}s/{esc(people[0])}/classes")
    assert clas in shared.ids(f"/schools/{school}/classes")
    assert clas in shared.ids("/courses/CRS43/classes")
    assert set(shared.ids("/terms/IS/classes")) < set(shared.ids("/classes"))
    assert shared.ids("/terms/IS/gradingPeriods") == ["IS/1"]


@pytest.mark.parametrize(
    "path",
    [
        "/parents",
        "/classes/C0/enrollments",
        "/users/nobody",
        "/students/T0",
        "/terms/S1",
        "/schools/nowhere/classes",
        "/schools/01/classes/C%2F44%7Ca/students",  # a class of another school
    ],
)
def test_what_is_not_there(shared: Client, path: str) -> None:
    answer = shared.get(path)
    assert (answer.status_code, minor(answer)) == (404, "unknownobject")


def test_nothing_can_be_written(shared: Client) -> None:
    headers = {"Authorization": f"Bearer {shared.server.token}"}
    assert requests.put(f"{shared.server.base_url}/users/T0", headers=headers, timeout=10).status_code == 405


def test_errors_of_1_1_have_a_message_reference(shared: Client) -> None:
    older, newer = (shared.get("/users/nobody", version).json() for version in (V11, V12))
    assert set(older) - set(newer) == {"imsx_messageRefIdentifier"}
    assert newer["imsx_codeMajor"] == "failure"


# -- paging


def test_a_page_is_of_a_hundred(shared: Client) -> None:
    answer = shared.get("/users")
    assert len(answer.json()["users"]) == 100
    assert answer.headers["X-Total-Count"] == str(len(shared.ids("/users")))


def test_pages_hold_everything_once(shared: Client) -> None:
    pages = shared.pages("/users?sort=sourcedId&orderBy=asc", 130)
    assert [i for page in pages for i in page] == sorted(shared.ids("/users"))


def test_links_are_absolute_and_keep_the_rest_of_the_query(shared: Client) -> None:
    path = "/enrollments?limit=50&offset=100&" + flt("role='student' AND status='active'")
    answer = shared.get(path)
    links = answer.links
    assert set(links) == {"first", "prev", "next", "last"}
    following = requests.get(links["next"]["url"], headers=dict(answer.request.headers), timeout=10)
    assert following.links["prev"]["url"] == answer.url
    assert following.headers["X-Total-Count"] == answer.headers["X-Total-Count"]
    last = requests.get(links["last"]["url"], headers=dict(answer.request.headers), timeout=10)
    assert "next" not in last.links
    assert 0 < len(last.json()["enrollments"]) <= 50


def test_past_the_end_is_an_empty_page(shared: Client) -> None:
    answer = shared.get("/schools?offset=500")
    assert (answer.status_code, answer.json()) == (200, {"orgs": []})


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "offset=-1", "limit=-1"])
def test_odd_numbers(shared: Client, query: str) -> None:
    answer = shared.get(f"/users?{query}")
    assert (answer.status_code, minor(answer)) == (400, "invaliddata")


def test_ten_times_the_rows_take_ten_times_as_long() -> None:
    """And not a hundred times, as where each page sorts or copies the whole list for each row."""

    def spent(students: int) -> tuple[int, float]:
        with OneRosterSandbox.start(OneRosterDistrict.generated(students)) as server:
            client = Client(server)
            started = time.monotonic()
            rows = len(client.rows("/users?sort=sourcedId"))
            client.session.close()
            return rows, time.monotonic() - started

    few, many = spent(450), spent(4500)
    assert many[0] == 10_000
    assert many[1] / many[0] < 5 * few[1] / few[0]


# -- sort, fields, filter


def test_sort(shared: Client) -> None:
    names = [u["familyName"] for u in shared.rows("/users?sort=familyName")]
    assert names == sorted(names)
    assert [u["familyName"] for u in shared.rows("/users?sort=familyName&orderBy=desc")] == names[::-1]
    assert shared.get("/users?sort=shoeSize").status_code == 400
    assert shared.get("/users?orderBy=dsc").status_code == 200
    assert shared.get("/users?orderBy=dsc", V12).status_code == 400


def test_fields(shared: Client) -> None:
    assert list(shared.rows("/users?fields=sourcedId,givenName")[0]) == ["sourcedId", "givenName"]
    refused = shared.get("/users?fields=sourcedId,role", V12)
    assert (refused.status_code, minor(refused)) == (400, "invalid_selection_field")


def having(test: Callable[[Row], bool]) -> Callable[[Row], bool]:
    return test


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("role='guardian'", having(lambda u: u["role"] == "guardian")),
        ("role!='student'", having(lambda u: u["role"] != "student")),
        ("familyName='GARZA'", having(lambda u: u["familyName"] == "Garza")),
        ("familyName='O'Dálaigh'", having(lambda u: u["familyName"] == "O'Dálaigh")),
        ("email~'@staff.'", having(lambda u: "@staff." in u.get("email", ""))),
        ("dateLastModified>'2026-07-20T00:00:00.000Z'", having(lambda u: u["dateLastModified"] > "2026-07-20")),
        ("dateLastModified<='2026-07-02'", having(lambda u: u["dateLastModified"] < "2026-07-02")),
        ("role='student' AND enabledUser='false'", having(lambda u: u["enabledUser"] == "false")),
        ("role='parent' OR role='relative'", having(lambda u: u["role"] in ("parent", "relative"))),
        ("grades='09'", having(lambda u: u.get("grades") == ["09"])),
        ("grades~'KG,12'", having(lambda u: u.get("grades") in (["KG"], ["12"]))),
        ("orgs.sourcedId~'S/02'", having(lambda u: "S/02" in [o["sourcedId"] for o in u["orgs"]])),
        ("username='nobody'", having(lambda u: False)),
    ],
)
def test_filters(shared: Client, expression: str, expected: Callable[[Row], bool]) -> None:
    wanted = [u["sourcedId"] for u in shared.rows("/users") if expected(u)]
    answer = shared.get(f"/users?limit=10000&{flt(expression)}")
    assert [u["sourcedId"] for u in answer.json()["users"]] == wanted
    assert answer.headers["X-Total-Count"] == str(len(wanted))
    assert wanted or "nobody" in expression


@pytest.mark.parametrize("expression", ["role=student", "role", "shoeSize='4'", "a='1' AND b='2'", "role='a' AND"])
def test_filters_that_cannot_be_read(shared: Client, expression: str) -> None:
    answer = shared.get(f"/users?{flt(expression)}")
    assert (answer.status_code, minor(answer)) == (400, "invalid_filter_field")


def test_three_clauses_are_too_many_but_not_for_classlink(shared: Client) -> None:
    three = flt("role='student' AND status='active' OR role='parent'")
    assert shared.get(f"/users?{three}").status_code == 400
    with ClassLinkSandbox.start(shared.server.district) as server:
        assert data(server, f"users?{three}").status_code == 200


def test_a_plus_is_no_space(shared: Client) -> None:
    assert shared.ids("/users?filter=role%3D'student'+AND+status%3D'active'") == []  # one odd value, of no user
    assert len(shared.ids("/users?filter=role%3D'student'%20AND%20status%3D'active'")) == 300


def test_in_1_2_a_role_is_a_path(shared: Client) -> None:
    assert shared.get("/users?" + flt("role='student'"), V12).status_code == 400
    found = shared.rows("/users?" + flt("roles.role~'guardian'"), V12)
    assert [u["sourcedId"] for u in found] == shared.ids("/users?" + flt("role='guardian'"))


# -- three ways in


def test_a_bearer(client: Client) -> None:
    assert client.get("/orgs").status_code == 200
    for given in ("", "Bearer nonsense", f"bearer {client.server.token}x", f"Basic {client.server.token}"):
        refused = client.get("/orgs", Authorization=given)
        assert (refused.status_code, minor(refused)) == (401, "unauthorisedrequest")
        assert refused.headers["www-authenticate"] == "Bearer"


VECTOR = (
    "https://roster.example.test/ims/oneroster/v1p1/users?limit=1000&offset=0"
    "&filter=role%3D%27guardian%27%20AND%20dateLastModified%3E%272026-09-01T00%3A00%3A00.000Z%27"
)


@pytest.mark.parametrize(
    ("method", "expected"),
    [("SHA256", "jkvhqUu4rE1OXHYu8kqS/vtSskZ11/2NIKvfH2ONG0Q="), ("SHA1", "v5Yl0Sz+mC+RL/EMD73F2UTc42A=")],
)
def test_the_published_vector(method: str, expected: str) -> None:
    told = {
        "oauth_consumer_key": "key123",
        "oauth_nonce": "abc123XYZ",
        "oauth_signature_method": f"HMAC-{method}",
        "oauth_timestamp": "1700000000",
        "oauth_version": "1.0",
    }
    assert signature("GET", VECTOR, told, "s3cr+t&") == expected
    text = base_string("GET", VECTOR, told.items())
    assert text.startswith("GET&https%3A%2F%2Froster.example.test%2Fims%2Foneroster%2Fv1p1%2Fusers&filter%3Drole%253D")
    assert text.endswith("%26oauth_timestamp%3D1700000000%26oauth_version%3D1.0%26offset%3D0")


@pytest.fixture(scope="module")
def signed() -> Iterator[OneRosterSandbox]:
    district = OneRosterDistrict.generated(20)
    with OneRosterSandbox.start(district, auth=("oauth1", "key123", "s3cr+t&")) as server:
        yield server


def by_oauthlib(url: str, **settings: Any) -> dict[str, str]:
    """The header as another implementation makes it."""
    oauth1 = pytest.importorskip("oauthlib.oauth1", reason="oauthlib, the other implementation, is not installed")
    known = {"client_secret": "s3cr+t&", "signature_method": "HMAC-SHA256", **settings}
    return dict(oauth1.Client("key123", **known).sign(url)[1])


def through(server: OneRosterSandbox, path: str, **settings: Any) -> int:
    url = f"{server.base_url}{path}"
    return requests.get(url, headers=by_oauthlib(url, **settings), timeout=10).status_code


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
@pytest.mark.parametrize("path", ["/orgs", "/users?limit=2&" + flt("role='x' AND status='active'"), "/users/S%2F2"])
def test_oauth1(signed: OneRosterSandbox, method: str, path: str) -> None:
    assert through(signed, path, signature_method=method) == 200


@pytest.mark.parametrize(
    "settings",
    [
        {"client_secret": "wrong"},
        {"timestamp": "1700000000"},
        {"timestamp": str(int(time.time()) + 900)},
        {"signature_method": "PLAINTEXT"},
    ],
    ids=["secret", "old", "early", "method"],
)
def test_oauth1_refused(signed: OneRosterSandbox, settings: dict[str, str]) -> None:
    assert through(signed, "/orgs", **settings) == 401


def test_oauth1_within_five_minutes(signed: OneRosterSandbox) -> None:
    assert through(signed, "/orgs", timestamp=str(int(time.time()) - 240)) == 200
    assert through(signed, "/orgs", timestamp=str(int(time.time()) + 240)) == 200


def test_oauth1_nonce_works_once(signed: OneRosterSandbox) -> None:
    url = f"{signed.base_url}/orgs"
    headers = by_oauthlib(url)
    assert [requests.get(url, headers=headers, timeout=10).status_code for _ in range(2)] == [200, 401]


def test_oauth1_signs_the_query(signed: OneRosterSandbox) -> None:
    url = f"{signed.base_url}/orgs"
    assert requests.get(f"{url}?limit=1", headers=by_oauthlib(url), timeout=10).status_code == 401


def test_oauth1_is_not_for_1_2(signed: OneRosterSandbox) -> None:
    url = f"{signed.base_urls[V12]}/orgs"
    assert requests.get(url, headers=by_oauthlib(url), timeout=10).status_code == 401


def ask(server: OneRosterSandbox, form: dict[str, str] | None = None, **settings: Any) -> requests.Response:
    body = {"grant_type": "client_credentials", **(form or {})}
    return requests.post(server.token_url, data=body, timeout=10, **settings)


@pytest.fixture
def oauth2() -> Iterator[OneRosterSandbox]:
    with OneRosterSandbox.start(OneRosterDistrict.generated(20), auth=("oauth2", "id+1", "se:cret%")) as server:
        yield server


BASIC = {"Authorization": "Basic " + base64.b64encode(b"id%2B1:se%3Acret%25").decode()}


def statuses(server: OneRosterSandbox, token: str, version: str = V12) -> dict[str, int]:
    headers = {"Authorization": f"Bearer {token}"}
    paths = ("orgs", "users/T0", "classes/C0/students", "demographics")
    return {p: requests.get(f"{server.base_urls[version]}/{p}", headers=headers, timeout=10).status_code for p in paths}


def test_oauth2_by_header_and_by_body(oauth2: OneRosterSandbox) -> None:
    told = ask(oauth2, headers=BASIC).json()
    assert (told["token_type"], told["expires_in"]) == ("bearer", 3600)
    assert set(statuses(oauth2, told["access_token"]).values()) == {200}
    told = ask(oauth2, {"client_id": "id+1", "client_secret": "se:cret%"}).json()
    assert set(statuses(oauth2, told["access_token"], V11).values()) == {200}


def test_oauth2_refused(oauth2: OneRosterSandbox) -> None:
    assert ask(oauth2, {"client_id": "id+1", "client_secret": "x"}).status_code == 401
    assert ask(oauth2).json()["error"] == "invalid_client"
    assert ask(oauth2, {"grant_type": "password"}, headers=BASIC).json() == {"error": "unsupported_grant_type"}
    assert ask(oauth2, {"scope": "everything"}, headers=BASIC).json() == {"error": "invalid_scope"}
    assert set(statuses(oauth2, "nonsense").values()) == {401}


@pytest.mark.parametrize(
    ("scopes", "open_paths"),
    [
        (["roster-core"], {"orgs", "users/T0"}),
        (["roster"], {"orgs", "users/T0", "classes/C0/students"}),
        (["roster-demographics"], {"demographics"}),
    ],
)
def test_oauth2_scopes(oauth2: OneRosterSandbox, scopes: list[str], open_paths: set[str]) -> None:
    told = ask(oauth2, {"scope": " ".join(scope_name(V12, s) for s in scopes)}, headers=BASIC).json()
    assert told["scope"] == scope_name(V12, scopes[0])
    found = statuses(oauth2, told["access_token"])
    assert {p for p, status in found.items() if status == 200} == open_paths
    assert {status for p, status in found.items() if p not in open_paths} == {403}
    assert set(statuses(oauth2, told["access_token"], V11).values()) == {403}


def test_oauth2_drops_the_scope_that_the_district_did_not_grant() -> None:
    auth = OAuth2("id+1", "se:cret%", scopes=("roster", "roster-core"), accepts=("basic",))
    with OneRosterSandbox.start(OneRosterDistrict.generated(20), auth=auth) as server:
        wanted = " ".join(scope_name(V12, s) for s in ("roster-core", "roster-demographics"))
        told = ask(server, {"scope": wanted}, headers=BASIC).json()
        assert told["scope"] == scope_name(V12, "roster-core")
        assert statuses(server, told["access_token"])["demographics"] == 403
        assert ask(server, {"client_id": "id+1", "client_secret": "se:cret%"}).status_code == 401


def test_oauth2_tokens_expire() -> None:
    with OneRosterSandbox.start(OneRosterDistrict.generated(5), auth=("oauth2", "i", "s"), token_life=0) as server:
        token = ask(server, {"client_id": "i", "client_secret": "s"}).json()["access_token"]
        assert set(statuses(server, token).values()) == {401}


# -- habits

Habit = Callable[[Client], None]
HABITS: dict[str, Habit] = {}


def shows(name: str) -> Callable[[Habit], Habit]:
    def keep(check: Habit) -> Habit:
        HABITS[name] = check
        return check

    return keep


def behave(client: Client, **switches: Any) -> None:
    client.server.conduct = Conduct(**switches)


@shows("no_total")
def _(client: Client) -> None:
    assert "X-Total-Count" not in client.get("/users").headers


@shows("wrong_total")
def _(client: Client) -> None:
    assert client.get("/schools").headers["X-Total-Count"] == str(len(client.ids("/schools")) + 7)
    behave(client, wrong_total={"orgs": -2})
    assert client.get("/orgs").headers["X-Total-Count"] == "3"
    assert client.get("/courses").headers["X-Total-Count"] == "91"


@shows("total_in_body")
def _(client: Client) -> None:
    answer = client.get("/users?limit=10&offset=20")
    told = answer.json()
    assert (len(told["users"]), told["offset"], told["limit"]) == (10, 20, 10)
    assert told["totalCount"] == 714
    assert "X-Total-Count" not in answer.headers


@shows("no_link")
def _(client: Client) -> None:
    assert "link" not in client.get("/users").headers


@shows("clamp")
def _(client: Client) -> None:
    assert [len(page) for page in client.pages("/students", 200)] == [50] * 6 + [3]


@shows("ignore_offset")
def _(client: Client) -> None:
    pages = client.pages("/users", 100, most=4)
    assert pages == [pages[0]] * 4


@shows("ignore_filter")
def _(client: Client) -> None:
    assert client.ids("/users?" + flt("role='guardian'")) == client.ids("/users")


@shows("refuse_filter")
def _(client: Client) -> None:
    asked = "/users?" + flt("role='guardian'")
    assert (client.get(asked).status_code, client.get("/users").status_code) == (400, 200)
    behave(client, refuse_filter="empty")
    assert (client.ids(asked), client.get(asked).headers["X-Total-Count"]) == ([], "0")


@shows("refuse_sort")
def _(client: Client) -> None:
    assert client.get("/users?sort=sourcedId").status_code == 400
    assert client.get("/users").status_code == 200


@shows("unstable_order")
def _(client: Client) -> None:
    loose = [i for page in client.pages("/users", 100) for i in page]
    assert len(set(loose)) < len(loose)
    firm = [i for page in client.pages("/users?sort=sourcedId", 100) for i in page]
    assert firm == sorted(set(firm))


@shows("dup_ids")
def _(client: Client) -> None:
    ids = client.ids("/students")
    assert (len(ids), len(set(ids))) == (333, 303)
    assert client.get("/students").headers["X-Total-Count"] == "333"


@shows("null_style")
def _(client: Client) -> None:
    told = client.rows("/students")[0]
    assert (told["sms"], told["password"]) == (None, None)
    behave(client, null_style="empty")
    assert (client.rows("/students")[0]["sms"], client.rows("/teachers")[0]["agents"]) == ("", [])
    behave(client, null_style="missing")
    assert not {"sms", "agents"} & set(client.rows("/teachers")[0])
    behave(client, null_style="mixed")
    assert {str(u.get("sms", "missing")) for u in client.rows("/users")} == {"", "None", "missing"}


@shows("single_as_object")
def _(client: Client) -> None:
    students = client.rows("/students")
    assert isinstance(students[0]["orgs"], dict)
    assert any(isinstance(s["orgs"], list) for s in students)
    assert {type(c["periods"]) for c in client.rows("/classes") if "periods" in c} == {str}


@shows("flat_refs")
def _(client: Client) -> None:
    told = next(c for c in client.rows("/classes") if c["sourcedId"] == "C/44|a")
    assert (told["schoolSourcedId"], told["termSourcedIds"]) == ("S/02", "S1,S2")
    assert not {"school", "terms"} & set(told)
    assert {"userSourcedId", "classSourcedId"} <= set(client.rows("/enrollments")[0])


@shows("mixed_shape")
def _(client: Client) -> None:
    for version in BASES:
        assert {"role", "roles", "orgs"} <= set(client.rows("/users", version)[0])
    behave(client, mixed_shape="other")
    assert "roles" in client.rows("/users", V11)[0]
    assert "roles" not in client.rows("/users", V12)[0]


@shows("path_envelope")
def _(client: Client) -> None:
    assert list(client.get("/students").json()) == ["students"]
    assert list(client.get("/demographics/S%2F2").json()) == ["demographic"]
    assert list(client.get("/classes/C0").json()) == ["class"]


@shows("error_in_200")
def _(client: Client) -> None:
    answer = client.get("/users")
    assert (answer.status_code, answer.json()["imsx_codeMajor"]) == (200, "failure")


@shows("error_style")
def _(client: Client) -> None:
    assert list(client.get("/users/nobody").json()) == ["imsx_StatusInfo"]
    behave(client, error_style="set")
    assert list(client.get("/users/nobody").json()) == ["statusInfoSet"]
    behave(client, error_style="plain")
    assert list(client.get("/users/nobody").json()) == ["error"]
    behave(client, error_style="html")
    assert "<h1>" in client.get("/orgs", Authorization="").text


@shows("html_429")
def _(client: Client) -> None:
    answers = [client.get("/orgs") for _ in range(6)]
    assert [a.status_code for a in answers] == [200, 200, 429] * 2
    assert answers[2].headers["retry-after"] == "1"
    assert answers[2].headers["content-type"].startswith("text/html")


@shows("fail_502_over_limit")
def _(client: Client) -> None:
    assert [client.get(f"/users?limit={n}").status_code for n in (200, 201)] == [200, 502]


@shows("refuse_over_limit")
def _(client: Client) -> None:
    assert [client.get(f"/users?limit={n}").status_code for n in (200, 201)] == [200, 400]


@shows("change_mid_pull")
def _(client: Client) -> None:
    ids = [i for page in client.pages("/students?sort=sourcedId", 100) for i in page]
    assert len(ids) == len(set(ids)) + 1  # all moved down by one: a row came twice
    assert "!joined" not in ids
    behave(client, change_mid_pull="leave")
    left = [i for page in client.pages("/students?sort=sourcedId", 100) for i in page]
    missed = set(client.ids("/students")) - set(left)
    assert len(missed) == 1  # all moved up by one: the row at the edge of the first page


@shows("dob")
def _(client: Client) -> None:
    def known() -> int:
        return sum("birthDate" in row for row in client.rows("/demographics"))

    staff = staff_of(client)
    honest, found = 299 + staff, {}
    for how in ("", "full", "partial", "blank", "empty"):
        behave(client, dob=how)
        found[how] = (len(client.ids("/demographics")), known())
    assert (found["full"], found["blank"], found["empty"]) == ((303 + staff, 303 + staff), (303 + staff, 0), (0, 0))
    assert 0 < found["partial"][1] < found[""][1] == honest
    for how, status in (("refused", 403), ("404", 404), ("501", 501)):
        behave(client, dob=how)
        assert client.get("/demographics").status_code == status
        assert client.get("/users").status_code == 200


@shows("agents")
def _(client: Client) -> None:
    def naming(role: str) -> int:
        return sum(bool(u.get("agents")) for u in client.rows("/users") if u["role"] == role)

    found = {}
    for how in ("both", "student_only", "parent_only", "none", "dangling"):
        behave(client, agents=how)
        found[how] = (naming("student") > 0, naming("parent") > 0)
    assert found["both"] == (True, True)
    assert found["student_only"] == found["dangling"] == (True, False)
    assert (found["parent_only"], found["none"]) == ((False, True), (False, False))
    behave(client, agents="dangling")
    assert not [u for u in client.rows("/users") if u["role"] in PARENT_ROLES]


@shows("tobedeleted_ratio")
def _(client: Client) -> None:
    part = sum(u["status"] == "tobedeleted" for u in client.rows("/users")) / 714
    assert 0.2 < part < 0.4
    assert len(client.ids("/users?" + flt("status='tobedeleted'"))) == round(part * 714)


@shows("inactive")
def _(client: Client) -> None:
    assert {u["status"] for u in client.rows("/users")} == {"active", "inactive"}


@shows("capital_roles")
def _(client: Client) -> None:
    assert {u["role"] for u in client.rows("/teachers")} == {"Teacher"}
    assert client.rows("/students", V12)[0]["roles"][0]["role"] == "Student"
    assert client.rows("/enrollments")[0]["role"] == "Teacher"


@shows("numeric_ids")
def _(client: Client) -> None:
    ids: list[Any] = client.ids("/students")
    assert 100_000 in ids
    assert "008" in ids
    assert {type(e["user"]["sourcedId"]) for e in client.rows("/enrollments")} == {int, str}


@shows("raw_booleans")
def _(client: Client) -> None:
    assert {u["enabledUser"] for u in client.rows("/students")} == {True, False}
    behave(client, raw_booleans="number")
    assert {e["primary"] for e in client.rows("/enrollments")} == {0, 1}


@shows("date_style")
def _(client: Client) -> None:
    assert client.rows("/orgs")[0]["dateLastModified"] == "2026-07-01 06:00:00"
    behave(client, date_style="offset")
    assert client.rows("/orgs")[0]["dateLastModified"] == "2026-07-01T06:00:00+00:00"


@shows("hrefs")
def _(client: Client) -> None:
    assert client.rows("/classes")[0]["school"]["href"] == "/ims/oneroster/v1p1/orgs/01"
    behave(client, hrefs="elsewhere")
    assert client.rows("/classes")[0]["school"]["href"].startswith("https://elsewhere.example/")


def of_classlink(name: str) -> Callable[[Callable[[ClassLinkSandbox], None]], None]:
    def keep(check: Callable[[ClassLinkSandbox], None]) -> None:
        def run(client: Client) -> None:
            with ClassLinkSandbox.start(client.server.district, conduct=client.server.conduct) as server:
                check(server)

        HABITS[name] = run

    return keep


@of_classlink("duplicate_tenant")
def _(server: ClassLinkSandbox) -> None:
    first, second = listed(server)
    assert first == second


@of_classlink("perm_rev_moves")
def _(server: ClassLinkSandbox) -> None:
    told = [data(server, "orgs").headers["x-perm-rev"] for _ in range(7)]
    assert told == ["1", "1", "2", "2", "2", "3", "3"]


@pytest.mark.parametrize("name", CONDUCTS)
def test_habit(name: str, client: Client) -> None:
    client.server.conduct = conduct(name)
    HABITS[name](client)


def test_every_habit_is_described() -> None:
    assert set(HABITS) == set(CONDUCTS)
    assert all(CONDUCTS.values())
    assert all(conduct(name) != Conduct() for name in CONDUCTS)


def test_habits_by_name() -> None:
    assert conduct("clamp=20") == conduct("clamp", 20) == Conduct(clamp=20)
    assert conduct("dob=404") == Conduct(dob=404)
    assert conduct("clamp") | conduct("no_total") == Conduct(clamp=50, no_total=True)
    with pytest.raises(ValueError, match="no conduct 'typo'"):
        conduct("typo")


def test_a_habit_of_one_collection(client: Client) -> None:
    behave(client, clamp={"users": 5}, no_total={"users": True})
    assert len(client.get("/users").json()["users"]) == 5
    assert len(client.get("/courses").json()["courses"]) == 91
    assert "X-Total-Count" in client.get("/courses").headers


# -- faults (tests/contract/test_sandbox_faults.py shows each; here is what they make of offsets and tokens)


def test_the_faults_that_make_sense_here() -> None:
    assert set(FAULTS) - set(ONEROSTER_FAULTS) >= {"district_paused", "school_unshared", "contacts_forbidden"}
    assert {"empty_list", "half_gone", "same_cursor", "repeated_rows", "token_revoked"} <= set(ONEROSTER_FAULTS)


def honest_and(client: Client, fault: str) -> tuple[list[list[str]], list[list[str]]]:
    honest = client.pages("/students", 100)
    client.server.faults.add(fault)
    return honest, client.pages("/students", 100, most=6)


def test_fault_empty_list(client: Client) -> None:
    assert honest_and(client, "empty_list")[1] == []
    assert client.get("/users").headers["X-Total-Count"] == "0"


def test_fault_half_gone(client: Client) -> None:
    honest, found = honest_and(client, "half_gone")
    assert [i for page in found for i in page] == [i for page in honest for i in page][::2]
    assert client.get("/students").headers["X-Total-Count"] == "152"


def test_fault_same_cursor(client: Client) -> None:
    honest, found = honest_and(client, "same_cursor")
    assert found == [honest[0]] * 6
    assert "next" in client.get("/students?limit=100&offset=200").links


def test_fault_empty_last_page(client: Client) -> None:
    client.server.faults.add("empty_last_page")
    last = client.get("/students?limit=100&offset=300")
    assert len(last.json()["users"]) == 3
    assert "offset=303" in last.links["next"]["url"]


def test_fault_repeated_rows(client: Client) -> None:
    honest, found = honest_and(client, "repeated_rows")
    assert found[1][0] == found[0][-1]
    assert {i for page in found for i in page} == {i for page in honest for i in page}
    pages = [client.get(f"/students?limit=100&offset={offset}").json()["users"] for offset in (0, 100, 200, 300)]
    assert all(later[0] == earlier[-1] for earlier, later in pairwise(pages))


def test_fault_rows_inserted(client: Client) -> None:
    before = client.ids("/students")
    client.server.faults.add("rows_inserted")
    client.get("/students")
    assert client.ids("/students") == [*before, "new 1"]


def test_fault_token_revoked(client: Client) -> None:
    token = {"Authorization": f"Bearer {client.server.token}"}
    client.server.faults.add("token_revoked")
    assert [client.get("/orgs", **token).status_code for _ in range(3)] == [200, 401, 401]
    assert client.get("/orgs").status_code == 200


def test_fault_token_revoked_with_oauth2(oauth2: OneRosterSandbox) -> None:
    oauth2.faults.add(Fault("token_revoked", nth=1))
    assert set(statuses(oauth2, ask(oauth2, headers=BASIC).json()["access_token"]).values()) == {401}
    assert set(statuses(oauth2, ask(oauth2, headers=BASIC).json()["access_token"]).values()) == {200}


def test_fault_too_many_says_when_to_come_back(client: Client) -> None:
    client.server.faults.add(Fault("too_many", seconds=3))
    answer = client.get("/orgs")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")


def test_fault_no_list_key(client: Client) -> None:
    client.server.faults.add("no_list_key")
    assert client.get("/users").json() == {}


def test_asking_for_a_token_is_spared(oauth2: OneRosterSandbox) -> None:
    oauth2.faults.add(Fault("error_500", times=None))
    assert ask(oauth2, headers=BASIC).status_code == 200


# -- what happens between two nights


def test_a_student_joins_with_parents_and_classes(client: Client) -> None:
    me = client.server.district.join(born="2011-03-04")
    told = client.get(f"/students/{esc(me)}").json()["user"]
    assert len(told["agents"]) == 2
    for agent in told["agents"]:
        parent = client.get(f"/users/{esc(agent['sourcedId'])}").json()["user"]
        assert (parent["role"], [a["sourcedId"] for a in parent["agents"]]) == ("parent", [me])
    assert len(client.ids(f"/students/{esc(me)}/classes")) == 3
    assert client.get(f"/demographics/{esc(me)}").json()["demographics"]["birthDate"] == "2011-03-04"
    assert me in client.ids("/users?" + flt("dateLastModified>'2026-09-01T00:00:00.000Z'"))


def test_an_only_child_leaves_and_so_do_the_parents(client: Client) -> None:
    district = client.server.district
    agents = {s: district.parents_of(s) for s in district.students()}
    parents = {p: district.tables["users"][p]["agents"] for p in district.parents()}
    only = next(s for s, mine in agents.items() if mine and all(parents[p] == [s] for p in mine))
    sibling = next(s for s, mine in agents.items() if mine and all(len(parents[p]) > 1 for p in mine))
    district.leave(only)
    district.leave(sibling, flagged=True)
    left = set(client.ids("/users"))
    assert not left & {only, *agents[only]}
    assert {sibling, *agents[sibling]} <= left
    assert client.get(f"/users/{esc(sibling)}").json()["user"]["status"] == "tobedeleted"
    assert not [e for e in client.rows("/enrollments") if e["user"]["sourcedId"] == only]
    named = {a["sourcedId"] for u in client.rows("/users") for a in u.get("agents", [])}
    assert only not in named


def test_half_the_students_are_gone(client: Client) -> None:
    gone = client.server.district.half_gone()
    assert len(gone) == 150
    assert not set(gone) & {a["sourcedId"] for u in client.rows("/users") for a in u.get("agents", [])}
    assert len(client.ids("/demographics")) == 153 + staff_of(client)


def test_birth_dates_come_when_they_are_shared(client: Client) -> None:
    district, found = client.server.district, []
    for how in ("blank", "partial", "full"):
        district.set_birth_dates(how)
        found.append(sum("birthDate" in row for row in client.rows("/demographics")))
    assert found[0] == 0 < found[1] < found[2] == 303 + staff_of(client)


def test_smaller_changes(client: Client) -> None:
    district = client.server.district
    student, parent, teacher = district.students()[0], district.parents()[-1], district.teachers()[0]
    district.rename(student, family="Married")
    district.link(parent, student)
    district.disable(teacher)
    told = client.get(f"/users/{esc(student)}").json()["user"]
    assert told["familyName"] == "Married"
    assert parent in [a["sourcedId"] for a in told["agents"]]
    assert client.get(f"/users/{teacher}").json()["user"]["enabledUser"] == "false"
    district.unlink(parent, student)
    assert parent not in district.parents_of(student)
    clas = district.classes_of(student)[0]
    district.unenrol(student, clas)
    assert student not in client.ids(f"/classes/{esc(clas)}/students")
    district.enrol(student, clas, beginDate="2026-09-07")
    assert student in client.ids(f"/classes/{esc(clas)}/students")
    district.close_class(clas)
    assert client.get(f"/classes/{esc(clas)}").status_code == 404
    district.flag("orgs", "01")
    assert client.get("/schools/01").json()["org"]["status"] == "tobedeleted"


# -- ClassLink


def listed(server: ClassLinkSandbox, query: str = "", key: str = "") -> list[Row]:
    headers = {"Authorization": f"Bearer {key or server.partner_key}"}
    told = requests.get(f"{server.url}/applications{query}", headers=headers, timeout=10).json()
    rows = told["applications"]
    assert told["status"] == 1
    assert isinstance(rows, list)
    return rows


def data(server: ClassLinkSandbox, path: str, tenant: Tenant | None = None, base: str = "") -> requests.Response:
    headers = {"Authorization": f"Bearer {(tenant or server.tenant).bearer}"}
    return requests.get(f"{base or server.base_url(tenant)}/{path}", headers=headers, timeout=10)


def many(server: ClassLinkSandbox, kind: str) -> list[str]:
    return [row["sourcedId"] for row in data(server, f"{kind}?limit=10000").json()[kind]]


@pytest.fixture
def classlink() -> Iterator[ClassLinkSandbox]:
    with ClassLinkSandbox.start(OneRosterDistrict.generated(60)) as server:
        yield server


def test_applications(classlink: ClassLinkSandbox) -> None:
    (row,) = listed(classlink)
    assert (row["enabled"], row["tenant_status"], row["bearer"]) == ("true", "Active", classlink.tenant.bearer)
    assert {"%2F", "%3D"} <= {row["oneroster_application_id"][:3], row["oneroster_application_id"][-3:]}
    assert {type(row[k]) for k in ("id", "application_id", "tenant_id")} == {int}
    answer = requests.get(
        f"{classlink.url}/applications", headers={"Authorization": f"Bearer {classlink.partner_key}"}, timeout=10
    )
    assert not [h for h in answer.headers if "count" in h.lower() or h.lower() == "link"]


def test_applications_in_pages_end_with_an_empty_one(classlink: ClassLinkSandbox) -> None:
    for _ in range(4):
        classlink.add_tenant(students=5)
    assert [len(listed(classlink, f"?limit=2&offset={offset}")) for offset in (0, 2, 4, 6)] == [2, 2, 1, 0]
    assert len({row["oneroster_application_id"] for row in listed(classlink, "?limit=10000")}) == 5


def test_applications_are_the_partners(classlink: ClassLinkSandbox) -> None:
    for key in ("wrong", classlink.tenant.bearer):
        headers = {"Authorization": f"Bearer {key}"}
        assert requests.get(f"{classlink.url}/applications", headers=headers, timeout=10).status_code == 401
    partner = {"Authorization": f"Bearer {classlink.partner_key}"}
    assert requests.get(f"{classlink.base_url()}/orgs", headers=partner, timeout=10).status_code == 401


def test_a_lone_application_may_come_as_an_object(classlink: ClassLinkSandbox) -> None:
    classlink.conduct = conduct("single_as_object")
    headers = {"Authorization": f"Bearer {classlink.partner_key}"}
    told = requests.get(f"{classlink.url}/applications", headers=headers, timeout=10).json()
    assert told["applications"]["tenant_name"] == "District 1"


def test_the_id_is_sent_just_as_it_was_listed(classlink: ClassLinkSandbox) -> None:
    base = classlink.base_url()
    assert data(classlink, "orgs").status_code == 200
    assert data(classlink, "orgs", base=classlink.proxy_url()).status_code == 200
    for wrong in (("%2F", "%252F"), ("%3D", "%253D"), ("%3D", "="), ("%2F", "/")):
        assert data(classlink, "orgs", base=base.replace(*wrong)).status_code == 404


def test_data_in_classlinks_dialect(classlink: ClassLinkSandbox) -> None:
    answer = data(classlink, "users?limit=7")
    sent = [name for name, _ in answer.raw.headers.items()]
    assert {"x-count", "x-total-count", "x-perm-rev"} <= set(sent)
    assert answer.headers["x-count"] == "7"
    assert "link" not in answer.headers
    student = next(u for u in answer.json()["users"] if u["role"] == "student")
    assert (student["sms"], student["password"]) == ("", "")
    clas = data(classlink, "classes").json()["classes"][0]
    assert (clas["classCode"], clas["periods"]) == ("", [])
    assert not clas["school"]["href"].startswith(classlink.url)
    assert "roles" not in student


def test_a_page_has_at_most_ten_thousand_rows(classlink: ClassLinkSandbox) -> None:
    assert [data(classlink, f"users?limit={n}").status_code for n in (10_000, 10_001)] == [200, 400]


def test_the_direct_server_takes_a_signature(classlink: ClassLinkSandbox) -> None:
    partner = {"Authorization": f"Bearer {classlink.partner_key}"}
    path = f"/applications/{classlink.tenant.oneroster_application_id}/server"
    told = requests.get(classlink.url + path, headers=partner, timeout=10).json()
    server = told["server"]
    assert (told["status"], told["message"]) == (1, "")
    oauth1 = pytest.importorskip("oauthlib.oauth1", reason="oauthlib, the other implementation, is not installed")
    signer = oauth1.Client(server["client_id"], client_secret=server["client_secret"], signature_method="HMAC-SHA256")
    url = f"{server['endpoint_url']}/ims/oneroster/v1p1/orgs?limit=2"
    assert requests.get(url, headers=signer.sign(url)[1], timeout=10).status_code == 200
    bearer = {"Authorization": f"Bearer {classlink.tenant.bearer}"}
    assert requests.get(url, headers=bearer, timeout=10).status_code == 401


def test_a_district_adds_the_app_and_switches_it_on(classlink: ClassLinkSandbox) -> None:
    elm = classlink.add_tenant("Elm", students=20, enabled=False)
    assert [row["enabled"] for row in listed(classlink)] == ["true", "false"]
    assert data(classlink, "orgs", elm).status_code == 401
    classlink.set_enabled(elm, True)
    assert listed(classlink)[1]["enabled"] == "true"
    assert data(classlink, "orgs", elm).status_code == 200
    classlink.remove_tenant(elm)
    assert [row["tenant_name"] for row in listed(classlink)] == ["District 1"]
    assert data(classlink, "orgs", elm).status_code == 404


def test_a_bearer_is_rotated(classlink: ClassLinkSandbox) -> None:
    old = {"Authorization": f"Bearer {classlink.tenant.bearer}"}
    fresh = classlink.tenant.rotate_bearer()
    assert requests.get(f"{classlink.base_url()}/orgs", headers=old, timeout=10).status_code == 401
    assert listed(classlink)[0]["bearer"] == fresh
    assert data(classlink, "orgs").status_code == 200


def test_each_tenant_has_its_own_bearer_and_rows(classlink: ClassLinkSandbox) -> None:
    other = classlink.add_tenant(students=20)
    assert data(classlink, "users", other, base=classlink.base_url()).status_code == 401
    totals = {data(classlink, "students", t).headers["x-total-count"] for t in classlink.tenants}
    assert totals == {"63", "23"}


def test_demographics_are_not_shared(classlink: ClassLinkSandbox) -> None:
    classlink.tenant.permit(demographics=False)
    answer = data(classlink, "demographics")
    assert (answer.status_code, minor(answer)) == (403, "forbidden")
    assert (data(classlink, "users").status_code, data(classlink, "users").headers["x-perm-rev"]) == (200, "2")


def test_guardians_are_not_shared(classlink: ClassLinkSandbox) -> None:
    classlink.tenant.permit(guardians=False)
    users = data(classlink, "users?limit=10000").json()["users"]
    here = {u["sourcedId"] for u in users}
    named = {a["sourcedId"] for u in users for a in u["agents"]}
    assert named
    assert not named & here  # the students still name them


def test_who_is_in_no_class_is_not_shared(classlink: ClassLinkSandbox) -> None:
    everyone = many(classlink, "users")
    classlink.tenant.permit(unenrolled=False)
    roles = {u["role"] for u in data(classlink, "users?limit=10000").json()["users"]}
    assert roles == {"student", "teacher", "parent", "guardian", "relative"}
    assert set(many(classlink, "users")) < set(everyone)


def test_one_school_is_shared(classlink: ClassLinkSandbox) -> None:
    classlink.tenant.permit(schools=("S/02",))
    assert set(many(classlink, "orgs")) == {"D 1", "S/02"}
    for kind in ("classes", "enrollments"):
        assert {r["school"]["sourcedId"] for r in data(classlink, f"{kind}?limit=10000").json()[kind]} == {"S/02"}
    users = data(classlink, "users?limit=10000").json()["users"]
    at_school = [u for u in users if u["role"] == "student"]
    assert all("S/02" in [o["sourcedId"] for o in u["orgs"]] for u in at_school)
    assert set(many(classlink, "demographics")) == {u["sourcedId"] for u in users if u["role"] not in PARENT_ROLES}


def test_faults_strike_data_and_spare_applications(classlink: ClassLinkSandbox) -> None:
    classlink.faults.add(Fault("error_503", times=None))
    assert len(listed(classlink)) == 1
    assert data(classlink, "orgs").status_code == 503
    classlink.faults.clear()
    classlink.faults.add(Fault("token_withdrawn", nth=1))
    assert data(classlink, "orgs").status_code == 401
    assert listed(classlink)[0]["enabled"] == "false"


# -- as programs


def started(*arguments: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
    process = subprocess.Popen([sys.executable, "-m", *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, dict(fact.split("=", 1) for fact in process.stdout.readline().split())


def test_oneroster_as_a_program() -> None:
    process, facts = started(
        "local.sandbox.oneroster", "--students", "30", "--version", "v1p2", "--token", "abc", "--conduct", "clamp=5"
    )
    try:
        answer = requests.get(f"{facts['url']}/users", headers={"Authorization": "Bearer abc"}, timeout=10)
        assert len(answer.json()["users"]) == 5
        assert "roles" in answer.json()["users"][0]
    finally:
        process.terminate()
        process.communicate()


def test_classlink_as_a_program() -> None:
    process, facts = started("local.sandbox.classlink", "--students", "20", "--tenants", "2")
    try:
        headers = {"Authorization": f"Bearer {facts['partner_key']}"}
        told = requests.get(f"{facts['url']}/applications", headers=headers, timeout=10).json()["applications"]
        assert [row["oneroster_application_id"] for row in told] == facts["tenants"].split(",")
    finally:
        process.terminate()
        process.communicate()


def test_every_kind_has_rows() -> None:
    assert all(OneRosterDistrict.generated(3).tables[kind] for kind in KINDS)
