"""What three users type, drawn by chance: commands as they stand on a command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

USERS = ("ann", "bo", "cy")
SEQUENCES = ("intro", "nurture", "private")
CONTACTS = tuple(f"{name}@x.test" for name in ("ada", "ben", "cleo", "dan", "eva", "finn"))
COMPANIES = ("Initech", "initech ", "Företag AB", "FÖRETAG AB", "", "Acme")
SPANS = ("90m", "12h", "1d", "3d", "1w")


class Deed(NamedTuple):
    """Who types what."""

    who: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"seqctl --as {self.who} {' '.join(self.words)}"


def inbox_of(user: str) -> str:
    """The address of a user, and of the one inbox that the user has."""
    return f"{user}@acme.test"


def sequence_text(chance: Random, name: str) -> str:
    """A sequence file: two to four steps, every kind of delay, day rule and window."""
    lines = [f"name: {name}", f"share: {'private' if name == 'private' else 'everyone'}"]
    lines.append(f"days: {chance.choice(('every', 'weekdays', 'business'))}")
    if chance.random() < 0.5:
        lines.append("window: 08:00-18:00")
    if chance.random() < 0.3:
        lines.append("unenroll_on: {company_reply: true}")
    lines.append("steps:")
    for number in range(1, chance.randint(2, 4) + 1):
        lines += _step(chance, number)
    return "\n".join(lines) + "\n"


def _step(chance: Random, number: int) -> list[str]:
    after = f"    after: {chance.choice(('0 days', '45 minutes', '5 hours', '2 days', '1 week'))}"
    at = '    at: "09:30"' if chance.random() < 0.2 else ""
    if number == 1 or chance.random() < 0.7:
        subject = "subject: Hello, " if number == 1 or chance.random() < 0.3 else ""
        what = f"  - email: {{{subject}body: 'Hi {{{{ contact.first_name }}}}, {number}'}}"
    else:
        wait = chance.choice(("true", "false", "2 days"))
        what = f"  - task: {{title: Ring, wait: {wait}}}"
    return [what] if number == 1 else [what, after, *([at] if at else [])]


def draw(chance: Random, open_tasks: Sequence[int]) -> Deed:
    """Somebody types something."""
    made, weights = zip(*_DEEDS, strict=True)
    (deed,) = chance.choices(made, weights)
    return Deed(chance.choice(USERS), tuple(deed(chance, open_tasks)))


Words = list[str]


def _enroll(chance: Random, _: Sequence[int]) -> Words:
    words = ["enroll", chance.choice(SEQUENCES), *_some(chance)]
    words += _perhaps(chance, "--also", 0.6)
    words += _perhaps(chance, "--now", 0.2) or _perhaps(chance, f"--at=+{_span(chance)}", 0.2)
    return words + _perhaps(chance, "--from-step=2", 0.1)


def _reenroll(chance: Random, _: Sequence[int]) -> Words:
    words = ["reenroll", chance.choice(SEQUENCES)]
    words += _perhaps(chance, "--reason=error", 0.3) or _some(chance)
    return words + _perhaps(chance, "--now", 0.2) + _perhaps(chance, "--also", 0.6)


def _pause(chance: Random, _: Sequence[int]) -> Words:
    return ["pause", *_subject(chance), *_perhaps(chance, f"--for={_span(chance)}", 0.6)]


def _resume(chance: Random, _: Sequence[int]) -> Words:
    return ["resume", *_subject(chance), *_perhaps(chance, "--restart-delay", 0.2)]


def _unenroll(chance: Random, _: Sequence[int]) -> Words:
    return ["unenroll", *_perhaps(chance, chance.choice(SEQUENCES), 0.6), chance.choice(CONTACTS)]


def _mark(chance: Random, _: Sequence[int]) -> Words:
    return ["mark", chance.choice(CONTACTS), chance.choice(("replied", "meeting", "bounced"))]


def _contact(chance: Random, _: Sequence[int]) -> Words:
    to = chance.choice(CONTACTS)
    verb = chance.choice(("opt-out", "opt-in", "opt-in", "delete", "add", "add", "edit"))
    words = ["contact", verb, to]
    if verb in ("add", "edit"):
        words += ["--first-name", "Ada", "--company", chance.choice(COMPANIES)]
    return words + (["--yes"] if verb == "delete" else [])


def _inbox(chance: Random, _: Sequence[int]) -> Words:
    address = inbox_of(chance.choice(USERS))
    if chance.random() < 0.3:
        return ["inbox", "disconnect", address]
    words = ["inbox", "connect", address]
    words += _perhaps(chance, f"--per-day={chance.choice(('1', '3', 'none'))}", 0.5)
    return words + _perhaps(chance, f"--per-minute={chance.choice(('1', 'none'))}", 0.3)


def _task(chance: Random, open_tasks: Sequence[int]) -> Words:
    if not open_tasks:
        return ["task", "list"]
    return ["task", chance.choice(("done", "skip")), str(chance.choice(open_tasks))]


def _halt(chance: Random, _: Sequence[int]) -> Words:
    return [chance.choice(("halt", "unhalt", "unhalt"))]


def _apply(chance: Random, _: Sequence[int]) -> Words:
    return ["sequence", "apply", f"{chance.choice(SEQUENCES)}-{chance.randint(1, 2)}.yaml"]


def _block(chance: Random, _: Sequence[int]) -> Words:
    verb = chance.choice(("add", "remove", "remove"))
    return ["block", verb, chance.choice(CONTACTS)]


_DEEDS: list[tuple[Callable[[Random, Sequence[int]], Words], int]] = [
    (_enroll, 24),
    (_reenroll, 8),
    (_pause, 10),
    (_resume, 10),
    (_unenroll, 3),
    (_mark, 3),
    (_contact, 8),
    (_inbox, 5),
    (_task, 8),
    (_halt, 3),
    (_apply, 3),
    (_block, 3),
]


def _some(chance: Random) -> Words:
    return chance.sample(CONTACTS, chance.randint(1, 3))


def _subject(chance: Random) -> Words:
    kind = chance.choice(("sequence", "all", "contact", "both"))
    if kind == "all":
        return ["--all"]
    sequence = [chance.choice(SEQUENCES)] if kind != "contact" else []
    return sequence + ([chance.choice(CONTACTS)] if kind != "sequence" else [])


def _span(chance: Random) -> str:
    return chance.choice(SPANS)


def _perhaps(chance: Random, word: str, likely: float) -> Words:
    return [word] if chance.random() < likely else []
