"""Sending through a real Postfix, as the recipient's Dovecot shows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from seqctl.domain.sending.accounts import Limits, Secret, SecretKind, Server
from tests.mail.bad_server import BadServer
from tests.mail.certificates import Authority
from tests.mail.post import Post
from tests.mail.servers import MailWorld


@pytest.fixture
def post(tmp_path: Path, mail_world: MailWorld) -> Iterator[Post]:
    for user in ("rep", "lead1", "lead2", "lead3"):
        mail_world.empty(user)
    made = Post(tmp_path, mail_world)
    yield made
    made.close()


def test_a_mail_arrives_once_and_its_follow_up_in_the_same_thread(post: Post) -> None:
    post.begin("lead1")
    result = post.tick()
    assert (result.emails, result.troubles, result.errors) == (1, [], [])
    assert post.tick().emails == 0
    (first,) = post.arrived("lead1")
    assert first["Subject"] == "Hello Lead1"
    assert first["From"] == "Rep Berg <rep@seq.test>"
    assert "unsubscribe" in first["List-Unsubscribe"]
    post.later(days=3)
    assert post.tick().emails == 1
    _, second = post.arrived("lead1", at_least=2)
    assert second["Subject"] == "Re: Hello Lead1"
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    assert [row["status"] for row in post.enrollments()] == ["finished"]
    assert len(post.arrived("lead1")) == 2


def test_the_next_delay_starts_at_hand_over(post: Post) -> None:
    post.begin("lead1")
    post.later(hours=5)
    post.tick()
    (row,) = post.enrollments()
    (mail,) = post.mails()
    assert (row["step"], mail["status"]) == (2, "sent")
    assert row["last_step_at"] == mail["sent_at"]
    assert (row["due_at"] - mail["sent_at"]).days == 3


def test_a_copy_goes_into_sent_once(post: Post) -> None:
    post.begin("lead1")
    post.tick()
    post.tick()
    (copy,) = post.world.mails("rep", "Sent")
    (arrived,) = post.arrived("lead1")
    assert arrived["Message-ID"].encode() in copy


@pytest.mark.parametrize("starttls", [False, True])
def test_starttls_and_tls_from_the_first_byte(post: Post, starttls: bool) -> None:
    from seqctl.mail.account.urls import server_of

    url = post.world.smtp_url("rep", starttls=starttls)
    post.begin("lead1", smtp=server_of(url, post.address))
    assert post.tick().emails == 1
    assert len(post.arrived("lead1")) == 1


def test_an_access_token_instead_of_a_password(post: Post, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(post.world.token("rep"))
    post.begin("lead1", secret=Secret(SecretKind.TOKEN_COMMAND, f"cat {token}"))
    assert post.tick().emails == 1
    assert len(post.arrived("lead1")) == 1


def test_a_recipient_who_is_refused_is_a_bounce(post: Post) -> None:
    post.begin("lead1", "refused")
    result = post.tick()
    assert (result.emails, result.unenrolled) == (1, 1)
    _, refused = post.enrollments()
    assert (refused["status"], refused["reason"]) == ("unenrolled", "bounce")
    assert post.statuses() == ["sent", "failed"]
    assert post.store.contacts.suppressed("refused@seq.test") == {"bounced"}


def test_a_refusal_for_now_is_tried_again_with_the_same_message_id(post: Post) -> None:
    post.begin("greylisted")
    result = post.tick()
    assert (result.emails, result.left_due, result.errors) == (0, 0, [])
    (row,), (mail,) = post.enrollments(), post.mails()
    assert (row["waiting_on"], mail["status"]) == ("mail", "queued")
    post.later(minutes=6)
    post.tick()
    assert [each["message_id"] for each in post.mails()] == [mail["message_id"]]
    for _ in range(30):
        post.later(hours=3)
        post.tick()
    (row,) = post.enrollments()
    assert (row["status"], row["error"], post.statuses()) == (
        "unenrolled",
        "SEND_FAILED",
        ["failed"],
    )


def test_a_wrong_password_stops_the_inbox_and_harms_no_enrollment(post: Post) -> None:
    post.begin("lead1")
    post.password_file.write_text("wrong")
    result = post.tick()
    assert result.emails == 0
    assert [trouble.inbox for trouble in result.troubles] == ["rep@seq.test"]
    (row,) = post.enrollments()
    assert (row["status"], row["waiting_on"]) == ("scheduled", "inbox")
    events = post.store.history.last_id()
    post.tick()
    assert post.store.history.last_id() == events
    post.password_file.write_text(post.world.password)
    assert post.tick().emails == 1
    assert len(post.arrived("lead1")) == 1


def test_limits_hold_in_a_real_workspace(post: Post) -> None:
    post.begin("lead1", "lead2", "lead3", limits=Limits(per_minute=2))
    assert post.tick().emails == 2
    assert [row["waiting_on"] for row in post.enrollments()][2] == "limit"
    assert post.tick().emails == 0
    post.later(seconds=61)
    assert post.tick().emails == 1


LARGE = """\
name: large
steps:
  - email: {subject: "With a picture", body: "Look!", attachments: [large.png]}
"""


def test_one_mail_of_a_contact_bounces_while_another_is_refused_beside_it(
    post: Post, tmp_path: Path
) -> None:
    """The bounce ends the enrollment that the refusal is about: it ends once."""
    (tmp_path / "large.png").write_bytes(bytes(3_100_000))
    post.begin("refused")
    post.apply(LARGE, folder=tmp_path)
    post.enroll("refused", sequence="large", also=True)
    assert post.tick().emails == 0
    ends = [(row["status"], row["reason"], row["error"]) for row in post.enrollments()]
    assert ends == [("unenrolled", "bounce", None)] * 2
    assert post.statuses() == ["failed", "failed"]


def test_more_mails_than_sessions_are_all_settled(post: Post) -> None:
    names = [f"lead{number}" for number in range(1, 12)]
    post.begin(*names, "refused")
    result = post.tick()
    assert (result.emails, result.unenrolled, result.unsettled) == (11, 1, 0)
    assert post.statuses() == ["sent"] * 11 + ["failed"]
    assert len(post.world.mails("rep", "Sent")) == 11


def test_a_server_that_wants_fewer_sessions_gets_all_mails_in_the_same_tick(
    post: Post, tmp_path: Path
) -> None:
    authority = Authority(tmp_path / "ca")
    greetings = ["220 bad.test", "220 bad.test", "421 4.7.0 too many connections"]
    server = BadServer(authority.signed("good", "DNS:localhost"), {"greeting": greetings})
    try:
        smtp = Server("localhost", server.port, post.address, tls=True)
        names = [f"lead{number}" for number in range(1, 12)]
        post.begin(*names, smtp=smtp, imap=None, ca_file=str(authority.ca_file))
        assert post.tick().emails == 9
    finally:
        server.stop()
    assert sorted(post.statuses()) == ["queued"] * 2 + ["sent"] * 9
    assert len(server.taken) == 9
