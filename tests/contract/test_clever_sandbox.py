"""The Clever sandbox keeps Clever's contract: tokens, envelopes, paging, limits, errors, and its stories.

An importer is tested against this server, so the server must itself be held to what is known of Clever.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from local.sandbox.clever import CleverSandbox
from local.sandbox.clever_data import CleverDistrict


@pytest.fixture
def server() -> Iterator[CleverSandbox]:
    """A server of its own for each test: most of these change something."""
    with CleverSandbox.start(CleverDistrict.generated(300, seed=5)) as server:
        yield server


def get(server: CleverSandbox, target: str, token: str | None = None) -> requests.Response:
    headers = {"Authorization": f"Bearer {token or server.token}"}
    return requests.get(server.url + target, headers=headers, timeout=10)


def ids(answer: requests.Response) -> list[str]:
    return [item["data"]["id"] for item in answer.json()["data"]]


def link(answer: requests.Response, rel: str) -> str | None:
    return next((x["uri"] for x in answer.json()["links"] if x["rel"] == rel), None)


def walk(server: CleverSandbox, target: str | None, most: int = 100) -> list[str]:
    found: list[str] = []
    for _ in range(most):
        if not target:
            return found
        answer = get(server, target)
        found += ids(answer)
        target = link(answer, "next")
    raise AssertionError("no end of pages")


def tokens(server: CleverSandbox, query: str = "", secret: str | None = None) -> requests.Response:
    auth = (server.client_id, secret or server.client_secret)
    return requests.get(f"{server.url}/oauth/tokens?owner_type=district{query}", auth=auth, timeout=10)


# -- tokens


def test_token_listing(server: CleverSandbox) -> None:
    told = tokens(server).json()
    (grant,) = told["data"]
    assert told["links"] == [{"rel": "self", "uri": "/oauth/tokens?owner_type=district"}]
    assert grant["owner"] == {"type": "district", "id": server.district_id}
    assert grant["access_token"] == server.token
    assert {"read:students", "read:sections", "read:student_contacts"} <= set(grant["scopes"])


def test_token_listing_of_one_district(server: CleverSandbox) -> None:
    assert len(tokens(server, f"&district={server.district_id}").json()["data"]) == 1
    assert tokens(server, "&district=000000000000000000000000").json()["data"] == []


def test_wrong_secret(server: CleverSandbox) -> None:
    refused = tokens(server, secret="wrong")
    assert (refused.status_code, set(refused.json())) == (401, {"error", "error_description"})


def test_wrong_token(server: CleverSandbox) -> None:
    refused = get(server, "/v3.0/users", token="wrong")
    assert (refused.status_code, list(refused.json())) == (401, ["message"])


def test_without_contacts() -> None:
    with CleverSandbox.start(CleverDistrict.generated(50), contacts=False) as server:
        assert "read:student_contacts" not in tokens(server).json()["data"][0]["scopes"]
        assert ids(get(server, "/v3.0/users?role=contact")) == []
        student = ids(get(server, "/v3.0/users?role=student"))[0]
        assert ids(get(server, f"/v3.0/users/{student}/mycontacts")) == []
        assert get(server, "/v3.0/users?count=true").json()["count"] == len(walk(server, "/v3.0/users"))


# -- envelopes


def test_list_envelope(server: CleverSandbox) -> None:
    told = get(server, "/v3.0/schools").json()
    first = told["data"][0]
    assert list(first) == ["data", "uri"]
    assert first["uri"] == f"/v3.0/schools/{first['data']['id']}"
    assert told["links"] == [{"rel": "self", "uri": "/v3.0/schools"}]


def test_single_envelope_and_its_canonical_self(server: CleverSandbox) -> None:
    section = get(server, "/v3.0/sections").json()["data"][0]["data"]
    told = get(server, f"/v3.0/sections/{section['id']}/course").json()
    assert told["data"]["id"] == section["course"]
    assert link(get(server, f"/v3.0/sections/{section['id']}/course"), "self") == f"/v3.0/courses/{section['course']}"


def test_links_of_a_student_work_in_either_case(server: CleverSandbox) -> None:
    student = ids(get(server, "/v3.0/users?role=student"))[0]
    single = get(server, f"/v3.0/users/{student}")
    rels = [x["rel"] for x in single.json()["links"]]
    assert rels == ["self", "district", "sections", "myContacts", "myTeachers", "schools"]
    camel = str(link(single, "myContacts"))
    assert camel.endswith("/myContacts")
    assert ids(get(server, camel)) == ids(get(server, camel.lower())) != []


def test_v2_names_its_own_version(server: CleverSandbox) -> None:
    answer = get(server, "/v2.1/students?limit=1")
    assert answer.json()["data"][0]["uri"].startswith("/v2.1/students/")
    assert str(link(answer, "next")).startswith("/v2.1/students?limit=1&starting_after=")


# -- paging


def test_default_limit_and_order(server: CleverSandbox) -> None:
    first = ids(get(server, "/v3.0/users"))
    assert len(first) == 100
    assert walk(server, "/v3.0/users") == sorted(walk(server, "/v3.0/users?limit=7777"))


def test_links_of_a_middle_page(server: CleverSandbox) -> None:
    second = get(server, str(link(get(server, "/v3.0/users?role=student&limit=10"), "next")))
    rows = ids(second)
    assert [x["rel"] for x in second.json()["links"]] == ["self", "prev", "next"]
    assert link(second, "next") == f"/v3.0/users?limit=10&role=student&starting_after={rows[-1]}"
    assert link(second, "prev") == f"/v3.0/users?limit=10&role=student&ending_before={rows[0]}"
    assert ids(get(server, str(link(second, "prev")))) == ids(get(server, "/v3.0/users?role=student&limit=10"))


def test_cursors_are_ranges(server: CleverSandbox) -> None:
    everyone = ids(get(server, "/v3.0/users?role=student&limit=1000"))
    server.district.leave(everyone[9])
    after = get(server, f"/v3.0/users?role=student&limit=5&starting_after={everyone[9]}")
    before = get(server, f"/v3.0/users?role=student&limit=5&ending_before={everyone[9]}")
    assert ids(after) == everyone[10:15]
    assert ids(before) == everyone[4:9]


@pytest.mark.parametrize(("limit", "status"), [("10000", 200), ("10001", 413), ("0", 400), ("x", 400)])
def test_limits(server: CleverSandbox, limit: str, status: int) -> None:
    assert get(server, f"/v3.0/users?limit={limit}").status_code == status


def test_count(server: CleverSandbox) -> None:
    counted = get(server, "/v3.0/users?role=teacher&count=true").json()
    assert counted["count"] == len(walk(server, "/v3.0/users?role=teacher"))
    assert [x["rel"] for x in counted["links"]] == ["self"]
    assert "data" in get(server, "/v3.0/users?count=5").json()
    assert "data" in get(server, "/v2.0/students?count=true").json()
    assert "count" in get(server, "/v2.1/students?count=true").json()


# -- what lists select


def test_term_dates_have_two_forms(server: CleverSandbox) -> None:
    school = ids(get(server, "/v3.0/schools"))[0]
    plain = {x["data"]["id"]: x["data"] for x in get(server, "/v3.0/terms").json()["data"]}
    for item in get(server, f"/v3.0/schools/{school}/terms").json()["data"]:
        term = item["data"]
        expected = plain[term["id"]].get("start_date")
        assert term.get("start_date") == (expected and f"{expected}T00:00:00.000Z")


def test_people_of_a_school(server: CleverSandbox) -> None:
    everyone = get(server, "/v3.0/users?limit=10000").json()["data"]
    roles = {item["data"]["id"]: item["data"]["roles"] for item in everyone}
    school = ids(get(server, "/v3.0/schools"))[1]
    listed = walk(server, f"/v3.0/schools/{school}/users?role=student")
    primary = walk(server, f"/v3.0/schools/{school}/users?role=student&primary=true")
    assert all(school in roles[i]["student"]["schools"] for i in listed)
    assert all(school == roles[i]["student"]["school"] for i in primary)
    assert set(primary) < set(listed)
    assert walk(server, f"/v2.1/schools/{school}/students") == primary
    assert get(server, f"/v3.0/schools/{school}/users?role=contact").status_code == 400


def test_two_roles_are_one_user_in_two_lists(server: CleverSandbox) -> None:
    teachers = {x["data"]["id"]: x["data"] for x in get(server, "/v3.0/users?role=teacher").json()["data"]}
    staff = {x["data"]["id"]: x["data"] for x in get(server, "/v3.0/users?role=staff").json()["data"]}
    both = set(teachers) & set(staff)
    assert both
    assert all(teachers[i] == staff[i] and set(staff[i]["roles"]) == {"teacher", "staff"} for i in both)
    old = [staff[i]["roles"][role]["legacy_id"] for i in both for role in ("teacher", "staff")]
    assert len(set(old)) == 2 * len(both)


def test_events_are_an_empty_feed(server: CleverSandbox) -> None:
    told = get(server, "/v3.0/events").json()
    assert told == {"data": [], "links": [{"rel": "self", "uri": "/v3.0/events?"}]}


# -- errors


@pytest.mark.parametrize("path", ["/v3.0/users/000000000000000000000000", "/v3.0/sections/0/users"])
def test_unknown_id(server: CleverSandbox, path: str) -> None:
    answer = get(server, path)
    assert (answer.status_code, list(answer.json())) == (404, ["message"])


@pytest.mark.parametrize("path", ["/v3.0/students", "/v3.0/resources", "/v9.0/users", "/sandbox/v3.0/users"])
def test_unknown_path(server: CleverSandbox, path: str) -> None:
    answer = get(server, path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert f"Cannot GET {path}" in answer.text


@pytest.mark.parametrize(("mode", "status"), [("gone", 410), ("missing", 404), ("forbidden", 403), ("served", 200)])
def test_v2_contacts(mode: str, status: int) -> None:
    with CleverSandbox.start(CleverDistrict.generated(30), v2_contacts=mode) as server:
        student = ids(get(server, "/v2.1/students"))[0]
        assert get(server, "/v2.1/contacts").status_code == status
        assert get(server, f"/v2.0/students/{student}/contacts").status_code == status


def test_rate_window() -> None:
    with CleverSandbox.start(CleverDistrict.generated(30), rate_limit=3, rate_window=2.0) as server:
        answers = [get(server, "/v3.0/districts") for _ in range(4)]
        assert [a.status_code for a in answers] == [200, 200, 200, 429]
        assert [a.headers["x-ratelimit-remaining"] for a in answers] == ["2", "1", "0", "0"]
        refused = answers[-1]
        assert (refused.content, refused.headers["x-ratelimit-bucket"]) == (b"", "bearer")
        assert "retry-after" not in refused.headers
        time.sleep(max(0, int(refused.headers["x-ratelimit-reset"]) - time.time()) + 0.05)
        assert get(server, "/v3.0/districts").status_code == 200


def test_requests_are_kept(server: CleverSandbox) -> None:
    get(server, "/v3.0/users?limit=1")
    get(server, "/v3.0/nothing")
    assert server.requests == [("GET", "/v3.0/users?limit=1", 200), ("GET", "/v3.0/nothing", 404)]


# -- stories between two nights


def user(server: CleverSandbox, user_id: str) -> dict[str, Any]:
    record: dict[str, Any] = get(server, f"/v3.0/users/{user_id}").json()["data"]
    return record


def last_sync(server: CleverSandbox) -> str:
    return str(get(server, "/v3.0/districts").json()["data"][0]["data"]["last_sync"])


def test_leave_and_come_back(server: CleverSandbox) -> None:
    before, synced = walk(server, "/v3.0/users?limit=10000"), last_sync(server)
    student = ids(get(server, "/v3.0/users?role=student"))[0]
    sections = ids(get(server, f"/v3.0/users/{student}/sections"))
    gone = server.district.leave(student)
    assert get(server, f"/v3.0/users/{student}").status_code == 404
    assert student not in str(get(server, "/v3.0/sections?limit=10000").json())
    assert last_sync(server) > synced
    server.district.come_back(gone)
    assert walk(server, "/v3.0/users?limit=10000") == before
    assert ids(get(server, f"/v3.0/users/{student}/sections")) == sections


def test_join(server: CleverSandbox) -> None:
    section = ids(get(server, "/v3.0/sections"))[0]
    new = server.district.join(sections=(section,), name={"first": "Kit", "last": "New"})
    assert ids(get(server, "/v3.0/users?role=student&limit=10000"))[-1] == new
    assert new in ids(get(server, f"/v3.0/sections/{section}/users?role=student"))
    assert user(server, new)["name"]["first"] == "Kit"


def test_change_email_keeps_a_student_and_renews_a_contact(server: CleverSandbox) -> None:
    student = ids(get(server, "/v3.0/users?role=student"))[0]
    contact = ids(get(server, f"/v3.0/users/{student}/mycontacts"))[0]
    assert server.district.change_email(student, "new@example.org") == student
    renewed = server.district.change_email(contact, "other@example.org")
    assert user(server, student)["roles"]["student"]["email"] == "new@example.org"
    assert get(server, f"/v3.0/users/{contact}").status_code == 404
    assert renewed in ids(get(server, f"/v3.0/users/{student}/mycontacts"))


def test_new_ids_are_told_everywhere(server: CleverSandbox) -> None:
    teacher = get(server, "/v3.0/sections").json()["data"][0]["data"]["teacher"]
    sections = ids(get(server, f"/v3.0/users/{teacher}/sections"))
    new = server.district.rotate_ids("teacher")[teacher]
    assert ids(get(server, f"/v3.0/users/{new}/sections")) == sections
    assert ids(get(server, f"/v3.0/users/{server.district.change_sis_id(new, '99')}/sections")) == sections


def test_terms_roll_over(server: CleverSandbox) -> None:
    old_sections = ids(get(server, "/v3.0/sections?limit=1000"))
    old_terms = {x["data"]["id"]: x["data"] for x in get(server, "/v3.0/terms").json()["data"]}
    new = server.district.roll_over_terms()
    terms = {x["data"]["id"]: x["data"] for x in get(server, "/v3.0/terms").json()["data"]}
    sections = ids(get(server, "/v3.0/sections?limit=1000"))
    assert set(terms) == set(new.values())
    assert not set(terms) & set(old_terms)
    assert len(sections) == len(old_sections)
    assert not set(sections) & set(old_sections)
    first = next(iter(new))
    assert int(terms[new[first]]["start_date"][:4]) == int(old_terms[first]["start_date"][:4]) + 1


def test_a_school_is_unshared(server: CleverSandbox) -> None:
    school = ids(get(server, "/v3.0/schools"))[0]
    before = walk(server, "/v3.0/users?limit=10000")
    gone = server.district.unshare_school(school)
    assert get(server, f"/v3.0/schools/{school}").status_code == 404
    left = get(server, "/v3.0/users?role=student&limit=10000").json()["data"]
    assert all(set(x["data"]["roles"]["student"]["schools"]) != {school} for x in left)
    assert len(walk(server, "/v3.0/users?limit=10000")) < len(before)
    server.district.come_back(gone)
    assert walk(server, "/v3.0/users?limit=10000") == before


def test_small_changes(server: CleverSandbox) -> None:
    section = server.district.add_section(name="Chess")
    student = ids(get(server, "/v3.0/users?role=student"))[-1]
    server.district.enrol(section, student)
    assert section in ids(get(server, f"/v3.0/users/{student}/sections"))
    server.district.unenrol(section, student)
    server.district.edit("sections", section, teacher=None, name="Go")
    told = get(server, f"/v3.0/sections/{section}").json()["data"]
    assert (told["name"], told["teacher"], student in told["students"]) == ("Go", None, False)
    server.district.drop_section(section)
    server.district.vanish(student)
    assert get(server, f"/v3.0/sections/{section}").status_code == 404
    assert student in str(get(server, "/v3.0/sections?limit=10000").json())


# -- as a command


def test_command_says_where_it_is() -> None:
    command = [sys.executable, "-m", "local.sandbox.clever", "--students", "20", "--fault", "error_500"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = dict(pair.split("=", 1) for pair in process.stdout.readline().split())
        headers = {"Authorization": f"Bearer {told['token']}"}
        answers = [requests.get(told["url"] + "/v3.0/districts", headers=headers, timeout=10) for _ in range(2)]
        process.terminate()
    assert [a.status_code for a in answers] == [500, 200]
    assert ids(answers[1]) == [told["district_id"]]
    assert set(told) == {"url", "token", "client_id", "client_secret", "district_id"}
