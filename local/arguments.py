"""What a word on the command line must be, here and in the sandboxes; what is wrong with one is said in one line."""

from __future__ import annotations

import os
import re
import socket
from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

FROM_ENVIRONMENT = "a credential may be given as env:NAME, to keep it out of the shell's history"


def address(given: str) -> str:
    """An address that can be asked: without http:// or https://, a host and its port look like something else."""
    try:
        parts = urlsplit(given)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise ArgumentTypeError(f"{given!r}: an address begins with http:// or https://, and names a host")
    return given


def credential(given: str) -> str:
    """The credential itself, or that of an environment variable."""
    if not given.startswith("env:"):
        return _not_empty(given, "it is empty")
    name = given.removeprefix("env:")
    if not name:
        raise ArgumentTypeError("env: needs the name of an environment variable, as in env:NAME")
    if (value := os.environ.get(name)) is None:
        raise ArgumentTypeError(f"there is no environment variable {name}")
    return _not_empty(value, f"the environment variable {name} is empty")


def _not_empty(value: str, complaint: str) -> str:
    if not value.strip():
        raise ArgumentTypeError(complaint)
    return value


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """A whole number within bounds."""
    bounds = f"{least:,} or more" if most is None else f"from {least:,} to {most:,}"

    def read(given: str) -> int:
        try:
            number = int(given)
        except ValueError:
            number = least - 1
        if number < least or (most is not None and number > most):
            raise ArgumentTypeError(f"{given!r}: give a whole number, {bounds}")
        return number

    return read


def port(given: str) -> int:
    """A port that is free now, or 0 for any: whoever waits for a server should not read a stack of calls instead."""
    number = whole(0, 65_535)(given)
    try:
        socket.create_server(("127.0.0.1", number)).close()
    except OSError as error:
        raise ArgumentTypeError(f"port {number} cannot be had: {os.strerror(error.errno or 0)}") from None
    return number


def account(given: str) -> str:
    if not re.fullmatch(r"[0-9]{1,20}", given):
        raise ArgumentTypeError(f"{given!r}: an account number has digits only")
    return given


def event(given: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", given):
        raise ArgumentTypeError(f"{given!r}: an event is one word of letters, digits, - and _")
    return given


def ids(given: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in given.split(",") if part.strip())
    if not found:
        raise ArgumentTypeError("give at least one id, separated by commas")
    return found


def folder(given: str) -> Path:
    """A folder, or a place for one."""
    path = Path(given)
    there = next(one for one in (path, *path.absolute().parents) if one.exists())
    if not there.is_dir():
        raise ArgumentTypeError(f"{there} is no folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ArgumentTypeError(f"{there} cannot be written to")
    return path
