"""The HTTP adapter over real sockets: complete answers or an error, no journeys, nothing said that is secret."""

from __future__ import annotations

import gzip
import logging
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

import roster.http
from local.sandbox.faults import Fault, Reply
from local.sandbox.serving import Request, Sandbox
from roster.errors import NotSetUp, ProviderUnavailable, TerminalError
from roster.http import RequestsHttp

SECRET = "s3cr3t-t0k3n"
BODY = b'{"data":[]}' * 100


class Server(Sandbox):
    """Answers every request with `reply`, and keeps the headers it was sent."""

    def __init__(self) -> None:
        self.reply, self.headers = Reply(200, BODY), list[dict[str, str]]()
        super().__init__(0, None)

    def answer(self, request: Request) -> Reply:
        self.headers.append(dict(request.headers))
        return Reply(**vars(self.reply))

    @property
    def asked(self) -> int:
        return len(self.requests)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def http(monkeypatch: pytest.MonkeyPatch) -> RequestsHttp:
    """The adapter as it ships, but that it hardly waits between two tries."""
    quick = roster.http.RETRIES.new(backoff_factor=0.001, backoff_jitter=0)
    monkeypatch.setattr(roster.http, "RETRIES", quick)
    return RequestsHttp(loopback=True)


def test_complete_answer(server: Server, http: RequestsHttp) -> None:
    server.reply = Reply(200, BODY, {"X-RateLimit-Reset": "7"})
    answer = http.get(f"{server.url}/v3.0/users?limit=1", {"Authorization": f"Bearer {SECRET}"})
    assert (answer.status, answer.body, answer.headers["x-ratelimit-reset"]) == (200, BODY, "7")
    assert server.headers[0]["authorization"] == f"Bearer {SECRET}"
    assert server.headers[0]["accept"] == "application/json"
    assert server.requests == [("GET", "/v3.0/users?limit=1", 200)]


def test_basic_credentials(server: Server, http: RequestsHttp) -> None:
    http.get(server.url, auth=("id", "secret"))
    assert server.headers[0]["authorization"] == "Basic aWQ6c2VjcmV0"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]", "0"])
def test_no_setting_leads_to_the_machine_itself(server: Server, host: str) -> None:
    """On Lambda the Runtime API listens on loopback; only where sandboxes run is that an address to ask."""
    with pytest.raises(NotSetUp):
        RequestsHttp().get(f"http://{host}:{server.url.rpartition(':')[2]}/")
    assert server.asked == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(server: Server, http: RequestsHttp, status: int) -> None:
    with Server() as elsewhere:
        server.reply = Reply(status, b"", {"location": f"{elsewhere.url}/v3.0/users"})
        answer = http.get(server.url, {"Authorization": f"Bearer {SECRET}"})
        assert (answer.status, server.asked, elsewhere.asked) == (status, 1, 0)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_server_errors_are_asked_three_times(server: Server, http: RequestsHttp, status: int) -> None:
    server.reply = Reply(status, b"down", {"retry-after": "3600"})
    begun = time.monotonic()
    answer = http.get(server.url)
    assert (answer.status, answer.body, server.asked) == (status, b"down", 3)
    assert time.monotonic() - begun < 2  # a long Retry-After is the state machine's to wait out


@pytest.mark.parametrize("status", [201, 204, 400, 401, 403, 404, 410, 413, 429, 501])
def test_other_refusals_are_asked_once(server: Server, http: RequestsHttp, status: int) -> None:
    server.reply = Reply(status)
    assert (http.get(server.url).status, server.asked) == (status, 1)


@pytest.mark.parametrize("fault", ["error_500", "error_502", "error_503", "reset"])
def test_short_trouble_heals(server: Server, http: RequestsHttp, fault: str) -> None:
    server.faults.add(Fault(fault, times=2))
    assert (http.get(server.url).body, server.asked) == (BODY, 3)


def test_lasting_reset(server: Server, http: RequestsHttp) -> None:
    server.faults.add(Fault("reset", times=None))
    with pytest.raises(ProviderUnavailable, match="no complete answer from"):
        http.get(server.url)
    assert server.asked == 3


def test_truncated_body(server: Server, http: RequestsHttp) -> None:
    server.faults.add(Fault("truncated"))
    with pytest.raises(ProviderUnavailable):
        http.get(server.url)


def test_time_out(server: Server, http: RequestsHttp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster.http, "READ_SECONDS", 0.05)
    server.faults.add(Fault("slow", times=None, seconds=0.4))
    with pytest.raises(ProviderUnavailable):
        http.get(server.url)
    assert 1 <= server.asked <= 3  # the sandbox writes a request down before it dawdles


def test_nobody_listens(http: RequestsHttp) -> None:
    with Server() as server:
        address = server.url
    with pytest.raises(ProviderUnavailable):
        http.get(address)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_body_too_large(server: Server, http: RequestsHttp, monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    """The limit is of what is unpacked: a small gzip can hold a large page."""
    monkeypatch.setattr(roster.http, "LARGEST_BODY", 10_000)
    monkeypatch.setattr(roster.http, "CHUNK", 1_000)
    for size, fits in ((10_000, True), (10_001, False)):
        body = b" " * size
        headers = {"content-encoding": "gzip"} if packed else {}
        server.reply = Reply(200, gzip.compress(body) if packed else body, headers)
        if fits:
            assert http.get(server.url).body == body
        else:
            with pytest.raises(ProviderUnavailable):
                http.get(server.url)


def test_broken_compression(server: Server, http: RequestsHttp) -> None:
    server.reply = Reply(200, b"this is no gzip", {"content-encoding": "gzip"})
    with pytest.raises(ProviderUnavailable):
        http.get(server.url)


def test_netrc_is_not_read(server: Server, http: RequestsHttp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    http.get(server.url)
    http.get(server.url, {"Authorization": f"Bearer {SECRET}"})
    assert [sent.get("authorization") for sent in server.headers] == [None, f"Bearer {SECRET}"]


def test_one_districts_cookie_is_not_sent_for_another(server: Server, http: RequestsHttp) -> None:
    """All districts of a proxy share its host; a server may believe its session cookie before our credential."""
    server.reply = Reply(200, BODY, {"set-cookie": "JSESSIONID=districtA; Path=/"})
    for token in ("A", "B"):
        http.get(server.url, {"Authorization": f"Bearer {token}"})
    assert [sent.get("cookie") for sent in server.headers] == [None, None]


def test_a_body_that_drips(server: Server, http: RequestsHttp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster.http, "BODY_SECONDS", -1.0)
    with pytest.raises(ProviderUnavailable):
        http.get(server.url)


def test_proxies_are_not_used(server: Server, http: RequestsHttp, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        assert http.get(server.url).status == 200
        assert (server.asked, proxy.asked) == (1, 0)


@pytest.mark.parametrize("fault", ["reset", "truncated"])
def test_errors_and_logs_name_neither_query_nor_credential(
    server: Server, http: RequestsHttp, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    """urllib3 warns of each retry, and would name the whole address."""
    caplog.set_level(logging.INFO)
    server.faults.add(Fault(fault, times=None))
    address = f"{server.url.replace('//', f'//user:{SECRET}@')}/v3.0/users?access_token={SECRET}"
    with pytest.raises(ProviderUnavailable) as caught:
        http.get(address, {"Authorization": f"Bearer {SECRET}"})
    told = [caplog.text, str(caught.value), repr(caught.value), *traceback.format_exception(caught.value)]
    assert "127.0.0.1/v3.0/users" in str(caught.value)
    assert not [text for text in told if SECRET in text or "access_token" in text]


UNSENDABLE = [
    pytest.param("", {"Authorization": f"Bearer {SECRET}\u200b"}, None, id="token"),
    pytest.param("", {}, ("id", f"{SECRET}\u200b"), id="client secret"),
    pytest.param(f"http://[{SECRET}/", {}, None, id="brackets"),
    pytest.param(f"http://a..{SECRET}/", {}, None, id="empty label"),
]


@pytest.mark.parametrize(("url", "headers", "auth"), UNSENDABLE)
def test_what_cannot_be_sent_is_a_matter_of_set_up(
    server: Server, http: RequestsHttp, url: str, headers: dict[str, str], auth: tuple[str, str] | None
) -> None:
    """A secret pasted with an invisible character: no retry helps, and the inner error quotes the secret."""
    with pytest.raises(NotSetUp) as caught:
        http.get(url or server.url, headers, auth)
    assert caught.value.help != TerminalError.default_help
    assert SECRET not in "".join([repr(caught.value), *traceback.format_exception(caught.value)])
    assert server.asked == 0


MISTYPED = [
    pytest.param("", {"Authorization": f"Bearer {SECRET}\n"}, id="a line end in the token"),
    pytest.param("", {"Authorization": f" Bearer {SECRET}"}, id="a leading blank"),
    pytest.param(f"api.{SECRET}.example/v3.0", {}, id="no scheme"),
    pytest.param(f"htps://{SECRET}.example", {}, id="another scheme"),
    pytest.param(f"https://*.{SECRET}.example", {}, id="a star for a host"),
    pytest.param("https:///v3.0", {}, id="no host"),
]


@pytest.mark.parametrize(("url", "headers"), MISTYPED)
def test_what_was_mistyped_is_not_waited_for(
    server: Server, http: RequestsHttp, url: str, headers: dict[str, str]
) -> None:
    """requests counts these among its own errors, as it does a provider that does not answer."""
    with pytest.raises(NotSetUp) as caught:
        http.get(url or server.url, headers)
    assert "support@pickatime.com" in caught.value.help
    assert SECRET not in "".join([repr(caught.value), *traceback.format_exception(caught.value)])
    assert server.asked == 0
