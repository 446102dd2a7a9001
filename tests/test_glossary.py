"""docs/glossary.md: its files are there, and nothing is named by the words that it leaves out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
WORDS, _, LEFT_OUT = GLOSSARY.partition("## Not these words")
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def test_every_file_of_the_glossary_exists() -> None:
    named = set(re.findall(r"`((?:seqctl|tests)/[\w/.]+)`", WORDS))
    assert len(named) > 50
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_a_word_stands_in_the_glossary_once() -> None:
    rows = re.findall(r"^\| ([^|]+) \|", WORDS, re.MULTILINE)
    words = [word for row in rows for word in row.split(", ") if word not in ("word", "---")]
    assert [word for word in sorted(set(words)) if words.count(word) > 1] == []


def test_nothing_is_named_by_a_word_that_is_left_out() -> None:
    rows = re.findall(r"^\| (`[^|]+) \|", LEFT_OUT, re.MULTILINE)
    left_out = {word for row in rows for word in re.findall(r"`([a-z]+)`", row)}
    assert len(left_out) > 20
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / "seqctl").rglob("*.py"))
        for name in names(path)
        if not left_out.isdisjoint(word.lower() for word in WORD.findall(name))
    }
    assert sorted(found) == []


def names(path: Path) -> Iterator[str]:
    """All names that a file gives or uses."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case _:
                pass
