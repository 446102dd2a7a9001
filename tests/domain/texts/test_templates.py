"""Templates: what they may say, what they give, and what they refuse."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqctl.domain.model import Contact
from seqctl.domain.texts import template_check, template_sandbox
from seqctl.domain.texts.template_fields import (
    MAX_FIELD,
    ContactFields,
    MissingField,
    SenderFields,
    SequenceFields,
    TemplateFault,
    plain_renderer,
)
from seqctl.domain.texts.templates import check_template, compile_texts, one_line

PROPERTIES = {"Deal Size": "12", "city": "Oslo", "items": "tea", "blank": "  ", "word": "a b"}
ANN = ContactFields("ann@acme.test", "Ann", "Lee", "Acme", "", PROPERTIES)
BO = SenderFields("Bo Ek", "bo@nordic.test", "")
INTRO = SequenceFields("founders-intro", "Founders intro")


def rendered(text: str, contact: ContactFields = ANN) -> str:
    return compile_texts((text,)).render(contact, BO, INTRO)[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("plain\n", "plain\n"),
        ("no newline at the end", "no newline at the end"),
        ("two at the end\n\n", "two at the end\n\n"),
        ("Hi {{ contact.first_name }},", "Hi Ann,"),
        ("{{ contact.firstname }} {{contact.lastname}}", "Ann Lee"),
        ("{{ contact.FirstName }}", "Ann"),
        ("{{ contact.deal_size }}", "12"),
        ("{{ contact.Deal_Size }}", "12"),
        ('{{ contact["Deal size"] }}', "12"),
        ("{{ contact.items }}", "tea"),
        ("{{ sender.name }} {{ sender.first_name }} {{ sender.email }}", "Bo Ek Bo bo@nordic.test"),
        ("{{ sequence.name }}: {{ sequence.title }}", "founders-intro: Founders intro"),
        ('{{ contact.phone | default("none") }}', "none"),
        ('{{ contact.nothing | d("none") }}', "none"),
        ('{{ contact.blank | default("none") }}', "none"),
        ('{{ contact.phone | default("") }}', ""),
        ('{{ contact.company | default("you") }}', "Acme"),
        ("{{ contact.phone | default(contact.company) }}", "Acme"),
        ('{{ contact.phone | upper | default("none") }}', "none"),
        ('{{ contact.phone or "none" }}', "none"),
        ("{% if contact.phone %}ring{% else %}write{% endif %}", "write"),
        ("{% if contact.company %}to {{ contact.company }}{% endif %}", "to Acme"),
        ("{% if contact.phone is defined %}a{% elif contact.city == 'Oslo' %}b{% endif %}", "b"),
        ("{{ 'a' if contact.phone == '' else 'b' }}", "a"),
        ("{{ 'x' if 'os' in contact.phone }}", ""),
        ("{{ 'x' if contact.city in ['Oslo', 'Bergen'] else 'y' }}", "x"),
        ("{{ contact.first_name | upper }} {{ contact.first_name | lower }}", "ANN ann"),
        ("{{ 'ada LOVE' | title }} {{ 'ada LOVE' | capitalize }}", "Ada Love Ada love"),
        ("{{ ' a ' | trim }}{{ 'a-b' | replace('-', '+') }}", "aa+b"),
        ("{{ 'one two three' | truncate(9) }}", "one two…"),
        ("{{ 'one two' | truncate(length=4, killwords=true, end='.') }}", "one."),
        ("{{ contact.word | first }}{{ contact.word | last }}", "ab"),
        ("{{ contact.city | length }}", "4"),
        ("{{ [contact.first_name, contact.city] | join(', ') }}", "Ann, Oslo"),
        ("{{ contact.deal_size | int * 2 + 1 }}", "25"),
        ("{{ 'no' | int(7) }}", "7"),
        ("{{ '3.14159' | round(2) }} {{ 2.6 | round }}", "3.14 3"),
        ("{{ contact.first_name ~ '@' ~ contact.city }}", "Ann@Oslo"),
        ("{# a note #}a", "a"),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
        ("a\n{% if contact.city %}\nb\n{% endif %}\nc\n", "a\nb\nc\n"),
        ("a & <b>", "a & <b>"),
    ],
)
def test_what_a_template_gives(text: str, expected: str) -> None:
    assert rendered(text) == expected
    assert check_template(text) == []


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("Hi {{ contact.phone }},", "contact.phone"),
        ("Hi {{ contact.nothing }},", "contact.nothing"),
        ("Hi {{ contact.blank }},", "contact.blank"),
        ("{{ contact['Shoe Size'] }}", "contact.shoe_size"),
        ("{{ contact.phone | upper }}", "contact.phone"),
        ("{{ contact.phone | default(contact.mobile) }}", "contact.mobile"),
        ("{{ contact.phone ~ 'x' }}", "contact.phone"),
        ("{{ contact.phone + 'x' }}", "contact.phone"),
        ("{{ contact.phone * 2 }}", "contact.phone"),
        ("{{ 2 * contact.phone }}", "contact.phone"),
        ("{% if contact.phone < 3 %}{% endif %}", "contact.phone"),
        ("{{ [contact.phone] | join }}", "contact.phone"),
        ("{% if true %}{{ contact.phone }}{% endif %}", "contact.phone"),
        ("{{ sender.signature }}", "sender.signature"),
    ],
)
def test_an_empty_field_is_never_written_out(text: str, field: str) -> None:
    with pytest.raises(MissingField) as caught:
        rendered(text)
    assert caught.value.field == field
    assert caught.value.code == "MISSING_FIELD"


@pytest.mark.timeout(30)  # what takes a moment would take minutes if it grew with the square
@pytest.mark.parametrize(
    "text",
    [
        "{{ contact.first_name * 2 }}",
        "{{ contact.city * 1000000000 }}",
        "{{ contact.city % 1 }}",
        "{{ ('a' ~ 'b') * 1000000000 }}",
        "{{ 1 / 0 }}",
        "{{ 'x' + 1 }}",
        "{{ contact.city | int }}",
        "{{ 1 | round(99) }}",
        "{{ 1 | length }}",
        "{{ contact.city < 3 }}",
        "{{ contact.long }}",
        "{{ contact.long | upper }}",
        "{{ 'aaaaaaaaaa' | replace('a', contact.half) }}",
        "{{ [contact.half, contact.half, contact.half] | join }}",
        "{{ contact.half + contact.half + contact.half }}",
    ],
)
def test_what_cannot_be_worked_out_is_a_fault(text: str) -> None:
    long = ContactFields(
        "a@b.test", "Ann", properties={"city": "Oslo", "long": "x" * 20_001, "half": "x" * 10_001}
    )
    with pytest.raises(TemplateFault) as caught:
        rendered(text, long)
    assert caught.value.code == "TEMPLATE_ERROR"


def test_a_text_longer_than_a_megabyte_is_a_fault() -> None:
    large = ContactFields("a@b.test", properties={"large": "x" * MAX_FIELD})
    for text in ("{{ contact.large }}" * 51, "{{ contact.large | lower }}" * 51):
        with pytest.raises(TemplateFault):
            rendered(text, large)


@pytest.mark.timeout(30)  # what takes a moment would take minutes if it grew with the square
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ contct.first_name }}", (1, 4, "did you mean `contact.first_name`?")),
        ("Hi\n  {{ first_name }}", (2, 6, "did you mean `contact.first_name`?")),
        ("{{ company.name }}", (1, 4, "there are contact, sender and sequence")),
        ("{{ contact }}", (1, 4, "name one of its fields")),
        ("{{ sender.nme }}", (1, 4, "did you mean `name`?")),
        ("{{ sequence.steps }}", (1, 4, "there are name, title")),
        ("{{ contact.__class__ }}", (1, 4, "contact has no `__class__`")),
        ("{{ contact['__class__'] }}", (1, None, "contact has no `__class__`")),
        ("{{ contact[contact.city] }}", (1, 1, "only a field")),
        ("{{ contact[0] }}", (1, 1, "only a field")),
        ("{{ contact.first_name[:3] }}", (1, 1, "only a field")),
        ("{{ contact.first_name.upper }}", (1, 1, "only a field")),
        ("{{ contact.first_name.upper() }}", (1, 1, "can't call anything")),
        ("{{ range(9) }}", (1, 1, "can't call anything")),
        ("{{ contact.a | uper }}", (1, 16, "did you mean `upper`?")),
        ("{{ contact.a | center(1000000000) }}", (1, 16, "unknown filter `center`")),
        ("{{ contact.a | upper(3) }}", (1, 16, "the wrong values")),
        ("{{ contact.a | replace(*['a', 'b']) }}", (1, 16, "the wrong values")),
        ("{{ contact.a is even }}", (1, 17, "use `is defined`")),
        ("{{ 'a' * 1000000000 }}", (1, 1, "numbers only")),
        ("{{ '%1000000000d' % 1 }}", (1, 1, "numbers only")),
        ("{{ 2 ** 99 }}", (1, 1, "can't be used here")),
        ("{% for i in 'abc' %}{% endfor %}", (1, 1, "has no loops")),
        ("{% set a = 'x' %}", (1, 1, "no `{% set %}`")),
        ("{% set a %}x{% endset %}", (1, 1, "no `{% set %}`")),
        ("{% include 'x' %}", (1, 1, "can't include")),
        ("{% import 'x' as y %}", (1, 1, "can't import")),
        ("{% extends 'x' %}", (1, 1, "can't extend")),
        ("{% macro m() %}{% endmacro %}", (1, 1, "no macros")),
        ("{% block b %}{% endblock %}", (1, 1, "can't be used")),
        ("{% filter upper %}x{% endfilter %}", (1, 1, "no `{% filter %}`")),
        ("{{ {'a': 1} }}", (1, 1, "can't be used")),
        ("a\n{{ contact.city", (2, 1, "can't be read")),
        ("{% if contact.city %}", (1, 1, "can't be read")),
        ("{{ }}", (1, 1, "can't be read")),
        ("{% foo %}", (1, 1, "can't be read")),
        ("{{ " + "(" * 3000 + " }}", (1, None, "too complicated")),
        ("{{ " + "1+" * 5000 + "1 }}", (1, None, "too complicated")),
        ("{{ " + "9" * 5000 + " }}", (1, None, "too complicated")),
        ("{{ a }}" * 3000, (1, None, "too complicated")),
        ("{{ " + "a" * 300 + " }}", (1, 4, "unknown name `" + "a" * 39 + "…")),
        ("{{ contact['_\x1b[1m'] }}", (1, None, "contact has no `_\ufffd[1m`")),
        ("{{ contact.a }}" * 3000, (1, None, "too complicated")),
        ("{% if 1 %}" * 60 + "{% endif %}" * 60, (1, None, "too complicated")),
    ],
)
def test_what_a_template_may_not_hold(text: str, expected: tuple[int, int | None, str]) -> None:
    line, column, message = check_template(text)[0]
    assert (line, column) == expected[:2]
    assert expected[2] in message
    with pytest.raises(TemplateFault):
        compile_texts((text,))


def test_every_mistake_of_a_template_is_told() -> None:
    text = "{{ contct.a }} {{ contct.b }}\n{{ contact.c | uper }} {{ sender.nme }}"
    places = [(line, column) for line, column, _ in check_template(text)]
    assert places == [(1, 4), (1, 19), (2, 16), (2, 27)]


def test_the_first_texts_are_rendered_on_one_line() -> None:
    contact = ContactFields("a@b.test", "Ann\r\nBcc: all@b.test", "L\x00ee\u2028")
    subject, body = compile_texts(
        ("  Hi {{ contact.first_name }}\n {{ contact.last_name }}\n", "a\nb\n"), single_line=1
    ).render(contact, BO, INTRO)
    assert subject == "Hi Ann Bcc: all@b.test Lee"
    assert body == "a\nb\n"


def test_one_line_keeps_what_is_no_control_character() -> None:
    assert (
        one_line("a \U0001f469\u200d\U0001f4bb\tb\x1bc\x85d") == "a \U0001f469\u200d\U0001f4bb bc d"
    )


def test_properties_may_be_json_text() -> None:
    contact = ContactFields("a@b.test", properties=json.dumps({"Shoe size": "44"}))
    assert rendered("{{ contact.shoe_size }}", contact) == "44"
    assert rendered("{{ contact.size | default('?') }}", ContactFields("a@b.test")) == "?"


def test_fields_of_a_contact_of_the_workspace() -> None:
    contact = Contact(1, "ann@acme.test", "Ann", properties={"city": "Oslo"})
    text = "{{ contact.email }} {{ contact.first_name }} {{ contact.city }}"
    assert rendered(text, ContactFields.from_contact(contact)) == "ann@acme.test Ann Oslo"


def test_the_same_texts_are_compiled_once() -> None:
    assert compile_texts(("{{ contact.email }}",)) is compile_texts(("{{ contact.email }}",))


FIELDS = st.sampled_from(
    ["contact.first_name", "contact.phone", "contact.city", "contact['Deal Size']", "sender.name"]
)
DEFAULTS = st.sampled_from(["", "| default('x')", "| d('')"])
TEXTS = st.text(st.characters(exclude_characters="{}\r", exclude_categories=["Cs"]))
PIECES = st.lists(st.tuples(TEXTS, FIELDS, DEFAULTS), max_size=5)
VALUES = st.text(max_size=5)


@given(PIECES, TEXTS, VALUES, VALUES, VALUES)
def test_plain_templates_give_what_jinja_gives(
    pieces: list[tuple[str, str, str]], after: str, first_name: str, phone: str, city: str
) -> None:
    text = "".join(f"{before}{{{{ {name} {default} }}}}" for before, name, default in pieces)
    tree = template_check.parse(text + after)
    plain = template_check.plain_pieces(tree)
    assert plain is not None
    contact = ContactFields(
        "a@b.test", first_name, phone=phone, properties={"City": city, "deal_size": "1"}
    )
    outcomes: list[str] = []
    for render in (plain_renderer(plain), template_sandbox.renderer(tree)):
        try:
            outcomes.append(render(contact, BO, INTRO))
        except MissingField as error:
            outcomes.append(f"missing {error.field}")
    assert outcomes[0] == outcomes[1]
