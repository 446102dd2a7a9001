"""The mails that were written, and those that came in (rules, "What a user sees")."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from seqctl.cli.asking import Yes, ask_about_many
from seqctl.cli.frame import Noun
from seqctl.cli.session import Session
from seqctl.cli.words import NOBODY
from seqctl.domain.errors import NotFound, WrongUsage
from seqctl.domain.model import MailStatus
from seqctl.domain.reading.letters import Kind
from seqctl.domain.texts.sentences import said

Document = dict[str, Any]

app = Noun("""The mails that were written in the sequences that you see, and those that came in.

Example:
    seqctl mail list ada@example.com
    seqctl mail list --received
    seqctl mail resolve 17 --sent
""")

Id = Annotated[str, typer.Argument(metavar="ID", help="The mail's number.")]


@app.command("list")
def list_mails(
    session: Session,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="SEQUENCE CONTACT", help="About what.")
    ] = None,
    status: Annotated[
        MailStatus | None, typer.Option("--status", metavar="STATUS", help="Only these: unknown, …")
    ] = None,
    received: Annotated[
        bool, typer.Option("--received", help="Those that came into your inboxes instead.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=0, help="The latest N mails.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All mails, not only 50.")] = False,
) -> None:
    """The latest 50 mails, newest last.

    A mail is queued, claimed, sending, sent, failed, unknown (perhaps sent: see `mail resolve`) or
    cancelled. With --received: what each mail that came in was taken for, and whether it counted.

    Example:
        seqctl mail list founders-intro
        seqctl mail list --status unknown
        seqctl mail list --received ada@example.com
    """
    from seqctl.cli.latest import latest, subject_of
    from seqctl.cli.mail_tables import show_received, show_written
    from seqctl.service.views import message_documents, received_documents, subject_ids

    user, (sequence, contact, nobody) = session.user, subject_of(words)
    if received and (sequence is not None or status is not None):
        raise WrongUsage(
            "Mails that came in are listed by contact only.",
            "seqctl mail list --received ada@example.com",
        )
    sequence_id, contact_id = subject_ids(session.store, user, sequence, contact)

    def fetch(number: int | None) -> list[Document]:
        if nobody:
            return []
        if received:
            return received_documents(session.store, user, contact_id=contact_id, limit=number)
        return message_documents(
            session.store,
            user,
            sequence_id=sequence_id,
            contact_id=contact_id,
            status=status and status.value,
            limit=number,
        )

    mails = latest(session, limit, every, fetch)
    session.emit({"received" if received else "messages": mails})
    if not mails:
        session.say(NOBODY if nobody else "No mails.")
    elif received:
        show_received(session, mails)
    else:
        show_written(session, mails)


@app.command("show")
def show_mail(
    session: Session,
    number: Id,
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
    if mail["words"]:
        session.say(f"server:   {mail['words']}")
    session.say(f"step:     {mail['step']} of {mail['sequence']}, enrollment {mail['enrollment']}")
    session.say(f"id:       {mail['message_id']}")
    session.say(f"\n{mail['body'].rstrip()}")


@app.command("resolve")
def resolve_mail(
    session: Session,
    number: Id,
    sent: Annotated[bool, typer.Option("--sent", help="It went out: go on.")] = False,
    resend: Annotated[bool, typer.Option("--resend", help="It did not: send it again.")] = False,
) -> None:
    """Say what became of a mail that may or may not have gone out.

    Look into the mailbox's Sent folder, or ask the recipient, then decide: nothing but you ever sends
    such a mail again.

    Example:
        seqctl mail list --status unknown
        seqctl mail resolve 17 --sent
    """
    from seqctl.service.reading.resolving import resolve
    from seqctl.service.views import full_message_document

    if sent == resend:
        raise WrongUsage(
            "Say what became of it: it went out, or it is to be sent again.",
            f"seqctl mail resolve {number} --sent, or --resend",
        )
    user = session.user
    mail = full_message_document(session.store, user, number)
    resolve(session.store, user, session.now, mail["id"], sent=sent)
    mail = full_message_document(session.store, user, number)
    session.emit(mail)
    if sent:
        session.say(f"Mail {mail['id']} to {mail['to']} counts as sent.")
    elif mail["status"] == "cancelled":
        session.say(f"Mail {mail['id']} to {mail['to']} did not go out, and never will:")
        session.say("  its enrollment has ended.")
    else:
        session.say(f"Mail {mail['id']} to {mail['to']} goes out again with the next tick.")


@app.command("reclassify")
def reclassify_mail(
    session: Session,
    number: Id,
    kind: Annotated[Kind, typer.Option("--as", metavar="KIND", help="What it really is.")],
    yes: Yes = False,
) -> None:
    """Mend what a mail that came in was taken for.

    What it changed is undone (an enrollment that it ended goes on with what was left of its delay), and
    what the right kind asks for is done. The kinds: reply, auto-reply, bounce-hard, bounce-soft,
    complaint, unsubscribe, meeting, other. Who acts is said before the command here: seqctl --as ann
    mail reclassify.

    Example:
        seqctl mail list --received
        seqctl mail reclassify 31 --as auto-reply
    """
    from seqctl.service.reading.reclassifying import Reclassified, goes_on, reclassify
    from seqctl.service.views import received_document, row_number

    user, row = session.user, row_number(number)
    if row is None:
        raise NotFound(
            f"'{number}' is no mail's number.", "seqctl mail list --received", code="NO_MAIL"
        )
    store = session.store

    def act() -> Reclassified:
        return reclassify(store, user, session.now, row, kind)

    ask_about_many(session, f"Take mail {row} for {kind.value}", act, yes=yes)
    (after, effects, revived), now = act(), session.now
    (view,) = store.received.view(user_id=user.id, id=after.id)
    document = received_document(view)
    session.emit(document)
    effects += [goes_on(store, now, each) for each in revived]
    changes = ":" if effects else "; nothing else changes."
    session.say(f"Mail {after.id} of {after.sender} is taken for {kind.value}{changes}")
    for effect in effects:
        session.say(said("  {effect}", effect=effect))
