"""What every request passes before its route is asked: our own origin, a readable body, a session, a permission.

In this order, and before a single field is looked at: whoever may not is told nothing about what they sent. A route
that nobody declared is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from answers import Refused
from api import ROUTES
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from roster.permissions import permit
from roster.runtime import administration

NO_ROUTE = "not_found_handler"  # what powertools calls its own route for an address that is none
JSON = "application/json"
AS_JSON = "Send one JSON object, with Content-Type: application/json."

Next = Callable[[APIGatewayHttpResolver], Response[Any]]


def gate(app: APIGatewayHttpResolver, next_middleware: Next) -> Response[Any]:
    """The middleware in front of all others."""
    called = app.context["_route"].func
    declared = ROUTES.get(called)
    if declared is None:
        if called.__name__ == NO_ROUTE:
            return next_middleware(app)
        raise Refused(403, "Forbidden", "this route is not declared", "Write to support@pickatime.com.")
    request = app.current_event
    site = administration().site.at(str(request.request_context.domain_name))
    site.check_origin(declared.method, request.headers.get("origin"), request.headers.get("sec-fetch-site"))
    if declared.action:
        signed_in = administration().sessions.of(session_cookie(request))
        permit(signed_in.person, declared.action, app.context["_route_args"].get("event", ""))
        app.context["signed_in"] = signed_in
    if declared.body:
        _check_body(request, declared.largest)
    return next_middleware(app)


def session_cookie(request: Any) -> str:
    """The secret in the session's cookie, or blank."""
    name = administration().site.cookie
    for cookie in request.get("cookies") or ():
        if cookie.startswith(f"{name}="):
            return str(cookie.partition("=")[2])
    return ""


def _check_body(request: APIGatewayProxyEventV2, largest: int) -> None:
    """Refuses a body that is no JSON object: what is read from a list or a form would not be what was meant."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if kind != JSON:
        raise Refused(415, "NotJson", "the body has to be JSON", AS_JSON)
    request.raw_event["headers"]["content-type"] = JSON  # powertools looks for it in small letters
    try:
        text = request.decoded_body or ""
        if len(text) > largest:
            raise Refused(413, "TooLarge", f"the body is longer than {largest:,} characters", "Send less at once.")
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused(400, "NotJson", "the body cannot be read as JSON", AS_JSON) from None
    if not isinstance(found, dict):
        raise Refused(422, "NotValid", "the body: it is no object", AS_JSON)
