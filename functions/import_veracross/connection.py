"""How Veracross is asked: the school's route, the shared access token, and one page by its number in the headers.

Veracross answers 401 for a missing scope, an expired token and a revoked one alike, fails a whole token request for
one scope that is not enabled, and revokes the oldest of ten tokens; this file tells those apart and mints few.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from time import time

from wording import HELP

from roster.errors import AccessMissing, ContractBroken, CredentialRejected, NotSetUp, ProviderUnavailable, RosterError
from roster.fields import mapping, text
from roster.model import JSON
from roster.ports import Answer, Http, Token, Tokens

API = "https://api.veracross.com"
ACCOUNTS = "https://accounts.veracross.com"
PATHS = (
    "/staff_faculty",
    "/parents",
    "/students",
    "/relationships",
    "/academics/config/grading_periods",
    "/academics/classes",
    "/academics/enrollments",
)
INTEGRATION_TYPES = ("import", "both", "sso")
LIFETIME = 3600.0  # seconds that a token lives where Veracross does not say

_ROUTE = re.compile(r"[A-Za-z0-9_-]{1,64}(?:/[A-Za-z0-9_-]{1,64})?")
# The route is the first part of an address' path; of what follows only a test database is the school's own.
_ADDRESS = re.compile(
    r"(?:https://)?(?:axiom|portals|accounts|api)\.veracross\.com/"
    r"(?P<route>[A-Za-z0-9_-]{1,64}(?:/testing(?![^/?#]))?)(?:[/?#].*)?",
    re.IGNORECASE | re.ASCII,
)
# What cannot lead to another machine, whoever reads it: no path, no query, no user, nothing but ASCII.
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_LOOPBACK = re.compile(
    rf"(https?://(?:localhost|127(?:\.{_BYTE}){{3}}|\[::1\])(?::[0-9]{{1,5}})?)/?", re.IGNORECASE | re.ASCII
)


def school_route(given: JSON) -> str:
    """The school's route from whatever was typed as School Domain: a word, or the address of a Veracross page.

    What comes out is at most two words of letters, digits, - and _, so nothing that is typed can change the host
    that we send the client secret to. Raises NotSetUp for everything else.
    """
    typed = text(given).rstrip("/")
    address = _ADDRESS.fullmatch(typed)
    route = address["route"] if address else typed
    if not _ROUTE.fullmatch(route):
        raise NotSetUp("the School Domain is not one that Veracross could have", HELP["school_domain"])
    return route.lower()


def scope_of(path: str, right: str = "list") -> str:
    return f"{path[1:].replace('/', '.')}:{right}"


SCOPES = tuple(scope_of(path, right) for path in PATHS for right in ("list", "read"))


class _Throttled(Exception):
    """The token endpoint asks for patience: `answer` is its 429, and says for how long."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__("Veracross' token endpoint: HTTP 429")


class Connection:
    """One turn's way to a school. The token is fetched at once, so that what is missing is said before any page."""

    def __init__(
        self,
        http: Http,
        settings: Mapping[str, JSON],
        secret: Mapping[str, str],
        tokens: Tokens,
        page_size: int,
        clock: Callable[[], float] = time,
    ) -> None:
        route = school_route(settings.get("school"))
        self._data = f"{_host(settings, 'api_url', API)}/{route}/v3"
        self._accounts = f"{_host(settings, 'accounts_url', ACCOUNTS)}/{route}/oauth/token"
        self._client = {name: text(secret.get(name)) for name in ("client_id", "client_secret")}
        if not all(self._client.values()):
            raise NotSetUp("no Veracross client id and client secret", HELP["not_set_up"])
        _check_type(settings)
        self._http, self._tokens, self._page_size, self._clock = http, tokens, page_size, clock
        self._token = Token("", 0.0)
        self._throttled: Answer | None = None
        self._renew("")

    def ask(self, cursor: str) -> Answer:
        """The answer for a cursor (path, our own filters, and the page's number at its end)."""
        head, _, number = cursor.rpartition("page=")
        where = head.rstrip("?&")
        path = where.partition("?")[0]
        token = self._token
        answer = self._throttled or self._get(token, where, number)
        if answer.status == 404 and _says_error(answer):  # the school is known, or it had given no token
            raise ContractBroken(f"Veracross knows no {path}{_error_id(answer)}", HELP["contract_broken"])
        if answer.status != 401:
            return answer
        # Expired, revoked by an eleventh token, or older than a scope that the school has granted since.
        token = self._renew(token.value)
        answer = self._throttled or self._get(token, where, number)
        if answer.status == 401 and token.scopes and (needed := scope_of(path)) not in token.scopes:
            raise _lacking([needed])
        return answer

    def _get(self, token: Token, where: str, number: str) -> Answer:
        """Pages are asked for in headers; a parameter that Veracross does not know is an error there.

        Every page asks for the value lists, because a pull may be resumed at any page.
        """
        headers = {
            "Authorization": f"Bearer {token.value}",
            "Accept": "application/json",
            "X-Page-Number": number,
            "X-Page-Size": str(self._page_size),
            "X-API-Value-Lists": "include",
        }
        return self._http.get(f"{self._data}{where}", headers)

    # -- tokens

    def _renew(self, refused: str) -> Token:
        """Another token than this one. A 429 is every page's answer for this turn, which waits as for a page."""
        try:
            self._token = self._tokens.get(self._mint, refused)
        except _Throttled as patience:
            self._throttled = patience.answer
        return self._token

    def _mint(self) -> Token:
        """A new token for all scopes of an import, or what stands in its way."""
        asked = self._clock()
        answer = self._request(SCOPES)
        if answer.status != 200:
            raise self._trouble(answer)
        told = mapping(answer.json())
        value, lifetime = text(told.get("access_token")), text(told.get("expires_in"))
        if not value:
            raise ContractBroken("Veracross' answer to the token request holds no token", HELP["contract_broken"])
        if missing := _not_granted(SCOPES, told):
            raise _lacking(missing)
        granted = tuple(text(told.get("scope")).split())
        return Token(value, asked + (float(lifetime) if lifetime.isdecimal() else LIFETIME), granted)

    def _request(self, scopes: Sequence[str]) -> Answer:
        """Veracross reads the credentials from the form only; HTTP Basic is refused."""
        form = {"grant_type": "client_credentials", **self._client, "scope": " ".join(scopes)}
        return self._http.post(self._accounts, form, {"Accept": "application/json"})

    def _trouble(self, answer: Answer) -> RosterError:
        """Why the token request for all scopes was refused, in one error."""
        _raise_unless_scopes(answer)
        half = len(SCOPES) // 2
        missing = [*self._missing(SCOPES[:half]), *self._missing(SCOPES[half:])]
        if missing:
            return _lacking(missing)
        message = f"Veracross refuses a token (HTTP {answer.status}) though it grants every scope{_error_id(answer)}"
        return ContractBroken(message, HELP["contract_broken"])

    def _missing(self, scopes: Sequence[str]) -> list[str]:
        """Which of these scopes the school has not enabled, found by halving.

        One after the other would mint a token for each scope that is there, and the eleventh revokes one that is in
        use; halves that succeed are eight at most.
        """
        answer = self._request(scopes)
        if answer.status == 200:
            return _not_granted(scopes, mapping(answer.json()))
        _raise_unless_scopes(answer)
        if len(scopes) == 1:
            return list(scopes)
        half = len(scopes) // 2
        return [*self._missing(scopes[:half]), *self._missing(scopes[half:])]


def _host(settings: Mapping[str, JSON], name: str, default: str) -> str:
    """Veracross', or a sandbox on this machine: the client secret is sent to no other."""
    given = text(settings.get(name))
    if given.rstrip("/") in ("", default):
        return default
    sandbox = _LOOPBACK.fullmatch(given)
    if not sandbox:
        raise NotSetUp(f"{name} is no address of a sandbox on this machine", HELP["settings"])
    return sandbox[1]


def _check_type(settings: Mapping[str, JSON]) -> None:
    given = text(settings.get("integration_type")) or INTEGRATION_TYPES[0]
    if given == "sso":
        raise NotSetUp("this Veracross connection is for single sign-on only", HELP["sign_on_only"])
    if given not in INTEGRATION_TYPES:
        raise NotSetUp(f"no integration type {given!r}", HELP["settings"])


def _not_granted(asked: Sequence[str], told: Mapping[str, JSON]) -> list[str]:
    """What a token lacks, where Veracross says what it grants."""
    granted = text(told.get("scope")).split()
    return [scope for scope in asked if granted and scope not in granted]


def _lacking(scopes: Sequence[str]) -> AccessMissing:
    named = ", ".join(scopes)
    return AccessMissing(f"Veracross does not grant {named}", f"{HELP['access_missing']} Missing: {named}.")


def _raise_unless_scopes(answer: Answer) -> None:
    """Raises what a refused token request means, unless it can be about scopes.

    The status of a scope that is not enabled is undocumented: 400 or 401 with `invalid_scope`, or something like it.
    """
    if answer.status == 404:
        raise NotSetUp("Veracross knows no school by this School Domain", HELP["school_unknown"])
    if answer.status == 429:
        raise _Throttled(answer)
    if answer.status >= 500:
        raise ProviderUnavailable(f"Veracross' token endpoint: HTTP {answer.status}", HELP["unavailable"])
    error = text(mapping(answer.json()).get("error"))  # a page of a proxy's is no answer of Veracross'
    if error in ("invalid_client", "unauthorized_client"):
        message = f"Veracross refuses the Client ID and Client Secret{_error_id(answer)}"
        raise CredentialRejected(message, HELP["credential_rejected"])
    if answer.status not in (400, 401, 403) or error in ("invalid_request", "unsupported_grant_type"):
        message = f"Veracross' token endpoint: HTTP {answer.status}{_error_id(answer)}"
        raise ContractBroken(message, HELP["contract_broken"])


def _error_id(answer: Answer) -> str:
    """Veracross' support asks for it."""
    told = text(mapping(answer.json()).get("error_id"))
    return f" (Veracross error {told})" if re.fullmatch(r"[0-9A-Fa-f-]{8,40}", told) else ""


def _says_error(answer: Answer) -> bool:
    """Whether it is Veracross that answers, and not a proxy's page."""
    try:
        return bool(text(mapping(answer.json()).get("error")))
    except ProviderUnavailable:
        return False
