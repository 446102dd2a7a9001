"""What the code cites of docs/rules.md, as `(rules, "Enrolling")`, stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
RULES = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
CITING = ("seqctl", "tests", "bench", "docs")
OUTSIDE = {Path(__file__), ROOT / "docs" / "rules.md"}

HEADINGS = re.findall(r"^##+ (.+)$", RULES, re.MULTILINE)
PROMISES = "What never happens"
CITED = re.compile(
    r"""\b[Rr]ules,\s+("[^"]+"(?:,\s+[0-9]+)?(?:(?:,|\s+and)\s+"[^"]+"(?:,\s+[0-9]+)?)*)"""
)
HEADING = re.compile(r'"([^"]+)"(?:,\s+([0-9]+))?')
# A contract that is not in the repository; "RFC 5322, section 3.6.4" is where everybody finds it.
ELSEWHERE = re.compile(r"\bspec[,;)]|(?<!\w)sections? [0-9]|\b1[34]\.[0-9]+\)", re.IGNORECASE)
PUBLIC = re.compile(r"RFC [0-9]+,\s+section [0-9.]+")


class Citation(NamedTuple):
    """A heading that a file cites, and the number of a promise under it, or ''."""

    file: str
    heading: str
    number: str


def test_each_heading_stands_there_once() -> None:
    assert len(HEADINGS) > 50
    assert [heading for heading in HEADINGS if HEADINGS.count(heading) > 1] == []


def test_every_citation_leads_to_a_heading() -> None:
    cited = list(citations())
    assert len(cited) > 100
    assert [one for one in cited if one.heading not in HEADINGS] == []


def test_every_number_is_that_of_a_promise() -> None:
    promises = set(re.findall(r"^([0-9]+)\. ", section(PROMISES), re.MULTILINE))
    assert len(promises) == 9
    numbered = [one for one in citations() if one.number]
    assert {one.heading for one in numbered} <= {PROMISES}
    assert [one for one in numbered if one.number not in promises] == []


def test_nothing_is_cited_that_is_not_in_the_repository() -> None:
    found = [
        f"{name}: {match[0]}"
        for name, text in texts()
        for match in ELSEWHERE.finditer(PUBLIC.sub("", text))
    ]
    assert found == []


def test_every_link_of_the_rules_and_the_glossary_leads_somewhere() -> None:
    for name in ("rules.md", "glossary.md"):
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        for page, anchor in re.findall(r"\]\(([\w./]*)(?:#([\w-]+))?\)", text):
            target = ROOT / "docs" / (page or name)
            assert target.exists(), f"{name}: {page}"
            assert not anchor or anchor in anchors(target), f"{name}: {page}#{anchor}"


def citations() -> Iterator[Citation]:
    for name, text in texts():
        for match in CITED.finditer(text):
            # A citation may go on in the next line of a comment.
            for heading, number in HEADING.findall(re.sub(r"\s+(?:# )?", " ", match[1])):
                yield Citation(name, heading, number)


def texts() -> Iterator[tuple[str, str]]:
    for folder in CITING:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".md") and path not in OUTSIDE:
                yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def section(heading: str) -> str:
    """The text below a heading, up to the next one."""
    return re.split(r"^##+ ", RULES.partition(f"## {heading}\n")[2], maxsplit=1, flags=re.M)[0]


def anchors(path: Path) -> set[str]:
    """The anchors that a page's headings have where it is shown."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
