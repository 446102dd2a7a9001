"""Whatever a server does: the right verdict, a sentence, and no password where it doesn't belong."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seqctl.domain.sending.accounts import Account, Secret, SecretKind, Server
from seqctl.mail.account.connecting import Patience, tls_context
from seqctl.mail.sending import smtp
from seqctl.mail.sending.smtp import SmtpCourier
from seqctl.ports.mail import AccountRefused, Envelope, Handover, Unreachable, Verdict
from tests.mail.bad_server import ENDLESS, HANG_UP, OFFERS, SILENT, BadServer, password_file
from tests.mail.certificates import Authority

CANARY = "canary-password"
ENCODED = base64.b64encode(CANARY.encode()).decode()
CALM, QUICK = Patience(connect=20, reply=20), Patience(connect=20, reply=0.4)
ACCEPTED, LATER, BAD, REFUSED, ACCOUNT, UNKNOWN = Verdict


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("ca"))
    made.signed("good", "DNS:localhost")
    made.signed("other", "DNS:other.test")
    made.signed("late", "DNS:localhost", expired=True)
    made.self_signed("own", "localhost")
    return made


class Net:
    """Starts bad servers and couriers, and ends them with the test."""

    def __init__(self, authority: Authority, folder: Path) -> None:
        self.authority = authority
        self.secret = Secret(SecretKind.FILE, password_file(folder, CANARY))
        self._ends: list[Callable[[], None]] = []

    def server(self, script: dict[str, str | list[str]] | None = None, **how: object) -> BadServer:
        certificate = self.authority.signed_before(str(how.pop("certificate", "good")))
        server = BadServer(certificate, script, **how)  # type: ignore[arg-type]
        self._ends.append(server.stop)
        return server

    def courier(self, server: BadServer, *, tls: bool = True, sessions: int = 4) -> SmtpCourier:
        silent = server.falls_silent
        account = Account(
            smtp=Server("localhost", server.port, "rep@seq.test", tls),
            secret=self.secret,
            ca_file=str(self.authority.ca_file),
        )
        courier = SmtpCourier(account, sessions, QUICK if silent else CALM)
        self._ends.append(courier.close)
        return courier

    def close(self) -> None:
        for end in reversed(self._ends):
            end()


@pytest.fixture
def net(authority: Authority, tmp_path: Path) -> Iterator[Net]:
    made = Net(authority, tmp_path)
    yield made
    made.close()


def mail(id: int = 1, content: bytes = b"Subject: x\r\n\r\nhello\r\n", to: str = "") -> Envelope:
    return Envelope(id, "rep@seq.test", to or f"lead{id}@seq.test", content)


def handed(courier: SmtpCourier, *mails: Envelope) -> list[Handover]:
    return courier.begin(mails or (mail(),)) + courier.finish()


def refused(net: Net, server: BadServer, *, tls: bool = True) -> AccountRefused | Unreachable:
    """What opening a courier raises; the canary is nowhere in it."""
    with pytest.raises((AccountRefused, Unreachable)) as caught:
        net.courier(server, tls=tls)
    assert_without_canary(caught.value)
    return caught.value


def assert_without_canary(error: BaseException) -> None:
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    seen: BaseException | None = error
    while seen is not None:
        trace = seen.__traceback__
        while trace is not None:
            if "/seqctl/" in trace.tb_frame.f_code.co_filename:
                assert CANARY not in repr(trace.tb_frame.f_locals)
            trace = trace.tb_next
        assert CANARY not in str(seen)
        seen = seen.__context__


# --- before a mail ------------------------------------------------------------------------------

NO_SESSION = [
    ({"greeting": HANG_UP}, Unreachable, "hung up"),
    ({"greeting": SILENT}, Unreachable, "did not answer in time"),
    ({"greeting": "421 4.3.2 too busy"}, Unreachable, "lets nobody in: 421 4.3.2 too busy"),
    ({"greeting": "554 go away"}, AccountRefused, "lets nobody in: 554 go away"),
    ({"greeting": "HTTP/1.1 400 Bad Request"}, Unreachable, "isn't SMTP: HTTP/1.1 400 Bad"),
    ({"greeting": "220-" + "x" * 100_000}, Unreachable, "a line without an end"),
    ({"greeting": "250 hello?"}, Unreachable, "lets nobody in: 250 hello?"),
    ({"greeting": "\x1b[31m\x00 boo"}, Unreachable, "isn't SMTP: [31m boo"),
    ({"EHLO": HANG_UP}, Unreachable, "hung up"),
    ({"EHLO": SILENT}, Unreachable, "did not answer in time"),
    ({"EHLO": ENDLESS}, Unreachable, "an answer without an end"),
    ({"EHLO": "502 no"}, AccountRefused, "does not answer EHLO as a mail server does: 502 no"),
    ({"EHLO": "451 later"}, Unreachable, "451 later"),
    ({"AUTH": HANG_UP}, Unreachable, "hung up"),
    ({"AUTH": SILENT}, Unreachable, "did not answer in time"),
    ({"AUTH": "535 5.7.8 wrong"}, AccountRefused, "does not let rep@seq.test in: 535 5.7.8 wrong"),
    ({"AUTH": "454 4.7.0 too many"}, AccountRefused, "454 4.7.0 too many"),
    ({"AUTH": "421 4.3.0 oops"}, Unreachable, "421 4.3.0 oops"),
    ({"AUTH": f"535 not {CANARY}"}, AccountRefused, "535 not …"),
    ({"AUTH": f"gibberish {CANARY}"}, Unreachable, "gibberish …"),
]


@pytest.mark.parametrize(("script", "kind", "words"), NO_SESSION)
def test_no_session(net: Net, script: dict[str, str], kind: type[Exception], words: str) -> None:
    error = refused(net, net.server(script))
    assert type(error) is kind
    assert words in str(error)
    assert "\n" not in str(error)
    assert len(str(error)) < 350


def test_a_wrong_password_says_how_to_give_another(net: Net) -> None:
    error = refused(net, net.server({"AUTH": "535 no"}))
    assert isinstance(error, AccountRefused)
    assert error.hint == "seqctl inbox connect rep@seq.test … --password-cmd 'COMMAND'"


def test_nobody_listens(net: Net) -> None:
    server = net.server()
    server.stop()
    assert "takes no connections" in str(refused(net, server))


def test_a_host_that_does_not_exist(net: Net) -> None:
    account = Account(smtp=Server("no-such-host.invalid", 465, "rep", True))
    with pytest.raises(Unreachable, match=r"The host no-such-host\.invalid has no address"):
        SmtpCourier(account)


# --- TLS ----------------------------------------------------------------------------------------

BAD_CERTIFICATES = [
    ("other", "is made out to another name than localhost"),
    ("own", "is vouched for by no authority that is known here"),
    ("late", "has expired"),
]


@pytest.mark.parametrize("tls", [True, False])
@pytest.mark.parametrize(("certificate", "words"), BAD_CERTIFICATES)
def test_a_bad_certificate(net: Net, certificate: str, words: str, tls: bool) -> None:
    server = net.server(certificate=certificate, wrapped=tls)
    error = refused(net, server, tls=tls)
    assert isinstance(error, AccountRefused)
    assert f"The certificate of localhost:{server.port} {words}" in str(error)
    assert error.hint
    assert ("--ca-file" in error.hint) is (certificate == "own")
    assert "AUTH" not in server.all_heard


def test_an_authority_that_says_too_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python keeps these rules by itself from 3.13 on; here it does whatever the version."""

    def strict(ca_file: str | None) -> ssl.SSLContext:
        context = tls_context(ca_file)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(smtp, "tls_context", strict)
    old = Authority(tmp_path / "old", key_usage=False)
    old.signed("good", "DNS:localhost")
    net = Net(old, tmp_path)
    try:
        server = net.server()
        error = refused(net, server)
    finally:
        net.close()
    assert f"The certificate of localhost:{server.port}, or that of its authority," in str(error)
    assert "key usage" in str(error)
    assert isinstance(error, AccountRefused)
    assert "make it anew, with basic constraints, key usage" in error.hint
    assert "AUTH" not in server.all_heard


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"offers_before_tls": ("AUTH PLAIN LOGIN",)}, "does not offer STARTTLS"),
        ({"script": {"STARTTLS": "454 4.7.0 not now"}}, "refuses it: 454 4.7.0 not now"),
        ({"script": {"STARTTLS": "502 what?"}}, "refuses it: 502 what?"),
        ({"script": {"STARTTLS": "250 fine"}}, "refuses it: 250 fine"),
        ({"script": {"STARTTLS": "220 go on\r\n250 AUTH PLAIN"}}, "said more than it should"),
        ({"script": {"STARTTLS": HANG_UP}}, "hung up"),
        ({"script": {"STARTTLS": SILENT}}, "did not answer in time"),
    ],
)
def test_without_tls_no_password_leaves(net: Net, how: dict[str, object], words: str) -> None:
    server = net.server(wrapped=False, **how)  # type: ignore[arg-type]
    error = refused(net, server, tls=False)
    assert words in str(error)
    assert isinstance(error, AccountRefused) is (words not in {"hung up", "did not answer in time"})
    assert [line for line in server.heard if not line.startswith(("EHLO", "STARTTLS"))] == []
    assert server.heard_safely == []


def test_tls_where_there_is_none(net: Net) -> None:
    server = net.server(wrapped=False)
    error = refused(net, server, tls=True)
    assert "answers the beginning of TLS with something else" in str(error)
    assert "smtp://" in error.hint  # type: ignore[union-attr]


def test_starttls_works(net: Net) -> None:
    server = net.server(wrapped=False)
    assert handed(net.courier(server, tls=False))[0].verdict is ACCEPTED
    assert [line.split()[0] for line in server.heard] == ["EHLO", "STARTTLS"]
    assert [line.split()[0] for line in server.heard_safely[:2]] == ["EHLO", "AUTH"]


def test_a_way_to_log_in_that_nobody_knows(net: Net) -> None:
    server = net.server(offers=("AUTH CRAM-MD5",))
    assert "takes no login with a password (it offers CRAM-MD5)" in str(refused(net, server))
    assert "AUTH" not in server.all_heard


def test_login_in_two_lines(net: Net) -> None:
    server = net.server(
        {
            "AUTH": "334 VXNlcm5hbWU6",
            base64.b64encode(b"rep@seq.test").decode().upper(): "334 UGE=",
        },
        offers=("AUTH=LOGIN",),
    )
    assert "500 what?" in str(refused(net, server))
    user = base64.b64encode(b"rep@seq.test").decode()
    assert server.heard_safely[1:] == ["AUTH LOGIN", user, ENCODED]


# --- a mail -------------------------------------------------------------------------------------

HANDOVERS = [
    ({}, ACCEPTED, "250 2.0.0 taken"),
    ({"MAIL": "550 5.1.8 bad sender"}, ACCOUNT, "550 5.1.8 bad sender"),
    ({"MAIL": "451 4.3.0 later"}, LATER, "451 4.3.0 later"),
    ({"MAIL": HANG_UP}, LATER, "hung up"),
    ({"MAIL": SILENT}, LATER, "in time"),
    ({"RCPT": "550 5.1.1 nobody"}, BAD, "550 5.1.1 nobody"),
    ({"RCPT": "450 4.2.0 grey"}, LATER, "450 4.2.0 grey"),
    ({"RCPT": HANG_UP}, LATER, "hung up"),
    ({"RCPT": SILENT}, LATER, "in time"),
    ({"RCPT": "garbage"}, LATER, "isn't SMTP: garbage"),
    ({"DATA": "451 4.3.0 later"}, LATER, "451 4.3.0 later"),
    ({"DATA": "554 5.7.1 no"}, REFUSED, "554 5.7.1 no"),
    ({"DATA": "250 ok"}, LATER, "250 ok"),
    ({"DATA": HANG_UP}, LATER, "hung up"),
    ({"DATA": SILENT}, LATER, "in time"),
    ({"dot": "451 4.3.0 later"}, LATER, "451 4.3.0 later"),
    ({"dot": "421 4.7.0 slow down"}, ACCOUNT, "421 4.7.0 slow down"),
    ({"dot": "550 5.1.1 nobody"}, BAD, "550 5.1.1 nobody"),
    ({"dot": "552 5.3.4 too big"}, REFUSED, "552 5.3.4 too big"),
    ({"dot": "550 5.4.5 Daily user sending quota exceeded"}, ACCOUNT, "5.4.5"),
    ({"dot": HANG_UP}, UNKNOWN, "hung up"),
    ({"dot": SILENT}, UNKNOWN, "in time"),
    ({"dot": "what"}, UNKNOWN, "isn't SMTP: what"),
]


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(("script", "verdict", "words"), HANDOVERS)
def test_handovers(
    net: Net, script: dict[str, str], verdict: Verdict, words: str, pipelining: bool
) -> None:
    server = net.server(script, offers=OFFERS[0 if pipelining else 1 :])
    courier = net.courier(server)
    (answer,) = handed(courier)
    assert answer.id == 1
    assert words in answer.words
    assert answer.verdict is verdict
    assert len(server.taken) == (verdict is ACCEPTED)
    assert ("(dot)" in server.heard_safely) is ("dot" in script or verdict is ACCEPTED)


@pytest.mark.parametrize(
    ("script", "verdict", "words"),
    [
        (HANG_UP, LATER, "hung up"),
        (["421 4.3.0 shutting down", HANG_UP], LATER, "421 4.3.0 shutting down"),
        (["552 5.3.4 too big for us", HANG_UP], REFUSED, "552 5.3.4 too big for us"),
        (["250 2.0.0 taken too early", HANG_UP], LATER, "250 2.0.0 taken too early"),
    ],
)
@pytest.mark.parametrize("lines", [1, 20_000])
def test_a_server_that_ends_it_in_the_middle_of_the_body(
    net: Net, script: str | list[str], verdict: Verdict, words: str, lines: int
) -> None:
    server = net.server({"body": script})
    courier = net.courier(server)
    answers = courier.begin([mail(content=(b"x" * 70 + b"\r\n") * lines)])
    if not answers:
        assert server.hung_up.wait(5)
        answers = courier.finish()
    assert answers[0].verdict is verdict or (lines > 1 and answers[0].verdict is LATER)
    assert words in answers[0].words or lines > 1
    assert "(dot)" not in server.heard_safely


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "dot"])
@pytest.mark.parametrize("first", ["550 5.1.1 no", "451 4.3.0 later", HANG_UP, "421 4.3.0 bye"])
def test_the_next_mail_goes_out_after_trouble(net: Net, stage: str, first: str) -> None:
    server = net.server({stage: [first, "354 ok" if stage == "DATA" else "250 ok"]})
    courier = net.courier(server, sessions=1)
    assert handed(courier, mail(1))[0].verdict is not ACCEPTED
    assert handed(courier, mail(2))[0].verdict is ACCEPTED
    assert len(server.taken) == 1


def test_data_taken_although_the_recipient_was_not(net: Net) -> None:
    server = net.server({"RCPT": ["550 5.1.1 no", "250 ok"]})
    courier = net.courier(server)
    assert handed(courier, mail(1))[0].verdict is BAD
    assert "(dot)" not in server.heard_safely
    assert handed(courier, mail(2))[0].verdict is ACCEPTED
    assert server.connections == 2


def test_a_server_that_only_says_that_it_pipelines(net: Net) -> None:
    server = net.server({"RCPT": [SILENT, "250 ok"]})
    courier = net.courier(server)
    assert handed(courier, mail(1))[0].verdict is LATER
    assert handed(courier, mail(2))[0].verdict is ACCEPTED


def test_what_is_dropped_is_never_taken(net: Net) -> None:
    server = net.server()
    courier = net.courier(server)
    assert courier.begin([mail(1), mail(2), mail(3)]) == []
    courier.drop([1, 3])
    assert [(answer.id, answer.verdict) for answer in courier.finish()] == [(2, ACCEPTED)]
    courier.begin([mail(4)])
    courier.close()
    server.stop()
    assert len(server.taken) == 1
    assert server.heard_safely.count("(dot)") == 1


def test_fewer_sessions_where_the_server_wants_no_more(net: Net) -> None:
    server = net.server({"greeting": ["220 hi", "220 hi", "421 4.7.0 too many connections"]})
    courier = net.courier(server)
    answers = courier.begin([mail(1), mail(2), mail(3), mail(4)])
    assert {(answer.id, answer.verdict) for answer in answers} == {(3, LATER), (4, LATER)}
    assert "421 4.7.0 too many connections" in answers[0].words
    assert courier.sessions == 2
    assert [answer.verdict for answer in courier.finish()] == [ACCEPTED, ACCEPTED]
    assert [answer.verdict for answer in handed(courier, mail(3), mail(4))] == [ACCEPTED, ACCEPTED]


def test_each_mail_in_progress_has_its_own_session(net: Net) -> None:
    server = net.server()
    courier = net.courier(server)
    for first in (1, 5, 9):
        answers = handed(courier, *(mail(first + more) for more in range(4)))
        assert [answer.verdict for answer in answers] == [ACCEPTED] * 4
    assert server.connections == 4


def test_an_idle_session_that_was_closed_is_opened_anew(net: Net) -> None:
    server = net.server({"dot": ["250 ok\r\n421 4.4.2 idle for too long", "250 ok"]})
    courier = net.courier(server)
    assert handed(courier, mail(1))[0].verdict is ACCEPTED
    assert handed(courier, mail(2))[0].verdict is ACCEPTED
    assert server.connections == 2


def test_when_the_server_is_gone_between_two_mails(net: Net) -> None:
    server = net.server()
    courier = net.courier(server)
    server.stop()
    (answer,) = courier.begin([mail()])
    assert answer.verdict is ACCOUNT
    assert "takes no connections" in answer.words


def test_a_password_that_was_changed_meanwhile(net: Net) -> None:
    server = net.server({"AUTH": ["235 ok", "535 5.7.8 no more"], "dot": HANG_UP})
    courier = net.courier(server)
    assert handed(courier, mail(1))[0].verdict is UNKNOWN
    (answer,) = courier.begin([mail(2)])
    assert (answer.verdict, "535 5.7.8" in answer.words) == (ACCOUNT, True)


# --- sizes, encodings, lines --------------------------------------------------------------------


def test_a_mail_that_is_too_big_is_not_sent(net: Net) -> None:
    server = net.server(offers=("PIPELINING", "SIZE 1000", "AUTH PLAIN"))
    (answer,) = handed(net.courier(server), mail(content=b"x" * 1001))
    assert answer.verdict is REFUSED
    assert answer.words == "The mail has 1003 bytes, and the server takes no more than 1000."
    assert "MAIL" not in server.all_heard


@pytest.mark.parametrize("offer", ["SIZE", "SIZE 0", "SIZE x", "SIZE ٣"])
def test_a_size_that_says_nothing(net: Net, offer: str) -> None:
    server = net.server(offers=(offer, "AUTH PLAIN"))
    assert handed(net.courier(server))[0].verdict is ACCEPTED
    assert "SIZE=" in server.all_heard


def test_a_server_that_stops_reading_a_large_mail(net: Net) -> None:
    server = net.server({"body": SILENT}, offers=("AUTH PLAIN",))
    large = b"x" * 70 + b"\r\n"
    answers = handed(net.courier(server), mail(1, large * 200_000), mail(2))
    assert {answer.verdict for answer in answers} <= {LATER, UNKNOWN}
    assert server.taken == []


def test_large_mails_in_all_sessions(net: Net) -> None:
    server = net.server(offers=("PIPELINING", "AUTH PLAIN"))
    content = b"Subject: x\r\n\r\n" + (b"x" * 70 + b"\r\n") * 20_000
    courier = net.courier(server)
    answers = handed(courier, *(mail(id, content) for id in range(1, 5)))
    assert [answer.verdict for answer in answers] == [ACCEPTED] * 4
    assert server.taken == [content] * 4


def test_eight_bits(net: Net) -> None:
    content = "Subject: x\r\n\r\nhällo\r\n".encode()
    server = net.server()
    assert handed(net.courier(server), mail(content=content))[0].verdict is ACCEPTED
    assert "BODY=8BITMIME" in server.all_heard
    narrow = net.server(offers=("AUTH PLAIN",))
    (answer,) = handed(net.courier(narrow), mail(content=content))
    assert (answer.verdict, "8BITMIME" in answer.words) == (REFUSED, True)


def test_addresses_beyond_ascii(net: Net) -> None:
    server = net.server()
    courier = net.courier(server)
    (answer,) = handed(courier, mail(to="zoë@seq.test"))
    assert (answer.verdict, "SMTPUTF8" in answer.words) == (REFUSED, True)
    assert handed(courier, mail(to="zoe@bücher.test"))[0].verdict is ACCEPTED
    assert "RCPT TO:<zoe@xn--bcher-kva.test>" in server.heard_safely
    wide = net.server(offers=(*OFFERS, "SMTPUTF8"))
    assert handed(net.courier(wide), mail(to="zoë@straße.test"))[0].verdict is ACCEPTED
    assert "RCPT TO:<zoë@xn--strae-oqa.test>" in wide.heard_safely  # as the To header has it
    assert any(line.endswith(" SMTPUTF8") for line in wide.heard_safely)


@pytest.mark.parametrize(
    "to", ["a@x.test>\r\nRCPT TO:<b@x.test", "a b@x.test", "<a@x.test>", "a\x00@x"]
)
def test_an_address_can_not_smuggle_commands(net: Net, to: str) -> None:
    server = net.server()
    (answer,) = handed(net.courier(server), mail(to=to))
    assert answer.verdict is REFUSED
    assert "RCPT" not in server.all_heard


@pytest.mark.parametrize(
    ("content", "wire"),
    [
        (b"a\r\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n"),
        (b".a\r\n..b", b"..a\r\n...b\r\n"),
        (b"a\n.\nb\r.\rc", b"a\r\n..\r\nb\r\n..\r\nc\r\n"),
        (b"a\r\n.\n", b"a\r\n..\r\n"),
        (b"", b"\r\n"),
    ],
)
def test_dots_and_line_ends(net: Net, content: bytes, wire: bytes) -> None:
    server = net.server()
    assert handed(net.courier(server), mail(content=content))[0].verdict is ACCEPTED
    assert server.taken == [wire]


def test_the_password_is_sent_to_a_trusted_server_only_once_a_session(net: Net) -> None:
    server = net.server()
    handed(net.courier(server))
    plain = base64.b64encode(b"\0rep@seq.test\0" + CANARY.encode()).decode()
    assert server.heard_safely.count(f"AUTH PLAIN {plain}") == 1
    assert ENCODED not in server.all_heard
