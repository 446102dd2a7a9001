"""Who asks to be left alone, and who only mentions it."""

from __future__ import annotations

import pytest

from seqctl.domain.reading.opt_outs import asks_to_be_left_alone, token_in

ASKING = [
    "unsubscribe",
    "UNSUBSCRIBE ME NOW!!!",
    "STOP",
    "Stop.",
    "remove me",
    "opt out",
    "I would like to opt out.",
    "Take me off your list",
    "Please unsubscribe me. Thanks, Ada",
    "Please unsubscribe ada@example.com",
    "Please remove me from your list",
    "Please stop emailing me.",
    "Do not contact me again",
    "Not interested, please remove me.",
    "No thanks, unsubscribe",
    "Kindly remove my email from your database.",
    "Please unsubscribe me\n\nSent from my iPhone",
    "Hi Bob,\n\nPlease unsubscribe me from this mailing list.\n\nThanks,\nAda",
    "Unsubscribe\n\nAda Berg\nCEO, Example Inc.\n+46 8 123 45 67",
    "Bitte abmelden",
    "Bitte melden Sie mich ab.\n\nMit freundlichen Grüßen\nAda Berg",
    "Bitte keine weiteren E-Mails mehr.",
    "Bitte nehmen Sie mich aus dem Verteiler",
    "avregistrera",
    "Avregistrera mig tack",
    "Hej, ta bort mig från er lista. Mvh Ada",
    "afmeld",
    "avmeld",
    "Peruuta tilaus",
    "désinscrire",
    "Merci de me désinscrire.",
    "Ne me contactez plus.",
    "darme de baja",
    "Por favor, denme de baja",
    "Hola, no me envíen más correos por favor. Gracias",
    "cancellatemi dalla vostra lista",
    "Cancelar inscrição",
    "uitschrijven",
    "Graag uitschrijven, dank u",
    "wypisz mnie",
    "配信停止",
]
NOT_ASKING = [
    "",
    "no",
    "Not interested.",
    "I can't unsubscribe my colleague, but sure, let's talk Tuesday",
    "Don't unsubscribe me, I like these",
    "I do not want to unsubscribe",
    "Please do not remove me",
    "Yes, interested! Can we talk Tuesday?",
    "How many people unsubscribe from your list every month?",
    "We are looking for a tool with unsubscribe handling. Does yours have it?",
    "How does opt-out work in your tool?",
    "Please stop by our office on Tuesday",
    "Stop by on Friday",
    "Let's stop here and talk Tuesday",
    "Sure, remove me from the cc and talk to my colleague Bob",
    "Please take a look",
    "Please contact me again in May",
    "Unsubscribe\n\nActually no, let's talk on Tuesday",
    "Could you send the price list? We never unsubscribe from good things.",
    "Bitte melden Sie sich am Dienstag",
    "unsubscribe " + "and here is a long story " * 100,
]


@pytest.mark.parametrize("text", ASKING)
def test_asks_to_be_left_alone(text: str) -> None:
    assert asks_to_be_left_alone("Re: Hello", text)


@pytest.mark.parametrize("text", NOT_ASKING)
def test_does_not_ask(text: str) -> None:
    assert not asks_to_be_left_alone("Re: Hello", text)


@pytest.mark.parametrize(
    ("subject", "text", "asks"),
    [
        ("Unsubscribe", "", True),
        ("unsubscribe me please", "Ada", True),
        ("Abmeldung", "", True),
        ("Re: How to unsubscribe faster", "", False),
        ("Unsubscribe", "I have a question on your tool: does it do tasks and calls?", False),
        ("Hello", "", False),
    ],
)
def test_a_subject_counts_where_the_text_says_nothing(subject: str, text: str, asks: bool) -> None:
    assert asks_to_be_left_alone(subject, text) is asks


TOKEN = "17." + "3f" * 12


@pytest.mark.parametrize(
    ("subject", "addresses", "text", "token"),
    [
        (f"unsubscribe {TOKEN}", (), "", TOKEN),
        (f"Re: unsubscribe {TOKEN}", (), "", TOKEN),
        (f"unsubscribe: {TOKEN}", (), "", TOKEN),
        ("", ("me@example.com", f"me+unsubscribe-{TOKEN}@example.com"), "", TOKEN),
        ("", (), f"unsubscribe {TOKEN}\n", TOKEN),
        ("unsubscribe 99999.forged", (), "", "99999.forged"),
        ("unsubscribe", (), "", None),
        (f"I see unsubscribe {TOKEN} in your mail", (), "", None),
        ("", (), f"What does unsubscribe {TOKEN} mean?", None),
        ("", (f"me+{TOKEN}@example.com",), "", None),
    ],
)
def test_the_token(subject: str, addresses: tuple[str, ...], text: str, token: str | None) -> None:
    assert token_in(subject, addresses, text) == token
