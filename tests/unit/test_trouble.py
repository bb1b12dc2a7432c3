"""What AWS answers when it has trouble: tried again by name; what it refuses for good, is not."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from pynamodb.connection import Connection
from pynamodb.exceptions import VerboseClientError

from roster import secrets, snapshots
from roster.admission import Application
from roster.applications import DynamoAccounts, DynamoApplications
from roster.errors import FilesMissing, StoreBusy, StoreRefused, TerminalError, TransientError
from roster.executions import StepFunctionsExecutions
from roster.ports import Integration, RunKey
from roster.records import DynamoRecords
from roster.secrets import SharedTokens
from roster.tables import Item, use_table

KEY = RunKey("116", "spring", "run-a")
DISTRICT = Application("classlink", "2001")
DATE = "2012-04-08"


def refused(code: str, message: str = DATE) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


PASSING: list[Exception] = [
    *map(refused, ("InternalServerError", "ThrottlingException", "SlowDown", "503", "TransactionConflictException")),
    ConnectTimeoutError(endpoint_url="https://aws"),
    ReadTimeoutError(endpoint_url="https://aws"),
    EndpointConnectionError(endpoint_url="https://aws"),
]
LASTING = [
    *map(refused, ("ValidationException", "AccessDenied", "AccessDeniedException")),
    refused("InvalidRequestException"),  # a secret that is marked for deletion
]
MISSING = refused("ResourceNotFoundException")  # a table that is not there


class Troubled:
    """A client, or pynamodb's, each of whose methods raises the same error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def method(*given: Any, **named: Any) -> Any:
            raise self.error

        return method


def slots(error: Exception, monkeypatch: pytest.MonkeyPatch) -> snapshots.S3Slots:
    monkeypatch.setattr("roster.snapshots.boto3.client", lambda *given, **named: Troubled(error))
    return snapshots.S3Slots("bucket")


def table(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def call(self: Connection, operation: str, named: dict[str, Any]) -> Any:
        if isinstance(error, ClientError):
            raise VerboseClientError(error.response, operation, {}) from error
        raise error

    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(Connection, "_make_api_call", call)
    for model in Item.__subclasses__():
        monkeypatch.setattr(model, "_connection", None)
    use_table("roster")


def records(error: Exception, monkeypatch: pytest.MonkeyPatch) -> DynamoRecords:
    table(error, monkeypatch)
    return DynamoRecords()


def applications(error: Exception, monkeypatch: pytest.MonkeyPatch) -> DynamoApplications:
    table(error, monkeypatch)
    return DynamoApplications()


def accounts(error: Exception, monkeypatch: pytest.MonkeyPatch) -> DynamoAccounts:
    table(error, monkeypatch)
    return DynamoAccounts()


def credentials(error: Exception, monkeypatch: pytest.MonkeyPatch) -> secrets.SecretsManager:
    monkeypatch.setattr("roster.secrets.boto3.client", lambda *given, **named: Troubled(error))
    return secrets.SecretsManager("stack")


Adapter = Callable[[Exception, pytest.MonkeyPatch], Any]
S3: dict[str, Adapter] = {
    "write": lambda e, m: slots(e, m).write("f", []),
    "read": lambda e, m: list(slots(e, m).read("f", range(256))),
    "names": lambda e, m: slots(e, m).names("f"),
    "write_json": lambda e, m: slots(e, m).write_json("f", {}),
    "read_json": lambda e, m: slots(e, m).read_json("f"),
    "delete": lambda e, m: slots(e, m).delete(["f"]),
}
TABLE: dict[str, Adapter] = {
    "begin": lambda e, m: records(e, m).begin(KEY, "arn", lambda owner: False, "import", "now"),
    "hold_account": lambda e, m: records(e, m).hold_account(KEY, "arn", lambda owner: False),
    "holds": lambda e, m: records(e, m).holds(KEY),
    "integration": lambda e, m: records(e, m).integration("116"),
    "event": lambda e, m: records(e, m).event("116", "spring"),
    "account_name": lambda e, m: records(e, m).account_name("116"),
    "applying": lambda e, m: records(e, m).applying(KEY, "plan"),
    "renew": lambda e, m: records(e, m).renew(KEY, {}, {}),
    "finish": lambda e, m: records(e, m).finish(KEY, "failed", {}, "now"),
}
APPLICATIONS: dict[str, Adapter] = {
    "all": lambda e, m: applications(e, m).all("classlink"),
    "of": lambda e, m: applications(e, m).of("classlink", "2001"),
    "add": lambda e, m: applications(e, m).add(DISTRICT),
    "describe": lambda e, m: applications(e, m).describe(DISTRICT),
    "notice": lambda e, m: applications(e, m).notice(DISTRICT),
    "moved": lambda e, m: applications(e, m).moved(DISTRICT, DISTRICT, Integration("116", "classlink")),
    "claim": lambda e, m: applications(e, m).claim(DISTRICT, "told", 1),
    "release": lambda e, m: applications(e, m).release(DISTRICT, "told", 1),
    "administrators": lambda e, m: accounts(e, m).administrators("116"),
}
OTHERS: dict[str, Adapter] = {
    "credential": lambda e, m: credentials(e, m).of("116", "classlink"),
    "keep": lambda e, m: credentials(e, m).keep("116", "classlink", {}),
    "token": lambda e, m: SharedTokens(Troubled(e), "name").get(lambda: pytest.fail("minted")),
    "is_running": lambda e, m: StepFunctionsExecutions(timedelta(), Troubled(e)).is_running("arn"),  # type: ignore[arg-type]
}
ADAPTERS = {**S3, **TABLE, **APPLICATIONS, **OTHERS}


def told(error: BaseException) -> str:
    """All that a log may show of it."""
    return "".join(traceback.format_exception(error))


@pytest.mark.parametrize("error", PASSING, ids=str)
@pytest.mark.parametrize("method", ADAPTERS)
def test_what_passes_is_tried_again(method: str, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreBusy) as caught:
        ADAPTERS[method](error, monkeypatch)
    assert isinstance(caught.value, TransientError)
    assert DATE not in told(caught.value), "AWS may quote what it refuses"


@pytest.mark.parametrize("error", LASTING, ids=str)
@pytest.mark.parametrize("method", ADAPTERS)
def test_what_is_refused_for_good_is_not(method: str, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreRefused) as caught:
        ADAPTERS[method](error, monkeypatch)
    assert isinstance(caught.value, TerminalError)
    assert DATE not in told(caught.value)


@pytest.mark.parametrize("method", [*TABLE, *APPLICATIONS])
def test_a_table_that_is_not_there_is_not_waited_for(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreRefused):
        ADAPTERS[method](MISSING, monkeypatch)


@pytest.mark.parametrize("method", ["read", "read_json"])
def test_a_file_that_is_not_there_is_no_hiccup(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FilesMissing, match="f"):
        S3[method](refused("NoSuchKey"), monkeypatch)


@pytest.mark.parametrize("error", [*PASSING, *LASTING], ids=str)
def test_a_run_does_not_die_of_its_progress_bar(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    records(error, monkeypatch).progress(KEY, {"stage": "plan"})
    assert "progress" in caplog.text
    assert DATE not in caplog.text
