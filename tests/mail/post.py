"""A real workspace whose inboxes are real: its mail goes through the private servers of the tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any

from seqctl.domain.model import Contact, Event, User
from seqctl.domain.sending.accounts import NO_LIMITS, Account, Limits, Secret, SecretKind
from seqctl.domain.sending.message_ids import message_of
from seqctl.files.sequences.sequences import read_sequence_text
from seqctl.mail.account.urls import server_of
from seqctl.mail.office import Office
from seqctl.ports.contacts import ContactChange
from seqctl.service.doctor import examine
from seqctl.service.enrollments import enrolling
from seqctl.service.inboxes import inboxes
from seqctl.service.inboxes.people import add_first_user
from seqctl.service.outcome import Outcome
from seqctl.service.reading import syncing
from seqctl.service.sequences import sequences
from seqctl.service.tick import ticking
from seqctl.service.views import enrollment_documents, message_documents
from seqctl.store import SqliteStore, create_store
from tests.mail.servers import MailWorld

TWO_MAILS = """\
name: intro
steps:
  - email: {subject: "Hello {{ contact.first_name }}", body: "Hi {{ contact.first_name }}"}
  - after: 3 days
    email: {body: "Still there?"}
"""


class Clock:
    """The system's clock, put forward as tests like."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC).replace(microsecond=0) + self.ahead


class Post:
    """A workspace of the user `rep` with the inbox rep@seq.test, and contacts lead1@seq.test, …"""

    def __init__(self, folder: Path, world: MailWorld, *, sender: str = "rep") -> None:
        self.world = world
        self.clock = Clock()
        self.office = Office()
        self.password_file = folder / "password"
        self.password_file.write_text(world.password)
        self.password_file.chmod(0o600)
        self.path = folder / "workspace.db"
        self.store: SqliteStore = create_store(self.path, simulated_now=None)
        self.address = world.address(sender)
        draft = User(0, "rep", "Rep Berg", self.address, "Europe/Stockholm")
        self.user = add_first_user(self.store, draft, self.clock.now())

    def account(self, **changes: Any) -> Account:
        """An account that sends and reads at the private servers."""
        return Account(
            smtp=server_of(self.world.smtp_url(self.address), self.address),
            imap=server_of(self.world.imap_url(self.address), self.address),
            secret=Secret(SecretKind.FILE, str(self.password_file)),
            ca_file=self.world.ca_file,
        )._replace(**changes)

    def connect(self, limits: Limits = NO_LIMITS, **changes: Any) -> None:
        wiring = inboxes.Wiring(self.account(**changes), None, limits)
        inboxes.connect_inbox(self.store, self.user, self.address, wiring, self.clock.now())

    def contact(self, *names: str, **fields: Any) -> None:
        now = self.clock.now()
        self.store.contacts.record(
            ContactChange(
                Contact(0, self.world.address(name), name.capitalize(), **fields),
                Event(now, 1, "created"),
            )
            for name in names
        )

    def apply(self, text: str = TWO_MAILS, folder: Path | None = None) -> None:
        draft = read_sequence_text(text, name="a.yaml", folder=folder)
        (applied,) = sequences.apply(self.store, self.user, self.clock.now(), [draft])
        assert isinstance(applied, sequences.Applied), applied

    def enroll(self, *names: str, sequence: str = "intro", **asked: Any) -> Outcome:
        addresses = tuple(self.world.address(name) for name in names)
        request = enrolling.Request(sequence, addresses, **asked)
        return enrolling.enroll(self.store, self.user, self.clock.now(), request)

    def begin(self, *names: str, limits: Limits = NO_LIMITS, **changes: Any) -> None:
        """Connected, with contacts enrolled in the two mails."""
        self.connect(limits, **changes)
        self.contact(*names)
        self.apply()
        outcome = self.enroll(*names)
        assert not outcome.refused, outcome

    def tick(self) -> ticking.TickResult:
        return ticking.tick(self.store, self.clock, office=self.office)

    def sync(self) -> list[syncing.Synced]:
        wanted = [inbox for inbox in self.store.people.inboxes() if inbox.account.reads]
        return syncing.sync(self.store, self.office, self.clock.now(), wanted)

    def later(self, **by: float) -> None:
        """Put the clock forward."""
        self.clock.ahead += timedelta(**by)

    def enrollments(self) -> list[dict[str, Any]]:
        return enrollment_documents(self.store, self.user, self.clock.now())

    def mails(self) -> list[dict[str, Any]]:
        return message_documents(self.store, self.user)

    def statuses(self) -> list[str]:
        """The status of every mail, by id."""
        return [mail["status"] for mail in self.mails()]

    def arrived(self, name: str, at_least: int = 1) -> list[Message]:
        """What came to a lead from this workspace; a mail of an earlier test may come late."""
        secret, wanted = self.store.workspace.state().secret, at_least
        while True:
            every = [message_from_bytes(raw) for raw in self.world.mails(name, at_least=wanted)]
            own = [mail for mail in every if message_of(mail["Message-ID"] or "", secret)]
            if len(own) >= at_least:
                return own
            wanted = len(every) + 1

    def answer(
        self, name: str, text: str = "Yes, gladly.", to: Message | None = None, **headers: str
    ) -> None:
        """A mail from a lead, in answer to the one it got."""
        mail = EmailMessage(policy=SMTP)
        mail["From"] = self.world.address(name)
        mail["To"] = self.address
        mail["Message-ID"] = make_msgid(domain="seq.test")
        mail["Date"] = format_datetime(self.clock.now())
        if to is not None:
            mail["In-Reply-To"] = mail["References"] = to["Message-ID"]
        for header, value in ({"Subject": "Re: Hello"} | headers).items():
            mail[header.replace("_", "-")] = value
        mail.set_content(text)
        self.world.deliver(self.address, mail.as_bytes(), sender=self.world.address(name))

    def received(self) -> list[tuple[str, bool]]:
        """What the mails that were read are taken for, and whether they changed anything."""
        views = self.store.received.view()
        return [(view.received.kind.value, view.received.counted) for view in views]

    def close(self) -> None:
        assert examine(self.store) == []
        self.store.close()
