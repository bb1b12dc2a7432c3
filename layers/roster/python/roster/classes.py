"""What people do with an event's classes: delete them until the next import, hide them, never have them again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from roster.ports import ClassBook, ClassRow

PAGE = 100


def remove_classes(book: ClassBook, account: str, event: str, ids: Iterable[str], now: str) -> None:
    """Gone now, back with the next import. Done twice, or by two people, it is done once.

    Marked first: a run that comes in between writes nothing that nobody knows of. And marked again, a moment later: a
    run that read the first mark takes only that one off, and may have written the class before it went.
    """
    wanted = sorted(set(ids))
    book.open(account, event)
    for id in wanted:
        book.mark(account, event, id, removed=now)
    book.remove(account, event, wanted)
    again = (datetime.fromisoformat(now) + timedelta(microseconds=1)).isoformat()
    for id in wanted:
        book.mark(account, event, id, removed=again)


def hide_classes(book: ClassBook, account: str, event: str, ids: Iterable[str], hidden: bool = True) -> None:
    """Not shown within the event, and kept in step all the same."""
    for id in sorted(set(ids)):
        book.mark(account, event, id, hidden=hidden)


def never_import(book: ClassBook, account: str, event: str, ids: Iterable[str], now: str) -> None:
    """Gone now, and not taken by any later import."""
    wanted = sorted(set(ids))
    book.open(account, event)
    for id in wanted:
        book.mark(account, event, id, never=True)
    remove_classes(book, account, event, wanted, now)


def import_again(book: ClassBook, account: str, event: str, ids: Iterable[str]) -> None:
    """The next import takes them as any other class."""
    book.open(account, event)
    for id in sorted(set(ids)):
        book.mark(account, event, id, never=False)


def list_classes(
    book: ClassBook, account: str, event: str, cursor: str = "", size: int = PAGE
) -> tuple[Sequence[ClassRow], str]:
    """Every class of the event, hidden ones too, some at a time; with the cursor of the next, blank at the end."""
    return book.page(account, event, cursor, size)
