"""From the bytes of a mail to what it says, whatever the bytes are."""

from __future__ import annotations

from seqctl.domain.reading.autoreplies import why_automatic
from seqctl.domain.reading.letters import Letter
from seqctl.domain.reading.opt_outs import asks_to_be_left_alone, token_in
from seqctl.domain.reading.own_text import own_text
from seqctl.domain.reading.return_dates import return_date
from seqctl.mail.reading.bounces import failure_of
from seqctl.mail.reading.complaints import complaint_of
from seqctl.mail.reading.header_values import (
    MOST_REFERENCES,
    address_in,
    addresses,
    display_name,
    header_text,
    ids,
    moment,
    one_line,
    seen,
)
from seqctl.mail.reading.html_text import text_of_html
from seqctl.mail.reading.identity import identity_of
from seqctl.mail.reading.meetings import accepts
from seqctl.mail.reading.parts import Mail, Part, first, split_mail, text_of
from seqctl.mail.reading.quoted_mails import read_report

_RECIPIENT_FIELDS = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-delivered-to")


def read_letter(raw: bytes) -> Letter:
    """The facts of a mail, of which `raw` is at least the beginning.

    Never raises, and takes time in proportion to the length: what is broken or missing is empty.
    """
    mail = split_mail(raw)
    report = read_report(mail)
    complaint = complaint_of(mail, report)
    if complaint is not None:
        return _facts(mail, report.ids)._replace(complaint=complaint)
    if failure := failure_of(mail, report):
        return _facts(mail, report.ids)._replace(failure=failure)
    return _with_words(_facts(mail, ()), mail)


def _facts(mail: Mail, quoted: tuple[str, ...]) -> Letter:
    """What the headers say; `quoted` are the ids of the mail that a report quotes."""
    headers = mail.headers
    return Letter(
        sender=address_in(first(headers, "from")) or "",
        sender_name=display_name(first(headers, "from")),
        subject=header_text(headers, "subject"),
        at=moment(first(headers, "date")),
        message_id=next(iter(ids(headers.get("message-id", []))), None),
        references=_references(mail, quoted),
        seqctl_id=one_line(first(headers, "x-seqctl-id"), 200) or None,
        recipients=addresses(headers.get("to", []) + headers.get("cc", [])),
        failure=None,
        automatic=None,
        returns=None,
        complaint=None,
        unsubscribes=False,
        token=None,
        accepts=False,
        text="",
        identity=identity_of(mail),
    )


def _with_words(letter: Letter, mail: Mail) -> Letter:
    """What somebody, or their machine, says in a mail that is no report."""
    subject, text = letter.subject, own_text(seen(_text(mail)))
    accepted = accepts(mail)
    automatic = None if accepted or _is_opt_out_button(mail) else _why_automatic(mail, subject)
    sent_to = tuple(a for name in _RECIPIENT_FIELDS for a in addresses(mail.headers.get(name, [])))
    back = (
        return_date(f"{subject}.\n\n{text}", letter.at.date()) if automatic and letter.at else None
    )
    return letter._replace(
        automatic=automatic,
        returns=back,
        unsubscribes=asks_to_be_left_alone(subject, text),
        token=token_in(subject, sent_to, text),
        accepts=accepted,
        text=text,
    )


def _references(mail: Mail, quoted: tuple[str, ...]) -> tuple[str, ...]:
    """Nearest first, each once."""
    answered = ids(mail.headers.get("in-reply-to", []))
    thread = ids(mail.headers.get("references", []))
    return tuple(dict.fromkeys((*answered, *quoted, *reversed(thread))))[:MOST_REFERENCES]


def _why_automatic(mail: Mail, subject: str) -> str | None:
    if mail.kind == "multipart/report":
        kind = next(
            (leaf.kind for leaf in mail.leaves if leaf.kind.startswith("message/")), "report"
        )
        return "read receipt" if "disposition" in kind else "report of a mail system"
    return why_automatic(mail.headers, subject)


def _is_opt_out_button(mail: Mail) -> bool:
    """Mail programs send the wish of a person who pressed "unsubscribe", and mark it as automatic."""
    return first(mail.headers, "x-apple-unsubscribe").strip().lower() == "true"


def _text(mail: Mail) -> str:
    plain = [
        leaf for leaf in mail.leaves if leaf.kind in ("text/plain", "text") and not _is_file(leaf)
    ]
    for leaf in plain:
        if leaf.body.strip():
            return text_of(leaf)
    html = next((leaf for leaf in mail.leaves if leaf.kind == "text/html"), None)
    return text_of_html(text_of(html)) if html else ""


def _is_file(leaf: Part) -> bool:
    return first(leaf.headers, "content-disposition").strip().lower().startswith("attachment")
