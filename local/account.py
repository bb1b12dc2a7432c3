"""An account on the local stack: set up as pickAtime's support would, and read back for a person to look at.

Writes the same items, through the same models, as the product; only the way in (straight to the table) is local.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from roster import keys
from roster.model import Selection
from roster.tables import AccountItem, ContactItem, RunItem


class Running(Protocol):
    """A stack of this process, or of another (local.stack)."""

    outputs: dict[str, str]

    def client(self, service: str) -> Any: ...


class AccountTaken(RuntimeError):
    """The account imports from another provider, and an account has one."""


@dataclass(frozen=True)
class LocalAccount:
    """One account with one event."""

    stack: Running
    account: str
    event: str

    @property
    def table(self) -> str:
        return self.stack.outputs["TableName"]

    def set_up(self, name: str, provider: str, settings: Mapping[str, Any], secret: Mapping[str, str]) -> None:
        """Make or change the account's integration and its secret; what was applied before stays known."""
        known = self._get(keys.integration(self.account))
        if known and known["provider"]["S"] != provider:
            raise AccountTaken(
                f"account {self.account} imports from {known['provider']['S']}: name another with --account, "
                "or another data folder with --data"
            )
        self._put(AccountItem(*keys.account(self.account), name=name))
        self._set(
            keys.integration(self.account), provider=provider, settings=json.dumps(dict(settings)), state="active"
        )
        self._secret(f"{self.stack.outputs['SecretPrefix']}/{self.account}/{provider}", json.dumps(dict(secret)))

    def connect(self, provider: str, settings: Mapping[str, Any], secret: Mapping[str, str]) -> dict[str, Any]:
        """Whether the provider accepts the credential and gives what an import needs (roster.connect).

        Neither is kept: the connection in use, if there is one, stays as it is.
        """
        name = f"{self.stack.outputs['SecretPrefix']}/{self.account}/{provider}/candidate"
        self._secret(name, json.dumps(dict(secret)))
        answer = self.stack.client("lambda").invoke(
            FunctionName=f"{self.stack.outputs['SecretPrefix']}-import-{provider}",
            Payload=json.dumps({"step": "connect", "account": self.account, "settings": dict(settings)}).encode(),
        )
        self.stack.client("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        told: dict[str, Any] = json.loads(answer["Payload"].read())
        return told

    def select(self, name: str, selection: Selection) -> None:
        """Make the event, or choose anew for it."""
        self._set(keys.event(self.account, self.event), name=name, selection=json.dumps(selection.to_json()))

    def run(self, run: str) -> dict[str, Any]:
        """The run's record: status, progress and report; empty until it has begun."""
        item = self._get(keys.run(self.account, self.event, run))
        if not item:
            return {}
        record = RunItem.from_raw_data(item)
        return {"status": record.status, "progress": record.progress, "report": record.report, "ended": record.ended}

    def contacts(self, provider: str) -> Iterator[ContactItem]:
        for partition in keys.contact_partitions(self.account, provider):
            yield from (ContactItem.from_raw_data(item) for item in self._query(partition))

    def provider(self) -> str:
        """The account's roster provider, or blank."""
        item = self._get(keys.integration(self.account))
        return item["provider"]["S"] if item else ""

    def _get(self, key: keys.Key) -> dict[str, Any]:
        wanted = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
        found = self.stack.client("dynamodb").get_item(TableName=self.table, Key=wanted, ConsistentRead=True)
        item: dict[str, Any] = found.get("Item", {})
        return item

    def _put(self, item: AccountItem) -> None:
        self.stack.client("dynamodb").put_item(TableName=self.table, Item=item.serialize())

    def _set(self, key: keys.Key, **values: str) -> None:
        """Set these attributes and no other: pointers to what was applied must survive."""
        self.stack.client("dynamodb").update_item(
            TableName=self.table,
            Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}},
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
            ExpressionAttributeNames={f"#{name}": name for name in values},
            ExpressionAttributeValues={f":{name}": {"S": value} for name, value in values.items()},
        )

    def _query(self, partition: str) -> Iterator[dict[str, Any]]:
        pages = (
            self.stack.client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self.table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": partition}},
            )
        )
        for page in pages:
            yield from page["Items"]

    def _secret(self, name: str, value: str) -> None:
        secrets = self.stack.client("secretsmanager")
        try:
            secrets.put_secret_value(SecretId=name, SecretString=value)
        except secrets.exceptions.ResourceNotFoundException:
            secrets.create_secret(Name=name, SecretString=value)
