"""The words of the mails that tell a school how a run ended: what happened, in numbers, and what to click.

Never a child's name and never a birth date: sums, the guard's sentences, and the help that every error has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from roster.letters import QUESTIONS, Letter, letter, one_line
from roster.model import COUNTED, JSON
from roster.notices import NIGHT, Failing
from roster.ports import Run

GOOD_FOR_DAYS = 7
TOLD = {"created": "new", "returned": "back again", "updated": "changed", "departed": "gone"}
MODES = {"import": "import", "clear": "deletion of contacts", "undo": "undo", "delete": "deletion"}


@dataclass(frozen=True)
class About:
    """Which school and event a mail is about; `importer`: the web page to look at."""

    school: str
    event: str
    zone: str
    importer: str

    @property
    def where(self) -> str:
        return f"“{one_line(self.event) or 'your event'}” at {one_line(self.school) or 'your school'}"

    def day(self, stamp: str) -> str:
        """The date on the school's clocks, as in 12 October."""
        then = datetime.fromisoformat(stamp).astimezone(ZoneInfo(self.zone))
        return f"{then.day} {then:%B}"


def held(about: About, run: Run, approve: str, discard: str) -> Letter:
    """With the guard's sentences, and a yes and a no."""
    what = _what(run)
    return letter(
        f"pickAtime: {_small(what)} waits for your decision",
        [
            "Hello,",
            f"{what} for {about.where} was stopped before it changed anything, because it looks unusual:",
            *(f"- {one_line(sentence)}" for sentence in run.report["reasons"]),
            "If this is right, approve it here:",
            approve,
            "If it is not meant so, discard it, and put it right in your school's own system:",
            discard,
            f"Both links ask you to sign in as an Administrator of this account. They are good for {GOOD_FOR_DAYS} "
            "days, for one decision, and until another import is started.",
            QUESTIONS,
        ],
        approve,
        discard,
    )


def failed(about: About, run: Run, failing: Failing) -> Letter:
    """What happened, and what to click. `failing`: since when, where it is not the first time."""
    what, error = _what(run), run.report["error"]
    subject = f"still failing since {about.day(failing.since)}" if failing.mailed else f"{_small(what)} failed"
    lasts = f", and imports have failed so since {about.day(failing.since)}" if failing.mailed else ""
    again = ["You will hear of this again in a week if it stays."] if run.mode == "import" else []
    return letter(
        f"pickAtime: {subject}",
        [
            "Hello,",
            f"{what} for {about.where} failed{lasts}: {error['message']}.",
            f"What to do: {error['help']}",
            *again,
            "The Importer shows the run and its details:",
            about.importer,
            QUESTIONS,
        ],
        about.importer,
    )


def night(about: About, run: Run, failing: Failing, new: Sequence[str]) -> Letter:
    """A morning note: the sync works again, or has something new to say."""
    again = [f"It works again: it had failed since {about.day(failing.since)}."] if failing.cause else []
    return letter(
        f"pickAtime: last night's sync {'works again' if again else 'has something new to look at'}",
        [
            "Hello,",
            f"{_what(run)} for {about.where} is done. {_numbers(run.report['counts'])}",
            *again,
            *(["New since the night before:"] if new else []),
            *(_warning(run.report, code) for code in new),
            "The Importer shows the run, and each row that is concerned:",
            about.importer,
            QUESTIONS,
        ],
        about.importer,
    )


def _what(run: Run) -> str:
    return "Last night's sync" if run.by == NIGHT else f"The {MODES.get(run.mode, run.mode)}"


def _small(what: str) -> str:
    return what[0].lower() + what[1:]


def _warning(report: Mapping[str, JSON], code: str) -> str:
    times = report["warnings"][code]
    return f"- {f'{times:,} times' if times > 1 else 'Once'}: {report['help'].get(code, code)}"


def _numbers(counts: Mapping[str, Mapping[str, int]]) -> str:
    """As in `Students: 3 new, 2 gone. Classes: 1 changed.`"""
    sentences = []
    for kind in COUNTED:
        parts = [f"{counts[kind][outcome]:,} {word}" for outcome, word in TOLD.items() if counts[kind].get(outcome)]
        if parts:
            sentences.append(f"{'Classes' if kind == 'class' else f'{kind.capitalize()}s'}: {', '.join(parts)}.")
    return " ".join(sentences) or "Nothing changed."
