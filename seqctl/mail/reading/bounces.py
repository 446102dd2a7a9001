"""Whether a mail says that another one could not be delivered, to whom, and whether for good."""

from __future__ import annotations

import re
from collections.abc import Iterable

from seqctl.domain.reading.autoreplies import is_answer
from seqctl.domain.reading.bounce_texts import (
    Sentence,
    explains,
    failed_in,
    in_few_words,
    is_mail_system,
    is_permanent,
    may_have_failed,
    says_it_failed,
    status_in,
)
from seqctl.domain.reading.letters import Failure
from seqctl.mail.reading.delivery_reports import Reported, reported
from seqctl.mail.reading.header_values import address_in, addresses, header_text
from seqctl.mail.reading.known_bounces import known_recipients
from seqctl.mail.reading.parts import Mail, first, parameter
from seqctl.mail.reading.quoted_mails import Report, reported_recipient

_NOTIFIED = re.compile(r'\\?"notificationType\\?"\s*:\s*\\?"Bounce')
_NOTIFIED_FOR_GOOD = re.compile(r'\\?"bounceType\\?"\s*:\s*\\?"Permanent')
_NOTIFIED_RECIPIENT = re.compile(
    r'\\?"bouncedRecipients\\?"\s*:\s*\[[^\]]{0,2000}?\\?"emailAddress\\?"\s*:\s*\\?"([^"\\]{1,320})'
)
_NOTIFIED_WORDS = re.compile(r'\\?"diagnosticCode\\?"\s*:\s*\\?"([^"\\]{1,500})')

_LIST_SERVER = re.compile(
    r"[^@]*(?:-admin|-owner|-request|-bounces|listserv|majordomo|listmaster|mailman|ezmlm|sympa)@",
    re.I,
)
_LIST_REFUSES = re.compile(
    r"not (?:a )?(?:member|subscri\w+)|not (?:allowed|permitted|authori[sz]ed) to (?:post|send)"
    r"|members[- ]only|non-member",
    re.I,
)


def failure_of(mail: Mail, report: Report) -> Failure | None:
    """The failure that a mail reports, None if it reports none; hard before soft.

    First come the fields of RFC 3464, then the servers' own formats by their texts.
    """
    if _NOTIFIED.search(report.text):
        return _notified(report.text)
    if not _reports(mail, report):
        return _refused_by_list(mail, report)
    fields = reported(f"{report.text}\n\n{report.below}")
    failed = [one for one in fields if one.failed]
    if fields and not failed:
        return None  # a report of success
    if not fields and not _from_daemon(mail) and not _says_so(mail, report):
        return None
    return _by_fields(failed, mail, report) or _by_text(mail, report, failed)


def _reports(mail: Mail, report: Report) -> bool:
    """Whether a mail may be a report: by who sent it, or by what it has."""
    if _from_daemon(mail) or _from_postmaster(mail):
        return True
    if is_answer(header_text(mail.headers, "subject")):
        return False
    return _has_report_part(mail) or _has_no_path(mail) or _returns_our_mail(mail, report)


def _says_so(mail: Mail, report: Report) -> bool:
    """Whether subject or text tell of a failure.

    Of what no server's own address sent the text alone is not enough: "I can't be reached until
    Monday" comes with an empty Return-Path, too.
    """
    subject, text = header_text(mail.headers, "subject"), report.text[:8000]
    if says_it_failed(subject) and not is_answer(subject):
        return True
    if _from_postmaster(mail):
        return says_it_failed(text) or bool(report.ids and is_permanent("", "", text))
    return says_it_failed(text) and _returns_our_mail(mail, report)


def _from_daemon(mail: Mail) -> bool:
    """Whether only a mail system sends such a mail."""
    sender, path = first(mail.headers, "from"), first(mail.headers, "return-path")
    return (
        any(_is_daemon(value) for value in (sender, path))
        or "x-failed-recipients" in mail.headers
        or _is_report(mail)
    )


def _is_daemon(value: str) -> bool:
    address = address_in(value) or ""
    if re.search(r"mailer-daemon", value, re.I):
        return True
    return is_mail_system(address) and not address.startswith("post")


def _from_postmaster(mail: Mail) -> bool:
    """Whether the sender is a server's own address, or none at all; some postmasters are people."""
    address = address_in(first(mail.headers, "from"))
    return address is None or is_mail_system(address)


def _has_no_path(mail: Mail) -> bool:
    return "return-path" in mail.headers and first(mail.headers, "return-path") in ("", "<>")


def _returns_our_mail(mail: Mail, report: Report) -> bool:
    """Whether a mail quotes, headers and all, one that was written by the one whom it tells."""
    told = addresses(mail.headers.get("to", []))
    return bool(report.ids) and not set(told).isdisjoint(report.written_by)


def _is_report(mail: Mail) -> bool:
    kind = parameter(mail.headers, "content-type", "report-type").lower()
    return mail.kind == "multipart/report" and kind in ("delivery-status", "")


def _has_report_part(mail: Mail) -> bool:
    return any(leaf.kind.endswith("delivery-status") for leaf in mail.leaves)


def _by_fields(failed: list[Reported], mail: Mail, report: Report) -> Failure | None:
    named = [one for one in failed if one.recipient]
    if not named:
        return None
    one = next((one for one in named if one.hard), named[0])
    words = one.words or _said_of(one.recipient or "", mail, report)
    hard = is_permanent(one.action, one.status, words)
    return Failure(one.recipient, hard, in_few_words(one.status, words))


def _said_of(address: str, mail: Mail, report: Report) -> str:
    """What the text for people says of an address, where the fields say too little."""
    found = failed_in(report.text, (), ())
    return next((one.words for one in found if one.address == address), "")


def _by_text(mail: Mail, report: Report, failed: list[Reported]) -> Failure:
    action, status = (failed[0].action, failed[0].status) if failed else _action(mail, report)
    found = list(_named(mail, report))
    if len(found) == 1 and not explains(found[0].words):
        found = [found[0]._replace(words=report.text[:2000])]  # some give the reason first
    decided = [(one, is_permanent(action, status, one.words)) for one in found]
    one, hard = next((pair for pair in decided if pair[1]), decided[0])
    return Failure(one.address or None, hard, in_few_words(status, one.words))


def _action(mail: Mail, report: Report) -> tuple[str, str]:
    """Action and status of a report without fields: by whether it warns, or says "permanent"."""
    said = f"{header_text(mail.headers, 'subject')}\n{report.text[:4000]}"
    if _WARNS.search(said):
        return "delayed", ""
    return "failed", "5.0.0" if _FOR_GOOD.search(said) else ""


_WARNS = re.compile(
    r"warning (?:message )?only|do not need to resend|not yet been delivered|has been delayed"
    r"|delivery attempts will continue"
    r"|will be retried|still being retried|\(delay(?:ed)?\)|delayed \d+ hours|delivery delayed"
    r"|warning: message",
    re.I,
)
_FOR_GOOD = re.compile(r"permanent|unrecoverable|fatal|giving up|given up", re.I)


def _named(mail: Mail, report: Report) -> Iterable[Sentence]:
    """The failed addresses that a report names, at least one, '' if it names none."""
    own = {*addresses(mail.headers.get("to", [])), *report.written_by}
    if sender := address_in(first(mail.headers, "from")):
        own.add(sender)
    found = failed_in(report.text, own, report.written_to)
    if listed := addresses(mail.headers.get("x-failed-recipients", [])):
        return [Sentence(address, _about(address, found, report)) for address in listed]
    sure = [
        one
        for one in found
        if one.address in report.written_to or may_have_failed(one.address, own, ())
    ]
    if sure:
        return sure
    known = [a for a in known_recipients(mail.raw) if may_have_failed(a, own, report.written_to)]
    if known:
        return [Sentence(address, report.text[:2000]) for address in known]
    return [Sentence(reported_recipient(report) or "", report.text[:2000])]


def _about(address: str, found: list[Sentence], report: Report) -> str:
    return next((one.words for one in found if one.address == address), report.text[:2000])


def _refused_by_list(mail: Mail, report: Report) -> Failure | None:
    """A list server that takes mail of its members only: the mail didn't arrive."""
    sender = address_in(first(mail.headers, "from")) or ""
    text = report.text[:2000]
    said = _LIST_REFUSES.search(text)
    if not said or not _LIST_SERVER.match(sender):
        return None
    named = addresses([text[said.end() : said.end() + 200]])
    return Failure(next(iter(named), None), False, in_few_words("", said[0]))


def _notified(text: str) -> Failure:
    """A bounce that a sending service tells in JSON."""
    recipient = _NOTIFIED_RECIPIENT.search(text)
    words = _NOTIFIED_WORDS.search(text)
    said = words[1] if words else ""
    hard = bool(_NOTIFIED_FOR_GOOD.search(text)) and is_permanent(
        "failed", status_in(said) or "", said
    )
    return Failure(address_in(recipient[1]) if recipient else None, hard, in_few_words("", said))
