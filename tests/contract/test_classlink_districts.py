"""ClassLink's list of districts on the wire: paged to its end, read with suspicion, its ids left as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.sandbox.classlink import ClassLinkSandbox
from local.sandbox.faults import Reply
from local.sandbox.oneroster_conduct import Conduct
from local.sandbox.serving import Request, Sandbox
from roster.admission import Listed
from roster.connect import check
from roster.errors import ContractBroken, CredentialRejected, NotSetUp, ProviderUnavailable, RateLimited, RosterError
from roster.http import RequestsHttp
from tests.fakes.memory import MemoryTokens
from tests.support import function_module

listing = function_module("classlink_districts", "listing")
KEY, BEARER = "the-partner-key", "0b5a-bearer"


def row(number: int, **changes: Any) -> dict[str, Any]:
    """A row as captured from ClassLink (providers/classlink-oneroster.md, 9.2)."""
    return {
        "id": number,
        "application_id": 3000 + number,
        "tenant_id": 2000 + number,
        "bearer": f"{BEARER}-{number}",
        "tenant_name": f"District {number}",
        "enabled": "true",
        "tenant_status": "Active",
        "oneroster_application_id": f"%2FgVa0ed75Gs{number}%3D",
        "name": "pickAtime",
        "version": "",
        **changes,
    }


class Partner(Sandbox):
    """The partner's side of ClassLink: `rows` by limit and offset, or whatever `reply` says."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = [row(1)]
        self.reply: Reply | None = None
        self.most, self.ignores_offset = 10_000, False
        self.keys: set[str] = set()
        super().__init__(0, None)

    def answer(self, request: Request) -> Reply:
        self.keys.add(request.headers.get("authorization", ""))
        if self.reply:
            return Reply(**vars(self.reply))
        asked = {name: int(value) for name, value in request.query}
        offset, limit = asked["offset"], min(asked["limit"], self.most)
        page = self.rows[:limit] if self.ignores_offset else self.rows[offset : offset + limit]
        return Reply(200, json.dumps({"status": 1, "applications": page}).encode())

    def fetch(self) -> list[Listed]:
        found: list[Listed] = listing.fetch(RequestsHttp(loopback=True), {"key": KEY, "base_url": f"{self.url}/"})
        return found


@pytest.fixture
def partner() -> Iterator[Partner]:
    with Partner() as partner:
        yield partner


def body(partner: Partner, value: Any) -> None:
    partner.reply = Reply(200, json.dumps(value).encode())


def test_a_district_is_what_its_import_needs(partner: Partner) -> None:
    (found,) = partner.fetch()
    assert (found.tenant, found.name, found.shares) == ("2001", "District 1", True)
    assert found.settings == {"base_url": partner.url, "application": "%2FgVa0ed75Gs1%3D"}
    assert found.secret == {"token": f"{BEARER}-1"}
    assert partner.keys == {f"Bearer {KEY}"}


def test_the_list_ends_at_an_empty_page_however_short_the_pages_are(partner: Partner) -> None:
    partner.rows, partner.most = [row(n) for n in range(1, 6)], 2
    assert [found.tenant for found in partner.fetch()] == ["2001", "2002", "2003", "2004", "2005"]
    offsets = [target.rpartition("offset=")[2] for _, target, _ in partner.requests]
    assert offsets == ["0", "2", "4", "5"], "by rows received, to the empty page"


def test_a_duplicate_across_pages_is_no_loop(partner: Partner) -> None:
    partner.rows, partner.most = [row(1), row(2), row(2)], 2
    assert [found.tenant for found in partner.fetch()] == ["2001", "2002", "2002"]


def test_a_server_that_ignores_the_offset_is_noticed(partner: Partner) -> None:
    partner.ignores_offset = True
    with pytest.raises(ContractBroken, match="same page"):
        partner.fetch()


def test_no_district_at_all(partner: Partner) -> None:
    partner.rows = []
    assert partner.fetch() == []


@pytest.mark.parametrize("status", [0, 1, "1", None])
def test_a_lone_object_is_a_list_of_one_and_the_status_says_nothing(status: Any) -> None:
    assert listing.read({"status": status, "applications": row(1)}) == [row(1)]
    assert listing.read({"status": status, "applications": [row(1)]}) == [row(1)]


@pytest.mark.parametrize(
    "answer",
    [{}, [], None, "text", {"status": 0, "message": "no"}, {"applications": None}, {"applications": "no"},
     {"applications": ["no"]}, {"applications": [row(1), 7]}],
)  # fmt: skip
def test_an_answer_without_a_list_is_not_an_empty_list(partner: Partner, answer: Any) -> None:
    body(partner, answer)
    with pytest.raises(ContractBroken):
        partner.fetch()


@pytest.mark.parametrize("tenant", [None, "", " ", True, {}])
def test_a_district_without_a_tenant_id_spoils_the_list(partner: Partner, tenant: Any) -> None:
    partner.rows = [row(1), row(2, tenant_id=tenant)]
    with pytest.raises(ContractBroken, match="tenant id"):
        partner.fetch()


def test_a_page_that_is_cut_off_is_no_list(partner: Partner) -> None:
    partner.reply = Reply(200, b'{"status":1,"applications":[{"id":1')
    with pytest.raises(ProviderUnavailable):
        partner.fetch()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"enabled": "false"}, "enabled"),
        ({"enabled": False}, "enabled"),
        ({"enabled": None}, "enabled"),
        ({"enabled": 1}, "enabled"),
        ({"tenant_status": "Inactive"}, "active"),
        ({"tenant_status": None}, "active"),
        ({"bearer": None}, "bearer"),
        ({"bearer": " "}, "bearer"),
        ({"oneroster_application_id": ""}, "application id"),
        ({"oneroster_application_id": "a/../b"}, "application id"),
        ({"oneroster_application_id": ".."}, "application id"),
        ({"oneroster_application_id": ".%2e"}, "application id"),
        ({"oneroster_application_id": "%2E"}, "application id"),
        ({"oneroster_application_id": "a?b"}, "application id"),
        ({"oneroster_application_id": "a b"}, "application id"),
        ({"oneroster_application_id": "half%2"}, "application id"),
    ],
)
def test_a_district_that_does_not_share_says_why(changes: dict[str, Any], why: str) -> None:
    found = listing.district(row(1, **changes), "https://proxy")
    assert not found.shares
    assert why in found.obstacle


@pytest.mark.parametrize(
    "changes", [{"enabled": "True"}, {"enabled": True}, {"tenant_status": "ACTIVE"}, {"tenant_id": "2001"}]
)
def test_a_district_that_shares_may_say_so_in_its_own_way(changes: dict[str, Any]) -> None:
    found = listing.district(row(1, **changes), "https://proxy")
    assert (found.shares, found.tenant) == (True, "2001")


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(401, b"{}"), CredentialRejected),
        (Reply(403, b"{}"), CredentialRejected),
        (Reply(404, b"{}"), ContractBroken),
        (Reply(302, b"", {"location": "http://127.0.0.1:9/"}), ContractBroken),
        (Reply(429, b"<html>", {"retry-after": "17"}), RateLimited),
        (Reply(500, b"down"), ProviderUnavailable),
        (Reply(503, b"down"), ProviderUnavailable),
    ],
)
def test_refusals(partner: Partner, reply: Reply, error: type[RosterError]) -> None:
    partner.reply = reply
    with pytest.raises(error) as raised:
        partner.fetch()
    assert KEY not in str(raised.value)
    assert raised.value.help
    if isinstance(raised.value, RateLimited):
        assert raised.value.wait == 17


def test_a_429_that_names_no_time(partner: Partner) -> None:
    partner.reply = Reply(429, b"<html>")
    with pytest.raises(RateLimited, match="60 seconds"):
        partner.fetch()


def test_without_a_partner_key_nobody_is_asked(partner: Partner) -> None:
    with pytest.raises(NotSetUp, match="partner key"):
        listing.fetch(RequestsHttp(loopback=True), {"base_url": partner.url})
    assert partner.requests == []


def test_no_bearer_is_in_what_a_district_shows_of_itself(partner: Partner) -> None:
    assert BEARER not in repr(partner.fetch())


def test_the_application_id_reaches_the_districts_data_verbatim() -> None:
    """Escaped once more it would be answered with 404, as an id that never was."""
    with ClassLinkSandbox.start() as sandbox:
        tenant = sandbox.add_tenant("Springfield", students=2)
        (found,) = listing.fetch(RequestsHttp(loopback=True), {"key": sandbox.partner_key, "base_url": sandbox.url})
        data = f"{found.settings['base_url']}/{found.settings['application']}/ims/oneroster/v1p1/orgs"
        assert data == f"{sandbox.base_url(tenant)}/orgs"
        answer = RequestsHttp(loopback=True).get(data, {"Authorization": f"Bearer {found.secret['token']}"})
        assert answer.status == 200


def test_what_a_district_is_found_with_is_what_its_importer_connects_with() -> None:
    provider = function_module("import_classlink", "provider").PROVIDER
    with ClassLinkSandbox.start() as sandbox:
        sandbox.add_tenant("Springfield", students=2)
        (found,) = listing.fetch(RequestsHttp(loopback=True), {"key": sandbox.partner_key, "base_url": sandbox.url})
        told = check(provider, RequestsHttp(loopback=True), found.settings, found.secret, MemoryTokens())
        assert told["connected"], told


def test_sandbox_districts_come_and_go() -> None:
    conduct = Conduct(duplicate_tenant=True)
    with ClassLinkSandbox.start(conduct=conduct) as sandbox:
        first, second = sandbox.add_tenant("A", students=2), sandbox.add_tenant("B", students=2, enabled=False)

        def told() -> dict[str, bool]:
            found = listing.fetch(RequestsHttp(loopback=True), {"key": sandbox.partner_key, "base_url": sandbox.url})
            return {one.name: one.shares for one in found}

        assert told() == {"A": True, "B": False}
        sandbox.set_enabled(second, True)
        sandbox.remove_tenant(first)
        assert told() == {"B": True}
