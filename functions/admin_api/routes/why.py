"""Why is this so? One sentence on one person or class of an event, with what to click."""

from __future__ import annotations

from typing import Annotated, Literal

from api import person, route
from aws_lambda_powertools.event_handler.openapi.params import Query
from shapes import EventPath, Told
from sources import SOURCES

from roster.errors import NotThere
from roster.explaining import Explainer
from roster.permissions import Action
from roster.runtime import administration

Which = Annotated[Literal["student", "teacher", "parent", "class"], Query(description="what it is")]
ById = Annotated[str, Query(description="the provider's id", min_length=1, max_length=300)]
NAMES = {name: source.title for name, source in SOURCES.items()}


class ReasonTold(Told):
    """`code`: for programs; `fine` where nothing is wrong. `click`: what to do about it, or blank."""

    code: str
    sentence: str
    click: str


@route("GET", "/api/events/<event>/why", Action.SEE_REASON, tag="why", answer=ReasonTold, raises=(NotThere,))
def read_reason(event: EventPath, kind: Which, id: ById) -> ReasonTold:
    """Why somebody or a class is missing, inactive, hidden, held or cannot be linked."""
    admin, account = administration(), person().account
    admin.events.of(account, event)
    explainer = Explainer(admin.importer, admin.files.slots, NAMES)
    return ReasonTold.model_validate(explainer.why(account, event, kind, id))
