"""Mail and task templates: what they may name, and how they are rendered (rules, "Templates").

A template may output fields of the contact, the sender and the sequence, pass them through a few
filters and choose with `{% if %}`. It calls nothing and has no loops. Most mails are plain text
between fields: those are joined here directly; anything more goes through jinja2 (see
`template_sandbox`), and both ways give the same text.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from seqctl.domain.texts.template_fields import (
    ContactFields,
    Renderer,
    SenderFields,
    SequenceFields,
    plain_renderer,
)

if TYPE_CHECKING:
    from seqctl.domain.texts.template_check import TemplateMistake


class CompiledTexts(NamedTuple):
    """The texts of one mail or task, ready to be rendered for many contacts."""

    renderers: tuple[Renderer, ...]
    single_line: int

    def render(
        self, contact: ContactFields, sender: SenderFields, sequence: SequenceFields
    ) -> tuple[str, ...]:
        """The texts for one contact, in the order in which they were compiled.

        Raises MissingField where a field without a default is empty, TemplateFault where anything
        else can't be worked out.
        """
        texts = [render(contact, sender, sequence) for render in self.renderers]
        for index in range(self.single_line):
            texts[index] = one_line(texts[index])
        return tuple(texts)


@lru_cache(maxsize=1024)
def compile_texts(texts: tuple[str, ...], single_line: int = 0) -> CompiledTexts:
    """Compile the templates of one mail or task; the same texts are compiled once.

    The first `single_line` texts (a subject, a title) are rendered without line breaks. Raises
    TemplateFault for a template that `check_template` finds a mistake in.
    """
    return CompiledTexts(tuple(_renderer(text) for text in texts), single_line)


def one_line(text: str) -> str:
    """The text on one line: runs of white space are one space, control characters are gone."""
    line = " ".join(text.split())
    if line.isprintable():
        return line
    return "".join(char for char in line if char >= " " and not "\x7f" <= char <= "\x9f")


def _renderer(text: str) -> Renderer:
    from seqctl.domain.texts import template_check, template_sandbox

    template = template_check.parse(text)
    plain = template_check.plain_pieces(template)
    return plain_renderer(plain) if plain else template_sandbox.renderer(template)


def check_template(text: str) -> list[TemplateMistake]:
    """Every mistake that can be seen without a contact: (line, column or None, message)."""
    if "{" not in text:
        return []
    from seqctl.domain.texts import template_check

    return template_check.check(text)
