"""Tables of mails for people."""

from __future__ import annotations

from typing import Any

from seqctl.cli.session import Session

Document = dict[str, Any]


def show_written(session: Session, mails: list[Document]) -> None:
    """Mails of sequences, one a line."""
    columns = ["id", "sent", "to", "subject", "sequence", "step", "status"]
    rows = [
        [
            mail["id"],
            session.moment(mail["sent_at"]),
            mail["to"],
            mail["subject"],
            mail["sequence"],
            mail["step"],
            mail["status"],
        ]
        for mail in mails
    ]
    session.table(columns, rows, every=True)


def show_received(session: Session, mails: list[Document]) -> None:
    """Mails that came in, and what each was taken for."""
    columns = ["id", "arrived", "from", "subject", "taken for", "contact", "counted", "why"]
    rows = [
        [
            mail["id"],
            session.moment(mail["at"]),
            mail["from"],
            mail["subject"],
            mail["kind"],
            mail["contact"],
            mail["counted"],
            mail["reason"],
        ]
        for mail in mails
    ]
    session.table(columns, rows, every=True)
