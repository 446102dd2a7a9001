"""A mail is read once, ever, with a real Dovecot: numbers, folders, and the Maildir beneath it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from seqctl.domain.sending.accounts import NO_LIMITS
from seqctl.mail.account.urls import server_of
from seqctl.service.contacts.contacts import opt_in
from seqctl.service.enrollments import pausing
from seqctl.service.inboxes import inboxes
from tests.mail.post import Post
from tests.mail.servers import MailWorld
from tests.rereading import effects

MAILS = 200
DATE = "Thu, 26 Nov 2026 09:00:00 +0000"


@pytest.fixture
def post(tmp_path: Path, mail_world: MailWorld) -> Iterator[Post]:
    """200 mails were read; then people decided otherwise than three of them."""
    for user in ("rep", "rep2"):
        mail_world.empty(user)
    made = Post(tmp_path, mail_world)
    made.begin("lead1", "lead2", "lead3")
    assert made.tick().emails == 3
    fill(made, "rep")
    assert made.sync()[0].counted == 3
    now = made.clock.now()
    opt_in(made.store, made.user, now, "lead2@seq.test")
    by = pausing.Resume(made.user, now)
    pausing.resume_contacts(made.store, ["lead3@seq.test"], by)
    assert not made.enroll("lead1", "lead2").refused
    yield made
    made.close()


def mails(post: Post) -> list[bytes]:
    """An answer, a no, an absence, and many more; every other without a Message-ID."""
    back = (post.clock.now() + timedelta(days=9)).date()
    texts = ["Yes.", "Please unsubscribe me.", f"I am out of office, back on {back:%d %B %Y}."]
    made: list[bytes] = []
    for n in range(MAILS):
        sender = f"lead{n + 1}@seq.test" if n < 3 else f"stranger{n}@seq.test"
        lines = [
            f"From: {sender}", "To: rep@seq.test, rep2@seq.test", f"Subject: mail {n}",
            f"Date: {DATE}",
            *([f"Message-ID: <{n}.{id(post)}@seq.test>"] if n % 2 == 0 else []),
            *(["Auto-Submitted: auto-replied"] if n == 2 else []),
            "", texts[n] if n < 3 else "From me to you, with blanks.  ", ">From a quote", "",
        ]  # fmt: skip
        made.append("\r\n".join(lines).encode())
    return made


def fill(post: Post, user: str) -> None:
    with post.world.imap(user) as client:
        for raw in mails(post):
            assert client.append("INBOX", "", None, raw)[0] == "OK"


def place(post: Post, user: str = "rep") -> Path:
    return post.world.folder / "mail" / user


def renumber(post: Post) -> None:
    """Dovecot gives new UIDs and a new UIDVALIDITY where its lists are gone."""
    for part in (place(post), place(post) / ".Sent"):
        for name in ("dovecot-uidlist", "dovecot.index*"):
            for file in part.glob(name):
                file.unlink()


def move(post: Post) -> None:
    """Everything to Archive, and back in another order."""
    with post.world.imap("rep") as client:
        client.create("Archive")
        for there, back in (("INBOX", "Archive"), ("Archive", "INBOX")):
            client.select(there)
            _, found = client.uid("SEARCH", "ALL")
            uids = found[0].decode().split()
            for chosen in (uids[::2], uids[1::2]):
                client.uid("MOVE", ",".join(chosen), back)


def copy(post: Post) -> None:
    with post.world.imap("rep") as client:
        client.select("INBOX")
        client.copy("1:*", "INBOX")


def flag(post: Post) -> None:
    with post.world.imap("rep") as client:
        client.select("INBOX")
        client.store("1:*", "+FLAGS", r"(\Seen \Answered)")


def by_maildir_and_back(post: Post) -> None:
    for _ in range(2):
        post.connect(imap=None, maildir=str(place(post)))
        assert post.sync()[0].read == 0
        post.connect()
        assert post.sync()[0].read == 0


FOUND_AGAIN: dict[str, Callable[[Post], object]] = {
    "numbered anew": renumber,
    "moved and back": move,
    "copied": copy,
    "flags": flag,
    "as a Maildir and back": by_maildir_and_back,
}


def told(post: Post) -> dict[str, list[tuple[object, ...]]]:
    rows = effects(post.store)
    rows["event"] = [row for row in rows["event"] if "inbox-connected" not in row]
    return rows


def test_found_again(post: Post) -> None:
    before = told(post)
    for how, change in FOUND_AGAIN.items():
        change(post)
        assert [post.sync()[0].read for _ in range(2)] == [0, 0], how
        assert told(post) == before, how
    assert len(post.store.received.view()) == MAILS
    post.answer("lead3")
    assert post.sync()[0].ended == 1


def test_a_server_that_was_restored_from_a_backup(post: Post, tmp_path: Path) -> None:
    """What came after the backup is lost; what comes now has UIDs that were read before."""
    backup = tmp_path / "backup"
    subprocess.run(["cp", "-a", place(post), backup], check=True)
    for n in range(5):
        post.answer("stranger@elsewhere.test", f"Number {n}.", Subject=f"lost {n}")
    assert post.sync()[0].read == 5
    subprocess.run(["rm", "-rf", place(post)], check=True)
    subprocess.run(["cp", "-a", backup, place(post)], check=True)
    before = told(post)
    assert post.sync()[0].read == 0
    assert told(post) == before
    post.answer("lead3")
    assert post.sync()[0].ended == 1
    assert post.sync()[0].read == 0


def test_two_inboxes_that_both_hold_them(post: Post) -> None:
    fill(post, "rep2")
    rep2 = post.account()._replace(
        imap=server_of(post.world.imap_url("rep2"), "rep2@seq.test"),
        smtp=server_of(post.world.smtp_url("rep2"), "rep2@seq.test"),
    )
    wiring = inboxes.Wiring(rep2, None, NO_LIMITS)
    inboxes.connect_inbox(post.store, post.user, "rep2@seq.test", wiring, post.clock.now())
    before = told(post)
    (_, second) = post.sync()
    assert (second.counted, second.ended) == (0, 0)
    after = told(post)
    assert len(after.pop("received")) == len(before.pop("received")) + second.read
    assert after == before
