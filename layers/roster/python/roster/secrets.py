"""The Secrets Manager adapter: an account's credential at its provider, and the access token made from it.

A credential is read when it is needed and kept nowhere. A token is shared by all functions of an account, because
providers revoke the oldest when too many are made.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict
from hashlib import blake2b
from time import time
from typing import Any

import boto3
from botocore.exceptions import ClientError

from roster.errors import NotSetUp
from roster.model import JSON
from roster.ports import Token
from roster.trouble import trouble

SECRETS = "Secrets Manager"
MARGIN = 120.0  # seconds that a token must still be good for


class SecretsManager:
    """Credentials are JSON objects of strings, named `<prefix>/<account>/<provider>`."""

    def __init__(self, prefix: str) -> None:
        self._client = boto3.client("secretsmanager")
        self._prefix = prefix

    def of(self, account: str, provider: str) -> dict[str, str]:
        """The account's credential. Raises NotSetUp where there is none."""
        answer = _read(self._client, f"{self._prefix}/{account}/{provider}")
        if answer is None:
            raise NotSetUp(f"account {account} has no credential for its roster provider")
        secret: dict[str, str] = json.loads(answer["SecretString"])
        return secret

    @trouble(SECRETS)
    def keep(self, account: str, provider: str, secret: Mapping[str, str]) -> None:
        """Make or replace the account's credential."""
        name, value = f"{self._prefix}/{account}/{provider}", json.dumps(dict(secret))
        try:
            self._client.put_secret_value(SecretId=name, SecretString=value)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            self._client.create_secret(Name=name, SecretString=value)

    def tokens(
        self, account: str, provider: str, settings: Mapping[str, JSON], secret: Mapping[str, str]
    ) -> SharedTokens:
        """The place of the account's access token, beside its credential.

        A token is for the server and the credential that it was made with: it is sent to no other.
        """
        made_with = blake2b(json.dumps([settings, secret], sort_keys=True).encode(), digest_size=16).hexdigest()
        return SharedTokens(self._client, f"{self._prefix}/{account}/{provider}/token", made_with)


class SharedTokens:
    """One access token in a secret of its own (see roster.ports.Tokens)."""

    def __init__(self, client: Any, name: str, made_with: str = "", clock: Callable[[], float] = time) -> None:
        self._client, self._name, self._made_with, self._clock = client, name, made_with, clock

    def get(self, mint: Callable[[], Token], refused: str = "") -> Token:
        """Reads before it mints; of two that mint at once, the later uses the earlier one's token."""
        kept, version = self._kept()
        if kept and kept.value != refused and kept.expires - MARGIN > self._clock():
            return kept
        token = mint()
        return token if self._keep(token, version) else self._kept()[0] or token

    def _kept(self) -> tuple[Token | None, str]:
        answer = _read(self._client, self._name)
        if answer is None:
            return None, ""
        told = json.loads(answer["SecretString"])
        ours = told.get("made_with") == self._made_with
        return Token(told["value"], told["expires"], tuple(told["scopes"])) if ours else None, answer["VersionId"]

    @trouble(SECRETS)
    def _keep(self, token: Token, before: str) -> bool:
        """The id of the new version follows from the one before, so that only one can succeed it."""
        said = {"SecretString": json.dumps({**asdict(token), "made_with": self._made_with})}
        said["ClientRequestToken"] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._name} {before}"))
        try:
            if before:
                self._client.put_secret_value(SecretId=self._name, **said)
            else:
                self._client.create_secret(Name=self._name, **said)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceExistsException":
                raise
            return False
        return True


@trouble(SECRETS)
def _read(client: Any, name: str) -> dict[str, Any] | None:
    try:
        answer: dict[str, Any] = client.get_secret_value(SecretId=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return None
    return answer
