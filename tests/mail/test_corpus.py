"""Real mails of real servers (see the README beside them): what each family is taken for.

`pytest -s` shows the table.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from seqctl.domain.contacts.addresses import stored_form
from seqctl.domain.reading.letters import Kind, Letter, taken_for
from seqctl.mail.reading.letters import read_letter
from seqctl.mail.reading.parts import content, first, split_headers, split_mail

DATA = os.environ.get("SEQCTL_TEST_DATA")
FOLDER = (Path(DATA) if DATA else Path(__file__).parents[2].parent / "shared" / "data") / "mail"
MAILS = sorted(FOLDER.glob("*.eml")) if FOLDER.is_dir() else []

pytestmark = pytest.mark.skipif(not MAILS, reason=f"there are no mails in {FOLDER}")

BOUNCES = (Kind.BOUNCE_HARD, Kind.BOUNCE_SOFT)
# A service tells that a mail was delivered; it stands among the bounces to be told from them.
DELIVERED = b'"notificationType":"Delivery"'


class Read(NamedTuple):
    name: str
    family: str
    raw: bytes
    letter: Letter
    kind: Kind

    @property
    def recipient(self) -> str | None:
        return self.letter.failure.recipient if self.letter.failure else None


@pytest.fixture(scope="module")
def mails() -> list[Read]:
    return list(_read())


def _read() -> Iterator[Read]:
    for path in MAILS:
        raw = path.read_bytes()
        letter = read_letter(raw)
        family = path.stem.rpartition("-")[0]
        yield Read(path.stem, family, raw, letter, taken_for(letter).kind)


def _is_bounce_family(family: str) -> bool:
    return family.startswith(("lhost-", "rhost-", "rfc3464"))


def _is_complaint(raw: bytes) -> bool:
    """By its own format: a feedback report that isn't about a signature, or a provider's own loop."""
    mail = split_mail(raw)
    for leaf in mail.leaves:
        fields, _ = split_headers(content(leaf).lstrip(b"\n"))
        if leaf.kind == "message/feedback-report":
            return first(fields, "feedback-type") not in ("auth-failure", "not-spam")
        if "x-hmxmroriginalrecipient" in fields:
            return True
    return False


def _expected(mail: Read) -> bool:
    """Whether a mail was taken for what its family says."""
    if mail.family == "rfc3834":
        return mail.kind is Kind.AUTO_REPLY
    if mail.family == "is-not-bounce":
        return mail.kind not in (*BOUNCES, Kind.AUTO_REPLY)
    if mail.family == "arf":
        return (mail.kind is Kind.COMPLAINT) == _is_complaint(mail.raw)
    return mail.kind in BOUNCES and mail.recipient is not None and _is_plausible(mail)


def _is_plausible(mail: Read) -> bool:
    """A recipient that the mail names, and not the one whom it tells."""
    address = mail.recipient or ""
    local = address.rpartition("@")[0]
    told = {to.lower() for to in mail.letter.recipients}
    said = mail.raw.lower() + b"".join(
        content(leaf).lower() for leaf in split_mail(mail.raw).leaves
    )
    named = address.encode() in said or local.encode() in said
    failed_itself = any("failed" in line and address in line for line in _header_lines(mail.raw))
    return named and (address not in told or failed_itself or b"Final-Recipient" in mail.raw)


def _header_lines(raw: bytes) -> list[str]:
    return raw.split(b"\n\n", 1)[0].decode("latin-1").lower().split("\n")


def _table(mails: list[Read]) -> str:
    hits = Counter(mail.family for mail in mails if _expected(mail))
    every = Counter(mail.family for mail in mails)
    misses = {
        family: [m.name for m in mails if m.family == family and not _expected(m)]
        for family in every
    }
    lines = [
        f"{family:26} {hits[family]:3} of {every[family]:3}  {' '.join(misses[family])}"
        for family in every
    ]
    return "\n".join(["", *lines, f"{'all':26} {hits.total():3} of {every.total():3}"])


def test_nearly_all_bounces_are_known_with_their_recipient(mails: list[Read]) -> None:
    table = _table(mails)
    print(table)
    bounces = [mail for mail in mails if _is_bounce_family(mail.family)]
    hits = sum(map(_expected, bounces))
    assert hits >= 0.99 * len(bounces), table


@pytest.mark.parametrize("family", ["rfc3834", "is-not-bounce", "arf"])
def test_all_others_are_what_they_are(mails: list[Read], family: str) -> None:
    of_family = [mail for mail in mails if mail.family == family]
    assert of_family
    assert [mail.name for mail in of_family if not _expected(mail)] == [], _table(mails)


def test_no_bounce_is_ever_a_reply(mails: list[Read]) -> None:
    bounces = [m for m in mails if _is_bounce_family(m.family) and DELIVERED not in m.raw]
    wrong = [m.name for m in bounces if m.kind in (Kind.OTHER, Kind.REPLY, Kind.AUTO_REPLY)]
    assert wrong == [], _table(mails)


def test_recipients_agree_with_the_fields_of_the_standard(mails: list[Read]) -> None:
    """Where a real report part names its recipients, one of them is ours."""
    wrong: list[str] = []
    for mail in mails:
        named = {
            stored_form(value.rpartition(";")[2].strip(" <>").replace('"', ""))
            for leaf in split_mail(mail.raw).leaves
            if leaf.kind == "message/delivery-status"
            for line in content(leaf).decode("latin-1").split("\n")
            for name, _, value in [line.partition(":")]
            if name.strip().lower() in ("final-recipient", "original-recipient")
        }
        usable = {address for address in named if not address.startswith("@") and "@" in address}
        if usable and _is_bounce_family(mail.family) and mail.recipient not in usable:
            wrong.append(f"{mail.name}: {mail.recipient}, not {usable}")
    assert wrong == []


def test_most_bounces_refer_to_the_mail_that_they_quote(mails: list[Read]) -> None:
    quoting = [
        mail
        for mail in mails
        if _is_bounce_family(mail.family) and mail.raw.lower().count(b"\nmessage-id:") > 1
    ]
    assert sum(bool(mail.letter.references) for mail in quoting) >= 0.98 * len(quoting)
