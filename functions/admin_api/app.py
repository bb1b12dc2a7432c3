"""Lambda handler of the administration: `/api/…` for the web client, and steps for who may invoke it directly.

API Gateway's events have a request context and no step; nothing that a browser sends can make one of them the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import routes
from answers import Refused, error_answer, of_fields, of_refused, of_roster, of_unexpected
from api import ROUTES, app
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.middlewares.openapi_validation import (
    OpenAPIRequestValidationMiddleware,
    OpenAPIResponseValidationMiddleware,
)
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from gate import gate
from shapes import ErrorBody

from roster.errors import RosterError
from roster.runtime import administration, administrative_step, warm_administration

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
STAY_SECURE = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}

# Not the resolver's own switch for validation: it would look at the fields before the gate looks at the person.
app.use(
    middlewares=[
        gate,
        OpenAPIRequestValidationMiddleware(),  # type: ignore[no-untyped-call]
        OpenAPIResponseValidationMiddleware(has_response_validation_error=True),
    ]
)
LOADED = routes
warm_administration()


def _not_valid(error: RequestValidationError) -> Response[Any]:
    return of_fields(error.errors())


def _unexpected(error: Exception) -> Response[Any]:
    return of_unexpected(error, app.lambda_context.aws_request_id)


@app.not_found
def _no_such_address(error: NotFoundError) -> Response[Any]:
    path = app.current_event.path
    methods = sorted({one.method for one in ROUTES.values() if one.matches(path)})
    if methods and app.current_event.http_method not in methods:
        body = ErrorBody(
            code="MethodNotAllowed", message="this address is asked otherwise", help=f"Use {' or '.join(methods)}."
        )
        return error_answer(405, body, {"Allow": ", ".join(methods)})
    body = ErrorBody(code="NoSuchAddress", message="there is nothing here", help="Look at /api/openapi.json.")
    return error_answer(404, body)


app.exception_handler(RosterError)(of_roster)
app.exception_handler(Refused)(of_refused)
app.exception_handler(RequestValidationError)(_not_valid)
app.exception_handler(Exception)(_unexpected)


def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    if "requestContext" not in event:
        return administrative_step(event)
    answer = app.resolve(event, context)
    secure = STAY_SECURE if administration().site.secure else {}
    answer["headers"] = {**HEADERS, **secure, **answer.get("headers", {})}
    return answer
