"""The mails that were written (spec, section 12)."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from seqctl.cli.frame import Noun
from seqctl.cli.session import Session

app = Noun("""The mails that were written, in your enrollments and in the sequences that you see.

Example:
    seqctl mail list ada@example.com
    seqctl mail show 17
""")


@app.command("list")
def list_mails(
    session: Session,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="SEQUENCE CONTACT", help="About what.")
    ] = None,
    status: Annotated[
        str | None, typer.Option("--status", metavar="STATUS", help="Only these: sent, unknown, …")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=0, help="The latest N mails.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All mails, not only 50.")] = False,
) -> None:
    """The latest 50 mails, newest last.

    Example:
        seqctl mail list founders-intro
        seqctl mail list ada@example.com --status sent
    """
    from seqctl.cli.latest import latest, subject_of
    from seqctl.service.views import message_documents, subject_ids

    user = session.user
    sequence_id, contact_id = subject_ids(session.store, user, *subject_of(words))

    def fetch(number: int | None) -> list[dict[str, Any]]:
        return message_documents(
            session.store,
            user,
            sequence_id=sequence_id,
            contact_id=contact_id,
            status=status,
            limit=number,
        )

    mails = latest(session, limit, every, fetch)
    session.emit({"messages": mails})
    if not mails:
        session.say("No mails.")
        return
    session.table(
        ["id", "sent", "to", "subject", "sequence", "step", "status"],
        [
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
        ],
        every=True,
    )


@app.command("show")
def show_mail(
    session: Session,
    number: Annotated[str, typer.Argument(metavar="ID", help="The mail's number.")],
) -> None:
    """One mail, as it was written.

    Example:
        seqctl mail show 17
    """
    from seqctl.service.views import full_message_document

    mail = full_message_document(session.store, session.user, number)
    session.emit(mail)
    session.say(f"from:     {mail['from']}")
    session.say(f"to:       {mail['to']}")
    session.say(f"subject:  {mail['subject']}", "bold")
    when = f" {session.moment(mail['sent_at'])}" if mail["sent_at"] else ""
    session.say(f"status:   {mail['status']}{when}")
    session.say(f"step:     {mail['step']} of {mail['sequence']}, enrollment {mail['enrollment']}")
    session.say(f"id:       {mail['message_id']}")
    session.say(f"\n{mail['body'].rstrip()}")
