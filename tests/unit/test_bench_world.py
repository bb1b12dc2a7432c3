"""The benchmark's bucket and table answer botocore as S3 and DynamoDB do, and count what they are asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from bench.table import item_size, units
from bench.worlds import World, world

KEYS = {"aws_access_key_id": "x", "aws_secret_access_key": "y", "region_name": "us-east-1"}


@pytest.fixture(scope="module")
def started() -> Iterator[World]:
    with world() as place:
        place.control(students=30)
        yield place


@pytest.fixture
def place(started: World) -> World:
    started.control(forget=True, reset=True)
    return started


def client(place: World, service: str) -> Any:
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    return boto3.client(service, endpoint_url=f"http://127.0.0.1:{place.port}", config=config, **KEYS)


def test_what_was_put_is_got_in_whole_and_in_part(place: World) -> None:
    s3 = client(place, "s3")
    s3.put_object(Bucket="staging", Key="a/b c", Body=b"0123456789")
    for span, wanted in (("bytes=0-", b"0123456789"), ("bytes=2-4", b"234"), ("bytes=-3", b"789")):
        assert s3.get_object(Bucket="staging", Key="a/b c", Range=span)["Body"].read() == wanted
    counts = place.control()
    assert (counts["s3_put"], counts["s3_put_bytes"], counts["s3_get"]) == (1, 10, 3)


def test_what_is_not_there_is_refused_as_s3_does(place: World) -> None:
    with pytest.raises(ClientError) as refused:
        client(place, "s3").get_object(Bucket="staging", Key="nothing")
    assert refused.value.response["Error"]["Code"] == "NoSuchKey"


def test_a_long_list_comes_in_pages_and_goes_at_once(place: World) -> None:
    s3 = client(place, "s3")
    names = [f"run/{n:04d}&" for n in range(1100)]
    for name in (*names, "other"):
        s3.put_object(Bucket="staging", Key=name, Body=b"x")
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket="staging", Prefix="run/"))
    assert [found["Key"] for page in pages for found in page["Contents"]] == names
    assert len(pages) == 2
    s3.delete_objects(Bucket="staging", Delete={"Objects": [{"Key": name} for name in names[:1000]], "Quiet": True})
    left = s3.list_objects_v2(Bucket="staging")["Contents"]
    assert [found["Key"] for found in left] == ["other", *names[1000:]]


def test_the_table_takes_batches_and_weighs_them(place: World) -> None:
    place.control(weigh=True)
    items = [{"pk": {"S": "x" * size}, "sk": {"S": "y"}} for size in (10, 2000)]
    requested = {"bench": [{"PutRequest": {"Item": item}} for item in items]}
    requested["bench"].append({"DeleteRequest": {"Key": {"pk": {"S": "p"}, "sk": {"S": "s"}}}})
    assert client(place, "dynamodb").batch_write_item(RequestItems=requested)["UnprocessedItems"] == {}
    counts = place.control(weigh=False)
    assert (counts["items"], counts["write_units"], counts["BatchWriteItem"]) == (3, 4, 1)
    assert counts["index_units"] == 0


def test_a_contact_costs_a_write_in_each_index_that_it_stands_in(place: World) -> None:
    place.control(weigh=True)
    item = {name: {"S": name} for name in ("pk", "sk", "name_part", "name_order", "email_key", "security_value")}
    client(place, "dynamodb").batch_write_item(RequestItems={"bench": [{"PutRequest": {"Item": item}}]})
    counts = place.control(weigh=False)
    assert (counts["write_units"], counts["index_units"]) == (1, 2)


def test_the_table_finds_the_item_that_it_was_given(place: World) -> None:
    item = {"pk": {"S": "p"}, "sk": {"S": "s"}, "name": {"S": "Benchmark Academy"}}
    place.control(item=item)
    assert (
        client(place, "dynamodb").get_item(TableName="bench", Key={"pk": {"S": "p"}, "sk": {"S": "s"}})["Item"] == item
    )


def test_pages_say_how_many_rows_there_are(place: World) -> None:
    url = f"http://127.0.0.1:{place.port}/ims/oneroster/v1p1/users"
    answer = requests.get(url, params={"limit": 50, "offset": 80}, timeout=10)
    assert answer.headers["x-total-count"] == "86"
    assert len(json.loads(answer.content)["users"]) == 6
    assert place.control()["pages"] == 1


@pytest.mark.parametrize(("size", "wanted"), [(1, 1), (1024, 1), (1025, 2), (4096, 4)])
def test_a_write_unit_is_a_started_kilobyte(size: int, wanted: int) -> None:
    assert units(size) == wanted


def test_the_size_of_an_item() -> None:
    assert item_size({"pk": {"S": "äb"}}) == 2 + 3
    assert item_size({"l": {"L": [{"S": "ab"}, {"L": [{"S": "c"}]}]}}) == 1 + 3 + (1 + 2) + (1 + 3 + (1 + 1))
    assert item_size({"b": {"BOOL": True}, "n": {"N": "1234"}}) == 1 + 1 + 1 + 4
