"""Looking for contacts, at one of them and at what became of them, over ports that are dictionaries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from roster import keys
from roster.audit import Audit
from roster.contacts import Contacts, about
from roster.errors import NotThere
from roster.ledgers import write_contacts
from roster.model import BY_HAND, ContactEntry, Listing, Person
from roster.permissions import Action, Administrator
from roster.ports import Account, Audited, Conference, Contact, ContactId, Integration, Run
from roster.timeline import Timeline
from tests.fakes.memory import MemoryRecords, MemorySlots
from tests.fakes.staff import ACCOUNT, MemoryAccountBook, MemoryEventBook, MemoryStaff

EDNA = Administrator(ACCOUNT, "edna", name="Edna Krabappel", level="Administrator")
BORN = "2012-04-08"
LEDGER = keys.ledger_folder(ACCOUNT, "fake", "run1")
ANN = Contact("fake", "student", "17", first="Ann", last="Smith", number="42", on_file=True)
ANNS_MOTHER = Contact("fake", "parent", "P1", first="Mary", last="Ann", email="mary@x.example")
ANN = replace(ANN, related=(("fake", "P1", "Mother", "Guardian"), ("fake", "P2", "Father", "")))


@dataclass
class MemoryContactBook:
    """roster.ports.ContactBook; `log` is what happened, in order."""

    contacts: Sequence[Contact]
    log: list[str] = field(default_factory=list)
    held: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def named(
        self, account: str, kinds: Sequence[str], beginnings: Sequence[str], after: str, most: int
    ) -> tuple[Sequence[Contact], str]:
        places = {keys.name_order(one.last, one.first, *one.key): one for one in self.contacts if one.kind in kinds}
        fit = [place for place in sorted(places) if place > after and place.startswith(tuple(beginnings) or "")]
        return [places[place] for place in fit[:most]], fit[most - 1] if len(fit) > most else ""

    def with_email(self, account: str, kinds: Sequence[str], address: str) -> Sequence[Contact]:
        return [one for one in self.contacts if one.email == address and one.kind in kinds]

    def with_number(self, account: str, kinds: Sequence[str], number: str) -> Sequence[Contact]:
        return [one for one in self.contacts if number in (one.number, one.sis_id) and one.kind in kinds]

    def of(self, account: str, ids: Iterable[ContactId]) -> Mapping[ContactId, Contact]:
        wanted = set(ids)
        return {one.key: one for one in self.contacts if one.key in wanted}

    def security_value(self, account: str, id: ContactId) -> str:
        self.log.append("told")
        return BORN

    def classes(self, account: str, ids: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
        return {id: self.held[id] for id in ids if id in self.held}


class MemoryAuditBook:
    """roster.ports.AuditBook."""

    def __init__(self, log: list[str]) -> None:
        self.rows: list[Audited] = []
        self.log = log

    def add(self, row: Audited) -> None:
        self.rows.insert(0, row)
        self.log.append("written down")

    def page(self, account: str, after: str, most: int) -> Sequence[Audited]:
        return self.rows[:most]


class MemoryRunBook:
    """The part of roster.ports.RunBook that lists."""

    def __init__(self, **runs: list[Run]) -> None:
        self.runs = runs

    def page(self, account: str, event: str, after: str, most: int) -> Sequence[Run]:
        return sorted(self.runs.get(event, ()), key=lambda run: run.started, reverse=True)[:most]

    def decide(self, key: object, decision: str, by: str) -> bool:
        raise NotImplementedError

    def undecide(self, key: object, by: str) -> None:
        raise NotImplementedError


class World:
    def __init__(self, *people: Contact, **runs: list[Run]) -> None:
        self.book = MemoryContactBook(people or (ANN, ANNS_MOTHER))
        self.slots = MemorySlots()
        self.audited = MemoryAuditBook(self.book.log)
        self.records = MemoryRecords(Integration(ACCOUNT, "fake", ledger=LEDGER, origins=("fake", "older")))
        self.events = MemoryEventBook(*(Conference(ACCOUNT, name, name.title()) for name in ("fall", "spring")))
        self.accounts = MemoryAccountBook()
        self.accounts.accounts[ACCOUNT] = Account(ACCOUNT, "Harbor High", "America/Chicago")
        numbers = iter(range(1000))
        audit = Audit(self.audited, lambda: datetime(2026, 10, 20, 12, tzinfo=UTC), lambda: f"{next(numbers)}")
        self.audit = audit
        self.contacts = Contacts(self.book, self.records, self.events, self.slots, audit)
        self.runs = MemoryRunBook(**runs)
        self.timeline = Timeline(
            self.records, self.accounts, self.events, self.runs, MemoryStaff(EDNA), self.slots, audit
        )

    def found(self, search: str, kind: str = "", after: str = "", most: int = 9) -> list[str]:
        return [one.id for one in self.contacts.page(ACCOUNT, kind, search, after, most)[0]]

    def changed(self, event: str, run: str, place: str, *rows: list[object]) -> None:
        self.slots.write_json(f"{keys.run_folder(ACCOUNT, event, run)}/context", {"provider": "fake"})
        self.slots.write_json(f"{keys.run_folder(ACCOUNT, event, run)}/changes/{place}", list(rows))

    def told(self, id: ContactId = ANN.key) -> list[str]:
        return [one.text for one in self.timeline.of(ACCOUNT, id)[0]]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", ["P1", "17"]),
        ("smi", ["17"]),
        ("ann", ["P1"]),
        ("ann smith", ["17"]),
        ("Smith, Ann", ["17"]),
        ("ann m", ["P1"]),
        ("mary@x.example", ["P1"]),
        ("ann@x.example", []),
        ("42", ["17"]),
        ("P1", ["P1"]),
        ("?", []),
        ("ann smith jones and others", []),
    ],
)
def test_a_search(search: str, found: list[str]) -> None:
    assert World().found(search) == found


def test_whose_number_it_is_comes_first_and_once() -> None:
    seven = Contact("older", "teacher", "x", last="Seven", number="Sevens")
    world = World(ANN, Contact("fake", "parent", "y", last="Sevens"), seven, Contact("fake", "parent", "sevens"))
    assert world.found("sevens", most=1) == ["sevens", "y"], "whom it says exactly is there whatever the page"
    assert world.found("Sevens") == ["x", "y"]
    assert world.found("Sevens", kind="parent") == ["y"]
    _, after = world.contacts.page(ACCOUNT, "", "Seven", "", 1)
    assert world.found("Seven", after=after) == ["y"]


def test_ids_are_looked_for_at_every_provider_that_the_account_had() -> None:
    world = World(*(Contact(origin, "teacher", "T") for origin in ("older", BY_HAND, "other")))
    found, _ = world.contacts.page(ACCOUNT, "", "T", "", 9)
    assert sorted(one.origin for one in found if one.id == "T") == ["older", BY_HAND]


def test_one_contact_has_its_family_and_what_is_there_of_its_classes() -> None:
    world = World()
    listed = {"spring": Listing(["C2", "C1", "gone"]), "fall": Listing(["C1"]), "deleted": Listing(["C1"])}
    entries = [ContactEntry(Person("student", id), listed) for id in ("17", "18")]
    write_contacts(world.slots, LEDGER, "000-of-001", entries)
    world.book.held = {("spring", "C1"): "Art", ("spring", "C2"): "Biology", ("fall", "C1"): "Music"}
    shown = world.contacts.of(ACCOUNT, ANN.key)
    assert [(one.kind, one.id, one.name, one.relation) for one in shown.related] == [
        ("parent", "P1", "Mary Ann", "Mother"),
        ("parent", "P2", "", "Father"),
    ]
    assert [(one.event, one.name, one.classes) for one in shown.events] == [
        ("deleted", "", ()),
        ("fall", "Fall", (("C1", "Music"),)),
        ("spring", "Spring", (("C2", "Biology"), ("C1", "Art"))),
    ]


def test_the_family_may_be_kept_by_somebody_else() -> None:
    """As after an adoption, of a parent whom the provider does not bring."""
    aunt = Contact(BY_HAND, "parent", "h1", first="Selma", related=(("fake", "17", "Niece", ""),))
    world = World(replace(ANN, related=((BY_HAND, "h1", "Aunt", ""),)), aunt)
    write_contacts(world.slots, LEDGER, "000-of-001", [])
    (hers,) = world.contacts.of(ACCOUNT, ANN.key).related
    assert (hers.origin, hers.id, hers.name, hers.relation) == (BY_HAND, "h1", "Selma", "Aunt")
    (niece,) = world.contacts.of(ACCOUNT, aunt.key).related
    assert (niece.origin, niece.id, niece.name) == ("fake", "17", "Ann Smith")


@pytest.mark.parametrize("origin", ["older", BY_HAND])
def test_whoever_is_not_the_providers_has_no_classes(origin: str) -> None:
    world = World(Contact(origin, "student", "17"))
    write_contacts(
        world.slots, LEDGER, "000-of-001", [ContactEntry(Person("student", "17"), {"spring": Listing(["C"])})]
    )
    assert world.contacts.of(ACCOUNT, (origin, "student", "17")).events == ()


def test_an_account_that_imported_nothing_yet() -> None:
    world = World(Contact(BY_HAND, "administrator", "e", last="Krabappel"))
    world.records._integration = None
    assert world.found("krab") == ["e"]
    assert world.contacts.of(ACCOUNT, (BY_HAND, "administrator", "e")).events == ()
    assert world.told((BY_HAND, "administrator", "e")) == []


def test_who_asks_for_a_birth_date_is_written_down_before_it_is_told() -> None:
    world = World()
    assert world.contacts.security_value(EDNA, ANN.key) == BORN
    assert world.book.log == ["written down", "told"]
    (row,) = world.audited.rows
    assert (row.by, row.action, row.about) == ("edna", Action.SEE_SECURITY_VALUE, "contact fake student 17")
    assert BORN not in str(row)
    with pytest.raises(NotThere):
        world.contacts.security_value(EDNA, ("fake", "student", "nobody"))
    assert len(world.audited.rows) == 1


def night(run: str, started: str, status: str = "applied", by: str = "night", mode: str = "import") -> Run:
    return Run(status, mode, run=run, started=started, by=by)


FIRST = night("first", "2026-10-01T15:00:00+00:00", by="edna")
SECOND = night("second", "2026-10-14T06:02:00+00:00")
PREVIEW = night("preview", "2026-10-15T06:02:00+00:00", "preview")
UNDO = night("undone", "2026-10-16T06:02:00+00:00", by="edna", mode="undo")


def test_a_timeline_names_run_time_and_attributes() -> None:
    world = World(spring=[FIRST, SECOND, PREVIEW], fall=[UNDO])
    world.changed("spring", "first", "people-000-of-001", ["student", "17", "created", []])
    world.changed("spring", "second", "people-000-of-001", ["student", "17", "updated", ["email", "birth_date"]])
    world.changed(
        "spring", "second", "rosters-000-of-001", ["schedule", "17", "updated", []], ["parent", "17", "x", []]
    )
    world.changed("spring", "preview", "people-000-of-001", ["student", "17", "updated", ["last"]])
    world.changed("fall", "undone", "undo-000-of-001", ["student", "17", "departed", []], ["student", "18", "x", []])
    assert world.told() == [
        "made inactive by the undo of 16 October 01:02, started by Edna Krabappel",
        "changed by the sync of 14 October 01:02: e-mail, security value, classes",
        "created by the import of 1 October 10:00, started by Edna Krabappel",
    ]
    moments, since = world.timeline.of(ACCOUNT, ANN.key)
    assert since == FIRST.started
    assert (moments[1].run, moments[1].event, moments[1].by, moments[1].name) == ("second", "spring", "night", "")


def test_only_the_files_that_may_hold_the_id_are_read() -> None:
    world = World(spring=[FIRST])
    mine = keys.slot("17") // 64
    for shard in range(4):
        world.changed("spring", "first", f"people-{shard:03d}-of-004", ["student", "17", "created", []])
    for name in list(world.slots.files):
        if "/changes/" in name and f"-{mine:03d}-" not in name:
            world.slots.files[name] = "this is not read"
    assert len(world.told()) == 1


def test_a_clear_and_an_import_are_one_moment() -> None:
    world = World(spring=[FIRST])
    world.changed("spring", "first", "people-000-of-001", ["student", "17", "created", []])
    world.changed("spring", "first", "survivors-000-of-001", ["student", "17", "deleted", []])
    assert world.told() == ["deleted and created anew by the import of 1 October 10:00, started by Edna Krabappel"]


def test_what_people_did_stands_among_the_runs_and_holds_no_value() -> None:
    world = World(spring=[FIRST])
    world.changed("spring", "first", "people-000-of-001", ["student", "17", "created", []])
    world.contacts.security_value(EDNA, ANN.key)
    world.audit.did(EDNA, Action.CHANGE_CONTACTS, about(ANN.key), {"email": "a@x.example"}, {"email": "b@x.example"})
    world.audit.did(EDNA, Action.CHANGE_CONTACTS, "contact fake student 18", {"last": "Lee"}, {"last": "Li"})
    told = world.told()
    assert sorted(told[:2]) == [
        "changed by hand by Edna Krabappel on 20 October 07:00: e-mail",
        "security value shown to Edna Krabappel on 20 October 07:00",
    ]
    assert told[2].startswith("created")


def test_another_providers_contact_of_the_same_id_is_not_taken_for_it() -> None:
    world = World(spring=[FIRST])
    world.changed("spring", "first", "people-000-of-001", ["student", "17", "created", []])
    assert world.told(("older", "student", "17")) == []


def test_nor_is_what_an_import_from_the_provider_before_did() -> None:
    world = World(spring=[FIRST])
    world.changed("spring", "first", "people-000-of-001", ["student", "17", "created", []])
    world.slots.write_json(f"{keys.run_folder(ACCOUNT, 'spring', 'first')}/context", {"provider": "older"})
    assert world.told() == []
    assert len(world.told(("older", "student", "17"))) == 1


def test_a_contact_says_from_whom_it_took_over() -> None:
    """The one kept by hand has, of all ids, the same one."""
    adoption = replace(FIRST, asked={"adopt": {"settled": []}})
    world = World(spring=[adoption])
    world.changed("spring", "first", "adopt-000-of-001", ["student", "17", "adopted", [], BY_HAND])
    world.slots.write_json(
        f"{keys.run_folder(ACCOUNT, 'spring', 'first')}/took-over/adopt-000-of-001", [["student", "17", BY_HAND]]
    )
    when = "of 1 October 10:00, started by Edna Krabappel"
    assert world.told() == [f"taken over from manual by the adoption {when}"]
    assert world.told((BY_HAND, "student", "17")) == [f"taken over by the provider's contact by the import {when}"]


def test_a_zone_that_nobody_knows_is_the_default() -> None:
    world = World(spring=[FIRST])
    world.accounts.accounts[ACCOUNT] = Account(ACCOUNT, zone="Mars/X")
    world.changed("spring", "first", "people-000-of-001", ["student", "17", "created", []])
    assert "1 October 11:00" in world.told()[0]
