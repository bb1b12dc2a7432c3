"""Clever, declared: where its pages are, how to ask, and what a person should click when Clever refuses.

Data API v3.0 is the default; v2.0 and v2.1 serve the same districts with other ids for teachers. Parents always
come from v3.0, because Clever retired the v2 contacts on 31 July 2025; student ids are the same in all versions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import parse_qsl, urlencode, urlsplit

import normalize
from wording import HELP

from roster.errors import AccessMissing, ContractBroken, CredentialRejected, NotSetUp, ProviderUnavailable
from roster.fields import items, mapping, text
from roster.model import JSON, Selection
from roster.ports import Answer, Http, Tokens
from roster.provider import Ask, Page, Resource

API = "https://api.clever.com"
TOKENS = "https://clever.com"
LARGEST_PAGE = 10_000
VERSIONS = ("v3.0", "v2.1", "v2.0")
CONTACTS_SCOPE = "read:student_contacts"
SECTIONS_SCOPE = "read:sections"


@dataclass(frozen=True)
class Clever:
    """Clever's plug-in (see roster.provider.Provider).

    Settings: `api_version` (v3.0, v2.1, v2.0), `district` (Clever district id, with the application's client id
    and secret), `base_url` and `tokens_url` (for tests and sandboxes), `page_size` (at most 10,000).
    Secret: either `token`, or `client_id` and `client_secret`.
    """

    name: str = "clever"
    help: Mapping[str, str] = field(default_factory=lambda: HELP)
    lanes: int = 1  # Clever always says what is left; whoever answers without it is a proxy that we know nothing of

    def resources(self, settings: Mapping[str, JSON], selection: Selection) -> Sequence[Resource]:
        return list(_resources(settings, selection))

    def connect(self, http: Http, settings: Mapping[str, JSON], secret: Mapping[str, str], tokens: Tokens) -> Ask:
        return _Connection(http, settings, secret).ask

    def remaining(self, answer: Answer) -> int | None:
        left = answer.headers.get("x-ratelimit-remaining", "")
        return int(left) if left.isdecimal() and len(left) < 10 else None

    def wait(self, answer: Answer, now: float) -> float | None:
        """Clever sends no Retry-After, but says when its fixed window of one minute ends (Unix seconds)."""
        after = answer.headers.get("retry-after", "")
        if after.isdecimal():
            return float(after)
        reset = answer.headers.get("x-ratelimit-reset", "")
        return max(0.0, float(reset) - now) + 1 if reset.isdecimal() else None


PROVIDER = Clever()


def _resources(settings: Mapping[str, JSON], selection: Selection) -> Iterator[Resource]:
    version = _version(settings)
    limit = _page_size(settings)

    def at(path: str, version: str = version, **query: str) -> str:
        return f"/{version}/{path}?{urlencode({**query, 'limit': limit})}"

    people = {
        role: at("users", role=role) if version.startswith("v3") else at(f"{role}s") for role in ("student", "teacher")
    }
    district = f"/{version}/districts"
    yield Resource("district", district, read_district, normalize.district, normalize.row_id)
    yield Resource("schools", at("schools"), read, normalize.school, normalize.row_id)
    yield Resource("terms", at("terms"), read, normalize.term, normalize.row_id)
    yield Resource("sections", at("sections"), read, normalize.section, normalize.row_id)
    yield Resource("teachers", people["teacher"], read, normalize.teacher, normalize.row_id)
    yield Resource("students", people["student"], read, normalize.student, normalize.row_id)
    if selection.contacts:
        contacts = at("users", version if version.startswith("v3") else "v3.0", role="contact")
        yield Resource(
            "contacts",
            contacts,
            read,
            normalize.contact,
            normalize.row_id,
            covers=("parent", "relationship"),
            optional="contacts_not_shared",
        )
    yield Resource("district again", district, read_district, normalize.district, normalize.row_id, closing=True)


def _version(settings: Mapping[str, JSON]) -> str:
    version = text(settings.get("api_version")) or VERSIONS[0]
    if version not in (*VERSIONS, "v3.1"):
        raise NotSetUp(f"Clever has no API version {version!r}; use one of {', '.join(VERSIONS)}", HELP["settings"])
    return version


def _page_size(settings: Mapping[str, JSON]) -> int:
    given = text(settings.get("page_size"))
    return min(LARGEST_PAGE, int(given)) if given.isdecimal() and int(given) else LARGEST_PAGE


def read(cursor: str, answer: Answer) -> Page:
    """The page of a list answer. `rel=next` says where the next one is; it must stay on the same list."""
    body = answer.json()
    rows, links = mapping(body).get("data"), mapping(body).get("links")
    if not isinstance(rows, list) or not isinstance(links, list):
        raise _broken(f"Clever's answer to {_path(cursor)} holds no list of data and links")
    following = {text(mapping(link).get("rel")): text(mapping(link).get("uri")) for link in links}
    return Page(rows, _same_list(cursor, following["next"]) if "next" in following else None)


def read_district(cursor: str, answer: Answer) -> Page:
    """A token sees exactly one district. Without it we would not know whether departures can be trusted.

    A page that follows it may be empty, as on every list.
    """
    page = read(cursor, answer)
    if "starting_after=" not in cursor and not any(map(normalize.row_id, page.rows)):
        raise _broken("Clever does not name the token's district")
    return page


def _broken(message: str) -> ContractBroken:
    return ContractBroken(message, HELP["contract_broken"])


def _same_list(cursor: str, following: str) -> str:
    """The next cursor, with our own filters put back should Clever drop them.

    A link that leaves the list would send the district's token, or our reading, somewhere else.
    """
    try:
        elsewhere = bool(urlsplit(following).netloc) or _path(following) != _path(cursor)
    except ValueError:  # no address at all
        elsewhere = True
    if elsewhere:
        raise _broken(f"Clever's next page of {_path(cursor)} is elsewhere")
    ours = {key: value for key, value in parse_qsl(urlsplit(cursor).query) if key in ("role", "limit")}
    theirs = dict(parse_qsl(urlsplit(following).query))
    return f"{_path(cursor)}?{urlencode({**theirs, **ours})}"


def _path(cursor: str) -> str:
    return urlsplit(cursor).path


class _Connection:
    """Adds address and token. A token may be rotated at any time: on a 401 the listing is read once again.

    One thread reads it; others whose token was refused meanwhile use what it found.
    """

    def __init__(self, http: Http, settings: Mapping[str, JSON], secret: Mapping[str, str]) -> None:
        self._http = http
        self._api = (text(settings.get("base_url")) or API).rstrip("/")
        self._tokens = (text(settings.get("tokens_url")) or text(settings.get("base_url")) or TOKENS).rstrip("/")
        self._district = text(settings.get("district"))
        self._secret = secret
        self._scopes: tuple[str, ...] = ()
        self._renewing = Lock()
        self._token = text(secret.get("token")) or self._listed()

    def ask(self, cursor: str) -> Answer:
        if "role=contact" in cursor and self._scopes and CONTACTS_SCOPE not in self._scopes:
            return Answer(403, {})  # Clever's own answer would be an empty list, which looks like departures
        token = self._token
        answer = self._get(cursor, token)
        if answer.status == 401 and self._can_list():
            answer = self._get(cursor, self._instead_of(token))
        return answer

    def _get(self, cursor: str, token: str) -> Answer:
        return self._http.get(f"{self._api}{cursor}", {"Authorization": f"Bearer {token}"})

    def _instead_of(self, refused: str) -> str:
        with self._renewing:
            if self._token == refused:
                self._token = self._listed()
            return self._token

    def _can_list(self) -> bool:
        return bool(self._secret.get("client_id") and self._secret.get("client_secret") and self._district)

    def _listed(self) -> str:
        """The district's present token, from the application's list of tokens."""
        if not self._can_list():
            raise NotSetUp("no Clever token, and no client id, client secret and district", HELP["not_set_up"])
        query = urlencode({"owner_type": "district", "district": self._district})
        auth = (self._secret["client_id"], self._secret["client_secret"])
        answer = self._http.get(f"{self._tokens}/oauth/tokens?{query}", auth=auth)
        if answer.status >= 500 or answer.status == 429:
            raise ProviderUnavailable(f"Clever's list of tokens: HTTP {answer.status}", HELP["unavailable"])
        if answer.status != 200:
            raise CredentialRejected("Clever refuses the application's client id and secret", HELP["not_set_up"])
        grants = mapping(answer.json()).get("data")
        if not isinstance(grants, list):
            raise _broken("Clever's list of tokens holds no list")
        return self._choose(grants)

    def _choose(self, grants: list[JSON]) -> str:
        """An absent district has not accepted the application, or no longer shares with it."""
        for grant in map(mapping, grants):
            if text(mapping(grant.get("owner")).get("id")) == self._district:
                self._scopes = tuple(map(text, items(grant.get("scopes"))))
                if self._scopes and SECTIONS_SCOPE not in self._scopes:
                    raise AccessMissing("the district shares no sections with pickAtime", HELP["access_missing"])
                return text(grant.get("access_token"))
        raise CredentialRejected("the district does not share with pickAtime", HELP["credential_rejected"])
