"""Puts repairs into a library's modules, and takes them out again when the stack stops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_undo: list[Callable[[], None]] = []


def replace(owner: Any, name: str, value: Any) -> Any:
    """Puts `value` in the place of an attribute that must exist there, and returns what it was."""
    original = owner.__dict__[name]
    _undo.append(lambda: setattr(owner, name, original))
    setattr(owner, name, value)
    return original


def on_undo(action: Callable[[], None]) -> None:
    _undo.append(action)


def undo() -> None:
    while _undo:
        _undo.pop()()
