"""Whoever an e-mail address alone does not prove: a code goes to the address that the school has for the contact.

That is whoever administers, and a guest who would be staff. The code counts in the browser that began, five times at
most, within a quarter of an hour; afterwards the person is known for good. (providers/sign-on.md §9.3)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest

from roster.errors import RosterError
from roster.ports import Contact, SignIns, SignOnBook
from roster.sessions import digest
from roster.signon import Connection, Proof, SignOnRefused, VerifiedAssertion

GOOD_FOR = timedelta(minutes=15)
TRIES = 5
MOST_CODES = 5  # mailed to one contact in an hour: whoever is not meant is not flooded


@dataclass(frozen=True)
class Proving:
    """`token`: 256 random bits; `code`: eight random digits; `tell`: has the administration's function send a mail."""

    book: SignOnBook
    kept: SignIns
    now: Callable[[], datetime]
    token: Callable[[], str]
    code: Callable[[], str]
    tell: Callable[..., None]

    def ask(self, said: VerifiedAssertion, contact: Contact, connection: Connection, seal: str, to: str) -> str:
        """Mails a code; the secret that the browser keeps meanwhile. Raises SignOnRefused where none can be mailed."""
        now, secret, code = self.now(), self.token(), self.code()
        whose, forget = digest(" ".join(("code", said.account, *contact.key))), int((now + GOOD_FOR * 8).timestamp())
        if not contact.email or not self.kept.counted(whose, f"{now:%Y-%m-%dT%H}", MOST_CODES, forget):
            raise SignOnRefused("confirm", "too many codes, or no address to mail one to")
        proof = Proof(
            said.account,
            connection.id,
            said.provider,
            said.issuer,
            said.subject,
            *contact.key,
            code=digest(f"{secret} {code}"),
            seal=seal,
            to=to,
            expires=int((now + GOOD_FOR).timestamp()),
        )
        self.book.keep_proof(digest(secret), proof)
        try:
            self.tell(step="code", account=said.account, email=contact.email, code=code)
        except RosterError:
            raise SignOnRefused("unavailable") from None
        return secret

    def settled(self, secret: str, typed: str) -> Proof:
        """Once, and for who typed the right code. Raises SignOnRefused."""
        proof = self.book.proof(digest(secret)) if secret else None
        if not proof or proof.expires <= self.now().timestamp():
            raise SignOnRefused("code_expired")
        if not self.kept.counted(digest(f"proof {secret}"), "tries", TRIES, proof.expires):
            raise SignOnRefused("code_expired")
        code = "".join(one for one in typed if one in "0123456789")
        if not compare_digest(digest(f"{secret} {code}"), proof.code):
            raise SignOnRefused("code_wrong")
        if not self.book.take_proof(digest(secret)):
            raise SignOnRefused("code_expired")
        return proof
