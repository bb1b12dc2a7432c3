"""What `python -m local import classlink` makes of its arguments: settings and secret, parts of them from outside."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

import pytest

from local.providers import PROVIDERS
from tests.support import function_module

CLASSLINK = PROVIDERS["classlink"]
TOKEN_URL = "https://x.test:8443/oauth/token"


def parsed(*given: str) -> Namespace:
    parser = ArgumentParser()
    CLASSLINK.add_arguments(parser)
    return parser.parse_args(["--base-url", "https://x.test", *given])


@pytest.mark.parametrize(
    ("given", "secret", "settings"),
    [
        ("bearer:env:CL_ONE", {"token": "one:1"}, {"auth": "bearer"}),
        ("env:CL_WHOLE", {"token": "whole"}, {"auth": "bearer"}),
        ("bearer:plain", {"token": "plain"}, {"auth": "bearer"}),
        ("oauth1:KEY:env:CL_ONE", {"key": "KEY", "secret": "one:1"}, {"auth": "oauth1"}),
        ("oauth1:KEY:env:CL_ONE:sha1", {"key": "KEY", "secret": "one:1"}, {"auth": "oauth1", "signature": "sha1"}),
        ("oauth1:env:CL_TWO:env:CL_ONE", {"key": "two", "secret": "one:1"}, {"auth": "oauth1"}),
        ("oauth1:env:plain", {"key": "env", "secret": "plain"}, {"auth": "oauth1"}),
        (
            f"oauth2:{TOKEN_URL}:ID:env:CL_ONE",
            {"client_id": "ID", "client_secret": "one:1"},
            {"auth": "oauth2", "token_url": TOKEN_URL},
        ),
        (
            f"oauth2:{TOKEN_URL}:env:CL_TWO:env:CL_ONE",
            {"client_id": "two", "client_secret": "one:1"},
            {"auth": "oauth2", "token_url": TOKEN_URL},
        ),
        (
            "oauth2:env:CL_URL:env:CL_TWO:env:CL_ONE",
            {"client_id": "two", "client_secret": "one:1"},
            {"auth": "oauth2", "token_url": TOKEN_URL},
        ),
        ("oauth1:KEY:a:b", {"key": "KEY", "secret": "a:b"}, {"auth": "oauth1"}),
        ("oauth1:KEY:env:MD5", {"key": "KEY", "secret": "digest"}, {"auth": "oauth1"}),
        ("oauth1:KEY:md5", {"key": "KEY", "secret": "md5"}, {"auth": "oauth1"}),
    ],
)
def test_each_part_of_a_credential_may_come_from_the_environment(
    given: str, secret: dict[str, str], settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "CL_ONE": "one:1",
        "CL_TWO": "two",
        "CL_WHOLE": "bearer:whole",
        "CL_URL": TOKEN_URL,
        "MD5": "digest",
    }.items():
        monkeypatch.setenv(name, value)
    args = parsed("--auth", given)
    assert CLASSLINK.secret(args) == secret
    assert CLASSLINK.settings(args) == {"base_url": "https://x.test", **settings}


@pytest.mark.parametrize("given", ["bearer:env:NOT_THERE", "oauth1:KEY:env:NOT_THERE:sha256"])
def test_a_part_that_is_not_there(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("--auth", given)
    assert "no environment variable NOT_THERE" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("", "it is empty"),
        ("env:", "env: needs the name"),
        ("env:CL_EMPTY", "the environment variable CL_EMPTY is empty"),
        ("bearer:env:CL_EMPTY", "the environment variable CL_EMPTY is empty"),
        ("bearer:env:", "env: needs the name"),
        ("oauth1:KEY:SECRET:md5", "md5: an OAuth 1 signature is sha1 or sha256"),
        ("oauth1:KEY:SECRET:HMAC-SHA256", "HMAC-SHA256: an OAuth 1 signature is sha1 or sha256"),
        ("oauth2:x.test/token:ID:SECRET", "begins with http:// or https://"),
        ("oauth2:env:CL_NO_URL:ID:SECRET", "begins with http:// or https://"),
    ],
)
def test_a_way_in_that_is_refused_says_why(
    given: str, complaint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CL_EMPTY", "")
    monkeypatch.setenv("CL_NO_URL", "x.test/token")
    with pytest.raises(SystemExit):
        parsed("--auth", given)
    assert complaint in capsys.readouterr().err


def test_where_a_run_will_ask_is_known_before_it() -> None:
    args = parsed("--auth", f"oauth2:{TOKEN_URL}:ID:SECRET")
    assert CLASSLINK.addresses(args) == {"--base-url": "https://x.test", "the TOKEN_URL of --auth": TOKEN_URL}


def test_the_version_is_that_of_the_address_unless_it_is_given() -> None:
    version = function_module("import_classlink", "address").version
    base = ["--auth", "bearer:t", "--base-url", "https://x.test/ims/oneroster/rostering/v1p2"]
    assert version(CLASSLINK.settings(parsed(*base))) == "v1p2"
    assert version(CLASSLINK.settings(parsed(*base, "--version", "v1p1"))) == "v1p1"
    assert version(CLASSLINK.settings(parsed("--auth", "bearer:t"))) == "v1p1"


def test_parent_roles() -> None:
    assert CLASSLINK.settings(parsed("--auth", "bearer:t", "--parent-roles", "parent,guardian"))["parent_roles"] == (
        "parent,guardian"
    )
