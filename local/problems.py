"""A run's list of problems as CSV: whom or what each is about, by id, and what a person can do about it.

Codes, kinds and ids are all that the list holds: no name and no birth date.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import TextIO

from local.account import LocalAccount, Running
from roster.errors import FilesMissing
from roster.ports import RunKey
from roster.report import UNEXPECTED_HELP
from roster.snapshots import S3Slots
from roster.staging import Staging

HEADER = ("code", "kind", "id", "what to do")


class StackSlots(S3Slots):
    """The product's reader of the staging bucket, over a stack's own client."""

    def __init__(self, stack: Running) -> None:
        self._client, self._bucket = stack.client("s3"), stack.outputs["StagingBucket"]
        self._offsets = {}


def write_problems(account: LocalAccount, run: str, to: TextIO) -> None:
    """The list of one run, sorted, so that what has one remedy stands together."""
    staging = Staging(StackSlots(account.stack), RunKey(account.account, account.event, run), account.provider())
    help = {**_provided(staging), **(account.run(run)["report"] or {}).get("help", {})}
    lines = csv.writer(to, lineterminator="\n")
    lines.writerow(HEADER)
    lines.writerows((*found, help.get(found[0], UNEXPECTED_HELP)) for found in sorted(staging.problems()))


def _provided(staging: Staging) -> Mapping[str, str]:
    """The provider's words, for a run that ended without a report of them; unless it failed before it had any."""
    try:
        return staging.help()
    except FilesMissing:
        return {}
