"""`kill -9` while mail is handed over: each mail arrives once, or is shown as `unknown`
(rules, "What never happens", 8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from email import message_from_bytes
from itertools import product
from pathlib import Path

import pytest

from seqctl.service.reading.resolving import resolve
from tests.crash.dying import NEEDS_COPY, POINTS, dies
from tests.mail.post import Post
from tests.mail.servers import KEEPER, MailWorld

LEADS = ("lead1", "lead2", "lead3", "lead4")
Table = dict[tuple[str, str, int], str]


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    """What ordinary ticks did after each kill, printed at the end."""
    told: Table = {}
    yield told
    columns = sorted({key[1:] for key in told}, key=lambda column: (column[1], column[0]))
    rows = [[f"{number} in flight, {sent}" for sent, number in columns]]
    rows += [[told.get((point, *column), "-") for column in columns] for point in POINTS]
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    print()
    for name, cells in zip(["killed", *POINTS], rows, strict=True):
        shown = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        print(f"{name:<27} {'  '.join(shown)}".rstrip())


@pytest.fixture
def post_of(tmp_path: Path, mail_world: MailWorld) -> Iterator[Callable[[str], Post]]:
    made: list[Post] = []

    def make(sender: str) -> Post:
        for user in (sender, *LEADS):
            mail_world.empty(user)
        made.append(Post(tmp_path, mail_world, sender=sender))
        return made[0]

    yield make
    for post in made:
        post.close()


def cases() -> Iterator[object]:
    """Each point with one and with four mails in flight, where the server fills Sent and where it
    doesn't. Before `sending` a server that does makes no difference: those are slow."""
    names = list(POINTS)
    for point in names:
        early = names.index(point) < names.index("`sending` committed")
        for number, sender in product((1, 4), ("rep", KEEPER)):
            if sender == "rep" or point not in NEEDS_COPY:
                slow = early and sender == KEEPER
                marks = [pytest.mark.slow] if slow else []
                yield pytest.param(point, sender, number, marks=marks)


@pytest.mark.parametrize(("point", "sender", "number"), list(cases()))
def test_a_kill_at(
    post_of: Callable[[str], Post], table: Table, point: str, sender: str, number: int
) -> None:
    post = post_of(sender)
    post.begin(*LEADS[:number], fills_sent=sender == KEEPER or None)
    watched, of_one, of_four = POINTS[point]
    dies(post.path, watched, of_one if number == 1 else of_four)
    if number == 1:
        post.world.deliver_all()  # else the next tick is quicker than the server
    seen = post.store.history.last_id()
    tick_until_nothing_moves(post)
    words = "server fills Sent" if sender == KEEPER else "seqctl fills Sent"
    table[point, words, number] = told_since(post, seen)

    arrived = arrivals(post)
    for mail in post.mails():
        assert (arrived[mail["message_id"]], mail["status"]) in [
            (1, "sent"),
            (0, "unknown"),
            (1, "unknown"),
        ]
    for mail in post.mails():
        if mail["status"] == "unknown":
            resolve(
                post.store,
                post.user,
                post.clock.now(),
                mail["id"],
                sent=arrived[mail["message_id"]] == 1,
            )
    tick_until_nothing_moves(post)
    assert post.statuses() == ["sent"] * number
    assert arrivals(post) == dict.fromkeys((mail["message_id"] for mail in post.mails()), 1)
    assert [len(post.world.delivered(lead)) for lead in LEADS] == [1] * number + [0] * (4 - number)
    copies = Counter(ids_of(post.world.mails(sender, "Sent")))
    assert set(copies.values()) <= {1}


def tick_until_nothing_moves(post: Post) -> None:
    before = -1
    while before != (before := post.store.history.last_id()):
        post.tick()
        post.world.deliver_all()


def arrivals(post: Post) -> Counter[str]:
    """How often each mail arrived, by Message-ID; and no step twice under two of them."""
    mails = [mail for lead in LEADS for mail in post.world.delivered(lead)]
    steps = Counter(message_from_bytes(mail)["X-Seqctl-Id"] for mail in mails)
    assert set(steps.values()) <= {1}
    return Counter(ids_of(mails))


def ids_of(mails: list[bytes]) -> list[str]:
    return [message_from_bytes(mail)["Message-ID"] for mail in mails]


def told_since(post: Post, seen: int) -> str:
    """What became of the mails at last, as events tell it: `1 found in Sent, 3 unknown`."""
    events = post.store.connection.execute(
        "SELECT enrollment_id, kind, detail FROM event WHERE id > ? ORDER BY id", (seen,)
    )
    at_last = {id: word for id, kind, detail in events if (word := _word(kind, detail))}
    told = sorted(Counter(at_last.values()).items())
    return ", ".join(f"{count} {word}" for word, count in told) or "nothing left to do"


def _word(kind: str, detail: str) -> str:
    if kind == "sent":
        return "found in Sent" if detail.endswith(("(found in Sent)", "(seen since)")) else "sent"
    return kind if kind == "unknown" else ""
