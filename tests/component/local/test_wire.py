"""Requests of services that have no action header are named from botocore's own models."""

from __future__ import annotations

import pytest

from local.wire import Call


@pytest.mark.parametrize(
    ("service", "method", "path", "query", "headers", "action"),
    [
        ("s3", "PUT", "/bucket/a/b.json", {}, {}, "PutObject"),
        ("s3", "PUT", "/bucket/a", {}, {"x-amz-copy-source": "/b/c"}, "CopyObject"),
        ("s3", "PUT", "/bucket/a", {"partNumber": "1", "uploadId": "u"}, {}, "UploadPart"),
        ("s3", "POST", "/bucket/a", {"uploads": ""}, {}, "CreateMultipartUpload"),
        ("s3", "POST", "/bucket/a", {"uploadId": "u"}, {}, "CompleteMultipartUpload"),
        ("s3", "GET", "/bucket/a", {}, {}, "GetObject"),
        ("s3", "GET", "/bucket", {"list-type": "2", "prefix": "x"}, {}, "ListObjectsV2"),
        ("s3", "POST", "/bucket", {"delete": ""}, {}, "DeleteObjects"),
        ("s3", "DELETE", "/bucket/a", {}, {}, "DeleteObject"),
        ("s3", "HEAD", "/bucket/a", {}, {}, "HeadObject"),
        ("scheduler", "POST", "/schedules/night", {}, {}, "CreateSchedule"),
        ("scheduler", "DELETE", "/schedules/night", {"groupName": "g"}, {}, "DeleteSchedule"),
        ("ses", "POST", "/v2/email/outbound-emails", {}, {}, "SendEmail"),
        ("dynamodb", "POST", "/", {}, {"x-amz-target": "DynamoDB_20120810.BatchWriteItem"}, "BatchWriteItem"),
    ],
)
def test_action(
    service: str, method: str, path: str, query: dict[str, str], headers: dict[str, str], action: str
) -> None:
    assert Call(method, path, query, headers, b"", "key", service).action == action
