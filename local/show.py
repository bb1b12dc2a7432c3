"""What a person at a terminal sees: a progress bar, a report in sentences, a table of contacts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from roster.model import COUNTED, OUTCOMES
from roster.tables import ContactItem

REJECTED = "CredentialRejected"
STATUS = {
    "applied": "The roster was imported.",
    "preview": "This was a test import: nothing was changed.",
    "held": "The run is held: nothing was changed, because a person should look first.",
    "failed": "The run failed.",  # whether anything was changed, the error says
    "cancelled": "The run was cancelled.",
    "stopped": "The run was stopped: nothing was changed.",
}
HELD_HELP = (
    "Was it not meant? Then mend it at the provider, or choose other schools and terms, and import again.",
    "Is it another district or school than before? Give it an account of its own (--account and a number) or another "
    "data folder (--data; make run DATA=folder): an account imports from one.",
    "Is it right? Only an administrator's yes lets it pass: the mail about it has the link, and `make run` serves it. "
    "Where there is no administrator to mail to, python -m local administrator makes one.",
)
FIRST_TRY = "Is this the first try? Then compare what was given as credential with what the provider shows."


@contextmanager
def progress_bar() -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """A function that shows one progress record of the run; silent where standard error is no terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(),
        TextColumn("{task.fields[done]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("starting", total=None, done="")

        def show(progress: Mapping[str, Any]) -> None:
            stage, total = progress["stage"], progress.get("of")
            done = progress["rows"] if stage == "pull" else progress["page"]
            said = f"{done:,} of {total:,}" if total else f"{done:,} rows"
            bar.update(
                task, description=f"{stage} {progress.get('resource', '')}", completed=done, total=total, done=said
            )

        yield show


def report_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """The report as a person reads it."""
    yield STATUS.get(report["status"], report["status"])
    if report["status"] == "stopped":
        return
    error = report.get("error")
    if error:
        yield f"  {error['message']}"
        yield f"  {error['help']}"
        yield from [f"  {FIRST_TRY}"] * (error["code"] == REJECTED)
        yield f"  Its number is {report['run']}."
        return
    yield from (f"  {reason}" for reason in report["reasons"])
    yield from (f"  {line}" for line in HELD_HELP if report["status"] == "held")
    yield f"  {'':<14}" + "".join(f"{outcome:>11}" for outcome in OUTCOMES)
    for kind in COUNTED:
        yield f"  {kind:<14}" + "".join(f"{report['counts'][kind][outcome]:>11,}" for outcome in OUTCOMES)
    yield f"  {report['requests']:,} requests to the provider, {report['writes']:,} items written"
    values = report["security_values"]
    if values["missing"] or values["state"] == "refused":
        said = f"{values['missing']:,} of {values['students']:,} students have no security value"
        yield f"  {said} (birth dates: {values['state']}). {values['help']}".rstrip()
    for code, times in report["warnings"].items():
        yield f"  {code} ({times:,}): {report['help'][code]}"


def connection_lines(told: Mapping[str, Any]) -> Iterator[str]:
    """What the provider gives, resource by resource, and what to click where it does not."""
    yield "Connected." if told["connected"] else "Not connected: nothing was saved as active."
    yield from [f"  {FIRST_TRY}"] * any(check["code"] == REJECTED for check in told["checks"])
    for check in told["checks"]:
        said = "refused" if check["code"] else "ok"
        yield f"  {check['resource']:<24}{said if check['ok'] else check['message']}"
        if check["help"]:
            yield f"    {check['help']}"
    yield f"  birth dates: {told['security_values']}; schools: {', '.join(told['schools']) or 'none named'}"
    # where nothing at all was seen, birth dates are not what to mend first
    if told["security_values_help"] and any(check["ok"] for check in told["checks"]):
        yield f"    {told['security_values_help']}"


def offer_lines(offer: Mapping[str, Any]) -> Iterator[str]:
    """Schools and terms with their ids, to choose from."""
    yield "  Schools (--schools) and terms (--terms) to choose from:"
    for school in offer["schools"]:
        yield f"    school {school['id']:<26} {school['classes']:>5} classes  {school['name']}"
    for term in offer["terms"]:
        dates = f"{term['start']} to {term['end']}" if term["start"] or term["end"] else "no dates"
        yield f"    term   {term['id']:<26} {term['classes']:>5} classes  {term['name']}  ({dates})"


def contacts_table(contacts: Iterable[ContactItem], kind: str | None, limit: int) -> Iterator[str]:
    """Contacts, one a line. A birth date shows as on file or blank, never as itself."""
    yield f"{'kind':<9}{'provider id':<28}{'name':<28}{'e-mail':<34}{'security value':<16}related"
    found = (c for c in contacts if kind in (None, c.kind))
    for contact in islice(found, limit):
        name = " ".join(part for part in (contact.first, contact.last) if part)
        value = ("on file" if contact.security_value else "blank") if contact.kind == "student" else ""
        state = f"  (inactive since {contact.inactive_since})" if contact.inactive_since else ""
        related = len(contact.related or ())
        email = _cut(contact.email or "", 33)
        yield f"{contact.kind:<9}{contact.id:<28}{_cut(name, 27):<28}{email:<34}{value:<16}{related}{state}"
    more = sum(1 for _ in found)
    if more:
        yield f"and {more:,} more: --limit {limit + more}"


def _cut(said: str, width: int) -> str:
    """What is longer ends in … so that nobody takes it for the whole."""
    return said if len(said) <= width else said[: width - 1] + "…"
