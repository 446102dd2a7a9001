"""Sequence files with mistakes: every one is told, with its line and column."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from seqctl.files.sequences.sequences import (
    Mistake,
    SequenceFileErrors,
    read_sequence,
    read_sequence_text,
)

DATA = Path(__file__).parents[1] / "data"
HEAD = "name: a\nwindow: 08:00-18:00\n"
FIRST = "steps:\n  - email: {subject: x, body: y}\n"


def mistakes_of(text: str, folder: Path | None = None) -> list[Mistake]:
    with pytest.raises(SequenceFileErrors) as caught:
        read_sequence_text(text, name="a.yaml", folder=folder)
    return list(caught.value.mistakes)


def test_ten_mistakes_in_one_file() -> None:
    with pytest.raises(SequenceFileErrors) as caught:
        read_sequence(DATA / "ten-mistakes.yaml")
    error = caught.value
    assert (error.code, error.exit_code) == ("BAD_SEQUENCE", 5)
    path = DATA / "ten-mistakes.yaml"
    assert error.message.splitlines() == [
        f'{path}:1:7: `name` can\'t be "Ten Mistakes"; use a-z, 0-9 and -, such as `ten-mistakes`',
        f"{path}:2:1: unknown key `tite`; did you mean `title`?",
        f'{path}:3:11: `timezone` can\'t be "Europe/Stokholm", which is no time zone; '
        "did you mean Europe/Stockholm?",
        f'{path}:4:7: `days` can\'t be "buisness"; did you mean business? '
        "It can be every, weekdays or business",
        f"{path}:5:9: `window` can't cross midnight (18:00 to 08:00); write times of one day, "
        "such as `08:00-18:00`",
        f"{path}:6:12: an item of `holidays` can't be 2026-02-30; the calendar has no such day",
        f"{path}:7:1: the key `days` stands in line 4 already; keep one",
        f"{path}:9:5: the first step can't have `after`; it is due at once, so delete the key",
        f"{path}:11:26: unknown name `contct`; did you mean `contact.first_name`?",
        f"{path}:12:18: `body_file` ../outside.md lies outside the sequence's folder; move it there",
        f"{path}:13:5: `after` is missing; write how long after the previous step, such as `3 days`",
        f'{path}:15:17: `priority` can\'t be "urgent"; write low, normal or high',
        f'{path}:16:13: `wait` can\'t be "5d"; write true, false, or the longest wait '
        "such as `5 days`",
    ]
    assert error.hint.endswith(f"seqctl sequence check {path}")


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        # form
        ("", 1, 1, "the file is empty"),
        (" \n\n", 1, 1, "the file is empty"),
        ("# nothing\n", 1, 1, "the file is empty"),
        ("[a, b]", 1, 1, "the file must be a block of keys"),
        ("hello", 1, 1, "the file must be a block of keys"),
        ("null", 1, 1, "the file must be a block of keys"),
        ("name: a\nsteps:\n\t- task: {title: x}", 3, 1, "a tab can't stand here"),
        ("name: a: b", 1, 8, "this colon can't stand here"),
        ("name: a\n title: b", 2, 7, "this colon can't stand here"),
        ("name: a\nsteps: [", 2, 9, "this is not valid YAML"),
        ("name: 'a", 1, 9, "this is not valid YAML"),
        ("name: @a", 1, 7, "this is not valid YAML"),
        ("name: a\x00b", 1, 8, "the control character U+0000"),
        ("name: a\ntitle: b\x1b[1m", 2, 9, "the control character U+001B"),
        (f"{HEAD}{FIRST}---\nname: b\n", 5, 1, "a second document begins here"),
        (f"{HEAD}title: &x a\n{FIRST}", 3, 8, "anchors (`&x`) aren't allowed"),
        (f"{HEAD}title: a\nshare: *x\n{FIRST}", 4, 8, "aliases (`*x`) aren't allowed"),
        (f"{HEAD}title: !!str a\n{FIRST}", 3, 8, "tags (`!…`) aren't allowed"),
        (f"{HEAD}title: {'[' * 500}", 3, 27, "nested deeper than 20 levels"),
        ("- " * 5000, 1, 41, "nested deeper than 20 levels"),
        (f"? [a]\n: b\n{HEAD}{FIRST}", 1, 3, "a key must be a word"),
        (f"{HEAD}title: {{{{ contact.city }}}}\n{FIRST}", 3, 8, "must stand in quotes"),
        (f"{HEAD}title: {{{{ contact.city }}}} b\n{FIRST}", 3, 8, "must stand in quotes"),
        # keys
        (f"{HEAD}Time-Zone: UTC\n{FIRST}", 3, 1, "did you mean `timezone`?"),
        (f"{HEAD}colour: red\n{FIRST}", 3, 1, "the keys here are name, title, share,"),
        (f"{HEAD}'a\\eb\\n': x\n{FIRST}".replace("'", '"'), 3, 1, "unknown key `a\ufffdb`"),
        (f"{HEAD}{FIRST}    delay: 3 days", 5, 5, "the keys here are after, at, email, task"),
        (f"{HEAD}name: b\n{FIRST}", 3, 1, "the key `name` stands in line 1 already"),
        (f"{HEAD}title:\n{FIRST}", 3, 1, "`title` is empty"),
        (f"title: a\n{FIRST}", 1, 1, "`name` is missing; write `name: founders-intro`"),
        ("name: a", 1, 1, "`steps` is missing"),
        ("name: a\nsteps: []", 2, 8, "at least one step"),
        ("name: a\nsteps: {task: {title: x}}", 2, 8, "`steps` must be a list"),
        ("name: a\nsteps: [x]", 2, 9, "an item of `steps` must be a block of keys"),
        # settings
        ("name: Ring Bo!\nsteps: [task: {title: x}]", 1, 7, "such as `ring-bo`"),
        ("name: -a\nsteps: [task: {title: x}]", 1, 7, "such as `a`"),
        ("name: 12\nsteps: [task: {title: x}]", 1, 7, 'put it in quotes: "12"'),
        (f"{HEAD}title: 1.5\n{FIRST}", 3, 8, 'put it in quotes: "1.5"'),
        (f"{HEAD}title: true\n{FIRST}", 3, 8, 'put it in quotes: "true"'),
        (f"{HEAD}title: [a]\n{FIRST}", 3, 8, "`title` must be text"),
        (f'{HEAD}title: " "\n{FIRST}', 3, 8, "`title` is empty"),
        (f'{HEAD}title: "a\\0"\n{FIRST}', 3, 8, "the control character U+0000"),
        (f'{HEAD}title: "a\\ud800"\n{FIRST}', 3, 8, "the control character U+D800"),
        (f"{HEAD}share: all\n{FIRST}", 3, 8, "write private, everyone or {users: [bo]"),
        (f"{HEAD}share: [bo]\n{FIRST}", 3, 8, "write private, everyone or {users: [bo]"),
        (f"{HEAD}share: {{users: bo}}\n{FIRST}", 3, 16, "`users` must be a list"),
        (f"{HEAD}share: {{team: [bo]}}\n{FIRST}", 3, 9, "did you mean `teams`?"),
        (f"{HEAD}timezone: Stockholm\n{FIRST}", 3, 11, "did you mean Europe/Stockholm"),
        (f"{HEAD}timezone: +01:00\n{FIRST}", 3, 11, "is no time zone"),
        (f"{HEAD}days: never\n{FIRST}", 3, 7, "every, weekdays or business"),
        (f"{HEAD}days: [monday]\n{FIRST}", 3, 7, "can't be a list"),
        (f"window: 8-18\nname: a\n{FIRST}", 1, 9, "such as `08:00-18:00`"),
        (f"window: 08:00-24:00\nname: a\n{FIRST}", 1, 9, "between 00:00 and 23:59"),
        (f"window: 22:00-06:00\nname: a\n{FIRST}", 1, 9, "can't cross midnight"),
        (f"window: 08:00-08:00\nname: a\n{FIRST}", 1, 9, "closes when it opens"),
        (f"window: {{}}\nname: a\n{FIRST}", 1, 9, "can't be a block of keys"),
        (f"{HEAD}holidays: 2026-12-24\n{FIRST}", 3, 11, "`holidays` must be a list"),
        (f"{HEAD}holidays: [24.12.2026]\n{FIRST}", 3, 12, "write year-month-day"),
        (f"{HEAD}holidays: [2026-12-24, ~]\n{FIRST}", 3, 24, "can't be empty"),
        (f"{HEAD}unenroll_on: {{company_reply: 1}}\n{FIRST}", 3, 30, "must be true or false"),
        (f"{HEAD}unenroll_on: reply\n{FIRST}", 3, 14, "must be a block of keys"),
        # steps
        (f"{HEAD}{FIRST}    after: 1 day", 5, 5, "the first step can't have `after`"),
        (f"{HEAD}{FIRST}  - task: {{title: x}}", 5, 5, "`after` is missing"),
        (f"{HEAD}{FIRST}  - after: 1 day", 5, 5, "the step does nothing"),
        (
            f"{HEAD}{FIRST}  - {{after: 1 day, email: {{body: x}}, task: {{title: x}}}}",
            *(5, 38, "not both; make two steps of it"),
        ),
        (
            f"{HEAD}{FIRST}  - {{after: 3, task: {{title: x}}}}",
            5,
            13,
            "write the unit too: `3 days`",
        ),
        (f"{HEAD}{FIRST}  - {{after: 3d, task: {{title: x}}}}", 5, 13, "write `3 days`"),
        (f"{HEAD}{FIRST}  - {{after: 1h, task: {{title: x}}}}", 5, 13, "write `1 hour`"),
        (f"{HEAD}{FIRST}  - {{after: 2 dys, task: {{title: x}}}}", 5, 13, "write `2 days`"),
        (f"{HEAD}{FIRST}  - {{after: 1 month, task: {{title: x}}}}", 5, 13, "write `4 weeks`"),
        (f"{HEAD}{FIRST}  - {{after: 1.5 days, task: {{title: x}}}}", 5, 13, "a whole number"),
        (f"{HEAD}{FIRST}  - {{after: -1 day, task: {{title: x}}}}", 5, 13, "a whole number"),
        (f"{HEAD}{FIRST}  - {{after: soon, task: {{title: x}}}}", 5, 13, "a whole number"),
        (f"{HEAD}{FIRST}  - {{after: ٣ days, task: {{title: x}}}}", 5, 13, "a whole number"),
        (f"{HEAD}{FIRST}  - {{after: 9999 weeks, task: {{title: x}}}}", 5, 13, "the longest"),
        (f"{HEAD}{FIRST}    at: 9am", 5, 9, 'such as "09:30"'),
        (f"{HEAD}{FIRST}    at: '24:00'", 5, 9, 'such as "09:30"'),
        (f"{HEAD}{FIRST}    at: 930", 5, 9, 'such as "09:30"'),
        (f"{HEAD}{FIRST}    at: '18:01'", 5, 9, "is outside the window 08:00-18:00"),
        # mails
        (f"{HEAD}steps: [email: {{body: x}}]", 3, 9, "`subject` is missing"),
        (f"{HEAD}steps: [email: {{subject: x}}]", 3, 9, "the mail has no text"),
        (f"{HEAD}steps: [email: x]", 3, 16, "`email` must be a block of keys"),
        (f"{HEAD}steps: [email: ]", 3, 9, "`email` is empty"),
        (
            f"{HEAD}steps: [task: {{title: x, email: {{body: x}}}}]",
            *(3, 26, "`subject` is missing"),
        ),
        # tasks
        (f"{HEAD}steps: [task: {{type: call}}]", 3, 9, "`title` is missing"),
        (f"{HEAD}steps: [task: {{title: x, type: phone}}]", 3, 32, "todo, call, email or linkedin"),
        (f"{HEAD}steps: [task: {{title: x, priority: hi}}]", 3, 36, "low, normal or high"),
        (f"{HEAD}steps: [task: {{title: x, wait: no}}]", 3, 32, "write true, false, or"),
        (f"{HEAD}steps: [task: {{title: x, wait: 0 days}}]", 3, 32, "write true, false, or"),
        # templates
        (f"{HEAD}steps: [task: {{title: '{{{{ bo.x }}}}'}}]", 3, 27, "unknown name `bo`"),
        (f"{HEAD}steps: [task: {{title: x, notes: '{{{{ x'}}]", 3, 34, "can't be read"),
        (
            f"{HEAD}steps:\n  - email:\n      subject: x\n      body: |  # text\n"
            "\n        Hi {{ contact.a }},\n          and {{ sender.nme }}\n",
            *(9, 18, "sender has no `nme`"),
        ),
        (
            f"{HEAD}steps:\n  - email:\n      subject: x\n      body: >\n"
            "        Hi {{ contact.a }},\n        and {{ sender.nme }}\n",
            *(8, 16, "sender has no `nme`"),
        ),
        (
            f"{HEAD}steps:\n  - email:\n      subject: \"a \\u00e9 {{{{ 'a' * 10**9 }}}}\"\n      body: x\n",
            *(5, 26, "numbers only"),
        ),
    ],
)
def test_mistakes(text: str, line: int, column: int, said: str) -> None:
    (mistake,) = mistakes_of(text)
    assert said in mistake.message
    assert (mistake.file, mistake.line, mistake.column) == ("a.yaml", line, column)
    assert "\n" not in str(mistake)
    assert mistake.message.isprintable()


def test_a_misspelt_key_does_not_hide_what_is_wrong_inside() -> None:
    text = f"{HEAD}stesp:\n  - emial: {{subjet: x, body: '{{{{ x }}}}'}}\n"
    assert [(each.line, each.column) for each in mistakes_of(text)] == [
        (3, 1),
        (4, 5),
        (4, 13),
        (4, 34),
    ]


@pytest.mark.parametrize("days", ["every", "weekdays", "business"])
def test_a_year_of_holidays(days: str) -> None:
    listed = [date(2026, 3, 2) + timedelta(days=number) for number in range(400)]
    if days != "every":
        listed = [day for day in listed if day.weekday() < 5]
    text = f"{HEAD}days: {days}\nholidays: [{', '.join(map(str, listed))}]\n{FIRST}"
    (mistake,) = mistakes_of(text)
    assert (mistake.line, mistake.column) == (4, 1)
    assert "leave no day within a year" in mistake.message
    shorter = text.replace("2026-09-01, ", "")
    assert read_sequence_text(shorter, name="a.yaml", folder=None).name == "a"


# --- files ---------------------------------------------------------------------------------------


def large(folder: Path) -> None:
    (folder / "b.txt").write_text("x" * 1_000_001)


def latin(folder: Path) -> None:
    (folder / "b.txt").write_bytes("a\né".encode("latin-1"))


def binary(folder: Path) -> None:
    (folder / "b.txt").write_bytes(b"a\n\x00")


def blank(folder: Path) -> None:
    (folder / "b.txt").write_text(" \n")


def directory(folder: Path) -> None:
    (folder / "b.txt").mkdir()


def link_outside(folder: Path) -> None:
    (folder / "b.txt").symlink_to(DATA / "full.yaml")


def link_to_itself(folder: Path) -> None:
    (folder / "b.txt").symlink_to(folder / "b.txt")


def nothing(folder: Path) -> None:
    assert folder.is_dir()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (large, "is larger than 1 MB"),
        (latin, "is not UTF-8 text (line 2); save it as UTF-8"),
        (binary, "holds the control character U+0000 in line 2"),
        (blank, "is empty"),
        (directory, "is a folder or a device"),
        (link_outside, "lies outside the sequence's folder"),
        (link_to_itself, "body_file"),
        (nothing, "does not exist"),
    ],
)
def test_body_files_that_cannot_be_used(
    tmp_path: Path, make: Callable[[Path], None], said: str
) -> None:
    make(tmp_path)
    text = f"{HEAD}steps: [email: {{subject: x, body_file: b.txt}}]"
    (mistake,) = mistakes_of(text, tmp_path)
    assert said in mistake.message
    assert (mistake.line, mistake.column) == (3, 40)


@pytest.mark.parametrize("name", ["/etc/passwd", "../b.txt", "a/../../b.txt", '"a\\0b"', "~root/x"])
def test_body_files_elsewhere(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    (tmp_path / "b.txt").write_text("x")
    text = f"{HEAD}steps: [email: {{subject: x, body_file: {name}}}]"
    assert {(each.line, each.column) for each in mistakes_of(text, folder)} == {(3, 40)}


def test_a_mail_with_two_texts(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("x")
    text = f"{HEAD}steps: [email: {{subject: x, body: x, body_file: b.txt}}]"
    (mistake,) = mistakes_of(text, tmp_path)
    assert "`body` or `body_file`, not both" in mistake.message
    assert (mistake.line, mistake.column) == (3, 38)


def test_a_body_file_needs_a_folder() -> None:
    (mistake,) = mistakes_of(f"{HEAD}steps: [email: {{subject: x, body_file: b.txt}}]")
    assert "write the text as `body`" in mistake.message


def test_mistakes_in_a_body_file_name_that_file(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("Hi\n\n{{ contct.first_name }} {{ sender.nme }}\n")
    path = tmp_path / "a.yaml"
    path.write_text("name: a\nfoo: 1\nsteps: [email: {subject: x, body_file: b.md}]\n")
    with pytest.raises(SequenceFileErrors) as caught:
        read_sequence(path)
    places = [(each.file, each.line, each.column) for each in caught.value.mistakes]
    body = str(tmp_path / "b.md")
    assert places == [(str(path), 2, 1), (body, 3, 4), (body, 3, 28)]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (large, "the file is larger than 1 MB"),
        (latin, "the file is not UTF-8 text (line 2); save it as UTF-8"),
        (binary, "the control character U+0000 can't stand here"),
        (blank, "the file is empty"),
        (directory, "the file is a folder or a device"),
        (nothing, "the file does not exist"),
    ],
)
def test_sequence_files_that_cannot_be_read(
    tmp_path: Path, make: Callable[[Path], None], said: str
) -> None:
    make(tmp_path)
    with pytest.raises(SequenceFileErrors) as caught:
        read_sequence(tmp_path / "b.txt")
    (mistake,) = caught.value.mistakes
    assert said in mistake.message


def test_a_text_of_more_than_a_megabyte() -> None:
    (mistake,) = mistakes_of(f"{HEAD}{FIRST}# {'x' * 1_000_000}")
    assert "larger than 1 MB" in mistake.message


MANY = {
    "unknown keys": "name: a\n" + "".join(f"key{n}: 1\n" for n in range(3_000)),
    "steps": "name: a\nsteps:\n" + "  - email: {body: b}\n" * 1_500,
    "repeated keys": "name: a\n" + "title: x\n" * 3_000,
    "holidays": "name: a\nholidays: [" + "x, " * 3_000 + "x]\n",
    "attachments": "name: a\nsteps:\n  - email: {subject: s, body: b, attachments: ["
    + ", ".join(f"f{n}" for n in range(3_000))
    + "]}\n",
}


@pytest.mark.parametrize("text", MANY.values(), ids=MANY)
def test_the_first_hundred_of_very_many_are_told(text: str) -> None:
    with pytest.raises(SequenceFileErrors) as raised:
        read_sequence_text(text, name="f.yaml", folder=None)
    *told, last = raised.value.mistakes
    assert len(told) == 100
    assert re.fullmatch(r"and \d+ more mistakes from here on; .*", last.message)
    assert len(str(raised.value)) < 20_000


def test_more_steps_than_a_sequence_can_have() -> None:
    with pytest.raises(SequenceFileErrors) as raised:
        read_sequence_text(MANY["steps"], name="f.yaml", folder=None)
    assert raised.value.mistakes[0].message == "`steps` has 1500 items; 1000 are the most"
