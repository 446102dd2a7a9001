"""A mail is read once, ever: found again, it changes nothing (rules, "Read once")."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seqctl.domain.errors import Refused
from seqctl.domain.reading.letters import Kind
from seqctl.domain.sending.message_ids import message_id, seqctl_id
from seqctl.ports.mail import Folder
from seqctl.service.contacts import contacts
from seqctl.service.reading.reclassifying import reclassify
from tests.desk import MONDAY, Desk
from tests.mail.maildirs import Maildir
from tests.rereading import effects, read_from, reread

REPLY = (
    b"From: Ada <ada@x.test>\nTo: ann@acme.test\nSubject: Re: Hello\n"
    b"Date: Mon, 02 Mar 2026 09:00:00 +0100\nMessage-ID: <r1@x.test>\n\nYes, gladly.\n"
)
NAMELESS = REPLY.replace(b"Message-ID: <r1@x.test>\n", b"")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """ada has had her first mail; ann's inbox reads a Maildir."""
    made = Desk(tmp_path)
    made.apply()
    made.enroll("ada")
    made.tick(hours=1)
    yield made
    made.close()


@pytest.fixture
def mails(desk: Desk, tmp_path: Path) -> Maildir:
    made = Maildir(tmp_path / "mails")
    read_from(desk, maildir=str(made.path))
    return made


FOUND_AGAIN: dict[str, Callable[[Maildir], object]] = {
    "another name": lambda mails: mails.rename("1.first", "2.second"),
    "read by a mail program": lambda mails: mails.rename("1.first", "1.first:2,S", into="cur"),
    "a flag, another name": lambda mails: mails.rename("1.first", "7.other:2,RS", into="cur"),
    "a time of change": lambda mails: mails.touch("1.first", MONDAY),
    "a second copy": lambda mails: mails.copy("1.first", "3.third"),
    "line ends": lambda mails: mails.rewrite(
        "1.first", "4.fourth", lambda raw: raw.replace(b"\n", b"\r\n")
    ),
    "heads of another transport": lambda mails: mails.rewrite(
        "1.first", "5.fifth", lambda raw: b"Received: by b.test\nX-UID: 7\nStatus: RO\n" + raw
    ),
    "blanks at line ends": lambda mails: mails.rewrite(
        "1.first", "6.sixth", lambda raw: raw.replace(b"gladly.\n", b"gladly.  \n\n")
    ),
}


@pytest.mark.parametrize("raw", [REPLY, NAMELESS], ids=["with an id", "without an id"])
@pytest.mark.parametrize("how", FOUND_AGAIN)
def test_found_again(desk: Desk, mails: Maildir, how: str, raw: bytes) -> None:
    mails.put("1.first", raw)
    assert reread(desk).ended == 1
    desk.enroll("ada")
    before = effects(desk.store)
    FOUND_AGAIN[how](mails)
    assert reread(desk).read == 0
    assert effects(desk.store) == before
    assert desk.row(2).reason is None


def test_a_file_that_is_taken_away_and_comes_back(desk: Desk, mails: Maildir) -> None:
    mails.put("1.first", REPLY)
    reread(desk)
    desk.enroll("ada")
    before = effects(desk.store)
    raw = mails.take_away("1.first")
    reread(desk)
    assert desk.store.received.known_keys(1, Folder.INBOX) == []
    mails.put("1.first", raw)
    assert reread(desk).read == 0
    assert effects(desk.store) == before


def test_a_renamed_file_is_opened_once(desk: Desk, mails: Maildir) -> None:
    mails.put("1.first", REPLY)
    reread(desk)
    mails.rename("1.first", "2.second")
    reread(desk)
    assert desk.store.received.known_keys(1, Folder.INBOX) == ["2.second"]
    changes = desk.store.connection.total_changes
    reread(desk)
    assert desk.store.connection.total_changes == changes


DIFFERENT = {
    "another text": (b"Yes, gladly.", b"No."),
    "another moment": (b"09:00:00", b"09:00:01"),
    "another subject": (b"Re: Hello", b"Re: Hello again"),
    "another sender": (b"ada@x.test", b"ben@x.test"),
    "another recipient": (b"To: ann@acme.test", b"To: ann@acme.test, bo@acme.test"),
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_other_mails_without_an_id(desk: Desk, mails: Maildir, what: str) -> None:
    mails.put("1.first", NAMELESS)
    mails.put("2.second", NAMELESS.replace(*DIFFERENT[what]))
    assert reread(desk).read == 2


# --- what a person decided since ------------------------------------------------------------------

UNSUBSCRIBE = REPLY.replace(b"Yes, gladly.", b"Please unsubscribe me.")
AWAY = REPLY.replace(b"Message-ID", b"Auto-Submitted: auto-replied\nMessage-ID").replace(
    b"Yes, gladly.", b"I am out of office and will be back on 20 March 2026."
)


def again(desk: Desk, mails: Maildir) -> None:
    """The same mail, found again, changes nothing."""
    before = effects(desk.store)
    mails.rename("1.first", "9.again")
    assert reread(desk).read == 0
    assert effects(desk.store) == before


def test_opted_in_again(desk: Desk, mails: Maildir) -> None:
    mails.put("1.first", UNSUBSCRIBE)
    reread(desk)
    contacts.opt_in(desk.store, desk.me, desk.now, "ada@x.test")
    again(desk, mails)
    assert desk.store.contacts.suppressed("ada@x.test") == set()


def test_a_hold_that_was_lifted(desk: Desk, mails: Maildir) -> None:
    mails.put("1.first", AWAY)
    reread(desk)
    assert desk.row(1).held_since is not None
    desk.resume(None, "ada")
    again(desk, mails)
    assert desk.row(1).held_since is None


def test_reclassified(desk: Desk, mails: Maildir) -> None:
    mails.put("1.first", REPLY)
    reread(desk)
    (view,) = desk.store.received.view()
    reclassify(desk.store, desk.me, desk.now, view.received.id, Kind.AUTO_REPLY)
    again(desk, mails)
    assert desk.row(2).status.value == "live"


# --- Sent, and copies of one's own mail -------------------------------------------------------------

BY_HAND = (
    b"From: ann@acme.test\nTo: ada@x.test\nBcc: ann@acme.test\nSubject: By the way\n"
    b"Date: Mon, 02 Mar 2026 10:30:00 +0100\nMessage-ID: <hand@acme.test>\n\nI forgot to say.\n"
)


@pytest.fixture
def sent(mails: Maildir) -> Maildir:
    return Maildir(mails.path / ".Sent")


@pytest.mark.parametrize("first", ["inbox", "sent"])
@pytest.mark.parametrize("sender", [b"ann@acme.test", b"ann.berg@acme.test"])
def test_written_by_hand_with_a_copy_to_oneself(
    desk: Desk, mails: Maildir, sent: Maildir, first: str, sender: bytes
) -> None:
    """The copy in Sent counts, whichever is read first, and from an alias too."""
    raw = BY_HAND.replace(b"From: ann@acme.test", b"From: " + sender)
    for folder in (mails, sent) if first == "inbox" else (sent, mails):
        folder.put("1.first", raw)
        reread(desk)
    assert [hold.scope for hold in desk.store.holds.on_contact(1)] == ["hand-written"]
    assert desk.row(1).reason is None
    desk.resume(None, "ada")
    before = effects(desk.store)
    for folder in (mails, sent):
        folder.rename("1.first", "2.again")
    assert reread(desk).read == 0
    assert effects(desk.store) == before


def test_written_by_hand_from_an_alias_in_the_thread(
    desk: Desk, mails: Maildir, sent: Maildir
) -> None:
    """Its copy that comes in answers our mail, and yet is no reply."""
    ours = message_id(1, desk.store.workspace.state().secret, "ann@acme.test").encode()
    raw = BY_HAND.replace(b"From: ann@", b"From: ann.berg@")
    raw = raw.replace(b"Message-ID", b"In-Reply-To: " + ours + b"\nMessage-ID")
    sent.put("1.first", raw)
    mails.put("1.first", raw)
    assert reread(desk).ended == 0
    assert [hold.scope for hold in desk.store.holds.on_contact(1)] == ["hand-written"]


def test_an_answer_that_was_moved_into_sent(desk: Desk, mails: Maildir, sent: Maildir) -> None:
    """It is not written by hand to the others that it went to, and back in the inbox it is known."""
    desk.enroll("ben")
    desk.tick(hours=1)
    mails.put("1.first", REPLY.replace(b"To: ", b"Cc: ben@x.test\nTo: "))
    assert reread(desk).ended == 1
    desk.enroll("ada")
    before = effects(desk.store)
    for here, there in ((mails, sent), (sent, mails)):
        there.put("2.moved", here.take_away("1.first" if here is mails else "2.moved"))
        assert reread(desk).read == 0
    after = effects(desk.store)
    assert after.pop("received")[:1] == before.pop("received")
    assert after == before


def test_an_answer_that_was_moved_into_sent_before_it_was_read(
    desk: Desk, mails: Maildir, sent: Maildir
) -> None:
    sent.put("1.first", REPLY)
    assert reread(desk).ended == 0
    mails.put("1.first", sent.take_away("1.first"))
    assert reread(desk).ended == 1


@pytest.mark.parametrize("first", ["inbox", "sent"])
def test_one_of_our_mails_is_settled_by_either_copy(
    desk: Desk, mails: Maildir, sent: Maildir, first: str
) -> None:
    secret = desk.store.workspace.state().secret
    desk.store.connection.execute("UPDATE message SET status = 'unknown'")
    desk.store.connection.execute("UPDATE enrollment SET waiting = 'mail', due_at = NULL")
    desk.store.connection.execute("DELETE FROM agenda")
    ours = BY_HAND.replace(
        b"<hand@acme.test>", message_id(1, secret, "ann@acme.test").encode()
    ).replace(b"Subject", f"X-Seqctl-Id: {seqctl_id(1, 1, secret)}\nSubject".encode())
    for folder in (mails, sent) if first == "inbox" else (sent, mails):
        folder.put("1.first", ours)
        reread(desk)
        status = desk.store.connection.execute("SELECT status FROM message").fetchall()
        assert status == [("sent",)]


# --- two inboxes -------------------------------------------------------------------------------


@pytest.fixture
def shared(desk: Desk, mails: Maildir, tmp_path: Path) -> Maildir:
    """The mailbox of bo, who is another user."""
    del mails
    made = Maildir(tmp_path / "bo")
    read_from(desk.acting("bo"), "bo@acme.test", maildir=str(made.path))
    desk.acting("ann")
    return made


@pytest.mark.parametrize("raw", [REPLY, UNSUBSCRIBE, AWAY], ids=["reply", "no", "away"])
def test_a_mail_to_two_inboxes_acts_once(
    desk: Desk, mails: Maildir, shared: Maildir, raw: bytes
) -> None:
    mails.put("1.first", raw)
    assert reread(desk).counted == 1
    if raw is UNSUBSCRIBE:
        contacts.opt_in(desk.store, desk.me, desk.now, "ada@x.test")
    elif raw is AWAY:
        desk.resume(None, "ada")
    if raw is not AWAY:
        assert not desk.enroll("ada").refused
    before = effects(desk.store)
    shared.put("1.first", raw)
    synced = reread(desk, "bo@acme.test")
    assert (synced.read, synced.counted) == (1, 0)
    after = effects(desk.store)
    (first, second) = desk.store.received.view()
    assert second.received.reason.endswith("; read before in ann@acme.test, as mail 1")
    assert (first.received.kind, first.inbox) == (second.received.kind, "ann@acme.test")
    after.pop("received")
    before.pop("received")
    assert after == before


def test_a_reclassified_mail_in_another_inbox(desk: Desk, mails: Maildir, shared: Maildir) -> None:
    mails.put("1.first", REPLY)
    reread(desk)
    reclassify(desk.store, desk.me, desk.now, 1, Kind.OTHER)
    shared.put("1.first", REPLY)
    assert reread(desk, "bo@acme.test").counted == 0
    assert desk.row(2).status.value == "live"


def test_a_copy_is_mended_where_it_acted(desk: Desk, mails: Maildir, shared: Maildir) -> None:
    for folder, address in ((mails, "ann@acme.test"), (shared, "bo@acme.test")):
        folder.put("1.first", REPLY)
        reread(desk, address)
    with pytest.raises(Refused) as caught:
        reclassify(desk.store, desk.users["bo"], desk.now, 2, Kind.AUTO_REPLY)
    assert (caught.value.code, caught.value.hint) == (
        "COPY",
        "seqctl --as ann mail reclassify 1 --as auto-reply",
    )
    reclassify(desk.store, desk.me, desk.now, 1, Kind.AUTO_REPLY)
    assert desk.row(2).status.value == "live"


def test_a_mail_between_two_inboxes_of_the_workspace(
    desk: Desk, mails: Maildir, sent: Maildir, shared: Maildir
) -> None:
    """bo is a contact, too: what stands in bo's Sent is an answer in ann's inbox."""
    desk.contact("bo@acme.test", company="Acme")
    desk.enroll("bo@acme.test")
    desk.tick(hours=1)
    raw = REPLY.replace(b"ada@x.test", b"bo@acme.test")
    Maildir(shared.path / ".Sent").put("1.first", raw)
    shared.put("1.first", raw)
    reread(desk, "bo@acme.test")
    mails.put("1.first", raw)
    assert reread(desk).ended == 1


def test_a_shared_mailbox_with_one_sent_folder(
    desk: Desk, mails: Maildir, sent: Maildir, shared: Maildir
) -> None:
    sent.put("1.first", BY_HAND)
    reread(desk)
    desk.resume(None, "ada")
    Maildir(shared.path / ".Sent").put("1.first", BY_HAND)
    reread(desk, "bo@acme.test")
    assert desk.store.holds.on_contact(1) == []
