"""What came before, what comes again and again, and what is over: mails read by a real workspace."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from seqctl.domain.model import Contact
from seqctl.domain.sending.accounts import Account
from seqctl.domain.sending.message_ids import message_id
from seqctl.files.sequences.sequences import read_sequence_text
from seqctl.mail.office import Office
from seqctl.service.enrollments import enrolling
from seqctl.service.inboxes import inboxes
from seqctl.service.tick import ticking
from seqctl.service.views import enrollment_documents
from seqctl.store import open_store
from tests import workspaces
from tests.mail.post import Clock

FIVE_MAILS = "name: intro\nsteps:\n  - email: {subject: Hello, body: one}\n" + "".join(
    "  - after: 1 day\n    email: {body: more}\n" for _ in range(4)
)
DAY = timedelta(days=1)


class Reader:
    """ann's real workspace: her mails are captured, her answers come into a Maildir."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.mails = folder / "mails"
        for part in ("new", "cur", "tmp"):
            (self.mails / part).mkdir(parents=True)
        path = folder / "workspace.db"
        workspaces.found(path, self.clock.now(), real=True)
        self.store = open_store(path)
        self.ann = workspaces.user(self.store, "ann")
        wiring = inboxes.Wiring(Account(maildir=str(self.mails)))
        inboxes.connect_inbox(self.store, self.ann, "ann@acme.test", wiring, self.clock.now())
        workspaces.add_contacts(self.store, [Contact(0, "ada@x.test", "Ada")], self.clock.now())
        draft = read_sequence_text(FIVE_MAILS, name="intro.yaml", folder=None)
        workspaces.apply(self.store, [draft], self.clock.now())
        self._count = 0

    def enroll(self) -> None:
        request = enrolling.Request("intro", ("ada@x.test",))
        assert enrolling.enroll(self.store, self.ann, self.clock.now(), request).done

    def tick(self, days: int = 0) -> None:
        self.clock.ahead += timedelta(days=days)
        ticking.tick(self.store, self.clock, office=Office())

    def comes(self, text: str, at: datetime | None = None, **heads: str) -> None:
        """A mail comes into the inbox, at `at` or now."""
        self._count += 1
        came = at or self.clock.now()
        heads = (
            {"Date": format_datetime(came)}
            | {"From": "ada@x.test", "To": "ann@acme.test", "Subject": "Re: Hello"}
            | heads
        )
        told = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in heads.items())
        file = self.mails / "new" / f"{self._count}.mail"
        file.write_text(f"Message-ID: <{self._count}@x.test>\n{told}\n{text}\n")
        os.utime(file, (came.timestamp(), came.timestamp()))

    def bounces(self, mail: int, status: str = "4.2.2") -> None:
        """The report that this mail of ours could not be delivered for now."""
        secret = self.store.workspace.state().secret
        report = (
            "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x.test\n\n"
            f"Final-Recipient: rfc822; ada@x.test\nAction: failed\nStatus: {status}\n\n"
            "--b\nContent-Type: message/rfc822\n\n"
            f"Message-ID: {message_id(mail, secret, 'ann@acme.test')}\n\nHi\n--b--\n"
        )
        kind = 'multipart/report; report-type=delivery-status; boundary="b"'
        heads = {"From": "MAILER-DAEMON@x.test", "Subject": "Undelivered"}
        self.comes(report, **heads, MIME_Version="1.0", Content_Type=kind)

    def look(self) -> dict[str, Any]:
        """The latest enrollment."""
        return enrollment_documents(self.store, self.ann, self.clock.now())[-1]


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    made = Reader(tmp_path)
    yield made
    made.store.close()


@pytest.mark.parametrize(
    ("soft", "reason"),
    [((1, 2), None), ((1, 2, 3), "bounce"), ((1, 2, 4), None), ((2, 3, 4), "bounce")],
)
def test_three_soft_bounces_in_a_row_are_a_hard_one(
    reader: Reader, soft: tuple[int, ...], reason: str | None
) -> None:
    reader.enroll()
    for mail in range(1, 5):
        reader.tick(days=int(mail > 1))
        if reader.look()["ended_at"] is None and mail in soft:
            reader.bounces(mail)
    reader.tick()
    assert reader.look()["reason"] == reason
    assert bool(reader.store.contacts.suppressed("ada@x.test")) is (reason is not None)


def test_a_mail_older_than_the_enrollment_is_no_reply(reader: Reader) -> None:
    began = reader.clock.now()
    reader.clock.ahead += DAY
    reader.enroll()
    reader.comes("We spoke at the fair.", began + DAY / 2, Subject="Hello Ann")
    reader.tick()
    assert reader.look()["reason"] is None
    reader.comes("Gladly.", Subject="Hello Ann")
    reader.tick()
    assert reader.look()["reason"] == "reply"


def test_a_no_is_never_too_old(reader: Reader) -> None:
    began = reader.clock.now()
    reader.clock.ahead += DAY
    reader.enroll()
    reader.comes("Please unsubscribe me.", began + DAY / 2)
    reader.tick()
    assert reader.look()["reason"] == "opt-out"
    assert reader.store.contacts.suppressed("ada@x.test")


@pytest.mark.parametrize(("read_after", "status"), [(3, "paused"), (9, "active")])
def test_an_absence_that_is_over_holds_nobody(reader: Reader, read_after: int, status: str) -> None:
    reader.enroll()
    reader.tick()
    back = (reader.clock.now() + 5 * DAY).date()
    text = f"I am out of the office and will be back on {back:%d %B %Y}."
    reader.comes(text, Auto_Submitted="auto-replied")
    reader.tick(days=read_after)
    assert (reader.look()["status"], reader.look()["reason"]) == (status, None)
    kinds = [event.kind for event in reader.store.views.events()]
    assert kinds.count("hold") == (status == "paused")
