"""An account on the local stack: set up as pickAtime's support would, and read back for a person to look at.

Writes the same items, through the same models, as the product; only the way in (straight to the table) is local.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from roster import keys
from roster.errors import HELP_MARK, RosterError
from roster.model import Selection
from roster.tables import ContactItem, RunItem


class Running(Protocol):
    """A stack of this process, or of another (local.stack)."""

    outputs: dict[str, str]

    def client(self, service: str) -> Any: ...


class AccountTaken(RuntimeError):
    """The account imports from another provider, and an account has one."""


class RunUnknown(RuntimeError):
    """The event has no such run, or none at all."""


@dataclass(frozen=True)
class Chosen:
    """A connection and a selection as they are stored: the values of each item, and the secret; absent is absent."""

    provider: str
    values: Mapping[keys.Key, Mapping[str, Any]]
    secret: str | None


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
        if (other := self.provider()) not in ("", provider):
            raise AccountTaken(
                f"account {self.account} imports from {other}: name another with --account, "
                "or another data folder with --data"
            )
        self._name(keys.account(self.account), name)
        self._set(
            keys.integration(self.account), provider=provider, settings=json.dumps(dict(settings)), state="active"
        )
        self._secret(self._secret_name(provider), json.dumps(dict(secret)))

    def connect(self, provider: str, settings: Mapping[str, Any], secret: Mapping[str, str]) -> dict[str, Any]:
        """Whether the provider accepts the credential and gives what an import needs (roster.connect).

        Neither is kept: the connection in use, if there is one, stays as it is.
        """
        answer = self.stack.client("lambda").invoke(
            FunctionName=f"{self.stack.outputs['SecretPrefix']}-import-{provider}",
            Payload=json.dumps(self._check(settings, secret)).encode(),
        )
        told: dict[str, Any] = json.loads(answer["Payload"].read())
        return _stopped(told) if answer.get("FunctionError") else told

    def _check(self, settings: Mapping[str, Any], secret: Mapping[str, str]) -> dict[str, Any]:
        return {"step": "check", "account": self.account, "settings": dict(settings), "secret": dict(secret)}

    def select(self, name: str, selection: Selection) -> None:
        """Make the event, or choose anew for it."""
        self._name(keys.event(self.account, self.event), name)
        self._set(keys.event(self.account, self.event), selection=json.dumps(selection.to_json()))

    def has_chosen(self) -> bool:
        """Whether something was imported into the event, by a choice that may be an administrator's."""
        return "snapshot" in self._get(keys.event(self.account, self.event))

    def run(self, run: str) -> dict[str, Any]:
        """The run's record: status, progress and report; empty until it has begun."""
        item = self._get(keys.run(self.account, self.event, run))
        if not item:
            return {}
        record = RunItem.from_raw_data(item)
        return {"status": record.status, "progress": record.progress, "report": record.report, "ended": record.ended}

    def chosen(self, provider: str) -> Chosen:
        """What `set_up` and `select` would overwrite, as it is now."""
        values = {key: {n: v for n, v in self._get(key).items() if n in names} for key, names in self._ours().items()}
        return Chosen(provider, values, self._kept(provider))

    def put_back(self, before: Chosen) -> None:
        """Undo `set_up` and `select`; where they made an item, it goes, unless somebody else has written there."""
        for key, values in before.values.items():
            self._restore(key, self._ours()[key], values)
        if before.secret is None:
            self._forget(self._secret_name(before.provider))
        else:
            self._secret(self._secret_name(before.provider), before.secret)

    def _ours(self) -> dict[keys.Key, tuple[str, ...]]:
        return {
            keys.account(self.account): ("name",),
            keys.integration(self.account): ("provider", "settings", "state"),
            keys.event(self.account, self.event): ("name", "selection"),
        }

    def _restore(self, key: keys.Key, names: Iterable[str], values: Mapping[str, Any]) -> None:
        others = {name: value for name, value in self._get(key).items() if name not in names}
        if values or others.keys() - {"pk", "sk"}:
            item = {"pk": {"S": key.pk}, "sk": {"S": key.sk}, **others, **values}
            self.stack.client("dynamodb").put_item(TableName=self.table, Item=item)
        else:
            where = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
            self.stack.client("dynamodb").delete_item(TableName=self.table, Key=where)

    def known_run(self, run: str = "") -> str:
        """That run, or the event's newest. Raises RunUnknown."""
        partition = keys.run(self.account, self.event, "").pk
        runs = [RunItem.from_raw_data(item) for item in self._query(partition)]
        found = [one for one in runs if run in ("", one.run)]
        if not found:
            raise RunUnknown(f"account {self.account}, event {self.event}: no run {run or 'has been started yet'}")
        return max(found, key=lambda one: (one.started or "", one.run)).run

    def contacts(self, provider: str) -> Iterator[ContactItem]:
        for partition in keys.contact_partitions(self.account, provider):
            yield from (ContactItem.from_raw_data(item) for item in self._query(partition))

    def provider(self) -> str:
        """The account's roster provider, or blank."""
        item = self._get(keys.integration(self.account))
        return item["provider"]["S"] if "provider" in item else ""

    def _get(self, key: keys.Key) -> dict[str, Any]:
        wanted = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
        found = self.stack.client("dynamodb").get_item(TableName=self.table, Key=wanted, ConsistentRead=True)
        item: dict[str, Any] = found.get("Item", {})
        return item

    def _name(self, key: keys.Key, name: str) -> None:
        """Name what is new; what has a name keeps it."""
        if "name" not in self._get(key):
            self._set(key, name=name)

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

    def _kept(self, provider: str) -> str | None:
        secrets = self.stack.client("secretsmanager")
        try:
            return str(secrets.get_secret_value(SecretId=self._secret_name(provider))["SecretString"])
        except secrets.exceptions.ResourceNotFoundException:
            return None

    def _forget(self, name: str) -> None:
        self.stack.client("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)

    def _secret_name(self, provider: str) -> str:
        return f"{self.stack.outputs['SecretPrefix']}/{self.account}/{provider}"


def _stopped(error: Mapping[str, Any]) -> dict[str, Any]:
    """As roster.connect would tell it, of a function that ended in an error. What was not raised on purpose may quote
    anything, and is not shown.
    """
    code = str(error.get("errorType", "Unknown"))
    message, mark, help = str(error.get("errorMessage", "")).partition(HELP_MARK)
    said = message if mark else f"the function stopped unexpectedly ({code})"
    todo = help or RosterError.default_help
    check = {"resource": "connect", "ok": False, "code": code, "message": said, "help": todo}
    nothing = {"security_values": "none seen", "security_values_help": "", "schools": []}
    return {"connected": False, "checks": [check], **nothing}
