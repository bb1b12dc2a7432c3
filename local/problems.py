"""A run's list of problems as CSV: whom or what each is about, by id, and what a person can do about it.

Codes, kinds and ids are all that the list holds: no name and no birth date.
"""

from __future__ import annotations

import csv
from typing import TextIO

from local.account import LocalAccount, Running
from roster.ports import RunKey
from roster.snapshots import S3Slots
from roster.tabular import PROBLEMS, problems


class StackSlots(S3Slots):
    """The product's reader of the staging bucket, over a stack's own client."""

    def __init__(self, stack: Running) -> None:
        self._client, self._bucket = stack.client("s3"), stack.outputs["StagingBucket"]
        self._offsets = {}


def write_problems(account: LocalAccount, run: str, to: TextIO) -> None:
    """The list of one run."""
    key = RunKey(account.account, account.event, run)
    lines = csv.writer(to, lineterminator="\n")
    lines.writerow(PROBLEMS)
    lines.writerows(problems(StackSlots(account.stack), key, account.run(run)["report"] or {}))
