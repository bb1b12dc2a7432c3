"""Veracross, declared: where the pages of Data API v3 are, how a page is read, and how long a 429 asks to wait.

A page is asked for by number and ends the list when it is short; there is no count and no next link. Codes in rows
mean what the value lists beside them say, which differ from school to school, so labels are put next to the codes here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode

import normalize
from connection import Connection
from wording import HELP

from roster.errors import ContractBroken, NotSetUp
from roster.fields import items, mapping, text, texts
from roster.model import JSON, Record, Selection
from roster.ports import Answer, Http, Tokens
from roster.provider import Ask, Page, Resource

LARGEST_PAGE = 1000
UNASKED_PAGE = 100  # rows on a page for whoever does not say how many
NO_LABEL = frozenset({"", "None", "<None>"})
YEAR = re.compile(r"-?[0-9]{1,4}", re.ASCII)

Labels = Mapping[str, Mapping[str, str]]
Normalise = Callable[[JSON], Iterator[Record]]


@dataclass(frozen=True)
class Veracross:
    """Veracross' plug-in (see roster.provider.Provider).

    Settings: `school` (the School Domain as typed), `integration_type` (import, both; sso cannot import), `policy`
    (who is a parent: portal_or_custody, portal_only, custody_only, any_parent), `advisory` (whether advisors and
    homeroom teachers have a class of their students), `school_years` (a list of years to ask for; none: as Veracross
    gives them), `page_size` (at most 1,000); `api_url` and `accounts_url` are for sandboxes on this machine.
    Secret: `client_id`, `client_secret`.
    """

    name: str = "veracross"
    help: Mapping[str, str] = field(default_factory=lambda: HELP)
    lanes: int = 1  # Veracross always says what is left; whoever answers without it is a proxy that we know nothing of

    def resources(self, settings: Mapping[str, JSON], selection: Selection) -> Sequence[Resource]:
        return list(_resources(settings, selection))

    def connect(self, http: Http, settings: Mapping[str, JSON], secret: Mapping[str, str], tokens: Tokens) -> Ask:
        return Connection(http, settings, secret, tokens, page_size(settings)).ask

    def remaining(self, answer: Answer) -> int | None:
        left = answer.headers.get("x-rate-limit-remaining", "")
        return int(left) if left.isdecimal() and len(left) < 10 else None

    def wait(self, answer: Answer, now: float) -> float | None:
        """Veracross says when its window of three minutes ends; in which unit, its documentation leaves open."""
        after = answer.headers.get("retry-after", "")
        if after.isdecimal():
            return float(after)
        given = answer.headers.get("x-rate-limit-reset", "")
        if not given.isdecimal():
            return None
        reset = float(given) / 1000 if float(given) > 1e12 else float(given)
        return max(0.0, reset - now) + 1 if reset > 1e9 else reset


PROVIDER = Veracross()


def _resources(settings: Mapping[str, JSON], selection: Selection) -> Iterator[Resource]:
    size, years = page_size(settings), school_years(settings)

    def at(path: str, normalise: Normalise, year: str = "") -> Resource:
        name = path.rpartition("/")[2]
        query = urlencode({"school_year": year, "page": 1} if year else {"page": 1})
        return Resource(
            f"{name} {year}".strip(), f"{path}?{query}", reader(size), normalise, normalize.row_id, shifting=True
        )

    yield at("/academics/config/grading_periods", normalize.grading_period)
    yield from (at("/academics/classes", normalize.school_class, year=year) for year in years)
    yield from (at("/academics/enrollments", normalize.enrollment, year=year) for year in years)
    yield at("/staff_faculty", normalize.staff)
    yield at("/students", normalize.student_in_advisory if settings.get("advisory") is True else normalize.student)
    if selection.contacts:
        yield at("/relationships", normalize.relationship(_policy(settings)))
        yield at("/parents", normalize.parent)


def page_size(settings: Mapping[str, JSON]) -> int:
    given = text(settings.get("page_size"))
    return min(LARGEST_PAGE, int(given)) if given.isdecimal() and int(given) else LARGEST_PAGE


def school_years(settings: Mapping[str, JSON]) -> tuple[str, ...]:
    """The years to ask for; one blank year, which asks for none, where no year is set.

    Which classes belong to the event is decided by their dates. A year cannot be told from a term's dates for sure:
    summers count as years of zero and less, and a southern school's year begins in January.
    """
    given = settings.get("school_years")
    years = texts(given if isinstance(given, list) else [given])
    if not all(YEAR.fullmatch(year) for year in years):
        raise NotSetUp("a school year that is no number", HELP["settings"])
    return years or ("",)


def _policy(settings: Mapping[str, JSON]) -> str:
    policy = text(settings.get("policy")) or normalize.POLICIES[0]
    if policy not in normalize.POLICIES:
        raise NotSetUp(f"no policy {policy!r}; use one of {', '.join(normalize.POLICIES)}", HELP["settings"])
    return policy


def reader(size: int) -> Callable[[str, Answer], Page]:
    """How a list's page is read when `size` rows were asked for."""

    def read(cursor: str, answer: Answer) -> Page:
        body = mapping(answer.json())
        rows = body.get("data")
        if not isinstance(rows, list):
            raise ContractBroken("Veracross' answer holds no list of data", HELP["contract_broken"])
        if rows and not isinstance(body.get("value_lists"), list):
            raise ContractBroken("Veracross' answer lacks the value lists it was asked for", HELP["contract_broken"])
        labels = labels_of(body.get("value_lists"))
        # 100 rows where more were asked for: our headers were lost on the way, so this is not the end of the list.
        more = len(rows) >= size or len(rows) == UNASKED_PAGE
        return Page([_labelled(row, labels) for row in rows], _following(cursor) if more else None)

    return read


def _following(cursor: str) -> str:
    head, _, number = cursor.rpartition("page=")
    return f"{head}page={int(number) + 1}"


def labels_of(value_lists: JSON) -> Labels:
    """Label by code by field. A list is found by the fields it names, never by its place; codes come in two types."""
    labels: dict[str, dict[str, str]] = {}
    for entry in _objects(value_lists):
        told = (
            (text(item.get("id")), unescape(text(item.get("description")))) for item in _objects(entry.get("items"))
        )
        meant = {code: label for code, label in told if code and label not in NO_LABEL}
        for name in texts(entry.get("fields")):
            labels.setdefault(name, {}).update(meant)
    return labels


def _objects(value: JSON) -> Iterator[dict[str, JSON]]:
    return map(mapping, items(value))


def _labelled(row: JSON, labels: Labels) -> JSON:
    """The row with the labels of its codes beside them: normalise sees one row, and no number means anything."""
    if not isinstance(row, dict):
        return row
    found = {name: labels[name].get(text(code), "") for name, code in row.items() if name in labels}
    return {**row, normalize.LABELS: {name: label for name, label in sorted(found.items()) if label}}
