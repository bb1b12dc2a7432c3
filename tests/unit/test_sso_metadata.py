"""What an identity provider says of itself: which addresses are asked, and which documents are believed.

The numbers are those of the refusals in providers/sign-on.md §11.
"""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from local.sandbox.faults import Reply
from local.sandbox.serving import Request, Sandbox
from roster.errors import NotUnderstood, ProviderUnavailable
from tests.fakes.saml_idp import ENTITY, key, stamp
from tests.support import function_module

idp = function_module("sso_callback", "idp_metadata")
NOW = datetime.now(UTC)
PUBLIC = "93.184.216.34"


SSO = "https://idp.classlink.com/sso"


def document(*certificates: str, entity: str = ENTITY, url: str = SSO, more: str = "", valid: str = "") -> bytes:
    keys = "".join(
        '<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
        f"<ds:X509Certificate>{one}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for one in certificates
    )
    return (
        f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity}"{valid}>'
        f'<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}'
        '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
        f'Location="{url}"/></md:IDPSSODescriptor></md:EntityDescriptor>{more}'
    ).encode()


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises((NotUnderstood, ProviderUnavailable)) as info:
        call()
    assert info.value.help
    return info.value.message


class Asked:
    """A resolver that counts; whoever resolves is about to connect."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.times = list(answers), 0

    def __call__(self, host: str) -> list[str]:
        self.times += 1
        return self.answers[min(self.times, len(self.answers)) - 1]


NOT_ASKED = (
    "http://idp.classlink.com/m",
    "file:///etc/passwd",
    "ftp://idp.classlink.com/m",
    "https://a:b@idp.classlink.com/m",
    "https://user@idp.classlink.com/m",
    "https://93.184.216.34/m",
    "https://127.0.0.1:9001/",
    "https://169.254.169.254/",
    "https://[::1]/",
    "https://2130706433/",
    "https://idp.classlink.com:8443/m",
    "https://classlink.com.evil.example/m",
    "https://evilclasslink.com/m",
    "https://idp.classlink.com\\@evil.example/",
    "https://idp.classlink.com/\nHost: x",
    " https://idp.classlink.com/m",
    "https://idp.classlink.com:443@evil.example/",
    "https://[idp.classlink.com/m",
    "https://idp.classlink.com:port/m",
    "https://idp.classlink.com\u2100/m",
    "",
)
INSIDE = ("10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "fd00::1", "100.64.0.1")


@pytest.mark.parametrize("url", NOT_ASKED)
def test_048_an_address_that_is_not_asked(url: str) -> None:
    resolve = Asked([PUBLIC])
    refused(lambda: idp.fetch(url, resolve))
    assert resolve.times == 0


@pytest.mark.parametrize("address", INSIDE)
def test_048_a_name_that_leads_to_no_public_address(address: str) -> None:
    for found in ([address], [PUBLIC, address]):
        assert "not public" in refused(lambda found=found: idp.fetch("https://idp.classlink.com/m", Asked(found)))


def test_048_the_address_that_was_looked_at_is_the_one_that_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second look-up, which says another, never happens."""
    asked: list[Any] = []

    class Pool:
        def __init__(self, host: str, port: int, **more: Any) -> None:
            asked.append((host, port, more["server_hostname"], more["assert_hostname"]))
            raise OSError

    monkeypatch.setattr(idp.urllib3, "HTTPSConnectionPool", Pool)
    resolve = Asked([PUBLIC], ["127.0.0.1"])
    with pytest.raises(OSError):  # noqa: PT011 - the fake's own
        idp.fetch("https://idp.classlink.com/m", resolve)
    assert (asked, resolve.times) == ([(PUBLIC, 443, "idp.classlink.com", "idp.classlink.com")], 1)


class Server(Sandbox):
    def __init__(self) -> None:
        super().__init__(0, None)
        self.reply = Reply(200, document(key("idp").der))

    def answer(self, request: Request) -> Reply:
        return self.reply


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as one:
        yield one


def test_a_document_is_fetched_and_read(server: Server) -> None:
    found = idp.fetched(f"{server.url}/metadata", NOW, loopback=True)
    assert (found["entity_id"], found["sso_url"]) == (ENTITY, "https://idp.classlink.com/sso")
    assert [one["der"] for one in found["certificates"]] == [key("idp").der]
    assert found["certificates"][0]["ends"].startswith(str(key("idp").ends.year))


def test_049_a_redirect_is_no_metadata(server: Server) -> None:
    server.reply = Reply(302, b"", headers={"location": "http://127.0.0.1:9001/"})
    assert "302" in refused(lambda: idp.fetch(server.url, loopback=True))
    assert len(server.requests) == 1


def test_050_two_megabytes_and_a_bomb(server: Server) -> None:
    server.reply = Reply(200, b"x" * 2_000_000)
    assert "megabyte" in refused(lambda: idp.fetch(server.url, loopback=True))
    server.reply = Reply(200, gzip.compress(b"x" * 50_000_000), headers={"content-encoding": "gzip"})
    found = idp.fetch(server.url, loopback=True)
    assert len(found) < 100_000, "nothing is unpacked"
    refused(lambda: idp.read(found, NOW))


def test_050_a_drip_is_cut_off() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not done.wait(0.5):
            try:
                connection.sendall(b"x")
            except OSError:
                return
        connection.close()

    thread = threading.Thread(target=drip)
    thread.start()
    began = time.monotonic()
    assert refused(lambda: idp.fetch(f"http://127.0.0.1:{listener.getsockname()[1]}/", loopback=True))
    took = time.monotonic() - began
    done.set()
    thread.join()
    listener.close()
    assert took < 9


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"<html><body>Sign in</body></html>", "describe one"),
        (b"not XML at all", "SAML metadata"),
        (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + document(key("idp").der), "plain XML"),
        (b'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="x:y"/>', "describe one"),
        (
            b'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">'
            + document(key("idp").der) * 2
            + b"</md:EntitiesDescriptor>",
            "describe one",
        ),
        (document(key("idp").der, valid=f' validUntil="{stamp(NOW - timedelta(days=1))}"'), "expired"),
        (document(key("idp").der, valid=' validUntil="soon"'), "no proper date"),
    ],
)
def test_050_what_is_no_metadata_of_one_provider(text: bytes, said: str) -> None:
    assert said in refused(lambda: idp.read(text, NOW))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (document(key("idp").der, url="http://idp.classlink.com/sso"), "https"),
        (document(key("idp").der, url="javascript:alert(1)"), "https"),
        (document(key("idp").der, url="https://a:b@idp.classlink.com/"), "https"),
        (document(key("idp").der, url="https://[x"), "no address"),
        (document(), "no certificate"),
        (document("bm90IGEgY2VydGlmaWNhdGU="), "cannot be read"),
        (document(key("weak", 1024).der), "2048"),
        (document(key("idp").der, entity="' or '1'='1"), "no identity provider"),
    ],
)
def test_051_what_nobody_could_sign_in_with(text: bytes, said: str) -> None:
    assert said in refused(lambda: idp.read(text, NOW))


def test_052_and_053_certificates_may_change_and_the_provider_may_not() -> None:
    before = idp.read(document(key("idp").der), NOW) | {"allow_sha1": False}
    after = idp.refreshed(before, idp.read(document(key("idp").der, key("next").der), NOW))
    assert len(after["certificates"]) == 2
    assert after["allow_sha1"] is False
    for other in (
        document(key("idp").der, entity="https://evil.example"),
        document(key("idp").der, url="https://evil.example/sso"),
    ):
        assert "another identity provider" in refused(lambda other=other: idp.refreshed(before, idp.read(other, NOW)))


def test_those_that_no_time_is_left_for_are_handed_on() -> None:
    certificates = function_module("sso_callback", "certificates")
    asked: list[dict[str, Any]] = []
    book = SimpleNamespace(
        settings=lambda account: SimpleNamespace(live={}), accounts=lambda provider: [str(n) for n in range(60)]
    )
    signing = SimpleNamespace(book=book, again=lambda **event: asked.append(event))
    left = iter([20.0, 9.0, 7.9])
    counts = certificates.refresh(signing, ["1", "2", "3", "4"], lambda: next(left))
    assert (counts["unchanged"], asked) == (2, [{"step": "refresh", "accounts": ["3", "4"]}])
    asked.clear()
    assert certificates.spread(signing) == {"accounts": 60}
    assert [len(event["accounts"]) for event in asked] == [25, 25, 10]
