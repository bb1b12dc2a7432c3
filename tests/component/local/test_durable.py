"""What was acknowledged is there after a SIGKILL of the whole process; workers do not outlive their host."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.stack import AttachedStack, Stack, StackInUse, connect
from tests.component.local.conftest import TEMPLATE, Served, until

Serve = Callable[[Path], Served]


def _attached(data: Path) -> AttachedStack:
    found = connect(data)
    assert found is not None
    return found


def _item(key: str, **more: Any) -> dict[str, Any]:
    return {"pk": {"S": "p"}, "sk": {"S": key}, **more}


def _write(stack: AttachedStack) -> None:
    table, name = stack.client("dynamodb"), stack.outputs["Table"]
    puts = [{"PutRequest": {"Item": _item(f"batch-{n}", n={"N": "1"})}} for n in range(25)]
    table.batch_write_item(RequestItems={name: puts})
    table.put_item(TableName=name, Item=_item("deleted"))
    table.delete_item(TableName=name, Key=_item("deleted"))
    table.update_item(
        TableName=name,
        Key=_item("batch-0"),
        UpdateExpression="ADD n :one SET b = :b, email = :e",
        ExpressionAttributeValues={":one": {"N": "1"}, ":b": {"B": b"\x00\xff"}, ":e": {"S": "a@b.example"}},
    )
    put = {"Put": {"TableName": name, "Item": _item("transaction", l={"L": [{"M": {"x": {"NULL": True}}}]})}}
    table.transact_write_items(TransactItems=[put, {"Delete": {"TableName": name, "Key": _item("batch-1")}}])


def _write_files(stack: AttachedStack) -> None:
    s3, bucket = stack.client("s3"), stack.outputs["Bucket"]
    s3.put_object(
        Bucket=bucket, Key="a/b c+d.json", Body=b"{}", ContentType="application/json", Metadata={"digest": "x"}
    )
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "a/b c+d.json"})
    for key in ("gone", "gone&too"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    s3.delete_object(Bucket=bucket, Key="gone")
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "gone&too"}]})
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"part")
    done = {"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload, MultipartUpload=done)


def _write_secrets_and_schedules(stack: AttachedStack) -> str:
    secrets, scheduler = stack.client("secretsmanager"), stack.client("scheduler")
    arn = str(secrets.create_secret(Name="clever/1", SecretString="first")["ARN"])
    secrets.put_secret_value(SecretId=arn, SecretString="second")
    secrets.create_secret(Name="gone", SecretString="x")
    secrets.delete_secret(SecretId="gone", ForceDeleteWithoutRecovery=True)
    target = {"Arn": stack.outputs["Machine"], "RoleArn": "arn:aws:iam::123456789012:role/x", "Input": "{}"}
    for name in ("kept", "removed"):
        scheduler.create_schedule(
            Name=name, GroupName="nightly", ScheduleExpression="cron(0 1 * * ? *)", Target=target,
            ScheduleExpressionTimezone="Europe/Berlin", FlexibleTimeWindow={"Mode": "OFF"},
        )  # fmt: skip
    scheduler.delete_schedule(Name="removed", GroupName="nightly")
    return arn


def test_everything_acknowledged_survives_a_kill(tmp_path: Path, serve: Serve) -> None:
    first = serve(tmp_path)
    before = _attached(tmp_path)
    generated = before.client("secretsmanager").get_secret_value(SecretId=before.outputs["Secret"])["SecretString"]
    _write(before)
    _write_files(before)
    secret = _write_secrets_and_schedules(before)
    first.kill()
    assert connect(tmp_path) is None

    serve(tmp_path)
    after = _attached(tmp_path)
    assert after.outputs["Secret"] == before.outputs["Secret"]
    _check_items(after)
    _check_files(after)
    secrets = after.client("secretsmanager")
    assert secrets.get_secret_value(SecretId=after.outputs["Secret"])["SecretString"] == generated
    assert secrets.get_secret_value(SecretId=secret)["SecretString"] == "second"
    assert secrets.get_secret_value(SecretId=secret, VersionStage="AWSPREVIOUS")["SecretString"] == "first"
    assert {found["Name"] for found in secrets.list_secrets()["SecretList"]} == {"clever/1", "local-Key"}
    (schedule,) = after.client("scheduler").list_schedules()["Schedules"]
    found = after.client("scheduler").get_schedule(Name="kept", GroupName="nightly")
    assert (schedule["Name"], found["ScheduleExpressionTimezone"]) == ("kept", "Europe/Berlin")


def _check_items(stack: AttachedStack) -> None:
    table, name = stack.client("dynamodb"), stack.outputs["Table"]
    items = {item["sk"]["S"]: item for item in table.scan(TableName=name)["Items"]}
    assert items.keys() == {f"batch-{n}" for n in range(25) if n != 1} | {"transaction"}
    assert items["batch-0"] == _item("batch-0", n={"N": "2"}, b={"B": b"\x00\xff"}, email={"S": "a@b.example"})
    assert items["transaction"]["l"] == {"L": [{"M": {"x": {"NULL": True}}}]}
    indexed = table.query(
        TableName=name,
        IndexName="by_email",
        KeyConditionExpression="email = :e",
        ExpressionAttributeValues={":e": {"S": "a@b.example"}},
    )
    assert indexed["Count"] == 1


def _check_files(stack: AttachedStack) -> None:
    s3, bucket = stack.client("s3"), stack.outputs["Bucket"]
    keys = {found["Key"] for found in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert keys == {"a/b c+d.json", "copy", "parts"}
    found = s3.get_object(Bucket=bucket, Key="a/b c+d.json")
    assert (found["Body"].read(), found["ContentType"]) == (b"{}", "application/json")
    assert found["Metadata"] == {"digest": "x"}
    assert s3.get_object(Bucket=bucket, Key="parts")["Body"].read() == b"part"


def test_workers_die_with_a_host_that_is_killed(tmp_path: Path, serve: Serve) -> None:
    served = serve(tmp_path)
    stack = _attached(tmp_path)
    answer = stack.client("lambda").invoke(FunctionName=stack.outputs["Probe"], Payload=b'{"do": "about"}')
    pid = json.load(answer["Payload"])["pid"]
    os.kill(pid, 0)
    served.kill()
    until(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text())


def test_a_folder_in_use_is_refused_with_what_to_do(tmp_path: Path, serve: Serve) -> None:
    served = serve(tmp_path)
    with pytest.raises(StackInUse, match=f"in use by process {served.process.pid}.*connect"):
        Stack.start(data=tmp_path, template=TEMPLATE)


def test_nobody_serves_an_unknown_folder(tmp_path: Path) -> None:
    assert connect(tmp_path / "nothing") is None
