"""The served OpenAPI document against the routes themselves: schemathesis asks what it describes, and more.

No answer may be a 5xx, or one that the document does not declare, in status, type or shape.
"""

from __future__ import annotations

from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import data, sampled_from
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as openapi_checks

from local.stack import Stack
from tests.e2e.admin import Admin
from tests.e2e.toolkit import account_numbers

CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
]
EXAMPLES = 4


@pytest.fixture(scope="module")
def edna(stack: Stack) -> Admin:
    return Admin.of(stack, str(next(account_numbers)))


@pytest.fixture(scope="module")
def document(edna: Admin) -> dict[str, Any]:
    answer = requests.get(f"{edna.stack.url}/api/openapi.json", timeout=30)
    assert answer.headers["content-type"] == "application/json"
    told: dict[str, Any] = answer.json()
    return told


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(draw=data())
def asked_in_many_ways(*, draw: Any, operation: Any, edna: Admin) -> None:
    """Requests as the document describes them, and ones that it forbids."""
    mode = draw.draw(sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
    case = draw.draw(operation.as_strategy(generation_mode=mode))
    ends = operation.definition.raw["x-action"] == "session.end"
    cookie = f"sid={edna.web.cookies['sid']}"
    answer = case.call(headers={"Origin": edna.stack.url, "Cookie": cookie}, timeout=30, allow_redirects=False)
    if ends:
        edna.use(edna.link())
    # the gateway gives a type of its own to an answer without a body
    case.validate_response(answer, checks=CHECKS[:2] if answer.status_code == 204 else CHECKS)


def test_every_answer_is_declared(document: dict[str, Any], edna: Admin) -> None:
    described = schemathesis.openapi.from_dict(document)
    described.config.update(base_url=edna.stack.url)
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) >= 15
    for operation in operations:
        asked_in_many_ways(operation=operation, edna=edna)


def test_every_operation_is_named_tagged_and_has_one_error_body(document: dict[str, Any]) -> None:
    error = {"$ref": "#/components/schemas/ErrorBody"}
    seen = set()
    for methods in document["paths"].values():
        for one in methods.values():
            assert one["operationId"] not in seen
            seen.add(one["operationId"])
            assert one["tags"]
            assert one["summary"]
            assert (one["x-action"] == "open") is ("security" not in one)
            for status, answer in one["responses"].items():
                if int(status) >= 400 and "application/json" in answer["content"]:
                    assert answer["content"]["application/json"]["schema"] == error
    assert document["openapi"].startswith("3.")
    assert document["components"]["securitySchemes"] == {"session": {"type": "apiKey", "in": "cookie", "name": "sid"}}


def test_bodies_that_are_asked_for_refuse_what_is_unknown(document: dict[str, Any]) -> None:
    for name, shape in document["components"]["schemas"].items():
        Draft202012Validator.check_schema(shape)
        assert shape["additionalProperties"] is False, name
