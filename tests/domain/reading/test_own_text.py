"""What people wrote themselves, told from what they quote."""

from __future__ import annotations

import pytest

from seqctl.domain.reading.own_text import own_text

QUOTING = {
    "quoted lines": "Yes!\n> old\n>> older\n",
    "on … wrote": "Yes!\n\nOn Mon, Nov 23, 2026 at 10:00 AM Me <me@example.com> wrote:\n\n> old\n",
    "wrapped over two lines": "Yes!\n\nOn Mon, Nov 23, 2026 at 10:00 AM Me\n<me@example.com> wrote:\n> old\n",
    "wrapped over three lines": "Yes!\n\nOn Mon, Nov 23, 2026\nat 10:00 AM Me <me@example.com>\nwrote:\n> old\n",
    "on … wrote, not marked": "Yes!\n\nOn Monday Me <me@example.com> wrote:\nold\nolder\n",
    "an address wrote": "Yes!\n\nMe <me@example.com> wrote:\n\nold\n",
    "German": "Yes!\n\nAm 23.11.2026 um 10:00 schrieb Me <me@example.com>:\n\n> old\n",
    "German, the other way": "Yes!\n\nMe <me@example.com> schrieb am Mo., 23. Nov. 2026, 10:00:\n> old\n",
    "Swedish": "Yes!\n\nDen mån 23 nov. 2026 kl 10:00 skrev Me <me@example.com>:\n\n> old\n",
    "French": "Yes!\n\nLe lun. 23 nov. 2026 à 10:00, Me <me@example.com> a écrit :\n\n> old\n",
    "Spanish": "Yes!\n\nEl lun, 23 nov 2026 a las 10:00, Me (<me@example.com>) escribió:\n\n> old\n",
    "Italian": "Yes!\n\nIl giorno lun 23 nov 2026 alle ore 10:00 Me <me@example.com> ha scritto:\n\n> old\n",
    "Dutch": "Yes!\n\nOp ma 23 nov 2026 om 10:00 schreef Me <me@example.com>:\n\n> old\n",
    "Polish": "Yes!\n\npon., 23 lis 2026 o 10:00 Me <me@example.com> napisał(a):\n\n> old\n",
    "Finnish": "Yes!\n\nma 23. marrask. 2026 klo 10.00 Me (me@example.com) kirjoitti:\n\n> old\n",
    "Portuguese": "Yes!\n\nMe <me@example.com> escreveu no dia segunda, 23/11/2026 à(s) 10:00:\n\n> old\n",
    "original message": "Yes!\n\n-----Original Message-----\nFrom: Me\nold\n",
    "ursprüngliche Nachricht": "Yes!\n\n-----Ursprüngliche Nachricht-----\nVon: Me\nold\n",
    "ursprungligt meddelande": "Yes!\n\n-----Ursprungligt meddelande-----\nold\n",
    "underscores": "Yes!\n\n________________________________\nFrom: Me\nold\n",
    "Outlook": "Yes!\n\nFrom: Me <me@example.com>\nSent: Monday\nTo: Ann\nSubject: Hello\n\nold\n",
    "Outlook in bold": "Yes!\n\n*From:* Me\n*Sent:* Monday\n*To:* Ann\n*Subject:* Hello\n\nold\n",
    "Outlook in German": "Yes!\n\nVon: Me\nGesendet: Montag\nAn: Ann\nBetreff: Hello\n\nold\n",
    "Outlook in Swedish": "Yes!\n\nFrån: Me\nSkickat: måndag\nTill: Ann\nÄmne: Hello\n\nold\n",
    "Outlook in French": "Yes!\n\nDe : Me\nEnvoyé : lundi\nÀ : Ann\nObjet : Hello\n\nold\n",
    "a signature": "Yes!\n-- \nAnn Berg\nExample Inc.\n",
    "lines end as in mail": "Yes!\r\n\r\nOn Monday Me <me@x.example> wrote:\r\n> old\r\n",
}


@pytest.mark.parametrize("name", QUOTING)
def test_what_is_quoted_is_cut_off(name: str) -> None:
    assert own_text(QUOTING[name]) == "Yes!"


def test_answers_between_and_below_the_quotes_stay() -> None:
    text = "On Monday Me <me@example.com> wrote:\n> When?\nTuesday.\n> Where?\nHere.\n"
    assert own_text(text) == "Tuesday.\nHere."


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I wrote to Bob.\nHe said yes:\nTuesday works.",
        "From: Stockholm to Oslo is far.\nLet us talk.",
        "I'd say this:\n- one\n- two",
        "A - B -- C\n---\nbelow",
        "Date: Tuesday. To be clear: I mean it.",
    ],
)
def test_what_only_looks_quoted_stays(text: str) -> None:
    assert own_text(text) == text


@pytest.mark.timeout(30)  # what takes a moment would take minutes if it grew with the square
@pytest.mark.parametrize(
    "piece", ["On ", "On\n", "On x wrote\n", "> ", "From: x\n", "_", "-- x\n", "\n", "a:\n"]
)
def test_it_takes_a_moment_whatever_the_text(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    assert len(own_text(text)) <= 4000
