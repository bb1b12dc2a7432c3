"""The Secrets Manager adapter: an account's credential at its provider, read when it is needed and kept nowhere."""

from __future__ import annotations

import json

import boto3
from botocore.exceptions import ClientError

from roster.errors import NotSetUp


class SecretsManager:
    """Secrets are JSON objects of strings, named `<prefix>/<account>/<provider>`."""

    def __init__(self, prefix: str) -> None:
        self._client = boto3.client("secretsmanager")
        self._prefix = prefix

    def of(self, account: str, provider: str) -> dict[str, str]:
        """The account's credential. Raises NotSetUp where there is none."""
        try:
            answer = self._client.get_secret_value(SecretId=f"{self._prefix}/{account}/{provider}")
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            raise NotSetUp(f"account {account} has no credential for its roster provider") from None
        secret: dict[str, str] = json.loads(answer["SecretString"])
        return secret
