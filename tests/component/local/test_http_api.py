"""The HTTP API hands handlers payload format 2.0, and says what API Gateway would say."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests

from local.stack import Stack

ORIGIN = "http://client.example"


@pytest.fixture
def http(stack: Stack) -> Any:
    with requests.Session() as session:
        session.trust_env = False
        yield lambda method, path, **more: session.request(method, stack.url + path, timeout=10, **more)


def test_the_outputs_name_the_front_that_runs_here(stack: Stack) -> None:
    assert stack.outputs["Url"] == stack.url


def test_an_event_has_what_aws_puts_into_it(http: Any) -> None:
    headers = {"X-Two": "a", "Cookie": "one=1; two=2"}
    event = http("PUT", "/echo/kind%20of/a/b?x=1&x=2&y=", headers=headers, json={"a": 1}).json()
    assert event["version"] == "2.0"
    assert event["routeKey"] == "ANY /echo/{kind}/{rest+}"
    assert event["pathParameters"] == {"kind": "kind of", "rest": "a/b"}
    assert event["queryStringParameters"] == {"x": "1,2", "y": ""}
    assert event["rawQueryString"] == "x=1&x=2&y="
    assert event["cookies"] == ["one=1", "two=2"]
    assert event["headers"]["x-two"] == "a"
    assert "cookie" not in event["headers"]
    assert (event["body"], event["isBase64Encoded"]) == ('{"a": 1}', False)
    assert event["requestContext"]["http"]["method"] == "PUT"
    assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"


def test_the_most_specific_route_answers(http: Any) -> None:
    assert http("GET", "/echo/x/fixed").json()["routeKey"] == "GET /echo/{kind}/fixed"
    assert http("POST", "/echo/x/fixed").json()["routeKey"] == "ANY /echo/{kind}/{rest+}"


def test_a_form_post_comes_in_base64(http: Any) -> None:
    """As on AWS: it is what the ACS of a SAML sign-on gets."""
    event = http("POST", "/echo/x/y", data={"SAMLResponse": "PHg+"}).json()
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"SAMLResponse=PHg%2B"


def test_an_answer_may_set_cookies_and_be_binary(http: Any) -> None:
    body = base64.b64encode(b"\x00\xff").decode()
    wanted = {"statusCode": 201, "cookies": ["a=1", "b=2; Path=/"], "body": body, "isBase64Encoded": True}
    answer = http("POST", "/answer", json={**wanted, "headers": {"Content-Type": "image/png"}})
    assert (answer.status_code, answer.content) == (201, b"\x00\xff")
    assert answer.raw.headers.getlist("set-cookie") == ["a=1", "b=2; Path=/"]
    assert answer.headers["content-type"] == "image/png"


def test_an_answer_without_a_status_is_json(http: Any) -> None:
    assert http("POST", "/answer", json={"so": "what"}).json() == {"so": "what"}


def test_nonsense_from_a_function_is_a_500(http: Any) -> None:
    answer = http("POST", "/answer", json={"statusCode": "fine"})
    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})


def test_an_unknown_path_is_a_404(http: Any) -> None:
    assert http("GET", "/nowhere").status_code == 404
    assert http("GET", "/answer").json() == {"message": "Not Found"}


def test_a_preflight_is_answered_without_asking_a_function(http: Any) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    answer = http("OPTIONS", "/answer", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-methods"] == "GET,POST"
    assert answer.headers["access-control-max-age"] == "600"


def test_only_allowed_origins_may_read(http: Any) -> None:
    own = {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}, "body": ""}
    allowed = http("POST", "/answer", json=own, headers={"Origin": ORIGIN})
    assert allowed.headers["access-control-allow-origin"] == ORIGIN
    assert allowed.headers["access-control-allow-credentials"] == "true"
    refused = http("POST", "/answer", json=own, headers={"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in refused.headers


def test_a_body_over_ten_megabytes_is_refused(http: Any) -> None:
    assert http("POST", "/answer", data=b"x" * (10 * 1024 * 1024 + 1)).status_code == 413
