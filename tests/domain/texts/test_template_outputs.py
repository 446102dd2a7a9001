"""What is no text is never mailed as a word of Python's: a mistake when the file is applied."""

from __future__ import annotations

import pytest

from seqctl.domain.texts.template_fields import (
    ContactFields,
    SenderFields,
    SequenceFields,
    TemplateFault,
)
from seqctl.domain.texts.templates import check_template, compile_texts

NO_TEXT = [
    "{{ none }}", "{{ None }}", "{{ true }}", "{{ False }}", "{{ -true }}", "{{ true + 1 }}",
    "{{ undefined }}", "{{ contact }}", "{{ sender }}", "{{ [1, 2] }}", "{{ ('a', 'b') }}",
    "{{ 'a', 'b' }}", "{{ 1 == 1 }}", "{{ not contact.x }}", "{{ contact.vip is defined }}",
    "{{ contact.x | default(none) }}", "{{ contact.x | default(true) }}", "{{ none | upper }}",
    "{{ 'a' if contact.email else none }}", "{{ 'a' ~ true }}", "{{ contact.x or none }}",
    "{{ [true] | first }}", "{{ (contact.email == 'a') | upper }}", "{{ [none] | join }}",
    "{{ contact.email | replace('a', none) }}", "{{ true and contact.email }}",
    "{% if contact.email %}{{ none }}{% endif %}",
]  # fmt: skip
TEXT = {
    "{{ ['a', 'b'] | join(', ') }}": "a, b",
    "{{ 'a' if contact.email }}": "a",
    "{{ 'a' if contact.email else '' }}": "a",
    "{{ contact.x or 'y' }}": "y",
    "{{ contact.email | length }}": "10",
    "{{ contact.email | truncate(20, true) }}": "ada@x.test",
    "{{ 1 + 1 }}": "2",
    "{% if true %}a{% endif %}": "a",
    "{% if contact.email == 'ada@x.test' and not contact.x %}a{% endif %}": "a",
}
FIELDS = (ContactFields("ada@x.test"), SenderFields("Ann", "ann@x.test"), SequenceFields("n", "t"))


@pytest.mark.parametrize("text", NO_TEXT)
def test_a_mistake_when_applied(text: str) -> None:
    (mistake,) = check_template(text)
    assert mistake.line == 1


@pytest.mark.parametrize("text", NO_TEXT)
def test_never_rendered(text: str) -> None:
    with pytest.raises(TemplateFault):
        compile_texts((text,))


@pytest.mark.parametrize("text", TEXT)
def test_what_is_text_stays(text: str) -> None:
    assert check_template(text) == []
    assert compile_texts((text,)).render(*FIELDS) == (TEXT[text],)
