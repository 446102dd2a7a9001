"""Markdown as the HTML of a mail: plain markup, safe links, and nothing that is loaded.

Raw HTML stands there as text. An image is a link to itself: mail programs load images from elsewhere,
which tells their server that the mail was opened.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererProtocol
    from markdown_it.token import Token

_ALLOWED = re.compile(r"(?:https?://|mailto:)[^\s]+", re.IGNORECASE)
_PAGE = """\
<!DOCTYPE html>
<html>
<head><meta charset="utf-8"></head>
<body>
{}</body>
</html>
"""


def html_page(text: str) -> str:
    """A page that shows the Markdown text; a line end in the text is one on the page."""
    return _PAGE.format(_parser().render(text))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    parser.enable(["table", "strikethrough"])
    parser.validateLink = _is_allowed
    parser.add_render_rule("image", _image)
    return parser


def _is_allowed(url: str) -> bool:
    return _ALLOWED.fullmatch(url) is not None


def _image(
    renderer: RendererProtocol, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    """A link to the image, or its description alone where it stands in a link already."""
    from markdown_it.common.utils import escapeHtml

    url = str(tokens[index].attrs["src"])
    label = escapeHtml(tokens[index].content or url)
    in_link = sum(token.nesting for token in tokens[:index] if token.type.startswith("link_"))
    if in_link or not url:
        return label
    return f'<a href="{escapeHtml(url)}">{label}</a>'
