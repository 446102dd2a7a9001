"""Markdown as the HTML of a mail: nothing runs in it and nothing is loaded by it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqctl.mail.sending.markdown import html_page


def body(text: str) -> str:
    page = html_page(text)
    assert page.startswith("<!DOCTYPE html>\n")
    return page.partition("<body>\n")[2].partition("</body>")[0].strip()


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Hi *Eve*, **now**", "<p>Hi <em>Eve</em>, <strong>now</strong></p>"),
        ("Best,\nAda", "<p>Best,<br />\nAda</p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("[a](https://x.test/?a=1&b=2)", '<p><a href="https://x.test/?a=1&amp;b=2">a</a></p>'),
        ("<https://x.test/a>", '<p><a href="https://x.test/a">https://x.test/a</a></p>'),
        ("[a](mailto:a@x.test)", '<p><a href="mailto:a@x.test">a</a></p>'),
        ("<ada@x.test>", '<p><a href="mailto:ada@x.test">ada@x.test</a></p>'),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>"),
        ("[a](file:///etc/passwd)", "<p>[a](file:///etc/passwd)</p>"),
        ("[a](/relative)", "<p>[a](/relative)</p>"),
        ("<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>"),
        ("a <b onclick='x'>b</b>", "<p>a &lt;b onclick='x'&gt;b&lt;/b&gt;</p>"),
        (
            "![Our house](https://x.test/a.png)",
            '<p><a href="https://x.test/a.png">Our house</a></p>',
        ),
        ("![a]() ![]()", "<p>a </p>"),
        ("![](https://x.test/a)", '<p><a href="https://x.test/a">https://x.test/a</a></p>'),
        ("[![b](https://x.test/b)](https://y.test)", '<p><a href="https://y.test">b</a></p>'),
        ("![a](data:image/png;base64,AAAA)", "<p>![a](data:image/png;base64,AAAA)</p>"),
    ],
)
def test_what_becomes_of_it(text: str, html: str) -> None:
    assert body(text) == html


PIECES = st.sampled_from(
    [
        *("![", "](", ")", "<img src=x>", "javascript:", "data:image/png,x", "https://x.test", "["),
        *("]", "<", ">", "`", "*", "\n", "\n\n", "    ", '"', "'", "&", "&#106;", "\\", "|", "-"),
        *("[a]: ", "style=", "x"),
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_nothing_is_loaded_and_nothing_runs(text: str) -> None:
    html = body(text)
    tags = re.findall(r"<[a-z][^>]*>", html)
    assert not [tag for tag in tags if re.match(r"<(img|script|iframe|link|style|object|svg)", tag)]
    for tag in tags:
        assert re.fullmatch(
            r'<[a-z0-9]+(?: (?:start|style|class)="[^"]*")? ?/?>'
            r'|<a href="(?:(?:https?://|mailto:)[^"]*)?"(?: title="[^"]*")?>',
            tag,
        ), tag
