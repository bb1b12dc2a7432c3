"""What a page of contacts, and a search, cost in an account of so many: requests and read units, counted by the table.

The contacts are written by the store's adapter, as an import writes them, and read as the administration reads them.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.layout import TABLE
from bench.targets import Figure
from bench.worlds import World, world
from roster import keys
from roster.contactbook import DynamoContactBook
from roster.model import KINDS, ContactEntry, Person
from roster.ports import Change
from roster.store import DynamoRoster
from roster.tables import Item, use_table

ACCOUNT, EVENT, ORIGIN = "11600001", "conference", "bench"
PAGE = 50
ARMS = {"pages": ("two pages of contacts", 2 * PAGE), "search": ("a page of those whose name begins with S", PAGE)}
# About as often as in a telephone book, so that no part of the alphabet is empty.
LAST = (
    "Anderson Brown Baker Clark Davis Evans Foster Garcia Harris Hill Johnson King Lee Lopez Martin Miller Moore Nelson"
)
LAST_NAMES = (
    f"{LAST} Ortiz Perez Quinn Roberts Smith Scott Taylor Thomas Underwood Vargas Williams Wilson Young Zhang".split()
)
FIRST_NAMES = "Ann Ben Cleo Dan Eve Finn Gus Hana Ivo Jo Kim Leo Mia Ned Ona Pia Quinn Ron Sue Tom".split()


def people(contacts: int) -> Iterator[Person]:
    """Students, two parents to each of them and a teacher to fifteen, in no order."""
    for n in range(contacts):
        kind = "teacher" if n % 46 == 0 else "student" if n % 3 == 0 else "parent"
        last, first = LAST_NAMES[n % len(LAST_NAMES)], FIRST_NAMES[n // 7 % len(FIRST_NAMES)]
        yield Person(kind, f"{n:08d}", first, last=f"{last}{n // 1000}", email=f"p{n}@school.example", sis_id=str(n))


def fill(port: int, contacts: int) -> dict[str, int]:
    """Writes them."""
    _at(port)
    changes = (Change(one.kind, one.id, ContactEntry(one)) for one in people(contacts))
    return {"written": DynamoRoster().apply(ACCOUNT, EVENT, ORIGIN, changes)}


def pages(port: int) -> dict[str, int]:
    """The first page of everybody, and the one that follows on it."""
    _at(port)
    book = DynamoContactBook()
    found, after = book.named(ACCOUNT, KINDS, [], "", PAGE)
    return {"found": len(found) + len(book.named(ACCOUNT, KINDS, [], after, PAGE)[0])}


def search(port: int) -> dict[str, int]:
    _at(port)
    return {"found": len(DynamoContactBook().named(ACCOUNT, KINDS, [keys.names_from("S")], "", PAGE)[0])}


def _at(port: int) -> None:
    use_table(TABLE)
    Item.Meta.host = f"http://127.0.0.1:{port}"


def figures(big: int, small: int) -> Iterator[Figure]:
    """What the larger account costs against the smaller one: requests or read units, whichever is more."""
    large, little = cost(big), cost(small)
    for arm, (name, _) in ARMS.items():
        ratios = (one / other for one, other in zip(large[arm], little[arm], strict=True))
        requests, units = zip(large[arm], little[arm], strict=True)
        note = f"{units[0]:g} and {units[1]:g} read units, {requests[0]} and {requests[1]} requests"
        yield Figure(f"{name}, {big:,} against {small:,} contacts", (max(ratios),), limit=1.1, note=note)


def cost(contacts: int) -> dict[str, tuple[int, float]]:
    """(requests, read units) of each arm in an account of so many."""
    with world() as place:
        place.control(names=True)
        place.measure("contacts.fill", contacts=contacts)
        return {arm: _counted(place, arm) for arm in ARMS}


def _counted(place: World, arm: str) -> tuple[int, float]:
    place.control(reset=True)
    found = place.measure(f"contacts.{arm}")["found"]
    asked = place.control()
    if found != ARMS[arm][1]:
        raise RuntimeError(f"{arm}: {found} contacts were found")
    return asked["Query"] + asked.get("BatchGetItem", 0), asked["half_read_units"] / 2
