"""Copies of captured mail in a Maildir."""

from __future__ import annotations

import mailbox
from pathlib import Path

from seqctl.mail.sending.maildir import MaildirCopies

CONTENT = b"Subject: Hello\r\n\r\n.\r\nFrom me\r\n"


def test_a_copy_has_line_ends_of_this_system(tmp_path: Path) -> None:
    MaildirCopies().write(str(tmp_path / "mails"), "17.M1.seqctl", CONTENT)
    (path,) = (tmp_path / "mails" / "new").iterdir()
    assert path.read_bytes() == b"Subject: Hello\n\n.\nFrom me\n"


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    copies = MaildirCopies()
    copies.write(str(tmp_path), "17.M1.seqctl", CONTENT)
    (path,) = (tmp_path / "new").iterdir()
    path.rename(tmp_path / "cur" / f"{path.name}:2,S")
    copies.write(str(tmp_path), "17.M1.seqctl", CONTENT)
    assert len(mailbox.Maildir(tmp_path, create=False)) == 1
