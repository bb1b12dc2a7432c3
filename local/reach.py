"""Whether anybody listens at an address, before a run is started that would patiently wait for somebody to."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

SECONDS = 5.0
PORTS = {"http": 80, "https": 443}


class Unreachable(RuntimeError):
    """Nobody answers there: a wrong host or port, or no way to it."""


def reach(addresses: Mapping[str, str]) -> None:
    """Connect once to each address, and say nothing; `addresses` are by the option that gave them."""
    for option, address in addresses.items():
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        if trouble := _trouble(host, port):
            raise Unreachable(f"cannot reach {host}:{port} ({trouble}); check {option}")


def _trouble(host: str, port: int) -> str:
    try:
        socket.create_connection((host, port), SECONDS).close()
    except TimeoutError:
        return f"no answer within {SECONDS:.0f} seconds"
    except OSError as error:
        return error.strerror or type(error).__name__
    except UnicodeError:
        return "no name that a host could have"
    return ""
