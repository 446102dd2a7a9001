"""Copies of captured mail in a Maildir."""

from __future__ import annotations

import mailbox
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser
from pathlib import Path

from seqctl.domain.message_ids import message_id
from seqctl.mail.maildir import MaildirCopies
from seqctl.ports.outbox import Copy


def copy_in(folder: Path) -> Copy:
    return Copy(
        id=2,
        sender_name="Åsa Berg",
        sender="asa@bücher.test",
        recipient="eve@x.test",
        subject="Re: Frågan",
        body="Hej,\n\nhar du sett frågan?\n.\nFrom mig\n",
        answers=1,
        at=datetime(2026, 3, 2, 8, 0, tzinfo=UTC),
        folder=str(folder / "mails"),
        secret="of this test",
    )


def test_a_copy_is_the_mail_with_line_ends_of_this_system(tmp_path: Path) -> None:
    copy = copy_in(tmp_path)
    MaildirCopies().write(copy)
    (path,) = (tmp_path / "mails" / "new").iterdir()
    assert b"\r" not in path.read_bytes()
    message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    assert message["From"] == "Åsa Berg <asa@xn--bcher-kva.test>"
    assert message["Subject"] == copy.subject
    assert message["In-Reply-To"] == message_id(1, copy.secret, copy.sender)
    assert message["References"] == message["In-Reply-To"]
    assert message["Message-ID"] == message_id(2, copy.secret, copy.sender)
    assert message["X-Seqctl-Id"] == "2"
    assert message.get_content() == copy.body


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    copies = MaildirCopies()
    copies.write(copy_in(tmp_path))
    (path,) = (tmp_path / "mails" / "new").iterdir()
    path.rename(tmp_path / "mails" / "cur" / f"{path.name}:2,S")
    copies.write(copy_in(tmp_path))
    assert len(mailbox.Maildir(tmp_path / "mails", create=False)) == 1
