"""Whatever an IMAP server does: Unreachable or AccountRefused, and a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seqctl.domain.sending.accounts import Account, Secret, SecretKind, Server
from seqctl.mail.account.connecting import Patience
from seqctl.mail.office import Office
from seqctl.mail.reading.imap import ImapMailbox
from seqctl.mail.reading.imap_parts import Fetched, fetched
from seqctl.mail.reading.sent_names import sent_among
from seqctl.ports.mail import AccountRefused, Arrived, Cursor, Folder, Unreachable
from tests.mail.bad_imap_server import HANG_UP, BadImapServer
from tests.mail.bad_server import password_file
from tests.mail.certificates import Authority

CANARY = "canary-password"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
Serve = Callable[..., BadImapServer]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("ca"))
    made.signed("good", "DNS:localhost")
    made.signed("other", "DNS:other.test")
    return made


@pytest.fixture
def serve(authority: Authority) -> Iterator[Serve]:
    started: list[BadImapServer] = []

    def start(script: dict[str, str], name: str = "good", *, wrapped: bool = True) -> BadImapServer:
        started.append(BadImapServer(authority.signed_before(name), script, wrapped=wrapped))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def opened(authority: Authority, tmp_path: Path) -> Iterator[Callable[..., ImapMailbox]]:
    boxes: list[ImapMailbox] = []

    def open_box(server: BadImapServer, *, tls: bool = True) -> ImapMailbox:
        account = Account(
            imap=Server("localhost", server.port, "rep@seq.test", tls),
            secret=Secret(SecretKind.FILE, password_file(tmp_path, CANARY)),
            ca_file=str(authority.ca_file),
        )
        boxes.append(ImapMailbox(account, Patience(20, 0.4 if server.falls_silent else 20)))
        return boxes[-1]

    yield open_box
    for one in boxes:
        one.close()


def read_all(account: Account) -> None:
    box = Office(Patience(20, 20)).mailbox(account)
    try:
        list(box.new(Folder.INBOX, None, (), NOW))
    finally:
        box.close()


def read(box: ImapMailbox, cursor: Cursor | None = None) -> list[Arrived]:
    return list(box.new(Folder.INBOX, cursor, (), NOW))


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        ({"greeting": HANG_UP}, Unreachable, "lets nobody in|hung up"),
        ({"greeting": "* BYE too many"}, Unreachable, "lets nobody in"),
        ({"greeting": "220 smtp.test ESMTP"}, Unreachable, "lets nobody in"),
        ({"CAPABILITY": HANG_UP}, Unreachable, "lets nobody in|hung up"),
        ({"LOGIN": "{tag} NO [AUTHENTICATIONFAILED] wrong"}, AccountRefused, "does not let rep@"),
        ({"LOGIN": "{tag} BAD what is it"}, AccountRefused, "does not let rep@seq.test in"),
        ({"LOGIN": f"{{tag}} NO not {CANARY}"}, AccountRefused, "not …"),
        ({"LOGIN": f"* BYE {CANARY}"}, Unreachable, "ended the login|did not answer|hung up"),
        ({"LOGIN": HANG_UP}, Unreachable, "ended the login|hung up"),
        ({"LOGIN": ""}, Unreachable, "did not answer in time|ended the login"),
    ],
)
def test_no_session(
    serve: Serve,
    opened: Callable[..., ImapMailbox],
    script: dict[str, str],
    kind: type[Exception],
    words: str,
) -> None:
    server = serve(script)
    with pytest.raises((Unreachable, AccountRefused), match=words) as caught:
        opened(server)
    assert type(caught.value) is kind
    assert CANARY not in f"{caught.value} {caught.value.__context__!r}"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ({"CAPABILITY": "* CAPABILITY IMAP4rev1\r\n{tag} OK done"}, "does not offer STARTTLS"),
        ({"STARTTLS": "{tag} NO not today"}, "STARTTLS"),
        ({"STARTTLS": "{tag} BAD what is it"}, "STARTTLS"),
        ({"greeting": "* PREAUTH welcome"}, "STARTTLS"),
        ({"STARTTLS": HANG_UP}, "hung up"),
        ({"STARTTLS": "{tag} OK done\r\n* OK no TLS after all"}, "hung up|TLS|in time"),
    ],
)
def test_without_tls_no_password_leaves(
    serve: Serve, opened: Callable[..., ImapMailbox], script: dict[str, str], words: str
) -> None:
    server = serve(script, wrapped=False)
    with pytest.raises((Unreachable, AccountRefused), match=words):
        opened(server, tls=False)
    assert "LOGIN" not in " ".join(server.heard)


def test_a_wrong_certificate(serve: Serve, opened: Callable[..., ImapMailbox]) -> None:
    server = serve({}, "other")
    with pytest.raises(AccountRefused, match="made out to another name than localhost"):
        opened(server)
    assert server.heard == []


@pytest.mark.parametrize("verb", ["EXAMINE", "SEARCH", "FETCH"])
@pytest.mark.parametrize(
    "said",
    [HANG_UP, "{tag} NO not now", "{tag} BAD what is it", "* BYE going\r\n{tag} NO go", "boo", ""],
)
def test_trouble_while_reading(
    serve: Serve, opened: Callable[..., ImapMailbox], verb: str, said: str
) -> None:
    box = opened(serve({verb: said}))
    with pytest.raises(Unreachable):
        read(box)
    assert box.position(Folder.INBOX) is None


@pytest.mark.parametrize(
    "script",
    [
        {"EXAMINE": "{tag} OK done"},
        {"SEARCH": "* SEARCH x y\r\n{tag} OK done"},
        {"FETCH": '* 1 FETCH (UID 8 INTERNALDATE "yesterday" BODY[] {{2}}\r\nhi)\r\n{tag} OK'},
    ],
)
def test_answers_that_make_no_sense(
    serve: Serve, opened: Callable[..., ImapMailbox], script: dict[str, str]
) -> None:
    with pytest.raises(Unreachable):
        read(opened(serve(script)))


def test_a_server_that_tells_no_uidnext(serve: Serve, opened: Callable[..., ImapMailbox]) -> None:
    script = {
        "EXAMINE": "* OK [UIDVALIDITY 7] v\r\n{tag} OK done",
        "STATUS": "* STATUS INBOX (UIDNEXT 9)\r\n{tag} OK done",
    }
    server = serve(script)
    box = opened(server)
    assert [one.key for one in read(box)] == ["8"]
    assert box.position(Folder.INBOX) == Cursor(7, 8)
    # "9:*" finds the last mail, 8, which is known.
    assert read(box, Cursor(7, 8)) == []
    assert not any("SEARCH UID 9:*" in line for line in server.heard)


def test_the_last_mail_that_every_star_finds(
    serve: Serve, opened: Callable[..., ImapMailbox]
) -> None:
    box = opened(
        serve({"EXAMINE": "* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT 20] n\r\n{tag} OK done"})
    )
    assert read(box, Cursor(7, 8)) == []
    assert box.position(Folder.INBOX) == Cursor(7, 19)


def test_no_sent_folder(serve: Serve, opened: Callable[..., ImapMailbox]) -> None:
    server = serve({})
    box = opened(server)
    assert list(box.new(Folder.SENT, None, (), NOW)) == []
    assert box.position(Folder.SENT) is None
    assert box.find_sent("<x@y>", "1.2.a") is None
    box.keep_sent(b"x", "<x@y>", NOW)
    assert not any("APPEND" in line for line in server.heard)


# --- pieces -------------------------------------------------------------------------------------

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
DATE = b'INTERNALDATE "24-Nov-2026 12:00:00 +0000"'


@pytest.mark.parametrize(
    ("parts", "mails"),
    [
        ([], []),
        ([None], []),
        ([(b"1 (UID 8 " + DATE + b" RFC822.SIZE 9 BODY[]<0> {2}", b"hi"), b")"], [(8, b"hi", 9)]),
        ([(b"1 (BODY[]<0> {2}", b"hi"), b" UID 8 " + DATE + b" RFC822.SIZE 9)"], [(8, b"hi", 9)]),
        ([b"1 (UID 8 " + DATE + b' RFC822.SIZE 0 BODY[]<0> "")'], [(8, b"", 0)]),
        ([b"1 (UID 8 " + DATE + b' BODY[] "a\\"b")'], [(8, b'a"b', 3)]),
        ([b"1 (UID 8 " + DATE + b" RFC822.SIZE 0 BODY[]<0> NIL)"], [(8, b"", 0)]),
        (
            [
                b"9 (FLAGS (\\Seen))",
                (b"1 (UID 8 " + DATE + b" BODY[] {2}", b"hi"),
                b")",
                b"2 (FLAGS ())",
                (b"2 (UID 9 " + DATE + b" BODY[] {2}", b"ho"),
                b" FLAGS ())",
            ],
            [(8, b"hi", 2), (9, b"ho", 2)],
        ),
    ],
)
def test_answers_to_fetch(parts: list[object], mails: list[tuple[int, bytes, int]]) -> None:
    assert list(fetched(parts)) == [Fetched(uid, AT, raw, size) for uid, raw, size in mails]


def test_other_offsets() -> None:
    parts = [b'1 (UID 8 INTERNALDATE " 4-Nov-2026 13:30:00 +0130" BODY[] "")']
    assert next(fetched(parts)).at == datetime(2026, 11, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("names", "sent"),
    [
        (["INBOX", "Drafts"], None),
        (["INBOX", "Sent", "Sent Items"], "Sent"),
        (["INBOX/Sent", "Sent Items"], "INBOX/Sent"),
        (["Sent Items", "Archive/Sent"], "Sent Items"),
        (["[Gmail]/Sent Mail", "[Gmail]/All Mail"], "[Gmail]/Sent Mail"),
        (["INBOX.Gesendet"], "INBOX.Gesendet"),
        (["skickat"], "skickat"),
        (["Éléments envoyés"], "Éléments envoyés"),
        (["Clients/Sent"], None),
        (["Presentations"], None),
    ],
)
def test_names_of_sent(names: list[str], sent: str | None) -> None:
    assert sent_among(names) == sent


@pytest.mark.parametrize(
    "script",
    [
        {"FETCH": "* 1 FETCH (UID 8 BODY[]<0> {{3221225472}}\r\nhi\r\n)\r\n{tag} OK done"},
        {
            "FETCH": "* 1 FETCH (UID 8 BODY[]<0> {{99999999999999999999}}\r\nhi\r\n)\r\n{tag} OK done"
        },
        {"EXAMINE": "* 1 EXISTS {{3000000000}}\r\n{tag} OK done"},
        {"CAPABILITY": "* CAPABILITY {{3000000000}}\r\n{tag} OK done"},
        {"LOGIN": "* OK {{3000000000}}\r\n{tag} OK in"},
    ],
    ids=["literal", "beyond all numbers", "examine", "capability", "login"],
)
def test_an_answer_without_bounds(
    serve: Serve, authority: Authority, tmp_path: Path, script: dict[str, str]
) -> None:
    server = serve(script)
    account = Account(
        imap=Server("localhost", server.port, "rep@seq.test", True),
        secret=Secret(SecretKind.FILE, password_file(tmp_path, CANARY)),
        ca_file=str(authority.ca_file),
    )
    with pytest.raises(Unreachable, match="localhost"):
        read_all(account)
