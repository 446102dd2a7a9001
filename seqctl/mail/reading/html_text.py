"""The text of an HTML mail without what it quotes; one pass, no tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

HTML_AT_MOST = 96 * 1024

_NAME = re.compile(r"/?[a-zA-Z][a-zA-Z0-9]{0,20}")
_BREAKS = {"br", "p", "div", "tr", "li", "ul", "ol", "table", "hr", "h1", "h2", "h3", "h4", "pre"}
_UNSHOWN = {"style", "script", "head", "title", "template"}
_QUOTES = re.compile(
    r"gmail_quote|yahoo_quoted|moz-cite-prefix|protonmail_quote|tutanota_quote|zmail_extra"
    r"|gmail_attr|\bwordsection-quote",
    re.I,
)
# Outlook puts what it quotes behind these, not into them.
_QUOTED_FROM_HERE = re.compile(r"divRplyFwdMsg|appendonsend|mail-editor-reference-message", re.I)
# A tag nested deeper than this inside a quote is no longer counted.
_DEEPEST = 1000


def text_of_html(html: str, *, quotes: bool = False) -> str:
    """What a person reads of an HTML text; with `quotes` also what it quotes.

    Tags may be broken or never end. Takes time in proportion to the length.
    """
    shown: list[str] = []
    skipped: list[
        str
    ] = []  # the tags that hold what isn't shown, and those of the same name within
    for piece, tag in _pieces(html[:HTML_AT_MOST]):
        if not skipped:
            shown.append(piece)
        name = tag_name(tag)
        if skipped:
            _skip(skipped, name)
        elif not quotes and _QUOTED_FROM_HERE.search(tag):
            break
        elif _hides(name, tag, quotes):
            skipped.append(name)
        if name.lstrip("/") in _BREAKS:
            shown.append("\n")
    return _tidied(unescape("".join(shown)))


def tag_name(tag: str) -> str:
    """`div` of `div class=x`, `/div` of an end tag, '' of anything else."""
    found = _NAME.match(tag)
    return found[0].lower() if found else ""


def _pieces(html: str) -> Iterator[tuple[str, str]]:
    """Texts, each with the inside of the tag after it."""
    at = 0
    while (start := html.find("<", at)) >= 0:
        if not re.match(r"[/!?a-zA-Z]", html[start + 1 : start + 2]):
            yield html[at : start + 1], ""  # "a < b" is no tag
            at = start + 1
            continue
        closing = "-->" if html.startswith("<!--", start) else ">"
        end = html.find(closing, start)
        if end < 0 and closing == "-->":
            closing, end = ">", html.find(">", start)
        if end < 0:
            yield html[at:start], ""  # a tag that never ends
            return
        yield html[at:start], html[start + 1 : end]
        at = end + len(closing)
    yield html[at:], ""


def _skip(skipped: list[str], name: str) -> None:
    if name == skipped[-1] and len(skipped) < _DEEPEST:
        skipped.append(name)
    elif name == f"/{skipped[-1]}":
        skipped.pop()


def _hides(name: str, tag: str, quotes: bool) -> bool:
    if tag.endswith("/") or name in ("br", "hr", "img", "meta", "link", "input"):
        return False
    quoting = name == "blockquote" or (not name.startswith("/") and _QUOTES.search(tag[:500]))
    return name in _UNSHOWN or (bool(quoting) and not quotes)


def _tidied(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
