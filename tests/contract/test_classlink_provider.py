"""The ClassLink provider: the contract in each version, and OneRoster's and ClassLink's own habits, over real HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

import roster.http
from local.sandbox.classlink import ClassLinkSandbox
from local.sandbox.faults import Fault
from local.sandbox.oneroster import OneRosterSandbox
from local.sandbox.oneroster_auth import SCOPES, OAuth1, OAuth2
from local.sandbox.oneroster_conduct import Conduct, conduct
from local.sandbox.oneroster_data import OneRosterDistrict
from roster.errors import AccessMissing, ContractBroken, CredentialRejected, NotSetUp, ProviderUnavailable
from roster.model import JSON, Selection
from roster.pull import Place
from roster.staging import Staging
from tests.contract.provider_contract import KEY, ProviderContract, Pull, one_lane
from tests.support import function_module

classlink: Any = function_module("import_classlink", "provider")
HELP = classlink.PROVIDER.help
Fact = tuple[str, dict[str, JSON]]


class TestContract(ProviderContract):
    """OneRoster 1.1 with ClassLink's bearer."""

    provider = classlink.PROVIDER
    folder = "import_classlink"
    label = "ClassLink"

    @classmethod
    def served(cls) -> AbstractContextManager[OneRosterSandbox]:
        return OneRosterSandbox.start(OneRosterDistrict.generated(50))

    @classmethod
    def settings(cls, sandbox: Any) -> dict[str, JSON]:
        return {"base_url": sandbox.url, "page_size": 25}

    @classmethod
    def secret(cls, sandbox: Any) -> dict[str, str]:
        return {"token": sandbox.token}


class TestContractOfVersion12(TestContract):
    """OneRoster 1.2 with OAuth 2."""

    @classmethod
    def served(cls) -> AbstractContextManager[OneRosterSandbox]:
        return OneRosterSandbox.start(OneRosterDistrict.generated(50), version="v1p2", auth=("oauth2",))

    @classmethod
    def settings(cls, sandbox: Any) -> dict[str, JSON]:
        own = {"auth": "oauth2", "token_url": sandbox.token_url, "version": "v1p2"}
        return {"base_url": sandbox.url, "page_size": 25, **own}

    @classmethod
    def secret(cls, sandbox: Any) -> dict[str, str]:
        return {"client_id": sandbox.key, "client_secret": sandbox.secret}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster.http, "RETRIES", roster.http.RETRIES.new(backoff_factor=0.0001, backoff_jitter=0))


@pytest.fixture(scope="module")
def district() -> OneRosterDistrict:
    """Shared, because no test that uses it changes it."""
    return OneRosterDistrict.generated(80)


@pytest.fixture
def server(district: OneRosterDistrict) -> Iterator[OneRosterSandbox]:
    with OneRosterSandbox.start(district) as server:
        yield server


@pytest.fixture
def own() -> Iterator[OneRosterSandbox]:
    """One's own, because these tests change it."""
    with OneRosterSandbox.start(OneRosterDistrict.generated(60)) as server:
        yield server


@pytest.fixture
def proxy() -> Iterator[ClassLinkSandbox]:
    with ClassLinkSandbox.start(OneRosterDistrict.generated(60)) as server:
        yield server


def pull_of(server: OneRosterSandbox, secret: dict[str, str] | None = None, **settings: JSON) -> Pull:
    told = {"base_url": server.url, "page_size": 1000, **settings}
    return Pull(classlink.PROVIDER, told, secret or {"token": server.token})


def proxied(server: ClassLinkSandbox, **settings: JSON) -> Pull:
    told = {"base_url": server.base_url(), "page_size": 50, **settings}
    return Pull(classlink.PROVIDER, told, {"token": server.tenant.bearer})


def ended(pull: Pull) -> tuple[Place, list[Fact]]:
    end = pull.places()[-1]
    return end, pull.facts(end)


def canonical(facts: list[Fact]) -> list[str]:
    return sorted(f"{tag} {sorted(fact.items())}" for tag, fact in facts)


def notes(pull: Pull, end: Place) -> list[str]:
    return sorted(map(str, pull.staged(end)["notes"]))


def of_kind(facts: list[Fact], kind: str) -> set[str]:
    return {fact["id"] for tag, fact in facts if tag == "person" and fact["kind"] == kind}


# -- what is found


def test_the_whole_district(server: OneRosterSandbox, district: OneRosterDistrict) -> None:
    pull = pull_of(server)
    end, facts = ended(pull)
    tables = district.tables
    assert (end.warnings, end.absent, end.rejected) == ({}, [], {})
    assert of_kind(facts, "student") == set(district.students())
    assert of_kind(facts, "parent") == set(district.with_role("parent", "guardian"))
    assert set(district.teachers()) <= of_kind(facts, "teacher")
    active = {sid for sid, told in tables["classes"].items() if told["status"] == "active"}
    assert {fact["id"] for tag, fact in facts if tag == "class"} == active
    dated = {sid for sid, told in tables["demographics"].items() if told["birthDate"] and told["status"] == "active"}
    assert {fact["student"] for tag, fact in facts if tag == "birth_date"} == dated
    sides = Counter(fact["side"] for tag, fact in facts if tag == "relationship")
    of_relatives = sum(len(tables["users"][id]["agents"]) for id in district.with_role("relative"))
    assert sides["student"] - of_relatives == sides["parent"] > 50
    told = [tag for tag, _ in pull.staged(end)["notes"]]
    assert Counter(told)["school"] == len(district.schools())
    assert Counter(told)["term"] == len(tables["academicSessions"])
    assert "within" in told


def test_six_requests(server: OneRosterSandbox) -> None:
    ended(pull_of(server, page_size=None))
    asked = [target.partition("?")[0].rsplit("/", 1)[1] for _, target, _ in server.requests]
    assert asked[0] == "orgs"
    assert sorted(asked) == ["academicSessions", "classes", "demographics", "enrollments", "orgs", "users"]


def test_nothing_is_filtered_there(own: OneRosterSandbox) -> None:
    """A server that misreads a filter answers with everything, an error or nobody; what is wanted is chosen here."""
    pull = pull_of(own, page_size=25)
    pull.selection = Selection(schools=tuple(own.district.schools()[:1]), contacts=False)
    pull.places()
    assert not [target for _, target, _ in own.requests if "filter" in target or "fields" in target]


def test_versions_tell_the_same_facts_but_of_teachers_who_are_parents(district: OneRosterDistrict) -> None:
    """Who is both is two users in 1.1, and one with two roles in 1.2."""
    told = {}
    for version in ("v1p1", "v1p2"):
        with OneRosterSandbox.start(district, version=version) as server:
            told[version] = ended(pull_of(server, version=version))[1]
    older, newer = (told[version] for version in ("v1p1", "v1p2"))
    twins, teachers = set(district.twins), set(district.twins.values())
    assert teachers
    assert of_kind(older, "parent") - twins == of_kind(newer, "parent") - teachers
    assert teachers <= of_kind(newer, "parent") & of_kind(newer, "teacher")

    def others(facts: list[Fact]) -> list[str]:
        both = twins | teachers
        return canonical([(tag, fact) for tag, fact in facts if both.isdisjoint(map(str, fact.values()))])

    assert others(older) == others(newer)


def test_without_contacts_there_are_no_parents(server: OneRosterSandbox) -> None:
    pull = pull_of(server)
    pull.selection = Selection(contacts=False)
    end, facts = ended(pull)
    assert {fact["kind"] for tag, fact in facts if tag == "person"} == {"student", "teacher"}
    assert "relationship" not in {tag for tag, _ in facts}
    assert end.warnings == {}


@pytest.mark.parametrize(
    ("given", "roles"),
    [
        (None, "parent guardian"),
        ("parent, Guardian", "parent guardian"),
        (["guardian"], "guardian"),
        ("parent,guardian,Relative", "parent guardian relative"),
        (["relative"], "relative"),
    ],
)
def test_parent_roles(server: OneRosterSandbox, district: OneRosterDistrict, given: JSON, roles: str) -> None:
    """Relatives are parents where the school says so, and whoever is no parent is no teacher either."""
    facts = ended(pull_of(server, parent_roles=given))[1]
    assert of_kind(facts, "parent") == set(district.with_role(*roles.split())) != set()
    assert not set(district.parents()) & of_kind(facts, "teacher")


@pytest.mark.parametrize("given", ["mother", ["parent", "teacher"]])
def test_parent_roles_that_are_none(server: OneRosterSandbox, given: JSON) -> None:
    with pytest.raises(NotSetUp) as caught:
        pull_of(server, parent_roles=given).turn()
    assert caught.value.help == HELP["settings"]


# -- habits that must make no difference

HARMLESS = (
    "no_total no_link no_total+no_link total_in_body total_in_body+no_link clamp=20 clamp=20+no_total+no_link clamp=50 "
    "clamp=50+no_total+no_link refuse_sort=400 refuse_sort=422 unstable_order refuse_sort+unstable_order "
    "refuse_sort+unstable_order+no_total+no_link null_style=null null_style=empty "
    "null_style=mixed single_as_object flat_refs flat_refs+single_as_object mixed_shape=both path_envelope "
    "fail_502_over_limit=200 fail_502_over_limit=60+no_total+no_link refuse_over_limit=200 inactive capital_roles "
    "numeric_ids numeric_ids+flat_refs raw_booleans raw_booleans=number date_style=space date_style=offset "
    "date_style=seconds hrefs=relative hrefs=elsewhere ignore_filter refuse_filter=400 refuse_filter=empty "
    "error_style=html+refuse_sort wrong_total=-7+no_link clamp=50+wrong_total=-50+no_link"
).split()


def habits(named: str) -> Conduct:
    told = Conduct()
    for one in named.split("+"):
        told |= conduct(one)
    return told


@pytest.fixture(scope="module")
def plain(district: OneRosterDistrict) -> dict[str, tuple[list[str], list[str]]]:
    """Facts and notes of a server without habits, by version."""
    found = {}
    for version in ("v1p1", "v1p2"):
        with OneRosterSandbox.start(district, version=version) as server:
            pull = pull_of(server, version=version)
            end, facts = ended(pull)
            found[version] = (canonical(facts), notes(pull, end))
    return found


@pytest.mark.parametrize(
    ("version", "named"),
    # A 1.2 server that tells 1.1 rows has no room for a second role, so that one is not among its habits.
    [*[(version, named) for version in ("v1p1", "v1p2") for named in HARMLESS], ("v1p1", "mixed_shape=other")],
)
def test_habits_that_make_no_difference(
    district: OneRosterDistrict, plain: dict[str, tuple[list[str], list[str]]], version: str, named: str
) -> None:
    with OneRosterSandbox.start(district, version=version, conduct=habits(named)) as server:
        pull = pull_of(server, version=version)
        end, facts = ended(pull)
        assert canonical(facts) == plain[version][0]
        assert notes(pull, end) == plain[version][1]
        assert (end.warnings, end.absent) == ({}, [])


# -- habits that are told


@pytest.mark.parametrize(
    ("more", "seconds", "outcome"),
    [
        ("clamp=20", 900.0, "refused"),
        ("clamp=20", 0.0, "doubted"),
        ("clamp=20+no_total", 900.0, "refused"),
        ("clamp=20+no_total", 0.0, "doubted"),
        ("clamp=20+no_total+no_link", 900.0, "refused"),
        ("clamp=20+no_total+no_link", 0.0, "refused"),
        ("clamp=33+no_total+no_link", 900.0, "doubted"),
        ("clamp=33+no_total+no_link", 0.0, "doubted"),
    ],
)
def test_pages_of_a_server_that_neither_sorts_nor_keeps_an_order(
    district: OneRosterDistrict, more: str, seconds: float, outcome: str
) -> None:
    """Rows come twice and others never: that is refused, or doubted, and then nobody departs."""
    with OneRosterSandbox.start(district, conduct=habits(f"refuse_sort+unstable_order+{more}")) as server:
        pull = pull_of(server)
        pull.provider = one_lane(pull.provider)  # which rows come twice depends on the order of requests
        if outcome == "refused":
            with pytest.raises(ContractBroken) as caught:
                pull.places(seconds)
            assert caught.value.help == HELP["contract_broken"]
            return
        end = pull.places(seconds)[-1]
        repeats = Staging(pull.slots, KEY, "any").repeats(end.round, end.ids, end.facts)
        assert ("source_incomplete" in end.warnings) == (seconds > 0), "a turn of one page cannot tell"
        assert seconds or repeats > 100, "but the plan can"


def test_the_total_counts_rows_that_never_come(own: OneRosterSandbox) -> None:
    own.conduct = Conduct(wrong_total={"users": 7})
    end, facts = ended(pull_of(own))
    assert end.warnings == {"source_incomplete": 1}
    assert of_kind(facts, "student") == set(own.district.students())


def test_rows_that_come_twice_count_once_and_are_not_trusted(own: OneRosterSandbox) -> None:
    plain = set(canonical(ended(pull_of(own))[1]))
    own.conduct = Conduct(dup_ids={"users": True})
    end, facts = ended(pull_of(own))
    assert set(canonical(facts)) == plain
    assert end.warnings == {"source_incomplete": 1}


@pytest.mark.parametrize("habit", ["ignore_offset", "ignore_offset+no_total+no_link"])
def test_a_server_without_offsets(own: OneRosterSandbox, habit: str) -> None:
    own.conduct = habits(habit)
    with pytest.raises(ContractBroken) as caught:
        pull_of(own, page_size=25).places()
    assert "again" in str(caught.value) or "already" in str(caught.value) or "twice" in str(caught.value)


@pytest.mark.parametrize("style", ["", "wrapped", "set", "plain"])
def test_an_error_with_status_200(own: OneRosterSandbox, style: str) -> None:
    own.conduct = Conduct(error_in_200={"users": True}, error_style=style)
    with pytest.raises(ContractBroken) as caught:
        pull_of(own).places()
    assert caught.value.help == HELP["contract_broken"]


def test_a_429_in_html(own: OneRosterSandbox) -> None:
    plain = canonical(ended(pull_of(own))[1])
    own.conduct = Conduct(html_429=30)
    pull = pull_of(own)
    places = pull.places()
    assert {place.wait for place in places} == {0, 30}
    assert canonical(pull.facts(places[-1])) == plain


@pytest.mark.parametrize("how", ["join", "leave"])
def test_data_that_changes_while_it_is_read_is_read_once_more(own: OneRosterSandbox, how: str) -> None:
    own.conduct = Conduct(change_mid_pull={"users": how})
    pull = pull_of(own, page_size=25)
    end, facts = ended(pull)
    assert (end.round, end.warnings) == (1, {})
    assert of_kind(facts, "student") == set(own.district.students())


def test_rows_to_be_deleted(own: OneRosterSandbox) -> None:
    whole = ended(pull_of(own))[1]
    own.conduct = Conduct(tobedeleted_ratio=0.3)
    for inactive in (False, True):
        own.conduct |= Conduct(inactive=inactive)
        fewer = ended(pull_of(own))[1]
        assert set(canonical(fewer)) < set(canonical(whole))
        assert 0.5 * len(whole) < len(fewer) < 0.9 * len(whole)


@pytest.mark.parametrize(
    ("dob", "most", "absent"),
    [
        ("full", 1.0, []),
        ("partial", 0.8, []),
        ("blank", 0.0, []),
        ("empty", 0.0, []),
        ("refused", 0.0, ["birth_date"]),
        ("404", 0.0, ["birth_date"]),
        ("501", 0.0, ["birth_date"]),
    ],
)
def test_birth_dates(own: OneRosterSandbox, dob: str, most: float, absent: list[str]) -> None:
    own.conduct = Conduct(dob=dob)
    end, facts = ended(pull_of(own))
    assert end.absent == absent
    assert end.warnings == ({"demographics_refused": 1} if absent else {})
    students = set(own.district.students())
    dated = {fact["student"] for tag, fact in facts if tag == "birth_date"} & students
    assert (dated == students) if most == 1 else (0 < len(dated) < most * len(students)) if most else not dated
    assert of_kind(facts, "student") == students


@pytest.mark.parametrize(
    ("agents", "sides", "parents"),
    [
        ("student_only", {"student"}, True),
        ("parent_only", {"parent"}, True),
        ("none", set(), True),
        ("dangling", {"student"}, False),
    ],
)
def test_agents(own: OneRosterSandbox, agents: str, sides: set[str], parents: bool) -> None:
    """Whose other end is missing, and which side alone says so, is for the plan to count."""
    whole = {fact["parent"] for tag, fact in ended(pull_of(own))[1] if tag == "relationship" and fact["side"] in sides}
    own.conduct = Conduct(agents=agents)
    facts = ended(pull_of(own))[1]
    ties = [fact for tag, fact in facts if tag == "relationship"]
    assert {tie["side"] for tie in ties} == sides
    assert {tie["parent"] for tie in ties} == whole
    assert bool(of_kind(facts, "parent")) == parents


# -- ways in


def test_every_way_in_leads_to_the_same(
    district: OneRosterDistrict, plain: dict[str, tuple[list[str], list[str]]]
) -> None:
    ways: list[tuple[Any, dict[str, JSON]]] = [
        (OAuth1(), {}),
        (OAuth1(methods=["HMAC-SHA1"]), {}),
        (OAuth1(methods=["HMAC-SHA1"]), {"signature": "sha1"}),
        (OAuth1(methods=["HMAC-SHA256"]), {"signature": "sha256"}),
        (OAuth2(), {}),
        (OAuth2("id:1", "s+cr et&/é"), {}),
        (OAuth2(accepts=["body"]), {}),
        (OAuth2(accepts=["basic"]), {}),
    ]
    for auth, settings in ways:
        with OneRosterSandbox.start(district, auth=auth) as server:
            told = {"auth": "oauth1" if isinstance(auth, OAuth1) else "oauth2", "token_url": server.token_url}
            names = ("key", "secret") if isinstance(auth, OAuth1) else ("client_id", "client_secret")
            secret = dict(zip(names, (server.key, server.secret), strict=True))
            assert canonical(ended(pull_of(server, secret, **told, **settings))[1]) == plain["v1p1"][0]


def test_a_nonce_that_the_server_saw_before_a_500(own: OneRosterSandbox) -> None:
    """The HTTP adapter repeats a request after a 5xx, nonce and all."""
    own.auth = OAuth1()
    own.faults.add(Fault("error_500", nth=3))
    secret = {"key": own.key, "secret": own.secret}
    for signature in ({}, {"signature": "sha256"}):
        end, _ = ended(pull_of(own, secret, auth="oauth1", **signature))
        assert end.warnings == {}
    assert 401 in {status for *_, status in own.requests}


def test_a_clock_that_is_wrong(own: OneRosterSandbox) -> None:
    own.auth = OAuth1()
    own.auth.clock_offset = 400
    with pytest.raises(CredentialRejected) as caught:
        pull_of(own, {"key": own.key, "secret": own.secret}, auth="oauth1").turn()
    assert caught.value.help == HELP["signature_rejected"]
    assert "clock" in caught.value.help


def oauth2(server: OneRosterSandbox) -> Pull:
    secret = {"client_id": server.key, "client_secret": server.secret}
    return pull_of(server, secret, auth="oauth2", token_url=server.token_url)


def test_a_token_that_expires_mid_pull(own: OneRosterSandbox) -> None:
    own.auth = OAuth2()
    own.faults.add(Fault("token_revoked", nth=4))
    end, _ = ended(oauth2(own))
    assert end.warnings == {}
    assert 1 <= [status for *_, status in own.requests].count(401) <= classlink.PROVIDER.lanes
    assert [method for method, *_ in own.requests].count("POST") == 2, "a token, and one renewal"


def test_a_client_that_is_withdrawn_mid_pull(own: OneRosterSandbox) -> None:
    own.auth = OAuth2()
    pull = oauth2(own)
    own.faults.add(Fault("token_withdrawn", nth=4))
    with pytest.raises(CredentialRejected) as caught:
        pull.places()
    assert caught.value.help == HELP["client_rejected"]


@pytest.mark.parametrize("scopes", [("roster-core", "roster"), ("roster-core",)])
def test_demographics_are_not_granted(own: OneRosterSandbox, scopes: tuple[str, ...]) -> None:
    own.auth = OAuth2(scopes=scopes)
    end, facts = ended(oauth2(own))
    assert (end.warnings, end.absent) == ({"demographics_refused": 1}, ["birth_date"])
    assert not [target for _, target, _ in own.requests if "demographics" in target]
    assert of_kind(facts, "student")


def test_demographics_that_are_granted_afterwards(own: OneRosterSandbox) -> None:
    """Switched on, and the import run again: the token of the first run still lasts, and fills no blank."""
    own.auth = OAuth2(scopes=("roster-core", "roster"))
    first = oauth2(own)
    assert ended(first)[0].absent == ["birth_date"]
    own.auth.scopes = SCOPES
    again = oauth2(own)
    again.tokens = first.tokens
    end, facts = ended(again)
    assert (end.warnings, end.absent) == ({}, [])
    assert "birth_date" in {tag for tag, _ in facts}


# -- ClassLink


def test_the_other_address_of_the_proxy(proxy: ClassLinkSandbox) -> None:
    application = proxy.tenant.oneroster_application_id
    addresses: list[dict[str, JSON]] = [
        {"base_url": proxy.base_url()},
        {"base_url": proxy.proxy_url()},
        {"base_url": proxy.url, "application": application},
        {"base_url": f"{proxy.url}/proxy/v1p0", "application": application},
        {"base_url": f"{proxy.url}/proxy/v1p0", "application": proxy.tenant.application_id},
    ]
    assert len({tuple(canonical(ended(proxied(proxy, **address))[1])) for address in addresses}) == 1


def test_an_application_id_that_is_escaped_once_more(proxy: ClassLinkSandbox) -> None:
    application = proxy.tenant.oneroster_application_id.replace("%", "%25")
    with pytest.raises(AccessMissing) as caught:
        proxied(proxy, base_url=proxy.url, application=application).turn()
    assert caught.value.help == HELP["access_missing"]


def test_the_districts_own_server_signs(proxy: ClassLinkSandbox) -> None:
    signed = proxy.tenant.signed
    told = {"base_url": f"{proxy.url}/direct/1", "auth": "oauth1", "page_size": 50}
    direct = Pull(classlink.PROVIDER, told, {"key": signed.key, "secret": signed.secret})
    assert canonical(ended(direct)[1]) == canonical(ended(proxied(proxy))[1])


def test_references_are_never_followed(proxy: ClassLinkSandbox) -> None:
    """References lead to the district's own host, which the bearer is not for: nothing but the lists is asked for."""
    ended(proxied(proxy))
    assert {status for *_, status in proxy.requests} == {200}
    assert all(f"/ims/oneroster/v1p1/{word}?limit=50" in target for word, target in asked(proxy))


def asked(server: ClassLinkSandbox) -> list[tuple[str, str]]:
    return [(target.partition("?")[0].rsplit("/", 1)[1], target) for _, target, _ in server.requests]


def test_permissions(proxy: ClassLinkSandbox) -> None:
    proxy.tenant.permit(demographics=False)
    end, _ = ended(proxied(proxy))
    assert (end.warnings, end.absent) == ({"demographics_refused": 1}, ["birth_date"])
    proxy.tenant.permit(demographics=True, guardians=False)
    end, facts = ended(proxied(proxy))
    assert not of_kind(facts, "parent")
    assert [tag for tag, _ in facts if tag == "relationship"], "agents that dangle are told, for the plan to count"
    proxy.tenant.permit(guardians=True)
    end, facts = ended(proxied(proxy))
    assert of_kind(facts, "parent")
    assert end.absent == []


def test_permissions_that_change_mid_pull(proxy: ClassLinkSandbox) -> None:
    proxy.conduct = Conduct(perm_rev_moves={"users": True})
    end, _ = ended(proxied(proxy))
    assert (end.round, end.warnings) == (2, {"source_moved": 1})


def test_permissions_that_change_once(proxy: ClassLinkSandbox) -> None:
    pull = proxied(proxy)
    first = pull.turn(seconds=0)
    proxy.tenant.permit(guardians=False)
    while not first.done:
        first = pull.turn(first)
    assert (first.round, first.warnings) == (1, {})
    assert not of_kind(pull.facts(first), "parent")


@pytest.mark.parametrize("fault", ["token_revoked", "token_withdrawn"])
def test_a_bearer_that_is_renewed_or_withdrawn(proxy: ClassLinkSandbox, fault: str) -> None:
    pull = proxied(proxy)
    proxy.faults.add(Fault(fault, nth=3))
    with pytest.raises(CredentialRejected) as caught:
        pull.places()
    assert caught.value.help == HELP["credential_rejected"]
    assert "renewed" in caught.value.help
    assert "Enabled" in caught.value.help


def test_servers_without_the_large_collections(own: OneRosterSandbox) -> None:
    """Some have /schools and /terms alone."""
    own.district = OneRosterDistrict.generated(60, halves="term")
    for word in ("orgs", "academicSessions"):
        own.faults.add(Fault("html_404", path=f"*/{word}?*", times=None))
    pull = pull_of(own, page_size=2)
    end = pull.places()[-1]
    assert (end.warnings, end.done) == ({}, True)
    told = Counter(tag for tag, _ in pull.staged(end)["notes"])
    assert told["school"] == len(own.district.schools())
    assert told["term"] > 0


@pytest.mark.parametrize("name", ["users", "classes", "enrollments"])
def test_what_cannot_be_done_without(own: OneRosterSandbox, name: str) -> None:
    own.faults.add(Fault("html_404", path=f"*/{name}?*", times=None))
    with pytest.raises(AccessMissing) as caught:
        pull_of(own).places()
    assert caught.value.help == HELP["access_missing"]


def test_a_server_that_breaks_down_for_good(own: OneRosterSandbox) -> None:
    own.faults.add(Fault("error_502", times=None))
    with pytest.raises(ProviderUnavailable) as caught:
        pull_of(own).places()
    assert caught.value.help == HELP["unavailable"]
