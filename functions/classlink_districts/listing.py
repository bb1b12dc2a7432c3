"""ClassLink's `/applications`: which districts have added pickAtime, read with suspicion.

There are no counts, so the list ends at an empty page and nowhere else: a list that is cut off would look like
districts that stopped sharing. A district's bearer leaves this module inside `Listed.secret` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from roster.admission import Listed
from roster.errors import ContractBroken, CredentialRejected, NotSetUp, ProviderUnavailable, RateLimited
from roster.fields import SEGMENT, items, mapping, text
from roster.model import JSON
from roster.paging import Trail
from roster.ports import Answer, Http

PROXY = "https://oneroster-proxy.apis.classlink.com"
LIMIT = 1_000
PATIENCE = 60.0  # seconds, where a 429 names none: ClassLink publishes no numbers

HELP_KEY = "ClassLink does not accept pickAtime's partner key: make a new one in ClassLink's partner portal."
HELP_SHAPE = "ClassLink's list of districts cannot be read safely, so nothing of it was used. Tell the developers."
HELP_SECRET = "Put ClassLink's partner key into the secret of the partner, as `key`."  # noqa: S105 - says where

MOST_ROWS = 100_000  # more districts than there are: a list that goes on for ever


def fetch(http: Http, partner: Mapping[str, str]) -> list[Listed]:
    """Every district of the partner key. `partner`: `key`, and `base_url` for a sandbox."""
    if not partner.get("key"):
        raise NotSetUp("there is no partner key for ClassLink", HELP_SECRET)
    base = (partner.get("base_url") or PROXY).rstrip("/")
    districts: list[Listed] = []
    pages, offset = Trail(), 0
    while offset < MOST_ROWS:
        url = f"{base}/applications?limit={LIMIT}&offset={offset}"
        rows = read(_accepted(http.get(url, {"Authorization": f"Bearer {partner['key']}"})).json())
        if not rows:
            return districts
        # a server that ignores the offset sends its first page for ever
        pages.step(" ".join(map(_row_id, rows)), "ClassLink sent the same page of districts twice")
        offset += len(rows)
        districts += _districts(rows, base)
    raise ContractBroken("ClassLink's list of districts does not end", HELP_SHAPE)


def read(body: JSON) -> list[dict[str, JSON]]:
    """The page's rows; ClassLink's own documentation shows a lone object where a list is meant.

    The top-level `status` says nothing that can be relied on. A missing list is never an empty one.
    """
    applications = mapping(body).get("applications")
    if not isinstance(applications, list | dict):
        raise ContractBroken("ClassLink's answer holds no list of applications", HELP_SHAPE)
    rows = [row for row in items(applications) if row]
    if not all(isinstance(row, dict) for row in rows):
        raise ContractBroken("ClassLink's list of applications holds something else", HELP_SHAPE)
    return rows


def district(row: Mapping[str, JSON], base: str) -> Listed:
    """One row. The application id is escaped already and stays as it is: escaping it again fails opaquely."""
    application, bearer = text(row.get("oneroster_application_id")), text(row.get("bearer"))
    return Listed(
        text(row.get("tenant_id")),
        text(row.get("tenant_name")),
        {"base_url": base, "application": application},
        {"token": bearer},
        _obstacle(row, application, bearer),
    )


def _districts(rows: Sequence[Mapping[str, JSON]], base: str) -> list[Listed]:
    found = [district(row, base) for row in rows]
    if not all(one.tenant for one in found):
        raise ContractBroken("ClassLink lists a district without its tenant id", HELP_SHAPE)
    return found


def _obstacle(row: Mapping[str, JSON], application: str, bearer: str) -> str:
    """Why the district cannot be imported, in words for support; blank when it can."""
    if not _is_true(row.get("enabled")):
        return "the district has not enabled pickAtime in its ClassLink console"
    if text(row.get("tenant_status")).lower() != "active":
        return "ClassLink does not call the district active"
    if not bearer:
        return "ClassLink gives no bearer for the district"
    if not SEGMENT.fullmatch(application):  # it is sent verbatim, and must not reach beyond its own district
        return "ClassLink gives no usable application id for the district"
    return ""


def _is_true(value: JSON) -> bool:
    return value is True or text(value).lower() == "true"


def _row_id(row: Mapping[str, JSON]) -> str:
    return " ".join(text(row.get(name)) for name in ("tenant_id", "id", "oneroster_application_id"))


def _accepted(answer: Answer) -> Answer:
    if answer.status == 200:
        return answer
    if answer.status in (401, 403):
        raise CredentialRejected(f"ClassLink refuses the partner key ({answer.status})", HELP_KEY)
    if answer.status == 429:
        after = answer.headers.get("retry-after", "")
        raise RateLimited(float(after) if after.isdecimal() else PATIENCE)
    if answer.status >= 500:
        raise ProviderUnavailable(f"ClassLink answers {answer.status}")
    raise ContractBroken(f"ClassLink answers {answer.status} where its list of districts should be", HELP_SHAPE)
