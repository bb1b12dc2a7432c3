"""Where a redirect URL that was typed at a provider differs from ours: providers compare them byte by byte, unseen."""

from __future__ import annotations

from collections.abc import Sequence


def compared(ours: Sequence[str], registered: str) -> tuple[str, str]:
    """(the address of ours that comes closest, what is wrong): blank where they are the same."""
    expected = max(ours, key=lambda one: (one == registered, _same(one, registered)))
    if expected == registered:
        return expected, ""
    at = _same(expected, registered)
    theirs, due = registered[at : at + 1], expected[at : at + 1]
    shown = f"{registered[:at]}⟦{theirs}⟧{registered[at + 1 :]}"
    if not theirs:
        return expected, f"{shown}: it ends too early, “{expected[at:]}” is missing."
    if not due:
        return expected, f"{shown}: it goes on too long, “{registered[at:]}” is too much."
    return expected, f"{shown}: character {at + 1} is “{theirs}” and has to be “{due}”."


def _same(one: str, other: str) -> int:
    """How many characters of their beginnings are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (its, others) in pairs if its != others), min(len(one), len(other)))
