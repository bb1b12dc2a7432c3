"""Every fault a sandbox can be told to have, as a client meets it; Clever is the one they are shown on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import pytest
import requests

from local.sandbox.clever import CleverSandbox
from local.sandbox.clever_data import CleverDistrict
from local.sandbox.faults import FAULTS, Fault, Faults

LIST = "/v3.0/users?role=student&limit=40"
Check = Callable[["Client"], None]
CHECKS: dict[str, Check] = {}


def shows(name: str) -> Callable[[Check], Check]:
    def keep(check: Check) -> Check:
        CHECKS[name] = check
        return check

    return keep


class Client:
    def __init__(self, server: CleverSandbox) -> None:
        self.server, self.token = server, server.token
        self.honest = self.pages()

    def get(self, target: str = LIST) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.get(self.server.url + target, headers=headers, timeout=10)

    def next_of(self, answer: requests.Response) -> str | None:
        return next((x["uri"] for x in answer.json()["links"] if x["rel"] == "next"), None)

    def pages(self, most: int = 30) -> list[list[str]]:
        found: list[list[str]] = []
        target: str | None = LIST
        while target and len(found) < most:
            answer = self.get(target)
            found.append([item["data"]["id"] for item in answer.json()["data"]])
            target = self.next_of(answer)
        return found

    def state(self) -> str:
        return str(self.get("/v3.0/districts").json()["data"][0]["data"]["state"])

    def listed_tokens(self) -> list[str]:
        auth = (self.server.client_id, self.server.client_secret)
        told = requests.get(f"{self.server.url}/oauth/tokens?owner_type=district", auth=auth, timeout=10).json()
        return [grant["access_token"] for grant in told["data"]]


@pytest.fixture
def client() -> Iterator[Client]:
    with CleverSandbox.start(CleverDistrict.generated(300)) as server:
        yield Client(server)


def refused(client: Client, status: int) -> requests.Response:
    answer = client.get()
    assert (answer.status_code, client.get().status_code) == (status, 200)
    return answer


@shows("too_many")
def _(client: Client) -> None:
    answer = refused(client, 429)
    assert answer.content == b""
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert 0 <= int(answer.headers["x-ratelimit-reset"]) - time.time() <= 2


@shows("too_many_bare")
def _(client: Client) -> None:
    answer = refused(client, 429)
    assert answer.content == b""
    assert not [h for h in answer.headers if h.lower().startswith(("x-rate", "retry"))]


@shows("too_many_retry_after")
def _(client: Client) -> None:
    assert refused(client, 429).headers["retry-after"] == "1"


@shows("error_500")
def _(client: Client) -> None:
    assert refused(client, 500).json()["message"]


@shows("error_502")
def _(client: Client) -> None:
    assert "<html>" in refused(client, 502).text


@shows("error_503")
def _(client: Client) -> None:
    assert refused(client, 503).content == b""


@shows("slow")
def _(client: Client) -> None:
    client.server.faults.clear()
    client.server.faults.add(Fault("slow", seconds=0.2))
    started = time.monotonic()
    client.get()
    assert time.monotonic() - started >= 0.2


@shows("truncated")
def _(client: Client) -> None:
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        client.get()


@shows("cut_json")
def _(client: Client) -> None:
    answer = refused(client, 200)
    assert len(answer.content) == int(answer.headers["content-length"])
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.content)


@shows("reset")
def _(client: Client) -> None:
    with pytest.raises(requests.ConnectionError, match="reset"):
        client.get()
    assert client.server.requests[-1] == ("GET", LIST, 0)


@shows("html_200")
def _(client: Client) -> None:
    answer = refused(client, 200)
    assert answer.headers["content-type"].startswith("text/html")


@shows("html_404")
def _(client: Client) -> None:
    assert refused(client, 404).headers["content-type"].startswith("text/html")


@shows("no_list_key")
def _(client: Client) -> None:
    assert list(client.get().json()) == ["links"]


@shows("bare_array")
def _(client: Client) -> None:
    assert isinstance(client.get().json(), list)


@shows("contacts_forbidden")
def _(client: Client) -> None:
    student = client.honest[0][0]
    for path in ("users?role=contact", f"users/{student}/mycontacts", f"users/{student}/myContacts"):
        assert client.get(f"/v3.0/{path}").status_code == 403
    assert client.get("/v2.1/contacts").status_code == 403
    assert client.get().status_code == 200


@shows("empty_list")
def _(client: Client) -> None:
    assert client.pages() == [[]]


@shows("half_gone")
def _(client: Client) -> None:
    assert client.pages() == [page[::2] for page in client.honest]


@shows("same_cursor")
def _(client: Client) -> None:
    assert client.pages(5) == [client.honest[0]] * 5


@shows("empty_last_page")
def _(client: Client) -> None:
    assert client.pages() == [*client.honest, []]


@shows("repeated_rows")
def _(client: Client) -> None:
    pages = client.pages()
    assert [page[0] for page in pages[1:]] == [page[-1] for page in pages[:-1]]
    assert sorted({i for page in pages for i in page}) == [i for page in client.honest for i in page]


@shows("rows_inserted")
def _(client: Client) -> None:
    before = [i for page in client.honest for i in page]
    after = [i for page in client.pages() for i in page]
    assert after[:-1] == before


@shows("token_revoked")
def _(client: Client) -> None:
    assert [client.get().status_code for _ in range(3)] == [200, 401, 401]
    assert client.listed_tokens() == [client.server.token] != [client.token]
    client.token = client.server.token
    assert client.get().status_code == 200


@shows("token_withdrawn")
def _(client: Client) -> None:
    assert [client.get().status_code for _ in range(3)] == [200, 401, 401]
    assert client.listed_tokens() == []


@shows("synced_midway")
def _(client: Client) -> None:
    told = [client.get("/v3.0/districts").json()["data"][0]["data"]["last_sync"] for _ in range(3)]
    assert told[0] < told[1] == told[2]


@shows("district_paused")
def _(client: Client) -> None:
    assert client.state() == "paused"
    assert client.pages() == client.honest


@shows("district_pending")
def _(client: Client) -> None:
    assert client.state() == "pending"


@shows("district_error")
def _(client: Client) -> None:
    assert client.state() == "error"


@shows("school_unshared")
def _(client: Client) -> None:
    client.get()
    assert sum(map(len, client.pages())) < sum(map(len, client.honest))
    assert len(client.get("/v3.0/schools").json()["data"]) == 2


@pytest.mark.parametrize("name", FAULTS)
def test_fault(name: str, client: Client) -> None:
    client.server.faults.add(name)
    CHECKS[name](client)


def test_every_fault_is_described() -> None:
    assert set(CHECKS) == set(FAULTS)
    assert all(FAULTS.values())


def test_nth_times_and_path(client: Client) -> None:
    client.server.faults.add(Fault("error_503", path="/v3.0/schools*|/v3.0/terms*", nth=2, times=2))
    asked = ("schools", "users", "terms", "schools", "terms")
    assert [client.get(f"/v3.0/{path}").status_code for path in asked] == [200, 200, 503, 503, 200]


def test_for_ever_until_cleared(client: Client) -> None:
    client.server.faults.add(Fault("error_500", times=None))
    assert {client.get().status_code for _ in range(5)} == {500}
    client.server.faults.clear()
    assert client.get().status_code == 200


def test_signing_in_is_spared_unless_named(client: Client) -> None:
    client.server.faults.add(Fault("error_500", times=None))
    assert client.listed_tokens() == [client.token]
    client.server.faults.add(Fault("error_503", path="/oauth/*"))
    auth = (client.server.client_id, client.server.client_secret)
    assert requests.get(f"{client.server.url}/oauth/tokens", auth=auth, timeout=10).status_code == 503


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="no fault 'typo'"):
        Faults("typo")


def test_a_connection_serves_many_requests(client: Client) -> None:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {client.token}"
        for _ in range(50):
            assert session.get(client.server.url + "/v3.0/districts", timeout=10).status_code == 200
