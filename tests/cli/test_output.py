"""What is printed is safe, aligned, and as long as a reader wants it."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqctl.cli.output import Output, clean, json_text, shorten, table_lines, width_of
from seqctl.domain.errors import Refused, WrongUsage
from tests.cli.conftest import Terminal

Captured = pytest.CaptureFixture[str]


def terminal(monkeypatch: pytest.MonkeyPatch, typed: str = "") -> Terminal:
    """One terminal of 40 columns for all streams; to be called in a test, where capturing is set."""
    screen = Terminal()
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(sys, "stderr", screen)
    return screen


# --- clean --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Ada Löwe [active] [/]", "Ada Löwe [active] [/]"),
        ("two\n\tlines", "two\n\tlines"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jcleared", "cleared"),
        ("\x1bcreset", "reset"),
        ("nul\0bell\abackspace\b", "nulbellbackspace"),
        ("over\rwritten", "overwritten"),
        ("exe\u202egpj.\u2066x\u2069\u200f\u200e\u061c", "exegpj.x"),
        ("half \ud83d pair", "half \ufffd pair"),
    ],
)
def test_nothing_that_steers_a_terminal_is_printed(text: str, seen: str) -> None:
    assert clean(text) == seen


@given(st.text(st.characters()))
def test_clean_text_is_clean_whatever_it_was(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert not set(cleaned) & {"\x1b", "\x9b", "\0", "\r", "\u202e"}
    cleaned.encode()


# --- tables -------------------------------------------------------------------------------------


def test_a_table_is_aligned_with_numbers_to_the_right() -> None:
    rows = [["founders-intro", 7, True, None], ["客户", 1200, False, "x\ny"]]
    assert table_lines(["sequence", "n", "paused", "next"], rows) == [
        "sequence           n  paused  next",
        "founders-intro     7  yes",
        "客户            1200  no      x y",
    ]


def test_wide_and_combining_characters_are_measured_as_they_are_seen() -> None:
    assert [width_of(text) for text in ("abc", "客户", "e\u0301", "é")] == [3, 4, 1, 1]
    assert shorten("客户客户", 5) == "客户…"
    assert shorten("abcdef", 6) == "abcdef"


def test_a_table_fits_its_width_by_shortening_the_widest_columns() -> None:
    lines = table_lines(["contact", "step"], [["a" * 60 + "@example.com", 3]], width=30)
    assert lines[1] == "a" * 23 + "…     3"
    assert max(map(len, lines)) == 30


def test_a_table_without_rows_has_its_heads() -> None:
    assert table_lines(["a", "b"], []) == ["a  b"]


def test_fifty_rows_are_shown_and_the_rest_is_counted(capsys: Captured) -> None:
    Output().table(["n"], [[n] for n in range(500)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 52
    assert lines[-1] == "… and 450 more (--all)"


def test_all_rows_are_shown_on_request(capsys: Captured) -> None:
    Output().table(["n"], [[n] for n in range(500)], every=True)
    assert len(capsys.readouterr().out.splitlines()) == 501


def test_rows_that_were_not_even_read_are_counted(capsys: Captured) -> None:
    Output().table(["n"], [[n] for n in range(50)], total=80)
    assert capsys.readouterr().out.splitlines()[-1] == "… and 30 more (--all)"


def test_only_a_terminal_shortens_and_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal(monkeypatch)
    Output().table(["contact"], [["a" * 60]])
    assert screen.getvalue().splitlines() == ["\x1b[1mcontact\x1b[0m", "a" * 39 + "…"]


def test_no_color_means_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    Output().say("done", "green")
    assert screen.getvalue() == "done\n"


# --- JSON ---------------------------------------------------------------------------------------


def test_json_has_one_line_for_each_item() -> None:
    document = {"now": datetime(2026, 3, 2, 8, tzinfo=UTC), "rows": [{"a": "é"}, {"b": None}]}
    assert json_text(document) == (
        '{\n  "now": "2026-03-02T08:00:00Z",\n  "rows": [\n    {"a": "é"},\n    {"b": null}\n  ]\n}'
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
)


@given(VALUES)
def test_json_reads_back_and_shows_no_unseen_character(document: object) -> None:
    text = json_text(document)
    assert json.loads(text) == document
    assert not set(text) & {"\x1b", "\x9b", "\x7f", "\u202e"}
    text.encode()


def test_json_is_json_in_any_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", errors="backslashreplace")
    monkeypatch.setattr(sys, "stdout", stream)
    output = Output(json=True)
    output.emit({"name": "Zoë 😀 \ud83d"})
    stream.flush()
    assert json.loads(raw.getvalue()) == {"name": "Zoë 😀 \ud83d"}


def test_a_value_that_json_does_not_know_is_a_defect() -> None:
    with pytest.raises(TypeError, match="frozenset"):
        json_text({"teams": frozenset({"a"})})


# --- two audiences ------------------------------------------------------------------------------


class Simulated(Output):
    def heading(self) -> str:
        return "[simulated 2026-03-02 09:00]"


def test_the_heading_is_printed_once_before_the_first_line(capsys: Captured) -> None:
    output = Simulated()
    output.say("one")
    output.note("two")
    assert capsys.readouterr().out == "[simulated 2026-03-02 09:00]\none\nnote: two\n"


def test_with_json_people_are_told_nothing(capsys: Captured) -> None:
    output = Simulated(json=True)
    output.say("one")
    output.note("two")
    output.table(["n"], [[1]])
    output.progress("three")
    output.emit({})
    assert capsys.readouterr().out == "{}\n"


def test_without_json_no_document_is_printed(capsys: Captured) -> None:
    Output().emit({"a": 1})
    assert capsys.readouterr().out == ""


def test_progress_replaces_its_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal(monkeypatch)
    output = Output()
    output.progress("1 of 2")
    output.progress("")
    assert screen.getvalue() == "\r\x1b[K1 of 2\r\x1b[K"


def test_progress_is_silent_elsewhere(capsys: Captured) -> None:
    Output().progress("1 of 2")
    assert capsys.readouterr().err == ""


# --- questions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("typed", "answer"), [(" bo \n", "bo"), ("\n", "ada")])
def test_an_answer_or_its_default(monkeypatch: pytest.MonkeyPatch, typed: str, answer: str) -> None:
    screen = terminal(monkeypatch, typed)
    assert Output().ask("Name", "ada") == answer
    assert screen.getvalue() == "Name [ada]: "


def test_the_end_of_input_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal(monkeypatch)
    with pytest.raises(EOFError):
        Output().ask("Name")


@pytest.mark.parametrize("typed", ["y\n", "YES\n"])
def test_a_yes_lets_it_go_on(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    screen = terminal(monkeypatch, typed)
    Output().confirm("Delete it?", yes=False)
    assert screen.getvalue() == "Delete it? [y/N]: "


@pytest.mark.parametrize("typed", ["\n", "n\n", "yep\n"])
def test_anything_else_is_a_no(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    terminal(monkeypatch, typed)
    with pytest.raises(Refused, match="Nothing was changed"):
        Output().confirm("Delete it?", yes=False)


def test_where_nobody_can_be_asked_the_option_is_needed(capsys: Captured) -> None:
    with pytest.raises(WrongUsage) as refused:
        Output().confirm("Delete it?", yes=False)
    assert refused.value.code == "NEEDS_YES"
    Output().confirm("Delete it?", yes=True)
