"""What this machine's mail service took is a file that only its owner reads, and a line that says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local.aws import Answer
from local.mailbox import SENT_TO, Mailbox
from local.wire import Call


def sent(subject: str, method: str = "POST", path: str = SENT_TO) -> Call:
    simple = {"Subject": {"Data": subject}, "Body": {"Text": {"Data": "Hello,\n"}, "Html": {"Data": "<p>"}}}
    told = {"Destination": {"ToAddresses": ["a@b.example", "c@d.example"]}, "Content": {"Simple": simple}}
    return Call(method, path, {}, {}, json.dumps(told).encode(), "", "ses")


def test_mails_are_files_in_their_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(2):
        box = Mailbox(tmp_path)  # as after a restart
        call = sent(f"Mail {number}")
        assert box.guards(call)
        box.done(call, Answer.of("200 OK", b"{}"))
    first, second = sorted((tmp_path / "mails").iterdir())
    assert first.read_text() == "To: a@b.example, c@d.example\nSubject: Mail 0\n\nHello,\n"
    assert second.read_text().splitlines()[1] == "Subject: Mail 1"
    assert (first.stat().st_mode & 0o777, first.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert f"mail to a@b.example, c@d.example: Mail 1 ({second})" in capsys.readouterr().err


@pytest.mark.parametrize(("method", "path"), [("GET", SENT_TO), ("POST", "/"), ("POST", "/v2/email/identities")])
def test_nothing_else_is_a_mail(tmp_path: Path, method: str, path: str) -> None:
    assert not Mailbox(tmp_path).guards(sent("x", method, path))
