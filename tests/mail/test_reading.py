"""Answers, as a real Dovecot shows them, and what they do."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from seqctl.domain.reading.letters import Kind
from seqctl.mail.reading.imap import ImapMailbox
from seqctl.ports.mail import Arrived, Folder
from seqctl.service.enrollments import pausing
from seqctl.service.reading.reclassifying import goes_on, reclassify
from tests.mail.post import Post
from tests.mail.servers import MailWorld


@pytest.fixture
def post(tmp_path: Path, mail_world: MailWorld) -> Iterator[Post]:
    for user in ("rep", "lead1", "lead2"):
        mail_world.empty(user)
    made = Post(tmp_path, mail_world)
    made.begin("lead1", "lead2")
    assert made.tick().emails == 2
    yield made
    made.close()


def reasons(post: Post) -> list[str | None]:
    return [row["reason"] for row in post.enrollments()]


def test_an_answer_ends_the_enrollment_before_the_next_mail(post: Post) -> None:
    (mail,) = post.arrived("lead1")
    post.answer("lead1", to=mail)
    post.later(days=4)
    result = post.tick()
    assert (result.emails, result.unenrolled, result.happened) == (1, 1, True)
    assert reasons(post) == ["reply", None]
    assert post.received() == [("reply", True)]
    assert post.sync()[0].read == 0


def test_an_answer_from_another_address_counts_by_its_thread(post: Post) -> None:
    (mail,) = post.arrived("lead1")
    post.answer("someone.else@elsewhere.test", to=mail)
    assert post.sync()[0].ended == 1
    assert reasons(post) == ["reply", None]


def test_a_mail_from_the_contact_counts_without_a_thread(post: Post) -> None:
    post.answer("lead2", Subject="Something new")
    post.sync()
    assert reasons(post) == [None, "reply"]


def test_an_automatic_reply_is_no_reply(post: Post) -> None:
    (mail,) = post.arrived("lead1")
    post.answer("lead1", "I am away.", to=mail, Auto_Submitted="auto-replied")
    post.sync()
    assert (reasons(post), post.received()) == ([None, None], [("auto-reply", False)])


def test_an_automatic_reply_with_a_date_holds_until_the_morning_after(post: Post) -> None:
    (mail,) = post.arrived("lead1")
    back = (post.clock.now() + timedelta(days=10)).date()
    text = f"I am out of office and will be back on {back:%d %B %Y}."
    post.answer("lead1", text, to=mail, Auto_Submitted="auto-replied")
    post.sync()
    first, second = post.enrollments()
    assert (first["status"], second["status"]) == ("paused", "active")
    (hold,) = first["holds"]
    assert (hold["scope"], hold["until"].date()) == ("auto-reply", back + timedelta(days=1))
    post.later(days=5)
    assert post.tick().emails == 1
    post.later(days=10)
    assert post.tick().emails == 1


def test_a_bounce_ends_and_marks(post: Post) -> None:
    post.contact("nobody")
    post.enroll("nobody")
    assert post.tick().emails == 1
    post.world.mails("rep", at_least=1)
    post.sync()
    assert reasons(post) == [None, None, "bounce"]
    assert post.store.contacts.suppressed("nobody@seq.test") == {"bounced"}
    assert post.received() == [("bounce-hard", True)]


def test_a_forged_bounce_changes_nothing(post: Post) -> None:
    post.contact("nobody")
    post.enroll("nobody")
    post.tick()
    (report,) = post.world.mails("rep", at_least=1)
    post.sync()
    forged = report.replace(b"nobody@seq.test", b"lead1@seq.test")
    forged = re.sub(rb"(?mi)^Message-Id: .*$", b"Message-ID: <another@seq.test>", forged, count=1)
    (genuine,) = [mail["message_id"] for mail in post.mails() if mail["to"].startswith("nobody")]
    post.world.deliver(
        "rep", forged.replace(genuine.encode(), b"<1.0123456789abcdef01234567@seq.test>")
    )
    post.sync()
    assert reasons(post) == [None, None, "bounce"]
    assert post.received()[-1] == ("bounce-hard", False)


def test_the_unsubscribe_link_opts_out_everywhere(post: Post) -> None:
    (mail,) = post.arrived("lead1")
    link = mail["List-Unsubscribe"]
    token = link.partition("unsubscribe%20")[2].partition(">")[0]
    post.answer("other@elsewhere.test", "", Subject=f"unsubscribe {token}")
    post.sync()
    assert reasons(post) == ["opt-out", None]
    assert post.store.contacts.suppressed("lead1@seq.test") == {"opted_out"}


def test_a_forged_unsubscribe_link_does_nothing(post: Post) -> None:
    post.answer("other@elsewhere.test", "", Subject=f"unsubscribe 1.{'0' * 24}")
    post.sync()
    assert (reasons(post), post.received()) == ([None, None], [("unsubscribe", False)])
    assert not post.store.contacts.suppressed("lead1@seq.test")


def test_asking_to_be_left_alone_in_words(post: Post) -> None:
    (mail,) = post.arrived("lead2")
    post.answer("lead2", "Please unsubscribe me.\n\n> Hi Lead2\n", to=mail)
    post.sync()
    assert reasons(post) == [None, "opt-out"]


def test_a_mail_written_by_hand_holds_the_coming_steps(post: Post) -> None:
    written = EmailMessage(policy=SMTP)
    written["From"], written["To"] = post.address, "lead1@seq.test"
    written["Subject"], written["Message-ID"] = "By the way", "<by-hand@seq.test>"
    written["Date"] = email.utils.format_datetime(post.clock.now())
    written.set_content("I forgot to say …")
    with post.world.imap("rep") as client:
        client.append("Sent", r"\Seen", None, written.as_bytes())
    post.later(days=4)
    assert post.tick().emails == 1
    first, second = post.enrollments()
    assert (first["status"], second["status"]) == ("paused", "finished")
    assert [hold["scope"] for hold in first["holds"]] == ["hand-written"]
    by = pausing.Resume(post.user, post.clock.now())
    pausing.resume_contacts(post.store, ["lead1@seq.test"], by)
    post.later(days=1)
    assert post.tick().emails == 1


def test_reclassified_an_automatic_reply_revives_what_it_ended(post: Post) -> None:
    (mail,) = post.arrived("lead1")
    post.answer("lead1", "Ferien!", to=mail)
    post.sync()
    assert reasons(post) == ["reply", None]
    (answer,) = post.store.received.view()
    store, now = post.store, post.clock.now()
    (revived,) = reclassify(store, post.user, now, answer.received.id, Kind.AUTO_REPLY).revived
    assert goes_on(store, now, revived).startswith("lead1@seq.test goes on with step 2, due ")
    assert reasons(post) == ["reply", None, None]
    post.later(days=4)
    assert post.tick().emails == 2
    assert len(post.arrived("lead1", at_least=2)) == 2


def test_flags_stay_as_they_were(post: Post) -> None:
    post.answer("lead1")
    post.sync()
    with post.world.imap("rep") as client:
        client.select("INBOX", readonly=True)
        assert client.search(None, "UNSEEN")[1] == [b"1"]


def test_a_mail_from_a_further_address_of_the_contact(post: Post) -> None:
    post.contact("lead3", properties={"other_emails": "home@lead3.test; second@lead3.test"})
    post.enroll("lead3")
    post.answer("second@lead3.test", Subject="From home")
    post.answer("ond@lead3.test", Subject="From someone else")
    post.sync()
    assert reasons(post) == [None, None, "reply"]
    assert post.received() == [("reply", True), ("other", False)]


def test_two_that_read_at_once_take_each_mail_once(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.answer("lead1")
    post.answer("lead2")
    late = ImapMailbox.new

    def overtaken(self: ImapMailbox, folder: Folder, *asked: Any) -> Iterator[Arrived]:
        found = list(late(self, folder, *asked))
        if found and folder == Folder.INBOX:
            monkeypatch.undo()
            post.sync()
        return iter(found)

    monkeypatch.setattr(ImapMailbox, "new", overtaken)
    assert post.sync()[0].read == 0
    assert post.received() == [("reply", True)] * 2
    assert reasons(post) == ["reply", "reply"]
