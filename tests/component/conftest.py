"""An account with an event in a table of moto's, for the adapters that write there."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from roster.tables import Item, use_table
from tests.support import template_properties


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of an empty table, which the models are pointed at."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    described = template_properties("Table")
    with mock_aws():
        boto3.client("dynamodb").create_table(
            TableName="roster",
            BillingMode="PAY_PER_REQUEST",
            **{part: described[part] for part in ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes")},
        )
        for model in Item.__subclasses__():
            monkeypatch.setattr(model, "_connection", None)
        use_table("roster")
        yield "roster"
