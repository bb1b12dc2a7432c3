"""Keys: whatever an id holds, no two things share a key, and every key is read back as what it was made of."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roster import keys

ODD = st.sampled_from(["a#b", "#", "%", "%23", "a b", "", "..", "/", "ä", "😀", "\n", "~", "contact", "00"])
TEXT = st.text(max_size=20) | ODD
bounded = settings(derandomize=True, max_examples=150, deadline=None)


def parts(key: str) -> list[str]:
    """What the key was made of."""
    return [unquote(part) for part in key.split("#")]


@bounded
@given(TEXT, TEXT)
def test_a_contacts_sort_key_tells_what_it_was_made_of(kind: str, id: str) -> None:
    assert parts(keys.contact("1", "p", kind, id).sk) == [kind, id]


@bounded
@given(TEXT)
def test_a_classs_and_a_schedules_sort_key_tells_what_it_was_made_of(id: str) -> None:
    assert parts(keys.event_class("1", "e", id).sk) == [id]
    assert parts(keys.schedule("1", "e", id).sk) == [id]


@bounded
@given(TEXT, TEXT, TEXT)
def test_an_item_lies_in_one_of_the_partitions_that_are_listed(account: str, owner: str, id: str) -> None:
    assert keys.contact(account, owner, "student", id).pk in keys.contact_partitions(account, owner)
    assert keys.event_class(account, owner, id).pk in keys.event_partitions("class", account, owner)
    assert keys.schedule(account, owner, id).pk in keys.event_partitions("schedule", account, owner)


TWO_PARTS: list[Callable[[str, str], object]] = [
    lambda a, b: keys.contact("1", "p", a, b),
    lambda a, b: keys.contact(a, b, "student", "7"),
    lambda a, b: keys.event_class(a, b, "7"),
    lambda a, b: keys.schedule(a, "e", b),
    keys.event,
    lambda a, b: keys.run("1", a, b),
    keys.event_lock,
    lambda a, b: keys.run_folder("1", a, b),
    lambda a, b: keys.pulled_folder("1", a, b),
    lambda a, b: keys.plan_folder("1", a, "e", b),
    lambda a, b: keys.ledger_folder("1", a, b),
    lambda a, b: keys.snapshot_folder("1", a, b),
]


@pytest.mark.parametrize("make", TWO_PARTS, ids=map(str, range(len(TWO_PARTS))))
def test_different_parts_make_different_keys(make: Callable[[str, str], object]) -> None:
    @bounded
    @given(TEXT, TEXT, TEXT, TEXT)
    def check(a: str, b: str, c: str, d: str) -> None:
        assert ((a, b) == (c, d)) == (make(a, b) == make(c, d))

    check()


@pytest.mark.parametrize(("one", "other"), [(("a#b", "c"), ("a", "b#c")), (("a/b", "c"), ("a", "b/c"))])
def test_an_id_cannot_break_out_of_its_part(one: tuple[str, str], other: tuple[str, str]) -> None:
    for make in TWO_PARTS:
        assert make(*one) != make(*other)


@bounded
@given(TEXT, TEXT)
def test_no_folder_lies_in_another(event: str, run: str) -> None:
    """Files are listed by prefix: `runs/1/e/r1` must not find those of `r10` once the slash is put to it."""
    folder = keys.run_folder("1", event, run)
    assert folder.count("/") == 3
    assert not (keys.run_folder("1", event, run + "0") + "/").startswith(folder + "/")


def test_things_of_one_name_are_different_things() -> None:
    made = [
        keys.account("x"),
        keys.integration("x"),
        keys.event("x", "account"),
        keys.event("x", "integration"),
        keys.account_lock("x"),
        keys.event_lock("x", "account"),
        keys.run("x", "account", "r"),
        keys.contact("x", "y", "student", "1"),
        keys.event_class("x", "y", "1"),
        keys.schedule("x", "y", "1"),
    ]
    assert len(set(made)) == len(made)


@bounded
@given(TEXT)
def test_a_slot_is_one_of_256_and_its_shard_holds_it(id: str) -> None:
    slot = keys.slot(id)
    assert slot in range(keys.SLOTS)
    for shards in (1, 2, 8, 64, 256):
        assert sum(slot in keys.shard_slots(shard, shards) for shard in range(shards)) == 1


def test_slots_are_the_same_on_every_machine() -> None:
    """Files outlive processes: were this to change, the next night would take everybody for a joiner."""
    assert [keys.slot(id) for id in ("S1", "58da8c58da8c58da8c58da8c", "ä#€")] == [82, 139, 251]


def test_ids_spread_over_the_slots() -> None:
    filled = {keys.slot(f"S{n}") for n in range(5_000)}
    assert len(filled) == keys.SLOTS
