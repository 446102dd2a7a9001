"""Moments that seqctl tells are shown in the reader's zone; texts that look like one never are."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli

SHAPED = ["2026-03-02T08:00:00Z", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "{since}", "{0"]
SEQUENCE = """\
name: intro
share: everyone
timezone: UTC
steps:
  - email: {subject: "Hello {{ contact.slot }}", body: "Hi"}
  - after: 1 day
    task: {title: "Ring {{ contact.slot }}"}
"""


@pytest.fixture
def ann(cli: Cli) -> Cli:
    """A workspace of ann in Stockholm, with a sequence that takes what a property says."""
    cli.ok(
        "init", "--simulated", "--now", "2026-03-02T09:00", "--user", "ann", "--email",
        "ann@acme.test", "--name", "Ann Berg", "--timezone", "Europe/Stockholm",
    )  # fmt: skip
    cli.ok("inbox", "connect", "ann@acme.test")
    (cli.folder / "intro.yaml").write_text(SEQUENCE)
    cli.ok("sequence", "apply", "intro.yaml")
    return cli


@pytest.mark.parametrize("text", SHAPED)
def test_a_text_shaped_like_a_stored_time_is_a_text(ann: Cli, text: str) -> None:
    ann.ok("contact", "add", "q@x.test", "--first-name", text, "--set", f"slot={text}")
    ann.ok("enroll", "intro", "q@x.test")
    ann.ok("tick", "--by", "1d")
    ann.ok("task", "done", "1", "--note", text)
    ann.ok("block", "add", "q@x.test")
    assert f"Hello {text}" in ann.ok("log", "q@x.test")
    assert f"Ring {text} ({text})" in ann.ok("log", "intro")
    shown = ann.ok("contact", "show", "q@x.test").splitlines()
    assert [line.split() for line in shown if "slot" in line] == [["slot", text]]
    assert f"Hello {text}" in ann.ok("mail", "list")
    ann.ok("halt", text)
    assert f"halted since 2026-03-03 09:00 by ann: {text}" in ann.ok("status")
    assert f"halted: {text}." in ann("tick").stderr
    assert text in ann.ok("log")


def test_the_sentence_of_an_error_has_its_moments_as_data(ann: Cli) -> None:
    for command, sentence, in_utc in [
        (
            ("tick", "--to", "2026-03-01"),
            "The clock stands at {} and never goes back.",
            "08:00:00Z",
        ),
        (
            ("pause", "intro", "--until", "2026-03-02T09:00"),
            "{} is not in the future.",
            "08:00:00Z",
        ),
    ]:
        assert ann(*command).stderr.splitlines()[1] == sentence.format("2026-03-02 09:00")
        error = ann(*command, "--json").error
        assert error["message"] == sentence.format(f"2026-03-02T{in_utc}")


@pytest.mark.parametrize("time", SHAPED[1:3])
def test_a_time_that_cannot_be_is_repeated_as_it_was_typed(ann: Cli, time: str) -> None:
    answer = ann("tick", "--to", time)
    assert answer.exit_code == 2
    assert f"'{time}' is not " in answer.stderr


def test_each_reader_sees_the_same_history_on_the_own_clock(ann: Cli) -> None:
    ann.ok(
        "user", "add", "bo", "--email", "bo@acme.test", "--timezone", "Asia/Tokyo", "--as", "ann"
    )
    ann.ok("pause", "intro", "--until", "2026-03-05T12:00", "--as", "ann")
    assert "sequence by ann until 2026-03-05 12:00" in ann.ok("log", "intro", "--as", "ann")
    assert "sequence by ann until 2026-03-05 20:00" in ann.ok("log", "intro", "--as", "bo")
    (held,) = [e for e in ann.json("log", "--as", "bo")["events"] if e["kind"] == "hold"]
    assert held["detail"] == "sequence by ann until 2026-03-05T11:00:00Z"


def test_deleting_a_sequence_and_removing_a_user_tell_of_their_pauses(ann: Cli) -> None:
    ann.ok("user", "add", "bo", "--email", "bo@acme.test", "--as", "ann")
    ann.ok("pause", "intro", "--as", "bo")
    ann.ok("user", "remove", "bo", "--as", "ann")
    over = "the pause of the sequence by {} since 2026-03-02 09:00 is over, {}"
    assert over.format("bo", "bo was removed") in ann.ok("log", "intro")
    ann.ok("pause", "intro")
    ann.ok("sequence", "delete", "intro", "--yes")
    assert over.format("ann", "the sequence was deleted") in ann.ok("log", "intro")
    ann.ok("sequence", "apply", "intro.yaml")
    ann.ok("contact", "add", "q@x.test", "--set", "slot=now")
    assert ann.json("enroll", "intro", "q@x.test")["done"][0]["holds"] == []
