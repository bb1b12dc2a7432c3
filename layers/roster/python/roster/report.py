"""What a run says at its end: counts, warnings with their help, birth dates on file, what there is to choose from.

Reads sums and contexts, never a row.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Container, Iterable, Mapping

from roster import errors
from roster.calendar import Calendar
from roster.model import JSON, NO_TERM, Term, asdict
from roster.tally import Tally

FULL_SHARE = 0.99  # a few birth dates are missing in every school
TORN_HELP = "Nothing was lost, and the next run mends it: start the import again, or wait for tonight's."
UNEXPECTED_HELP = "Nothing was lost: start the import again. If it fails again, write to support@pickatime.com."


def ended(
    status: str,
    tally: Tally,
    reasons: JSON,
    absent: Container[str],
    help: Mapping[str, str],
    requests: int,
    writes: int,
) -> dict[str, JSON]:
    """The report of a run that came to a verdict."""
    return {
        "status": status,
        "counts": tally.counts(),
        "warnings": dict(sorted(tally.warnings.items())),
        "help": {code: help.get(code, UNEXPECTED_HELP) for code in sorted(tally.warnings)},
        "security_values": _security_values(tally, absent, help),
        "reasons": reasons,
        "requests": requests,
        "writes": writes,
    }


def failed(error: Mapping[str, str], place: Mapping[str, JSON], applying: bool) -> dict[str, JSON]:
    """The report of a run that ended in an error, as Step Functions hands it over. Once it was applying, nobody knows
    how many items were written.
    """
    code, message, help = _explain(error)
    if applying:
        message = f"the roster may be partly updated: {message}"
        help = TORN_HELP if _passes(code) else help
    return {
        "status": "failed",
        "error": {"code": code, "message": message, "help": help},
        "counts": Tally().counts(),
        "warnings": place.get("warnings", {}),
        "requests": place.get("requests", 0),
        "writes": None if applying else 0,
    }


def offer(
    counts: Iterable[tuple[str, list[str], int]], schools: Iterable[Mapping[str, JSON]], provided: Calendar
) -> dict[str, JSON]:
    """What there is to choose from at the provider: schools and terms, each with its number of classes."""
    at: Counter[str] = Counter()
    places: Counter[frozenset[str]] = Counter()
    for school, terms, classes in counts:
        at[school] += classes
        places[frozenset(terms)] += classes
    known = {term.id for term in provided.terms}
    unknown = [Term(id, id if id == NO_TERM else "") for id in sorted(frozenset().union(*places) - known)]
    return {
        "schools": [{**school, "classes": at[school["id"]]} for school in schools],
        "terms": [
            {**asdict(term), "classes": _brought(term.id, places, provided)} for term in (*provided.terms, *unknown)
        ],
    }


def _brought(term: str, places: Mapping[frozenset[str], int], provided: Calendar) -> int:
    """How many classes choosing the term would bring."""
    family = provided.family([term])
    return sum(classes for terms, classes in places.items() if not family.isdisjoint(terms))


def _security_values(tally: Tally, absent: Container[str], help: Mapping[str, str]) -> dict[str, JSON]:
    """Whether the provider shows birth dates, of how many students none is stored, and what to click."""
    students = sum(tally.outcomes[f"student.{outcome}"] for outcome in ("created", "updated", "unchanged", "returned"))
    dated = tally.guard["student.dated"]
    state = (
        "refused"
        if "birth_date" in absent
        else "full"
        if dated >= FULL_SHARE * students
        else "partial"
        if dated
        else "empty"
    )
    said = help.get(f"security_values_{state}", "") if state != "full" else ""
    return {"state": state, "students": students, "missing": tally.warnings["student_without_birth_date"], "help": said}


def _explain(error: Mapping[str, str]) -> tuple[str, str, str]:
    """(code, message, help) of an error as Step Functions hands it over: a name, and a cause that may be JSON."""
    code, cause = error.get("Error", "Unknown"), error.get("Cause", "")
    try:
        said = json.loads(cause).get("errorMessage", "")
    except (ValueError, AttributeError):
        said = ""
    message, mark, help = str(said).partition(errors.HELP_MARK)
    known = getattr(errors, code, None)
    default = known.default_help if isinstance(known, type) and issubclass(known, errors.RosterError) else ""
    return code, message if mark else f"the run stopped unexpectedly ({code})", help or default or UNEXPECTED_HELP


def _passes(code: str) -> bool:
    """Whether trying again is all there is to do: of the errors that we raise, some say what else."""
    known = getattr(errors, code, None)
    return not (isinstance(known, type) and issubclass(known, errors.TerminalError))
