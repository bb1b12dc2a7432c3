"""Each repair of moto is still needed, and does what AWS would do.

The first test fails when upstream has mended something: then take the repair away.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import moto
import pytest

from local.stack import Stack
from tests.component.local.conftest import FIXTURE, ROOT


def test_upstream_still_has_every_flaw_we_repair() -> None:
    command = [sys.executable, str(FIXTURE / "upstream.py")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    flaws = json.loads(done.stdout)
    assert moto.__version__ == "5.2.5"
    assert [name for name, still in flaws.items() if not still] == []


def test_the_repairs_fit_one_version_of_moto(monkeypatch: pytest.MonkeyPatch) -> None:
    from local import repairs

    monkeypatch.setattr(moto, "__version__", "5.2.6")
    with pytest.raises(RuntimeError, match=r"moto 5\.2\.6 is installed"):
        repairs.new_moto_app()


@pytest.fixture
def table(stack: Stack) -> Any:
    client, name = stack.client("dynamodb"), stack.outputs["Table"]

    class Items:
        errors = client.exceptions

        def key(self, sk: str) -> dict[str, Any]:
            return {"pk": {"S": "repairs"}, "sk": {"S": sk}}

        def get(self, sk: str) -> Any:
            return client.get_item(TableName=name, Key=self.key(sk)).get("Item")

        def put(self, sk: str, **more: Any) -> dict[str, Any]:
            return {"Put": {"TableName": name, "Item": {**self.key(sk), "n": {"N": "1"}}, **more}}

        def update(self, sk: str) -> dict[str, Any]:
            values = {":n": {"N": "9"}}
            what = {"UpdateExpression": "SET n = :n", "ExpressionAttributeValues": values}
            return {"Update": {"TableName": name, "Key": self.key(sk), **what}}

        def delete(self, sk: str) -> dict[str, Any]:
            return {"Delete": {"TableName": name, "Key": self.key(sk)}}

        def transact(self, *operations: Any) -> None:
            client.transact_write_items(TransactItems=list(operations))

        def add(self, sk: str, condition: str) -> None:
            client.put_item(TableName=name, Item=self.key(sk), ConditionExpression=condition)

    return Items()


def test_a_transaction_that_fails_changes_nothing(table: Any) -> None:
    table.transact(table.put("old"), table.put("doomed"))
    with pytest.raises(table.errors.TransactionCanceledException) as refused:
        table.transact(
            table.put("new"),
            table.update("old"),
            table.delete("doomed"),
            table.put("other", ConditionExpression="attribute_exists(pk)"),
        )
    codes = [reason["Code"] for reason in refused.value.response["CancellationReasons"]]
    assert codes == ["None", "None", "None", "ConditionalCheckFailed"]
    assert table.get("new") is None
    assert table.get("old")["n"] == {"N": "1"}
    assert table.get("doomed")["n"] == {"N": "1"}


def test_transactions_and_queries_cost_no_more_in_a_large_table(stack: Stack, table: Any) -> None:
    """Stock moto reads the whole table for each: forty times as long, not twice."""
    client, name = stack.client("dynamodb"), stack.outputs["Table"]

    def spent() -> float:
        began = time.monotonic()
        for n in range(10):
            table.transact(table.put(f"t-{n}"))
            found = client.query(
                TableName=name,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
                ExpressionAttributeValues={":pk": {"S": "nobody"}, ":sk": {"S": "x"}},
            )
            assert found["Count"] == 0
        return time.monotonic() - began

    spent()
    small = min(spent() for _ in range(3))
    for start in range(0, 4000, 25):
        items = [{**table.key(f"many-{n}"), "text": {"S": "x" * 200}} for n in range(start, start + 25)]
        client.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": item}} for item in items]})
    assert min(spent() for _ in range(3)) < 5 * small


def test_of_many_who_take_a_lock_at_once_one_gets_it(table: Any) -> None:
    def take(_: int) -> bool:
        try:
            table.add("lock", "attribute_not_exists(pk)")
        except table.errors.ConditionalCheckFailedException:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(take, range(40))) == 1


def test_a_profile_in_the_shell_is_neither_used_nor_missed() -> None:
    environment = {"AWS_PROFILE": "nobody", "PATH": "/usr/bin", "PYTHONPATH": str(ROOT)}
    code = "from local.names import new_session; print(new_session().get_credentials().access_key)"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("AKIALOCAL")
