"""The HTTP API: routes from the OpenAPI body that SAM makes, events and answers in payload format 2.0.

What AWS does between a browser and a function, so that handlers see here what they will see there: lower-case
headers joined by commas, cookies apart, form posts in base64, CORS answered before any function is asked.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from local import payload
from local.lambda_host import LambdaHost, TooLarge, TooMany
from local.listening import end, serve
from local.template import TemplateError

log = logging.getLogger(__name__)
_LARGEST = 10 * 1024 * 1024
_FUNCTION = re.compile(r"functions/(?P<arn>arn:[^/]+)/invocations")
_VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True)
class Route:
    method: str  # or ANY
    path: str
    function: str

    @property
    def key(self) -> str:
        return self.path if self.path == "$default" else f"{self.method} {self.path}"

    @property
    def weight(self) -> tuple[bool, int, int, bool]:
        """AWS takes the most specific route: whole path before greedy, fixed parts before variables."""
        segments = self.path.strip("/").split("/")
        fixed = sum(not segment.startswith("{") for segment in segments)
        return ("+}" not in self.path, fixed, len(segments), self.method != "ANY")

    def match(self, method: str, path: str) -> dict[str, str] | None:
        if self.method not in ("ANY", method):
            return None
        if self.path == "$default":
            return {}
        parts = re.split(r"\{([^}+]+)(\+?)\}", self.path)
        regex = "".join(_part(i, parts) for i in range(len(parts)))
        found = re.fullmatch(regex, path)
        return None if found is None else dict(zip(parts[1::3], map(unquote, found.groups()), strict=True))


def _part(index: int, parts: list[str]) -> str:
    """re.split gives text, name, plus, text, name, plus, ... text."""
    if index % 3 == 0:
        return re.escape(parts[index])
    if index % 3 == 1:
        return ""
    return "(.+)" if parts[index] else "([^/]+)"


@dataclass(frozen=True)
class Cors:
    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    credentials: bool = False
    max_age: int | None = None

    @classmethod
    def from_openapi(cls, body: Mapping[str, Any]) -> Cors | None:
        given = body.get("x-amazon-apigateway-cors")
        if given is None:
            return None
        return cls(
            tuple(given.get("allowOrigins", ())),
            tuple(given.get("allowMethods", ())),
            tuple(given.get("allowHeaders", ())),
            tuple(given.get("exposeHeaders", ())),
            bool(given.get("allowCredentials")),
            given.get("maxAge"),
        )

    def answer(self, origin: str | None) -> dict[str, str]:
        if origin is None or not ({"*", origin} & set(self.origins)):
            return {}
        headers = {"access-control-allow-origin": "*" if "*" in self.origins else origin}
        if self.credentials:
            headers["access-control-allow-credentials"] = "true"
        if self.exposed:
            headers["access-control-expose-headers"] = ",".join(self.exposed)
        return headers

    def preflight(self, origin: str | None) -> dict[str, str]:
        headers = self.answer(origin)
        if headers:
            headers["access-control-allow-methods"] = ",".join(self.methods)
            headers["access-control-allow-headers"] = ",".join(self.headers)
            headers |= {} if self.max_age is None else {"access-control-max-age": str(self.max_age)}
        return headers


@dataclass(frozen=True)
class Api:
    routes: tuple[Route, ...] = ()
    cors: Cors | None = None

    @classmethod
    def from_openapi(cls, logical_id: str, properties: Mapping[str, Any]) -> Api:
        body = properties.get("Body")
        if not body:
            raise TemplateError(f"{logical_id}: an HTTP API without events of functions has no routes")
        routes = [
            _route(logical_id, method, path, operation)
            for path, methods in body.get("paths", {}).items()
            for method, operation in methods.items()
        ]
        return cls(tuple(sorted(routes, key=lambda r: r.weight, reverse=True)), Cors.from_openapi(body))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        for route in self.routes:
            if (parameters := route.match(method, path)) is not None:
                return route, parameters
        return None


def _route(logical_id: str, method: str, path: str, operation: Mapping[str, Any]) -> Route:
    if operation.get("security"):
        raise TemplateError(f"{logical_id}: {path} has an authorizer, which local/http_api.py does not do")
    uri = operation.get("x-amazon-apigateway-integration", {}).get("uri", "")
    if not (found := _FUNCTION.search(uri)):
        raise TemplateError(f"{logical_id}: {method} {path} is not answered by a function")
    verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
    return Route("ANY" if path == "$default" else verb, path, found["arn"])


class HttpApiFront(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, host: LambdaHost, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.host, self.api = host, Api()
        self.url = f"http://127.0.0.1:{self.server_port}"
        serve(self, "http-api")

    def publish(self, api: Api) -> str:
        if self.api.routes:
            raise TemplateError("the template has two HTTP APIs; local/http_api.py serves one")
        self.api = api
        return self.url

    def stop(self) -> None:
        end(self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("the client hung up", exc_info=True)

    def answer(self, request: payload.HttpRequest) -> payload.HttpAnswer:
        cors, origin = self.api.cors, request.header("origin")
        if cors and request.method == "OPTIONS" and request.header("access-control-request-method"):
            return payload.HttpAnswer(204, list(cors.preflight(origin).items()), b"")
        answer = self._from_function(request)
        if cors:  # AWS puts its own in the place of whatever the function said about CORS
            kept = [(k, v) for k, v in answer.headers if not k.lower().startswith("access-control-")]
            return payload.HttpAnswer(answer.status, [*kept, *cors.answer(origin).items()], answer.body)
        return answer

    def _from_function(self, request: payload.HttpRequest) -> payload.HttpAnswer:
        if len(request.body) > _LARGEST:
            return payload.message(413, "Request Entity Too Large")
        found = self.api.find(request.method, request.raw_path)
        if found is None:
            return payload.message(404, "Not Found")
        route, parameters = found
        event = payload.event(request, route.key, parameters)
        try:
            result = self.host.invoke(route.function, json.dumps(event).encode())
        except TooMany:
            return payload.message(503, "Service Unavailable")
        except TooLarge:
            return payload.message(413, "Request Entity Too Large")
        if result.failed:
            return payload.message(500, "Internal Server Error")
        return payload.answer(result.payload)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: HttpApiFront

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = [(name.lower(), value) for name, value in self.headers.items()]
        request = payload.HttpRequest(self.command, self.path, headers, body, self.client_address[0])
        answer = self.server.answer(request)
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)


for _verb in _VERBS:
    setattr(_Handler, f"do_{_verb}", _Handler._serve)
