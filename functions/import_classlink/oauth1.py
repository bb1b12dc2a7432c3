"""OAuth 1.0a as OneRoster 1.1 servers want it: two legs, no token, all of it in one header.

ClassLink signs with SHA-256, others know SHA-1 alone. oauthlib makes the signature; nothing else here uses it.
"""

from __future__ import annotations

from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, SIGNATURE_HMAC_SHA256, Client  # type: ignore[import-untyped]

from roster.ports import Answer, Http

METHODS = {"sha256": SIGNATURE_HMAC_SHA256, "sha1": SIGNATURE_HMAC_SHA1}


def signed(
    url: str, key: str, secret: str, method: str, nonce: str | None = None, timestamp: str | None = None
) -> dict[str, str]:
    """The header for a GET of exactly this address; a nonce and the time are made up where none is given."""
    client = Client(key, client_secret=secret, signature_method=METHODS[method], nonce=nonce, timestamp=timestamp)
    _, headers, _ = client.sign(url)
    return dict(headers)


class OAuth1:
    """Signs every attempt anew. Without a chosen method, a refused SHA-256 is tried as SHA-1.

    With one, a 401 is tried once more all the same: the HTTP adapter repeats a request after a 5xx, and a server
    that remembers nonces refuses the repetition.
    """

    rejected = "signature_rejected"

    def __init__(self, http: Http, key: str, secret: str, method: str = "") -> None:
        self._http, self._key, self._secret = http, key, secret
        self._methods = (method, method) if method else tuple(METHODS)

    def get(self, url: str) -> Answer:
        first, second = self._methods
        answer = self._attempt(url, first)
        return self._attempt(url, second) if answer.status == 401 else answer

    def lacks_demographics(self) -> bool:
        return False

    def _attempt(self, url: str, method: str) -> Answer:
        answer = self._http.get(url, signed(url, self._key, self._secret, method))
        if answer.status == 200:
            self._methods = (method, method)
        return answer
