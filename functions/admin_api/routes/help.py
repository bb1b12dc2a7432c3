"""The help pages, for everybody: as pages, and as JSON for the web client."""

from __future__ import annotations

from typing import Annotated

from api import OPEN, route
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from browser import ask_words, listed, page, steps
from guides import GUIDES, Guide, found, guide
from pydantic import Field
from shapes import ErrorBody, LinkTold, Told

from roster.errors import NotThere
from roster.runtime import administration

HTML = {"text/html": {"schema": {"type": "string"}}}
JSON = {"application/json": {"model": ErrorBody}}
UNKNOWN = {404: {"description": "There is no such page", "content": {**HTML, **JSON}}}
Search = Annotated[str, Query(description="words that all of the guide's text has to hold", max_length=100)]
Account = Annotated[str, Query(description="whose addresses it names", pattern=r"^[0-9]{0,20}$")]
GuidePath = Annotated[str, Path(description="a guide's id", max_length=64)]


class StepTold(Told):
    text: str
    links: list[LinkTold]


class GuideTold(Told):
    """`address`: of its page, for everybody."""

    id: str
    title: str
    about: str
    address: str
    steps: list[StepTold]


class GuidesTold(Told):
    items: Annotated[list[GuideTold], Field(description="in their usual order")]


@route("GET", "/api/help", OPEN, tag="help", answer=GuidesTold)
def search_help(search: Search = "", account: Account = "") -> GuidesTold:
    """Guides, and answers to what people ask."""
    return GuidesTold(items=[_told(one, account) for one in found(search)])


@route("GET", "/api/help/<guide_id>", OPEN, tag="help", answer=GuideTold, raises=(NotThere,))
def read_guide(guide_id: GuidePath, account: Account = "") -> GuideTold:
    """One guide."""
    known = guide(guide_id)
    if not known:
        raise NotThere("there is no such guide", "Look at /api/help.")
    return _told(known, account)


@route("GET", "/help", OPEN, tag="help", answer=HTML)
def show_help(search: Search = "", account: Account = "") -> Response[str]:
    """The page of all guides, or of those that are searched for."""
    known = found(search)
    count = f"{len(known)} of {len(GUIDES)} pages" if known else "No page"
    text = [f"{count} for “{search}”."] if search else []
    pages = listed((_page(one, account), one.title) for one in known)
    return page(200, "Help", text, ask_words(search, account) + pages)


@route("GET", "/help/<guide_id>", OPEN, tag="help", answer=HTML, others=UNKNOWN)
def show_guide(guide_id: GuidePath, account: Account = "") -> Response[str]:
    """The page of one guide."""
    known = guide(guide_id)
    if not known:
        return page(404, "There is no such page", ["It may have moved."], listed([("/help", "All help pages")]))
    filled = known.filled(account, administration().site)
    done = steps((one.text, [(link.address, link.label) for link in one.links]) for one in filled.steps)
    return page(200, filled.title, [filled.about], done + listed([(f"/help?account={account}", "All help pages")]))


def _told(known: Guide, account: str) -> GuideTold:
    filled = known.filled(account, administration().site)
    told = [StepTold.model_validate(one) for one in filled.steps]
    return GuideTold(id=filled.id, title=filled.title, about=filled.about, address=_page(known, account), steps=told)


def _page(known: Guide, account: str) -> str:
    return f"/help/{known.id}" + (f"?account={account}" if account else "")
