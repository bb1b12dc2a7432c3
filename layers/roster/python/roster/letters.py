"""The words of our mails: plain text, and the same in simple HTML.

What names a school comes from outside, so nobody's name may add a header, markup or a link, or turn text around: it is
escaped, kept on one line, and holds neither invisible characters nor what a mail program would make a link of.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from urllib.parse import quote

ACTIVE = "the data import is active and ready for use"
LONGEST_NAME = 100
QUESTIONS = "Questions? Write to support@pickatime.com."

_ADDRESS = re.compile(r"//|\\\\")  # of a web page or a file: the word that holds one is left out
_JOINT = re.compile(r"(?<=\w)(?:[.\u3002](?=[^\W\d_]{2})|:(?=\w))")  # as in evil.example or mailto:x


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


def activated(school: str, account: str, importer: str) -> Letter:
    """To the account's administrators, once per activation."""
    link = importer_of(importer, account)
    name = one_line(school) or "your school"
    return letter(
        f"pickAtime: the data import of {name} is active",
        [
            "Hello,",
            f"for {name}, {ACTIVE}.",
            "Open the Importer to choose schools and terms and to start the first import:",
            link,
            QUESTIONS,
        ],
        link,
    )


def importer_of(importer: str, account: str) -> str:
    """The account's Importer, as a mail links to it."""
    return f"{importer}?ven={quote(account, safe='')}"


def requested(provider: str, tenant: str, name: str, obstacle: str) -> Letter:
    """To support, once per district."""
    shares = f"It cannot be imported yet: {one_line(obstacle)}." if obstacle else "It shares its data."
    district = one_line(name) or f"tenant {one_line(tenant)}"
    return letter(
        f"New district at {provider}: {district}",
        [
            f"{district} (tenant {one_line(tenant)}) has added pickAtime in its {provider} console.",
            shares,
            "Tie it to its account to begin: move the application to configuring.",
        ],
    )


def stopped(provider: str, tenant: str, name: str, account: str, obstacle: str) -> Letter:
    """To support, when the district of an active import stops sharing."""
    district = one_line(name) or f"tenant {one_line(tenant)}"
    return letter(
        f"{district} no longer shares its data at {provider}",
        [
            f"{district} (tenant {one_line(tenant)}) has an active import into account {one_line(account)}.",
            f"It no longer shares its data at {provider}: {one_line(obstacle)}.",
            "Its imports fail until it shares again. If it left on purpose, move the application to configuring.",
        ],
    )


def certificate(school: str, days: int, ends: str, importer: str) -> Letter:
    """To the account's administrators, some days before their people could not sign in any more. `ends`: ISO date."""
    name = one_line(school) or "your school"
    return letter(
        f"pickAtime: the sign-on certificate of {name} ends in {days} days",
        [
            "Hello,",
            f"the certificate with which the identity provider of {name} signs ends on {ends}, in {days} days.",
            "pickAtime reads the provider's metadata every day and has found no newer one. If the provider renews it "
            "in time, there is nothing to do. Else ask whoever looks after sign-on at your school to renew it: without "
            "a valid certificate nobody can sign in.",
            importer,
            QUESTIONS,
        ],
        importer,
    )


def sign_in(school: str, link: str, minutes: int) -> Letter:
    """To an administrator who asked for it, or in whose name somebody did."""
    return letter(
        "pickAtime: your link to sign in",
        [
            "Hello,",
            f"this link signs you in to the administration of {one_line(school) or 'your school'}:",
            link,
            f"It works once, within {minutes} minutes. Do not pass it on: whoever opens it is signed in as you.",
            "If you did not ask for it, you need not do anything.",
            QUESTIONS,
        ],
        link,
    )


def code(school: str, code: str, minutes: int) -> Letter:
    """To the address of a contact in whose name somebody signs in through an identity provider for the first time."""
    return letter(
        "pickAtime: your code to sign in",
        [
            "Hello,",
            f"somebody who is signed in at your school's identity provider is signing in to pickAtime of "
            f"{one_line(school) or 'your school'} as you. If that is you, type this code in the same browser:",
            f"{code[:4]} {code[4:]}",
            f"It works once, within {minutes} minutes, and you will not be asked for one again. Do not pass it on.",
            "If it is not you, you need not do anything: without the code nobody is signed in.",
            QUESTIONS,
        ],
    )


def letter(subject: str, paragraphs: Sequence[str], *links: str) -> Letter:
    """`links`: those of the paragraphs that are nothing but an address of ours."""
    html = "\n".join(f"<p>{_linked(p) if p in links else escape(p)}</p>" for p in paragraphs)
    return Letter(subject, "\n\n".join(paragraphs) + "\n", f'<!doctype html>\n<html lang="en">\n{html}\n</html>\n')


def _linked(address: str) -> str:
    return f'<a href="{escape(address)}">{escape(address)}</a>'


def one_line(name: str) -> str:
    """A name from outside, as harmless text. Look-alikes of dots and slashes become dots and slashes first."""
    given = " ".join(unicodedata.normalize("NFKC", name).split())
    visible = "".join(char for char in given if not unicodedata.category(char).startswith("C"))
    words = " ".join(word for word in visible.split() if not _ADDRESS.search(word))
    return _JOINT.sub(r"\g<0> ", words)[:LONGEST_NAME]
