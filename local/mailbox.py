"""The mails that this machine's own mail service took: nobody is sent one, so each is a file of the data folder.

Standard error says whose it is and where it lies, for whoever watches `make run`.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from pathlib import Path

from local.aws import Answer
from local.wire import Call

FOLDER = "mails"
SENT_TO = "/v2/email/outbound-emails"


class Mailbox:
    """A hook of the gate. Links in mails sign people in: the files are for nobody else on this machine to read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._numbers = itertools.count(len(list(self._folder.iterdir())) + 1)

    def guards(self, call: Call) -> bool:
        return (call.method, call.path) == ("POST", SENT_TO)

    def done(self, call: Call, answer: Answer) -> None:
        told = json.loads(call.body)
        to = ", ".join(told["Destination"]["ToAddresses"])
        content = told["Content"]["Simple"]
        subject = content["Subject"]["Data"]
        path = self._folder / f"{next(self._numbers):04d}.txt"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            file.write(f"To: {to}\nSubject: {subject}\n\n{content['Body']['Text']['Data']}")
        print(f"mail to {to}: {subject} ({path})", file=sys.stderr, flush=True)
