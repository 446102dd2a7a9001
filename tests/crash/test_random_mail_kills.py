"""`kill -9` at random moments of a tick that sends fifty mails: none is doubled, none is lost
(rules, "What never happens", 8)."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from email.parser import BytesHeaderParser
from itertools import islice
from pathlib import Path

import pytest

from seqctl.domain.sending.message_ids import message_of
from seqctl.service.reading.resolving import resolve
from tests.crash.dying import killed
from tests.mail.post import Post
from tests.mail.servers import KEEPER, MailWorld
from tests.trials import trials

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
KILLS = trials(40)
LEADS = tuple(f"lead{number}" for number in range(101, 151))


class Arrivals:
    """The mails that arrived at the leads, each read once."""

    def __init__(self, world: MailWorld) -> None:
        self._world = world
        self._seen: dict[Path, tuple[str, str]] = {}

    def of(self, post: Post) -> tuple[Counter[int], Counter[str]]:
        """How often each mail of a workspace arrived, by its number, and each step."""
        self._world.deliver_all()
        for lead in LEADS:
            for path in (self._world.folder / "mail" / lead / "new").glob("*"):
                if path not in self._seen:
                    head = BytesHeaderParser().parsebytes(path.read_bytes())
                    self._seen[path] = (head["Message-ID"], head["X-Seqctl-Id"])
        secret = post.store.workspace.state().secret
        ours = [(message_of(id, secret), step) for id, step in self._seen.values()]
        found = [(number, step) for number, step in ours if number is not None]
        return Counter(number for number, _ in found), Counter(step for _, step in found)


def workspaces(folder: Path, world: MailWorld) -> Iterator[Post]:
    """One workspace after the other with fifty mails that are due; they go out once and again."""
    number = 0
    while True:
        number += 1
        place = folder / str(number)
        place.mkdir()
        sender = ("rep", KEEPER)[number % 2]
        world.empty(sender)
        post = Post(place, world, sender=sender)
        post.begin(*LEADS, fills_sent=sender == KEEPER or None)
        yield post
        post.close()


def test_kills_at_any_moment(tmp_path: Path, mail_world: MailWorld) -> None:
    chance = random.Random(20260302)
    arrivals = Arrivals(mail_world)
    made = workspaces(tmp_path, mail_world)
    seconds = {post.address: length_of_a_tick(post) for post in islice(made, 2)}
    kills, after, ended = 0, Counter[str](), Counter[str]()
    for post in made:
        length = seconds[post.address]
        while kills < KILLS and killed(post.path, chance.uniform(0, length)):
            kills += 1
            after.update(post.statuses())
        mail_world.deliver_all()
        while post.tick().emails:
            pass
        numbers, steps = arrivals.of(post)
        for mail in post.mails():
            ended[f"{mail['status']}, {'arrived' if numbers[mail['id']] else 'not arrived'}"] += 1
            assert numbers[mail["id"]] <= 1
            assert mail["status"] == "unknown" or (mail["status"], numbers[mail["id"]]) == (
                "sent",
                1,
            )
            if mail["status"] == "unknown":
                arrived = numbers[mail["id"]] == 1
                resolve(post.store, post.user, post.clock.now(), mail["id"], sent=arrived)
        post.tick()
        numbers, steps = arrivals.of(post)
        assert post.statuses() == ["sent"] * len(LEADS)
        assert set(numbers.values()) == set(steps.values()) == {1}
        assert len(numbers) == len(steps) == len(LEADS)
        if kills >= KILLS:
            break
    made.close()
    print(f"\n{kills} kills; seconds of a tick: {seconds}")
    print(f"mails just after a kill: {dict(after)}; at the end: {dict(ended)}")


def length_of_a_tick(post: Post) -> float:
    began = time.monotonic()
    assert not killed(post.path, None)
    return time.monotonic() - began
