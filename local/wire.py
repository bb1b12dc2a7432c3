"""What one HTTP request to the embedded AWS says: who sent it, to which service, asking for what.

Observers, persistence and the checks all need these facts; none of them should parse HTTP by itself.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any
from urllib.parse import parse_qsl

from botocore.loaders import Loader

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/[^/]+/([^/]+)/aws4_request")
# Services whose name when signing differs from the name boto3 gives them.
_BOTO_NAMES = {"states": "stepfunctions", "ses": "sesv2", "monitoring": "cloudwatch"}


@dataclass(frozen=True)
class Call:
    """One request, read in full."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    access_key: str = ""
    service: str = ""
    extra: dict[str, Any] = field(default_factory=dict, compare=False)

    @classmethod
    def read(cls, environ: dict[str, Any]) -> Call:
        body = _take_body(environ)
        query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        found = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", "")) or _presigned(query)
        key, service = found.groups() if found else ("", "")
        headers = {k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")}
        path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
        return cls(environ["REQUEST_METHOD"], path, query, headers, body, key, service)

    @cached_property
    def action(self) -> str:
        """The API's own name for the request, e.g. BatchWriteItem or PutObject."""
        target = self.headers.get("x-amz-target")
        return target.rpartition(".")[2] if target else _rest_action(self)


def _take_body(environ: dict[str, Any]) -> bytes:
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body: bytes = stream.read()
    else:
        body = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _presigned(query: Mapping[str, str]) -> re.Match[str] | None:
    return _CREDENTIAL.search("Credential=" + query.get("X-Amz-Credential", ""))


def _rest_action(call: Call) -> str:
    name = _BOTO_NAMES.get(call.service, call.service)
    fitting = [rule for rule in _rest_rules(name) if rule.fits(call)]
    best = max(fitting, key=lambda rule: rule.weight, default=None)
    return best.action if best else f"{call.method} {call.path}"


@dataclass(frozen=True)
class _Rule:
    """How a REST operation looks on the wire, taken from botocore's own model of the service."""

    action: str
    method: str
    path: re.Pattern[str]
    query: frozenset[str]
    headers: frozenset[str]
    literals: int

    @property
    def weight(self) -> tuple[int, int]:
        return (len(self.query) + len(self.headers), self.literals)

    def fits(self, call: Call) -> bool:
        return (
            self.method == call.method
            and self.path.fullmatch(call.path) is not None
            and self.query <= call.query.keys()
            and self.headers <= call.headers.keys()
        )


@cache
def _rest_rules(service: str) -> tuple[_Rule, ...]:
    loader = Loader()
    if service not in loader.list_available_services("service-2"):
        return ()
    model = loader.load_service_model(service, "service-2")
    return tuple(_rules(model))


def _rules(model: dict[str, Any]) -> Iterable[_Rule]:
    for name, operation in model["operations"].items():
        uri, _, literal_query = operation["http"]["requestUri"].partition("?")
        query = {part.partition("=")[0] for part in literal_query.split("&") if part}
        shape = model["shapes"].get(operation.get("input", {}).get("shape"), {})
        needed = [shape["members"][member] for member in shape.get("required", [])]
        query |= {m["locationName"] for m in needed if m.get("location") == "querystring"}
        headers = {m["locationName"].lower() for m in needed if m.get("location") == "header"}
        pattern, literals = _path_pattern(uri)
        method = operation["http"]["method"]
        yield _Rule(name, method, pattern, frozenset(query), frozenset(headers), literals)


def _path_pattern(uri: str) -> tuple[re.Pattern[str], int]:
    parts = re.split(r"(\{[^}]+\})", uri)
    regex = "".join(_segment(part) for part in parts)
    return re.compile(regex + "/?"), sum(len(part) for part in parts if not part.startswith("{"))


def _segment(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    return "(.+)" if part.endswith("+}") else "([^/]+)"
