"""A server that hangs up behind the final dot: what is in Sent was sent, the rest only people can settle."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from seqctl.domain.errors import Refused
from seqctl.domain.model import MailStatus
from seqctl.domain.sending.accounts import Server
from seqctl.domain.sending.message_ids import message_id
from seqctl.service.reading.resolving import resolve
from tests.mail.bad_server import HANG_UP, BadServer
from tests.mail.certificates import Certificate
from tests.mail.post import Post
from tests.mail.servers import MailWorld

UNKNOWN = MailStatus.UNKNOWN.value


class Silent:
    """A workspace that sends by a server which takes the dot and hangs up, and reads a real mailbox."""

    def __init__(self, post: Post) -> None:
        authority = Path(post.world.ca_file).parent
        certificate = Certificate(authority / "localhost.pem", authority / "localhost.key")
        self.server = BadServer(certificate, {"dot": [HANG_UP, "250 2.0.0 taken"]})
        self.post = post
        smtp = Server("localhost", self.server.port, post.address, True)
        post.begin("lead1", smtp=smtp)
        secret = post.store.workspace.state().secret
        self.message_id = message_id(1, secret, post.address)

    def tick(self) -> dict[str, Any]:
        self.post.tick()
        (mail,) = [mail for mail in self.post.mails() if mail["step"] == 1]
        return mail

    def resolve(self, mail: dict[str, Any], *, sent: bool) -> None:
        post = self.post
        resolve(post.store, post.user, post.clock.now(), mail["id"], sent=sent)

    def waits_for(self) -> tuple[int | None, str | None]:
        (row,) = self.post.enrollments()
        return row["step"], row["waiting_on"]


@pytest.fixture
def silent(tmp_path: Path, mail_world: MailWorld) -> Iterator[Silent]:
    for user in ("rep", "lead1"):
        mail_world.empty(user)
    made = Silent(Post(tmp_path, mail_world))
    yield made
    made.server.stop()
    made.post.close()


def heard_dots(silent: Silent) -> int:
    return silent.server.heard_safely.count("(dot)")


def put_into_sent(silent: Silent) -> None:
    """As a server does that has taken a mail."""
    raw = f"Message-ID: {silent.message_id}\r\nFrom: rep@seq.test\r\n\r\nHi\r\n".encode()
    with silent.post.world.imap("rep") as client:
        client.append("Sent", None, None, raw)  # type: ignore[arg-type]


def test_found_in_sent_it_was_sent(silent: Silent) -> None:
    answered = silent.server.answer_to

    def keeping(word: str) -> str:
        if word == "dot" and heard_dots(silent) == 1:
            put_into_sent(silent)
        return answered(word)

    silent.server.answer_to = keeping  # type: ignore[method-assign]
    mail = silent.tick()
    assert (mail["status"], silent.waits_for()) == ("sent", (2, "delay"))
    for _ in range(5):
        silent.post.later(hours=7)
        silent.tick()
    assert heard_dots(silent) == 1
    assert len(silent.post.world.mails("rep", "Sent")) == 1


def test_found_in_sent_only_later_it_was_sent_all_the_same(silent: Silent) -> None:
    assert silent.tick()["status"] == UNKNOWN
    put_into_sent(silent)
    assert silent.tick()["status"] == "sent"
    assert silent.waits_for() == (2, "delay")
    assert heard_dots(silent) == 1


def test_not_found_it_is_never_sent_again(silent: Silent) -> None:
    mail = silent.tick()
    for _ in range(40):
        silent.post.later(hours=11)
        assert silent.tick() == mail
    assert (mail["status"], silent.waits_for()) == (UNKNOWN, (1, "mail"))
    assert heard_dots(silent) == 1


def test_resolved_as_sent_the_delay_counts_from_the_attempt(silent: Silent) -> None:
    began = silent.post.clock.now()
    mail = silent.tick()
    silent.post.later(days=2)
    silent.resolve(mail, sent=True)
    assert silent.tick()["status"] == "sent"
    (row,) = silent.post.enrollments()
    assert (row["step"], (row["due_at"] - began).days) == (2, 3)
    assert heard_dots(silent) == 1
    with pytest.raises(Refused):
        silent.resolve(mail, sent=False)


def test_resolved_to_be_sent_again_it_goes_once_under_the_same_message_id(silent: Silent) -> None:
    mail = silent.tick()
    silent.post.later(days=2)
    silent.resolve(mail, sent=False)
    for _ in range(3):
        again = silent.tick()
    assert (again["status"], again["message_id"]) == ("sent", mail["message_id"])
    (taken,) = silent.server.taken
    assert message_from_bytes(taken)["Message-ID"] == mail["message_id"]
    assert heard_dots(silent) == 2


def test_a_reply_that_answers_it_settles_it(silent: Silent) -> None:
    mail = silent.tick()
    original = message_from_bytes(f"Message-ID: {mail['message_id']}\r\n\r\n".encode())
    silent.post.answer("lead1", to=original)
    assert silent.tick()["status"] == "sent"
    (row,) = silent.post.enrollments()
    assert (row["status"], row["reason"]) == ("unenrolled", "reply")
    assert heard_dots(silent) == 1


@pytest.mark.parametrize("sent", [True, False])
def test_a_reply_from_another_address_settles_it_too(silent: Silent, sent: bool) -> None:
    mail = silent.tick()
    original = message_from_bytes(f"Message-ID: {mail['message_id']}\r\n\r\n".encode())
    silent.post.answer("lead2", to=original)
    silent.tick()
    with pytest.raises(Refused):
        silent.resolve(mail, sent=sent)
    assert heard_dots(silent) == 1
