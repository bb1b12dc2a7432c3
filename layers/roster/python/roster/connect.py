"""Connect: whether a provider accepts the credential and gives each resource, before anything is imported.

One small page of every resource is asked for and read as an import would, then forgotten. The answer names each
resource that is missing and what to click, and says whether birth dates are among what the provider shares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from time import time

from roster.errors import CredentialRejected, RosterError
from roster.model import JSON, BirthDate, Person, Record, School, Selection
from roster.ports import Http, Token
from roster.provider import Ask, Checker, Provider, Refused, Resource

SAMPLE = 100  # rows of each resource


class _OwnTokens:
    """The credential is only tried: its token is shared with nobody."""

    def __init__(self) -> None:
        self._kept: Token | None = None

    def get(self, mint: Callable[[], Token], refused: str = "") -> Token:
        if self._kept is None or self._kept.value == refused:
            self._kept = mint()
        return self._kept


def check(
    provider: Provider,
    http: Http,
    settings: Mapping[str, JSON],
    secret: Mapping[str, str],
    clock: Callable[[], float] = time,
) -> dict[str, JSON]:
    """{connected, checks: [{resource, ok, code, message, help}], security_values, security_values_help, schools}.

    connected: an import has all that it cannot do without. security_values: `shared`, or `none seen` in the sample,
    with what to click. schools: their names.
    """
    settings = {**settings, "page_size": SAMPLE}
    try:
        resources = provider.resources(settings, Selection())
        ask = provider.connect(http, settings, secret, _OwnTokens())
    except RosterError as error:
        return _told([_failed("sign in", error)], [], provider)
    checks: list[dict[str, JSON]] = []
    records: list[Record] = []
    for resource in resources:
        try:
            records.extend(_sample(provider, resource, ask, clock, checks))
        except RosterError as error:
            checks.append(_failed(resource.name, error))
            if isinstance(error, CredentialRejected):
                break  # nothing else would be told by the other resources
    return _told(checks, records, provider)


def _sample(
    provider: Provider, resource: Resource, ask: Ask, clock: Callable[[], float], checks: list[dict[str, JSON]]
) -> Iterator[Record]:
    page = Checker(provider, clock).page(resource, resource.start, ask(resource.start))
    code = page.code if isinstance(page, Refused) else ""
    help = provider.help.get(code, "") if code else ""
    checks.append({"resource": resource.name, "ok": True, "code": code, "message": "", "help": help})
    for row in () if isinstance(page, Refused) else page.rows:
        yield from resource.normalise(row)


def _failed(resource: str, error: RosterError) -> dict[str, JSON]:
    code = type(error).__name__
    return {"resource": resource, "ok": False, "code": code, "message": error.message, "help": error.help}


def _told(checks: list[dict[str, JSON]], records: list[Record], provider: Provider) -> dict[str, JSON]:
    dated = any(_dates_a_student(record, records) for record in records)
    return {
        "connected": all(check["ok"] for check in checks),
        "checks": checks,
        "security_values": "shared" if dated else "none seen",
        "security_values_help": "" if dated else provider.help.get("security_values_empty", ""),
        "schools": sorted({record.name for record in records if isinstance(record, School) and record.name}),
    }


def _dates_a_student(record: Record, sample: Iterable[Record]) -> bool:
    """Whether parents could link with it; the birth date of somebody who is known as staff helps nobody."""
    if isinstance(record, BirthDate):
        others = (one.id for one in sample if isinstance(one, Person) and one.kind != "student")
        return record.student not in others
    return isinstance(record, Person) and record.kind == "student" and bool(record.birth_date)
