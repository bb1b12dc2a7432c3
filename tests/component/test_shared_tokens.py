"""One access token for all functions of an account, in Secrets Manager."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from roster.errors import NotSetUp
from roster.ports import Token
from roster.secrets import MARGIN, SecretsManager, SharedTokens

NAME = "pickatime/116/veracross/token"
MADE_WITH = "digest of settings and credential"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="us-east-1")


class Mint:
    """Counts what it makes."""

    def __init__(self, prefix: str = "token", expires: float = 10_000.0) -> None:
        self.prefix, self.expires, self.made = prefix, expires, 0

    def __call__(self) -> Token:
        self.made += 1
        return Token(f"{self.prefix}-{self.made}", self.expires, ("students:list",))


def test_functions_share_one_token(client: Any) -> None:
    mint = Mint()
    first = SharedTokens(client, NAME, MADE_WITH, lambda: 0.0).get(mint)
    second = SharedTokens(client, NAME, MADE_WITH, lambda: 5_000.0).get(mint)
    assert first == second == Token("token-1", 10_000.0, ("students:list",))
    assert mint.made == 1


def test_a_token_about_to_expire_is_replaced(client: Any) -> None:
    mint = Mint()
    SharedTokens(client, NAME, MADE_WITH, lambda: 0.0).get(mint)
    assert SharedTokens(client, NAME, MADE_WITH, lambda: 10_000.0 - MARGIN - 1).get(mint).value == "token-1"
    assert SharedTokens(client, NAME, MADE_WITH, lambda: 10_000.0 - MARGIN).get(mint).value == "token-2"


def test_a_refused_token_is_replaced_once_for_all(client: Any) -> None:
    mint = Mint()
    one, other = SharedTokens(client, NAME, MADE_WITH, lambda: 0.0), SharedTokens(client, NAME, MADE_WITH, lambda: 0.0)
    dead = one.get(mint).value
    assert one.get(mint, refused=dead).value == "token-2"
    assert other.get(mint, refused=dead).value == "token-2", "the other function was told so by the same refusal"
    assert mint.made == 2


@pytest.mark.parametrize("known", [False, True])
def test_of_two_that_mint_at_once_the_later_uses_the_earlier_ones(client: Any, known: bool) -> None:
    slow, fast = SharedTokens(client, NAME, MADE_WITH, lambda: 0.0), SharedTokens(client, NAME, MADE_WITH, lambda: 0.0)
    old = slow.get(Mint("old")).value if known else ""

    def overtaken() -> Token:
        fast.get(Mint("fast"), refused=old)
        return Token("slow", 10_000.0)

    assert slow.get(overtaken, refused=old).value == "fast-1"
    assert slow.get(Mint("never"), refused=old).value == "fast-1"


def test_a_token_is_sent_to_no_other_server_and_outlives_no_credential(client: Any) -> None:
    secrets, mint = SecretsManager("pickatime"), Mint(expires=1e12)

    def token(settings: dict[str, str], secret: dict[str, str]) -> str:
        return secrets.tokens("116", "veracross", settings, secret).get(mint).value

    assert token({"school": "abcd"}, {"client_id": "a"}) == token({"school": "abcd"}, {"client_id": "a"}) == "token-1"
    assert token({"school": "efgh"}, {"client_id": "a"}) == "token-2"
    assert token({"school": "efgh"}, {"client_id": "b"}) == "token-3"


def test_a_mint_that_fails_keeps_what_there_is(client: Any) -> None:
    tokens = SharedTokens(client, NAME, MADE_WITH, lambda: 0.0)
    tokens.get(Mint())

    def refused() -> Token:
        raise NotSetUp("no")

    with pytest.raises(NotSetUp):
        tokens.get(refused, refused="token-1")
    assert tokens.get(Mint("never")).value == "token-1"


def test_tokens_lie_beside_their_credential(client: Any) -> None:
    client.create_secret(Name="pickatime/116/veracross", SecretString='{"client_id": "a"}')
    secrets = SecretsManager("pickatime")
    assert secrets.of("116", "veracross") == {"client_id": "a"}
    secrets.tokens("116", "veracross", {"school": "abcd"}, {"client_id": "a"}).get(Mint(expires=1e12))
    assert client.describe_secret(SecretId=NAME)["Name"] == NAME
    with pytest.raises(NotSetUp):
        secrets.of("117", "veracross")
