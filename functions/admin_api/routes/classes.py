"""The Class Editor of an event: its classes, hiding them, deleting them, never importing them again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from api import audited, person, route
from pydantic import Field, StringConstraints
from shapes import Asked, Cursor, EventPath, Id, Limit, Page, Told

from roster.audit import event_of
from roster.classes import hide_classes, import_again, list_classes, never_import, remove_classes
from roster.cursor import cursor_after, last_before
from roster.errors import AlreadyRunning, NotSetUp, NotThere, NotUnderstood
from roster.permissions import Action
from roster.ports import ClassMark
from roster.runtime import administration

COMES_BACK = "These classes come back with the next import, tonight's included. To keep them out of sight, hide them."
NEVER_AGAIN = "These classes are not imported again until you allow it."
Several = Annotated[list[Id], Field(min_length=1, max_length=100)]
Few = Annotated[list[Id], Field(min_length=1, max_length=25)]  # each student of theirs is written within one request


class ClassTold(Told):
    """A class. `type`: Class, or Hidden where families do not see it within the event."""

    id: str
    name: str
    school: str
    terms: list[str]
    teachers: list[str]
    students: int
    type: str
    never: bool


class MarkTold(Told):
    """What was decided about a class, which may be gone. `removed`: when it was deleted here (ISO), or blank."""

    id: str
    hidden: bool
    never: bool
    removed: str


class Marks(Told):
    items: list[MarkTold]


class Hiding(Asked):
    ids: Several
    hidden: bool


class Deleting(Asked):
    """`confirm`: the number of classes, typed. `never`: and do not import them again."""

    ids: Few
    confirm: Annotated[str, StringConstraints(max_length=10)]
    never: bool = False


class Allowing(Asked):
    ids: Several


class Done(Told):
    """`message`: what to know about it."""

    ids: list[str]
    message: str = ""


@route(
    "GET", "/api/events/<event>/classes", Action.SEE_CLASSES, tag="classes", answer=Page[ClassTold],
    raises=(NotThere, NotUnderstood),
)  # fmt: skip
def list_event_classes(event: EventPath, cursor: Cursor = "", limit: Limit = 100) -> Page[ClassTold]:
    """Every imported class of the event, hidden ones too: what `show only classes` lists."""
    administration().events.of(person().account, event)
    last = last_before("classes", cursor)
    found, following = list_classes(administration().class_book, person().account, event, last, limit)
    items = [ClassTold.model_validate(row) for row in found]
    return Page(items=items, next=cursor_after("classes", following))


@route("GET", "/api/events/<event>/classes/marks", Action.SEE_CLASSES, tag="classes", answer=Marks, raises=(NotThere,))
def list_class_marks(event: EventPath) -> Marks:
    """What was decided here about classes: hidden, deleted, never to be imported."""
    administration().events.of(person().account, event)
    marks = administration().importer.records.class_marks(person().account, event)
    told = [MarkTold(id=id, hidden=one.hidden, never=one.never, removed=one.removed) for id, one in marks.items()]
    return Marks(items=[one for one in told if one.hidden or one.never or one.removed])


@route(
    "POST", "/api/events/<event>/classes/hide", Action.CHANGE_CLASSES, tag="classes", answer=Done, raises=(NotSetUp,)
)
def hide_event_classes(event: EventPath, body: Hiding) -> Done:
    """Hide classes within the event, or show them again. The nightly sync goes on either way."""
    administration().events.of(person().account, event)
    before = _marked(event, body.ids)
    hide_classes(administration().class_book, person().account, event, body.ids, body.hidden)
    audited(event_of(event), before, _marked(event, body.ids))
    return Done(ids=body.ids)


@route(
    "POST", "/api/events/<event>/classes/delete", Action.CHANGE_CLASSES, tag="classes", answer=Done,
    raises=(NotSetUp, AlreadyRunning, NotUnderstood),
)  # fmt: skip
def delete_event_classes(event: EventPath, body: Deleting) -> Done:
    """Delete classes; the answer says whether they come back."""
    wanted = list(dict.fromkeys(body.ids))
    if body.confirm != str(len(wanted)):
        raise NotUnderstood("confirm: type how many classes are deleted", f"Type {len(wanted)} to delete them.")
    remove = never_import if body.never else remove_classes
    before = _marked(event, wanted)
    remove(administration().class_book, person().account, event, wanted, administration().stamp())
    audited(event_of(event), before, _marked(event, wanted))
    return Done(ids=wanted, message=NEVER_AGAIN if body.never else COMES_BACK)


@route(
    "POST", "/api/events/<event>/classes/allow", Action.CHANGE_CLASSES, tag="classes", answer=Done,
    raises=(NotSetUp, AlreadyRunning),
)  # fmt: skip
def allow_event_classes(event: EventPath, body: Allowing) -> Done:
    """Import classes again that were not to be."""
    before = _marked(event, body.ids)
    import_again(administration().class_book, person().account, event, body.ids)
    audited(event_of(event), before, _marked(event, body.ids))
    return Done(ids=body.ids, message="They come with the next import.")


def _marked(event: str, ids: Sequence[str]) -> dict[str, Any]:
    """What is decided about these classes, by their ids."""
    marks = administration().importer.records.class_marks(person().account, event)
    return {f"class {id}": vars(marks.get(id, ClassMark())) for id in ids}
