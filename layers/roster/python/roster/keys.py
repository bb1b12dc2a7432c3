"""Every key of the table and every name in the staging bucket is built here and nowhere else.

Contacts are keyed by provider id: partition = account, provider and one of 16 shards (so that no partition takes
all the writes of a night), sort = kind and id. Ids come from outside: they are quoted, so that none can break out.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import quote, unquote
from zlib import crc32

from roster.folding import folded

LONGEST_ID = 1_000  # bytes in a key; with a kind before it, DynamoDB takes 1,024
SLOTS = 256
PARTITIONS = 16
LAST = "\x7f"  # sorts behind every character that a quoted id has
BEFORE = "#"  # stands before every name
BEHIND = "\U0010ffff"  # sorts behind every character of a name
INITIALS = "cehlnst"  # where a new partition of names begins: each has about an eighth of a school's people
NAME_PARTS = range(len(INITIALS) + 1)
LONGEST_SOUGHT = 254  # characters of an e-mail address; at four bytes each, half of what an index takes
PLAIN_ID = re.compile(r"[0-9A-Za-z._-]{1,300}")
_NUMBERS = [f"{n:02d}" for n in range(PARTITIONS)]


class Key(NamedTuple):
    """Partition key and sort key of one item."""

    pk: str
    sk: str


def slot(id: str) -> int:
    """Which of the 256 slots an id belongs to, the same on every machine and night."""
    return crc32(id.encode()) % SLOTS


def shard_slots(shard: int, shards: int) -> range:
    """The slots of one of `shards` (a power of two, at most 256) shards."""
    width = SLOTS // shards
    return range(shard * width, (shard + 1) * width)


def _join(*parts: str) -> str:
    return "#".join([part if part.isalnum() and part.isascii() else _quoted(part) for part in parts])


def _quoted(part: str) -> str:
    return quote(part, safe=" @.:,()")


@lru_cache(1024)
def _place(*parts: str) -> str:
    """A partition key: there are few of them, and a night builds each a thousand times."""
    return _join(*parts)


def _partition(id: str) -> str:
    return _NUMBERS[slot(id) % PARTITIONS]


def fits(id: str) -> bool:
    """Whether a sort key can hold the id."""
    return len(_join(id)) <= LONGEST_ID


def contact(account: str, provider: str, kind: str, id: str) -> Key:
    return Key(_place("contact", account, provider, _partition(id)), _join(kind, id))


def contact_partitions(account: str, provider: str) -> list[str]:
    return [_join("contact", account, provider, f"{n:02d}") for n in range(PARTITIONS)]


def contacts_of_kind(kind: str) -> str:
    """What the sort key of every contact of this kind begins with."""
    return _join(kind, "")


def behind_kind(kind: str) -> str:
    """What sorts behind every contact of this kind, and before the next kind."""
    return contacts_of_kind(kind) + LAST


def contact_of(pk: str, sk: str) -> tuple[str, str, str]:
    """Origin, kind and id of the contact whose item, or whose mark, has this key."""
    if not pk.startswith(_join("mark", "")):
        return unquote(pk.split("#")[2]), *map(unquote, sk.split("#"))  # type: ignore[return-value]
    return contact_of_mark(sk)


def name_order(last: str, first: str, origin: str, kind: str, id: str) -> str:
    """Where a contact stands in the list: by last name, first name, and something of its own."""
    own = blake2b(f"{origin} {kind} {id}".encode(), digest_size=8).hexdigest()
    return f"{folded(last)}#{folded(first)}#{own}"


def name_part(order: str) -> int:
    """Which of NAME_PARTS it belongs to; they follow on each other as the names do."""
    return bisect(INITIALS, order[0])


def names(account: str, kind: str, part: int) -> str:
    """The index partition of these names of one kind."""
    return _place("name", account, kind, str(part))


def names_from(last: str, first: str | None = None) -> str:
    """What the order of whoever has such a name begins with; with `first`, `last` is the whole last name."""
    return folded(last) if first is None else f"{folded(last)}#{folded(first)}"


def email(account: str, address: str) -> str:
    """The index partition of an e-mail address; blank where it is none that a key could hold."""
    return _found_by("email", account, address)


def number(account: str, number: str) -> str:
    """The index partition of a number that people know a contact by."""
    return _found_by("number", account, number)


def _found_by(what: str, account: str, text: str) -> str:
    """What was looked for stands last and unquoted: nothing comes behind it that it could be taken for."""
    known = text.strip().casefold()
    return f"{_place(what, account)}#{known}" if 0 < len(known) <= LONGEST_SOUGHT else ""


def indexed(
    account: str, origin: str, kind: str, id: str, last: str, first: str, address: str, numbers: tuple[str, str]
) -> dict[str, str]:
    """A contact's attributes that the indexes go by. `numbers`: the student or staff number, and the SIS's own id.

    One index finds a contact by either of them; where they differ, a second one has the other.
    """
    order = name_order(last, first, origin, kind, id)
    mine, other = numbers
    return {
        "name_part": names(account, kind, name_part(order)),
        "name_order": order,
        "email_key": email(account, address) if address else "",
        "number_key": number(account, mine or other) if mine or other else "",
        "sis_key": number(account, other) if mine and other and other != mine else "",
    }


def in_address(id: str) -> str:
    """A provider's id as a part of a web address: as it is, or, if it holds anything odd, in base64 behind a `~`.

    Not percent-encoded: a gateway decodes that, and an id with a slash would be two parts of the address.
    """
    return id if PLAIN_ID.fullmatch(id) else "~" + urlsafe_b64encode(id.encode()).decode().rstrip("=")


def of_address(part: str) -> str:
    """The id that a part of an address names; blank where it names none."""
    if not part.startswith("~"):
        return part
    try:
        id = urlsafe_b64decode(part[1:] + "=" * (-len(part[1:]) % 4)).decode()
    except ValueError:
        return ""
    return id if in_address(id) == part else ""


def event_class(account: str, event: str, id: str) -> Key:
    return Key(_place("class", account, event, _partition(id)), _join(id))


def schedule(account: str, event: str, student: str) -> Key:
    return Key(_place("schedule", account, event, _partition(student)), _join(student))


def event_partitions(item: str, account: str, event: str) -> list[str]:
    """Partitions of an event's items: `class` or `schedule`."""
    return [_join(item, account, event, f"{n:02d}") for n in range(PARTITIONS)]


def account(account: str) -> Key:
    return Key(_join("account", account), "account")


def integration(account: str) -> Key:
    """One roster provider per account, hence one item."""
    return Key(_join("account", account), "integration")


def agreement(account: str) -> Key:
    """What was agreed on with the account: its attached schools, an invitation."""
    return Key(_join("account", account), "agreement")


def event(account: str, event: str) -> Key:
    return Key(_join("account", account), _join("event", event))


def events_after(event: str) -> tuple[str, str]:
    """Between which sort keys the events lie from this one on; blank: all of them."""
    return _join("event", event), _join("event", "") + LAST


def applications(provider: str) -> str:
    """The partition of a provider's applications: there are few, and each poll reads them all."""
    return _join("application", provider)


def application(provider: str, tenant: str) -> Key:
    return Key(applications(provider), _join(tenant))


def run(account: str, event: str, run: str) -> Key:
    """Runs have a partition of their own: importers may write here, and nowhere else."""
    return Key(_join("run", account, event), _join(run))


def contact_marks(account: str) -> str:
    """The partition of the account's hand-set levels: there are few."""
    return _join("mark", account)


def contact_mark(account: str, provider: str, kind: str, id: str) -> Key:
    return Key(contact_marks(account), _join(provider, kind, id))


def contact_of_mark(sk: str) -> tuple[str, str, str]:
    """Provider, kind and id of the contact that a mark's sort key names."""
    provider, kind, id = map(unquote, sk.split("#"))
    return provider, kind, id


def class_marks(account: str, event: str) -> str:
    """The partition of what people decided about an event's classes."""
    return _join("classmark", account, event)


def class_mark(account: str, event: str, id: str) -> Key:
    return Key(class_marks(account, event), _join(id))


def id_of(sk: str) -> str:
    """The id at the end of a sort key."""
    return unquote(sk.rpartition("#")[2])


def event_lock(account: str, event: str) -> Key:
    return Key(_join("lock", account), _join("event", event))


def account_lock(account: str) -> Key:
    return Key(_join("lock", account), "account")


def sign_in(hash: str) -> Key:
    """A link that signs somebody in, known by the digest of its token alone."""
    return Key(_join("signin", hash), "signin")


def held_link(hash: str) -> Key:
    """A link to a held run, known by the digest of its token alone."""
    return Key(_join("held", hash), "held")


def session(hash: str) -> Key:
    """A browser that is signed in, known by the digest of its cookie alone."""
    return Key(_join("session", hash), "session")


def sign_in_count(whose: str, window: str) -> Key:
    """How often a link was asked for, by an address, from a place or in an account, in one hour."""
    return Key(_join("signins", whose), _join(window))


def sign_on(account: str) -> Key:
    """How an account's people sign in."""
    return Key(_join("account", account), "signon")


def signed_by(provider: str) -> str:
    """The partition of accounts whose people sign in by a provider: each night reads them."""
    return _join("signedby", provider)


def signed_on(provider: str, account: str) -> Key:
    return Key(signed_by(provider), _join(account))


def connection(id: str) -> Key:
    """Whose connection an address names."""
    return Key(_join("connection", id), "connection")


def pending(hash: str) -> Key:
    """A sign-in that has begun, known by the digest of its state alone."""
    return Key(_join("pending", hash), "pending")


def proof(hash: str) -> Key:
    """A sign-in that waits for a code, known by the digest of the browser's secret alone."""
    return Key(_join("pending", hash), "proof")


def assertion(hash: str) -> Key:
    """An identity provider's answer that was used."""
    return Key(_join("assertion", hash), "assertion")


def identity(account: str, person: str) -> Key:
    """A person at an identity provider, by the name that roster.signon.named makes."""
    return Key(_join("identity", account), _join("who", person))


def identified(account: str, origin: str, kind: str, id: str, provider: str) -> Key:
    """That a contact has an identity at this provider."""
    return Key(_join("identity", account), _join("contact", origin, kind, id, provider))


def attempts(account: str, origin: str, kind: str, id: str) -> str:
    """The partition of a parent's tries to link a child."""
    return _join("attempt", account, origin, kind, id)


def attempt(account: str, origin: str, kind: str, id: str, at: str) -> Key:
    return Key(attempts(account, origin, kind, id), _join(at))


def traces(account: str) -> str:
    """The partition of an account's sign-ins."""
    return _join("trace", account)


def trace(account: str, at: str, id: str) -> Key:
    """One sign-in; they stand in the order of their times."""
    return Key(traces(account), _join(at, id))


def audits(account: str) -> str:
    """The partition of an account's audit."""
    return _join("audit", account)


def audit(account: str, at: str, id: str) -> Key:
    """One row; they stand in the order of their times."""
    return Key(audits(account), _join(at, id))


def audited_before(place: str) -> str:
    """The sort key of the row at this place (its time and id); blank: behind all rows."""
    return _join(*place.split(" ", 1)) if place else LAST


def pulled_folder(account: str, event: str, run: str) -> str:
    """Where a run stages what it pulled: importers may write here, and nowhere else. Forgotten after a month."""
    return _folder("pulled", account, event, run)


def run_folder(account: str, event: str, run: str) -> str:
    """Where a run keeps what it knows and hands from pass to pass. Forgotten after a month."""
    return _folder("runs", account, event, run)


def plan_folder(account: str, provider: str, event: str, run: str) -> str:
    """Where a run plans its changes. Not forgotten: while an interrupted plan is in doubt, it is needed."""
    return _folder("applied", account, "plans", provider, event, run)


def ledger_folder(account: str, provider: str, run: str) -> str:
    """Where a run leaves what it applied to the account's contacts."""
    return _folder("applied", account, "contacts", provider, run)


def snapshot_folder(account: str, event: str, run: str) -> str:
    """Where a run leaves what it applied to the event's classes."""
    return _folder("applied", account, "events", event, run)


def _folder(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)


def planned(account: str, provider: str) -> str:
    """What the names begin with of everything that was planned for the account from this provider."""
    return _folder("applied", account, "plans", provider, "")


def beside(folder: str) -> str:
    """What the names begin with of everything in this folder and in those of other runs beside it."""
    return folder.rsplit("/", 1)[0] + "/"


def ledgers(account: str) -> str:
    """What the names of all of an account's ledgers begin with, whatever their provider."""
    return _folder("applied", account, "contacts", "")


def provider_of(folder: str) -> str:
    """The provider that a ledger, or a plan, is of; blank of none."""
    return unquote(folder.split("/")[3]) if folder else ""


def cleared_folder(account: str, run: str) -> str:
    """Where a run keeps the items that it deletes, as they were."""
    return _folder("applied", account, "cleared", run)


def apart_file(account: str) -> str:
    """Where an account keeps who is not whom."""
    return _folder("applied", account, "apart")


def run_of(folder: str) -> str:
    """The run that a folder is named after."""
    return unquote(folder.rpartition("/")[2])


def nightly_schedule(account: str, event: str) -> str:
    """The name of an event's schedule: 64 letters, digits and `-`; the digest tells apart what looks alike."""
    readable = [re.sub(r"[^0-9A-Za-z]+", "-", part)[:16] for part in (account, event)]
    return "-".join([*readable, blake2b(_join(account, event).encode(), digest_size=12).hexdigest()])
