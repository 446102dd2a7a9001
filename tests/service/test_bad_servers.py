"""Ticks against servers that misbehave: nothing is doubled, nobody is harmed, and a sentence says why."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from seqctl.domain.sending.accounts import Server
from seqctl.domain.sending.retrying import TRIED_FOR, TRIES
from seqctl.mail.account.connecting import Patience
from seqctl.mail.office import Office
from tests.mail.bad_server import HANG_UP, OFFERS, SILENT, BadServer, Script
from tests.mail.certificates import Authority
from tests.mail.post import Post
from tests.mail.servers import MailWorld

CANARY = "canary-7f3a-password"
FORMS = (CANARY, base64.b64encode(f"\0rep@seq.test\0{CANARY}".encode()).decode())
QUICK = Patience(connect=5, reply=0.3)
AGAIN = 6  # minutes after which a mail is tried again


class Bench:
    """A workspace whose inbox sends by a bad server, and reads nothing."""

    def __init__(self, post: Post, authority: Authority) -> None:
        self.post = post
        self.post.office = Office(QUICK)
        self.post.password_file.write_text(CANARY)
        self._authority = authority
        self._servers: list[BadServer] = []

    def begin(
        self, script: Script, *leads: str, certificate: str = "good", tls: bool = True, **how: Any
    ) -> BadServer:
        server = BadServer(self._authority.signed_before(certificate), script, wrapped=tls, **how)
        self._servers.append(server)
        self.post.begin(*(leads or ("lead1",)), **self.account(server.port, tls=tls))
        return server

    def account(self, port: int, *, tls: bool = True) -> dict[str, Any]:
        smtp = Server("localhost", port, self.post.address, tls)
        return {"smtp": smtp, "imap": None, "ca_file": str(self._authority.ca_file)}

    def state(self) -> tuple[Any, ...]:
        """The status, what it waits on or ended by, and its mail, of the only enrollment."""
        (row,), statuses = self.post.enrollments(), self.post.statuses()
        return row["status"], row["waiting_on"] or row["error"] or row["reason"], statuses

    def stop(self) -> None:
        for server in self._servers:
            server.stop()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("ca"))
    made.signed("good", "DNS:localhost")
    made.signed("other", "DNS:other.test")
    made.signed("late", "DNS:localhost", expired=True)
    made.self_signed("own", "localhost")
    return made


@pytest.fixture
def bench(tmp_path: Path, mail_world: MailWorld, authority: Authority) -> Iterator[Bench]:
    made = Bench(Post(tmp_path, mail_world), authority)
    yield made
    made.stop()
    made.post.close()


def ids(server: BadServer) -> list[str]:
    """The Message-IDs of all that the server took."""
    return [message_from_bytes(raw)["Message-ID"] for raw in server.taken]


# --- the account, or the way to the server ------------------------------------------------------

UNREACHED = [
    ({"greeting": [HANG_UP, "220 hi"]}, "hung up"),
    ({"greeting": [SILENT, "220 hi"]}, "did not answer in time"),
    ({"greeting": ["421 4.3.2 too busy", "220 hi"]}, "lets nobody in: 421 4.3.2 too busy"),
    ({"AUTH": [HANG_UP, "235 ok"]}, "hung up"),
    ({"AUTH": [SILENT, "235 ok"]}, "did not answer in time"),
]
NO_WAY_IN = [
    ({"greeting": ["554 go away", "220 hi"]}, "lets nobody in: 554 go away"),
    ({"AUTH": ["535 5.7.8 wrong", "235 ok"]}, "does not let rep@seq.test in: 535 5.7.8 wrong"),
    ({"AUTH": ["454 4.7.0 too many", "235 ok"]}, "454 4.7.0 too many"),
    ({"AUTH": [f"535 not {CANARY}", "235 ok"]}, "535 not …"),
    ({"MAIL": ["550 5.4.5 Daily user sending quota exceeded", "250 ok"]}, "now: 550 5.4.5 Daily"),
    ({"MAIL": ["550 5.1.8 bad sender", "250 ok"]}, "takes no mail from rep@seq.test now: 550"),
    ({"dot": ["421 4.7.0 slow down", "250 ok"]}, "takes no mail from rep@seq.test now: 421"),
]


@pytest.mark.parametrize(("script", "words"), UNREACHED)
def test_a_server_that_is_not_reached_is_tried_again(
    bench: Bench, script: Script, words: str
) -> None:
    server = bench.begin(script)
    result = bench.post.tick()
    (trouble,) = result.troubles
    assert words in trouble.message
    assert (result.emails, result.errors) == (0, [])
    assert bench.state() == ("scheduled", "mail", ["queued"])
    assert bench.post.tick().emails == 0
    bench.post.later(minutes=AGAIN)
    result = bench.post.tick()
    assert (result.emails, result.troubles) == (1, [])
    assert ids(server) == [bench.post.mails()[0]["message_id"]]
    assert CANARY not in "".join(server.heard)


@pytest.mark.parametrize(("script", "words"), NO_WAY_IN)
def test_an_inbox_that_can_not_send_stops_and_harms_nobody(
    bench: Bench, script: Script, words: str
) -> None:
    server = bench.begin(script)
    result = bench.post.tick()
    (trouble,) = result.troubles
    assert words in trouble.message
    assert (result.emails, result.errors, result.left_due) == (0, [], 1)
    assert bench.state() == ("scheduled", "inbox", ["queued"])
    assert server.taken == []
    result = bench.post.tick()
    assert (result.emails, result.troubles) == (1, [])
    assert bench.post.tick().emails == 0
    assert ids(server) == [bench.post.mails()[0]["message_id"]]
    assert CANARY not in "".join(server.heard)


@pytest.mark.parametrize("certificate", ["other", "own", "late"])
@pytest.mark.parametrize("tls", [True, False])
def test_a_certificate_that_is_not_to_be_trusted(bench: Bench, certificate: str, tls: bool) -> None:
    server = bench.begin({}, certificate=certificate, tls=tls)
    for _ in range(3):
        (trouble,) = bench.post.tick().troubles
        assert "certificate" in trouble.message
        assert trouble.hint
    assert bench.state() == ("scheduled", "inbox", ["queued"])
    assert_never_heard(server)


@pytest.mark.parametrize(
    "how",
    [
        {"offers_before_tls": ("AUTH PLAIN LOGIN",)},
        {"script": {"STARTTLS": "454 4.7.0 not now"}},
        {"script": {"STARTTLS": "220 go on\r\n250 AUTH PLAIN"}},
    ],
)
def test_where_starttls_is_stripped_no_password_leaves(bench: Bench, how: dict[str, Any]) -> None:
    server = bench.begin(how.pop("script", {}), tls=False, **how)
    for _ in range(3):
        (trouble,) = bench.post.tick().troubles
        assert trouble.message
    assert bench.state() == ("scheduled", "inbox", ["queued"])
    assert_never_heard(server)


def assert_never_heard(server: BadServer) -> None:
    assert not any(form in server.all_heard for form in FORMS)
    assert "AUTH" not in server.all_heard
    assert server.taken == []


def test_where_starttls_ends_the_connection_no_password_leaves(bench: Bench) -> None:
    server = bench.begin({"STARTTLS": HANG_UP}, tls=False)
    for _ in range(3):
        (trouble,) = bench.post.tick().troubles
        assert "hung up" in trouble.message
        bench.post.later(hours=1)
    assert bench.state() == ("scheduled", "mail", ["queued"])
    assert_never_heard(server)


def test_an_outage_is_waited_out_for_two_days(bench: Bench) -> None:
    server = bench.begin({})
    server.stop()
    for _ in range(11):
        (trouble,) = bench.post.tick().troubles
        assert "takes no connections" in trouble.message
        assert bench.state() == ("scheduled", "mail", ["queued"])
        bench.post.later(hours=4, minutes=10)
    bench.post.later(hours=3)
    (error,) = bench.post.tick().errors
    assert error.code == "SEND_FAILED"
    assert bench.state() == ("unenrolled", "SEND_FAILED", ["failed"])


def test_a_quota_in_the_middle_lets_the_rest_wait(bench: Bench) -> None:
    leads = [f"lead{number}" for number in range(1, 13)]
    quota = "550 5.4.5 Daily user sending quota exceeded"
    server = bench.begin({"MAIL": ["250 ok"] * 6 + [quota] * 2 + ["250 ok"]}, *leads)
    result = bench.post.tick()
    assert (result.emails, result.left_due, len(result.troubles)) == (6, 6, 1)
    assert [row["waiting_on"] for row in bench.post.enrollments()].count("inbox") == 6
    assert bench.post.statuses().count("queued") == 6
    assert bench.post.tick().emails == 6
    assert sorted(ids(server)) == sorted(mail["message_id"] for mail in bench.post.mails())


def test_fewer_sessions_than_asked_for_skip_no_mail(bench: Bench) -> None:
    leads = [f"lead{number}" for number in range(1, 12)]
    busy = "421 4.7.0 too many connections"
    server = bench.begin({"greeting": ["220 hi", "220 hi", busy, "220 hi"]}, *leads)
    result = bench.post.tick()
    waiting = [row["waiting_on"] for row in bench.post.enrollments() if row["waiting_on"] == "mail"]
    assert (result.emails, result.troubles, len(waiting)) == (9, [], 2)
    bench.post.later(minutes=AGAIN)
    assert bench.post.tick().emails == 2
    assert sorted(ids(server)) == sorted(mail["message_id"] for mail in bench.post.mails())


# --- one mail -----------------------------------------------------------------------------------

NOT_NOW = [
    {"MAIL": ["451 4.3.0 later", "250 ok"]},
    {"MAIL": [HANG_UP, "250 ok"]},
    {"MAIL": [SILENT, "250 ok"]},
    {"RCPT": ["450 4.2.0 grey", "250 ok"]},
    {"RCPT": [HANG_UP, "250 ok"]},
    {"RCPT": [SILENT, "250 ok"]},
    {"DATA": ["451 4.3.0 later", "354 ok"]},
    {"DATA": ["250 ok", "354 ok"]},
    {"DATA": [HANG_UP, "354 ok"]},
    {"DATA": [SILENT, "354 ok"]},
    {"dot": ["451 4.3.0 later", "250 ok"]},
]


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("script", NOT_NOW)
def test_not_now_is_tried_again_with_the_same_message_id(
    bench: Bench, script: Script, pipelining: bool
) -> None:
    server = bench.begin(script, offers=OFFERS[0 if pipelining else 1 :])
    result = bench.post.tick()
    assert (result.emails, result.errors, result.left_due) == (0, [], 0)
    assert bench.state() == ("scheduled", "mail", ["queued"])
    (before,) = bench.post.mails()
    assert bench.post.tick().emails == 0
    bench.post.later(minutes=AGAIN)
    assert bench.post.tick().emails == 1
    assert bench.post.tick().emails == 0
    assert ids(server) == [before["message_id"]] == [bench.post.mails()[0]["message_id"]]


@pytest.mark.parametrize("body", [HANG_UP, ["421 4.3.0 shutting down", HANG_UP]])
def test_a_server_that_goes_in_the_middle_of_the_body(bench: Bench, body: str | list[str]) -> None:
    server = bench.begin({"body": body})
    result = bench.post.tick()
    assert result.emails == 0
    status, waiting, (mail,) = bench.state()
    assert (status, waiting) == ("scheduled", "mail")
    assert mail in {"queued", "unknown"}  # unknown where the server went as the dot came
    assert server.taken == []


NEVER = [
    ({"RCPT": "550 5.1.1 nobody"}, ("unenrolled", "bounce", ["failed"])),
    ({"dot": "550 5.1.1 nobody"}, ("unenrolled", "bounce", ["failed"])),
    ({"DATA": "554 5.7.1 no"}, ("unenrolled", "SEND_FAILED", ["failed"])),
    ({"dot": "552 5.3.4 too big"}, ("unenrolled", "SEND_FAILED", ["failed"])),
    ({"dot": "554 5.7.1 spam"}, ("unenrolled", "SEND_FAILED", ["failed"])),
]


@pytest.mark.parametrize(("script", "state"), NEVER)
def test_a_refusal_for_good_ends_the_enrollment(
    bench: Bench, script: Script, state: tuple[Any, ...]
) -> None:
    server = bench.begin(script)
    result = bench.post.tick()
    assert (result.emails, result.unenrolled, result.troubles) == (0, 1, [])
    assert bench.state() == state
    (refusal,) = script.values()
    assert [error.message for error in result.errors] == (
        [refusal] if state[1] == "SEND_FAILED" else []
    )
    connections = server.connections
    bench.post.later(days=3)
    bench.post.tick()
    assert (server.connections, server.taken) == (connections, [])


@pytest.mark.parametrize(
    ("offers", "words"),
    [
        (("PIPELINING", "SIZE 100", "AUTH PLAIN"), "takes no more than 100"),
        (("AUTH CRAM-MD5",), "takes no login with a password"),
        (("AUTH",), "it offers none at all"),
        ((), "it offers none at all"),
    ],
)
def test_offers_that_fit_not(bench: Bench, offers: tuple[str, ...], words: str) -> None:
    server = bench.begin({}, offers=offers)
    result = bench.post.tick()
    said = [error.message for error in result.errors] + [t.message for t in result.troubles]
    assert words in said[0]
    assert server.taken == []


def test_a_mail_is_given_up_after_two_days_and_ten_tries(bench: Bench) -> None:
    server = bench.begin({"RCPT": "450 4.2.0 not yet"})
    started, tries = bench.post.clock.now(), 0
    while bench.state()[0] == "scheduled":
        assert bench.post.tick().emails == 0
        tries += 1
        bench.post.later(hours=4)
        assert tries < 30
    bench.post.later(hours=-4)
    assert bench.post.clock.now() - started >= TRIED_FOR
    assert tries == 1 + 48 // 4
    assert bench.state() == ("unenrolled", "SEND_FAILED", ["failed"])
    assert server.all_heard.count("RCPT") == tries


def test_ten_tries_are_made_however_late(bench: Bench) -> None:
    server = bench.begin({"RCPT": "450 4.2.0 not yet"})
    for _ in range(TRIES):
        assert bench.state()[0] == "scheduled"
        bench.post.tick()
        bench.post.later(days=3)
    assert bench.state() == ("unenrolled", "SEND_FAILED", ["failed"])
    assert server.all_heard.count("RCPT") == TRIES


def test_two_refused_mails_of_four_do_not_touch_the_others(bench: Bench) -> None:
    leads = ("lead1", "lead2", "lead3", "lead4")
    server = bench.begin({"RCPT": ["250 ok", "550 5.1.1 nobody", HANG_UP, "250 ok"]}, *leads)
    result = bench.post.tick()
    assert (result.emails, result.unenrolled) == (2, 1)
    assert sorted(bench.post.statuses()) == ["failed", "queued", "sent", "sent"]
    bench.post.later(minutes=AGAIN)
    assert bench.post.tick().emails == 1
    assert len(set(ids(server))) == len(server.taken) == 3


# --- nobody knows -------------------------------------------------------------------------------

LOST_ANSWERS = [HANG_UP, SILENT, "what", "199 odd"]


@pytest.mark.parametrize("answer", LOST_ANSWERS)
def test_a_lost_answer_is_unknown_and_never_sent_again(bench: Bench, answer: str) -> None:
    server = bench.begin({"dot": answer})
    result = bench.post.tick()
    assert (result.emails, result.unsettled, result.left_due) == (0, 1, 1)
    assert bench.state() == ("scheduled", "mail", ["unknown"])
    connections = server.connections
    for _ in range(20):
        bench.post.later(hours=7)
        assert bench.post.tick().unsettled == 1
    assert server.connections == connections
