"""Feedback reports (ARF, RFC 5965): somebody pressed "this is spam"."""

from __future__ import annotations

import re

from seqctl.mail.reading.header_values import address_in, addresses
from seqctl.mail.reading.parts import Mail, content, decode, first, split_headers
from seqctl.mail.reading.quoted_mails import Report

# Reports about a signature (RFC 6591), and "this is no spam" (RFC 6430): nobody complained.
_NO_COMPLAINT = {"auth-failure", "not-spam", "dmarc"}
_REDACTED = re.compile(r"redacted|x{5,}|undisclosed|anonymi[sz]ed|hidden", re.I)
_NOTIFIED = re.compile(r'\\?"notificationType\\?"\s*:\s*\\?"Complaint')
_NOTIFIED_RECIPIENT = re.compile(
    r'\\?"complainedRecipients\\?"\s*:\s*\[[^\]]{0,2000}?\\?"emailAddress\\?"\s*:\s*\\?"([^"\\]{1,320})'
)
# What one large provider's loop writes into the quoted mail, without a report of the standard's form.
_LOOP_RECIPIENT = "x-hmxmroriginalrecipient"


def complaint_of(mail: Mail, report: Report) -> str | None:
    """The recipient who complained, '' where the report keeps that back; None for any other mail."""
    if _NOTIFIED.search(report.text):
        found = _NOTIFIED_RECIPIENT.search(report.text)
        return _known(found[1]) if found else ""
    if _LOOP_RECIPIENT in report.quoted:
        return _known(first(report.quoted, _LOOP_RECIPIENT)) or _written_to(report)
    for leaf in mail.leaves:
        if leaf.kind == "message/feedback-report":
            fields = decode(content(leaf), "").lstrip("\n").encode()
            return _of_fields(split_headers(fields)[0], report)
    return None


def _of_fields(fields: dict[str, list[str]], report: Report) -> str | None:
    kind = first(fields, "feedback-type").strip().lower()
    if kind in _NO_COMPLAINT:
        return None
    for name in ("original-rcpt-to", "removal-recipient"):
        for address in addresses(fields.get(name, [])):
            if known := _known(address):
                return known
    return _written_to(report)


def _written_to(report: Report) -> str:
    return next((known for address in report.written_to if (known := _known(address))), "")


def _known(value: str) -> str:
    address = address_in(value) or ""
    return "" if _REDACTED.search(address) else address
