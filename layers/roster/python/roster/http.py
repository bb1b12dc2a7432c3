"""The HTTP adapter: one pooled requests session that gives complete answers or raises, and follows nobody.

urllib3 retries 5xx and broken connections twice, quickly; what outlasts that is left to the state machine, which
can wait for minutes without paying for a function that sleeps.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy
from ipaddress import IPv4Address, IPv6Address
from socket import inet_aton
from time import monotonic
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from roster.errors import NotSetUp, ProviderUnavailable
from roster.ports import Answer

CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
BODY_SECONDS = 120.0  # of one body, however steadily it drips
LARGEST_BODY = 128 * 1024 * 1024
CHUNK = 256 * 1024
UNSENDABLE = "Write to support@pickatime.com: the connection's address or credential has to be entered again."
MISTYPED = (
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)
NO_HEADERS: Mapping[str, str] = {}
RETRIES = Retry(
    total=2,
    status_forcelist=(500, 502, 503, 504),
    backoff_factor=0.3,
    backoff_jitter=0.2,
    respect_retry_after_header=False,
    raise_on_status=False,
)
# urllib3 logs each retry with the whole address, at the level that reaches CloudWatch
logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)


class RequestsHttp:
    """GET and form POST over requests. Redirects are answers, not journeys: a token must not follow one.

    `loopback`: whether this machine may be asked too, as where sandboxes run. On Lambda its own Runtime API listens
    there, and no setting of a school's leads to it. `patience`: seconds for an answer that a person waits for, which is
    asked for once; none: as long as an import may wait.
    """

    def __init__(self, loopback: bool = False, patience: float = 0.0) -> None:
        self._loopback = loopback
        self._patience = patience
        self._session = requests.Session()
        self._session.trust_env = False  # no .netrc, no proxies: credentials come from the secret alone
        # No cookies: districts share hosts, and one district's cookie would speak beside another's credential.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            retries = Retry(0, read=False) if patience else RETRIES
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=8, max_retries=retries))

    def get(self, url: str, headers: Mapping[str, str] = NO_HEADERS, auth: tuple[str, str] | None = None) -> Answer:
        """The complete answer, whatever its status. Raises ProviderUnavailable, naming host and path only."""
        return self._send("GET", url, headers, auth)

    def post(
        self,
        url: str,
        form: Mapping[str, str],
        headers: Mapping[str, str] = NO_HEADERS,
        auth: tuple[str, str] | None = None,
    ) -> Answer:
        """The answer to a form, for tokens; raises as `get` does. A form is sent once, whatever it is answered."""
        return self._send("POST", url, headers, auth, form)

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        auth: tuple[str, str] | None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        try:
            where = _where(url)
            if not self._loopback and _leads_here(urlsplit(url).hostname or ""):
                raise _unsendable()
            with self._session.request(
                method,
                url,
                headers={"Accept": "application/json", **headers},
                auth=auth,
                data=form,
                timeout=(min(CONNECT_SECONDS, self._patience or CONNECT_SECONDS), self._patience or READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = self._body(response)
                return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, body)
        except MISTYPED:
            raise _unsendable() from None
        except requests.RequestException as error:
            # `from None`: the inner message holds the whole address, which may hold a credential
            raise ProviderUnavailable(f"no complete answer from {where} ({type(error).__name__})") from None
        except ValueError:
            # such as a secret that was pasted with an invisible character; the inner error quotes it
            raise _unsendable() from None

    def _body(self, response: requests.Response) -> bytes:
        body, until = bytearray(), monotonic() + (self._patience or BODY_SECONDS)
        for chunk in response.iter_content(CHUNK):
            body += chunk
            if len(body) > LARGEST_BODY:
                raise requests.exceptions.ContentDecodingError("body too large")
            if monotonic() > until:
                raise requests.exceptions.ReadTimeout("body too slow")
        return bytes(body)


def _unsendable() -> NotSetUp:
    return NotSetUp("the stored address or credential cannot be sent over HTTP", UNSENDABLE)


def _leads_here(host: str) -> bool:
    ip = host_number(host)
    return host.rstrip(".").lower() == "localhost" or bool(ip and (ip.is_loopback or ip.is_unspecified))


def host_number(host: str) -> IPv4Address | IPv6Address | None:
    """The host, where it is a number in any spelling that a resolver takes (127.1, 0xa9fea9fe, ::ffff:127.0.0.1)."""
    with suppress(OSError):
        return IPv4Address(inet_aton(host))
    with suppress(ValueError):
        ip = IPv6Address(host)
        return ip.ipv4_mapped or ip
    return None


def _where(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}{parts.path}"
