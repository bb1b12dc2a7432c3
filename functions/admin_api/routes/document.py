"""The OpenAPI document, made from the routes: what the web client and the tests go by."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from api import COOKIE, OPEN, app, route
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.models import APIKey

from roster.runtime import administration

UNUSED = ("HTTPValidationError", "ValidationError", "ResponseValidationError")  # powertools' own error bodies


@route("GET", "/api/openapi.json", OPEN, tag="document", answer=dict[str, Any])
def read_document() -> Response[str]:
    """This document."""
    return Response(200, "application/json", document(administration().site.cookie))


@cache
def document(cookie: str) -> str:
    scheme = APIKey.model_validate({"type": "apiKey", "in": "cookie", "name": cookie})
    text = app.get_openapi_json_schema(
        title="pickAtime roster administration",
        version="1.0.0",
        description="Rosters from school systems: sign-in, events, imports and classes.",
        security_schemes={COOKIE: scheme},
    )
    made = json.loads(text)
    for name in UNUSED:
        made["components"]["schemas"].pop(name, None)
    return json.dumps(made)
