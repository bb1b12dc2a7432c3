"""Payload format 2.0: how API Gateway turns a request into an event, and a function's answer into a response.

Written from AWS's documentation of HTTP APIs; the form post in base64 is what SAML's ACS runs into.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote

from local.names import ACCOUNT

# What API Gateway hands over as text; everything else, form posts included, comes in base64.
_TEXT = re.compile(r"text/.*|application/(json|javascript|xml|.*\+json|.*\+xml)")


@dataclass(frozen=True)
class HttpRequest:
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    source_ip: str

    @cached_property
    def path(self) -> str:
        return unquote(self.raw_path)

    @property
    def raw_path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True)
class HttpAnswer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


def message(status: int, text: str) -> HttpAnswer:
    return HttpAnswer(status, [("content-type", "application/json")], json.dumps({"message": text}).encode())


def event(request: HttpRequest, route_key: str, path_parameters: Mapping[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": _joined((k, v) for k, v in request.headers if k != "cookie"),
        "requestContext": _context(request, route_key),
        **_body(request),
    }
    cookies = [part.strip() for k, v in request.headers if k == "cookie" for part in v.split(";")]
    query = _joined(parse_qsl(request.query, keep_blank_values=True))
    present = {"cookies": cookies, "queryStringParameters": query, "pathParameters": dict(path_parameters)}
    return made | {name: value for name, value in present.items() if value}


def _joined(pairs: Any) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: ",".join(values) for name, values in found.items()}


def _context(request: HttpRequest, route_key: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    domain = request.header("host") or ""
    http = {
        "method": request.method,
        "path": request.path,
        "protocol": "HTTP/1.1",
        "sourceIp": request.source_ip,
        "userAgent": request.header("user-agent") or "",
    }
    return {
        "accountId": ACCOUNT,
        "apiId": "localapi",
        "domainName": domain,
        "domainPrefix": domain.partition(".")[0],
        "http": http,
        "requestId": str(uuid.uuid4()),
        "routeKey": route_key,
        "stage": "$default",
        "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(now.timestamp() * 1000),
    }


def _body(request: HttpRequest) -> dict[str, Any]:
    if not request.body:
        return {"isBase64Encoded": False}
    kind = (request.header("content-type") or "text/plain").partition(";")[0].strip().lower()
    if _TEXT.fullmatch(kind):
        return {"body": request.body.decode("utf-8", "replace"), "isBase64Encoded": False}
    return {"body": base64.b64encode(request.body).decode(), "isBase64Encoded": True}


def answer(payload: bytes) -> HttpAnswer:
    """A result without statusCode is itself the JSON body; one that makes no sense is a 500, as on AWS."""
    result = json.loads(payload)
    if not isinstance(result, dict) or "statusCode" not in result:
        text = result if isinstance(result, str) else json.dumps(result)
        return HttpAnswer(200, [("content-type", "application/json")], text.encode())
    try:
        return _stated(result)
    except (TypeError, ValueError, AttributeError):
        return message(500, "Internal Server Error")


def _stated(result: Mapping[str, Any]) -> HttpAnswer:
    headers = [(str(name).lower(), _text(value)) for name, value in (result.get("headers") or {}).items()]
    headers = [(name, value) for name, value in headers if name != "content-length"]
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain;charset=UTF-8"))
    headers += [("set-cookie", cookie) for cookie in result.get("cookies") or ()]
    body = result.get("body") or ""
    raw = base64.b64decode(body) if result.get("isBase64Encoded") else body.encode()
    return HttpAnswer(int(result["statusCode"]), headers, raw)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
