"""Which mails a machine wrote, and when its owner is back."""

from __future__ import annotations

from datetime import date

import pytest

from seqctl.domain.reading.autoreplies import has_automatic_subject, why_automatic
from seqctl.domain.reading.return_dates import return_date


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"auto-submitted": ["auto-replied"]}, "Auto-Submitted: auto-replied"),
        ({"auto-submitted": ["auto-generated (failure)"]}, "Auto-Submitted: auto-generated"),
        ({"auto-submitted": ["Auto-Replied; owner=ann"]}, "Auto-Submitted: auto-replied"),
        ({"auto-submitted": ["no"]}, None),
        ({"auto-submitted": ["No (a comment)"]}, None),
        ({"auto-submitted": [""]}, None),
        ({"x-autoreply": ["yes"]}, "X-Autoreply"),
        ({"x-autoreply": ["no"]}, None),
        ({"x-autorespond": ["Hello"]}, "X-Autorespond"),
        ({"x-apple-action": ["VACATION"]}, "X-Apple-Action: vacation"),
        ({"precedence": ["auto_reply"]}, "Precedence: auto_reply"),
        ({"precedence": ["bulk"]}, "Precedence: bulk"),
        ({"precedence": ["bulk"], "list-id": ["<talk.example.org>"]}, None),
        ({"precedence": ["list"]}, None),
        ({"return-path": ["<>"]}, "empty Return-Path"),
        ({"return-path": ["<ann@example.org>"]}, None),
        ({"x-auto-response-suppress": ["All"]}, None),
        ({"x-auto-response-suppress": ["DR, OOF, AutoReply"]}, None),
        ({}, None),
    ],
)
def test_headers(fields: dict[str, list[str]], why: str | None) -> None:
    assert why_automatic(fields, "Re: Hello") == why


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Hello",
        "Automatic reply: Re: Hello",
        "Auto Reply: Hello",
        "Auto-reply",
        "AutoReply: Hello",
        "Auto Response: Hello",
        "Out of Office",
        "Out of office: Hello",
        "Out of the office until 12 January",
        "Out of Office Re: Hello",
        "OOO: Hello",
        "[Auto-Reply] Hello",
        "Away until May 5",
        "On annual leave until 12 January",
        "I'm on vacation",
        "Automatische Antwort: Hello",
        "Abwesenheitsnotiz: Hello",
        "Abwesend bis 12. Januar",
        "Autosvar: Hello",
        "Automatiskt svar: Hello",
        "Frånvarande t.o.m. 12 januari",
        "Automatisk svar: Hello",
        "Fraværende",
        "Automaattinen vastaus: Hello",
        "Réponse automatique : Hello",
        "Absence du bureau",
        "Respuesta automática: Hello",
        "Fuera de la oficina",
        "Risposta automatica: Hello",
        "Fuori ufficio: Hello",
        "Automatisch antwoord: Hello",
        "Afwezig: Hello",
        "Resposta automática: Hello",
        "Autoodpowiedź: Hello",
        "Automatyczna odpowiedź: Hello",
        "自動応答: Hello",
        "自动回复: Hello",
        "Автоответ: Hello",
    ],
)
def test_subjects_of_programs(subject: str) -> None:
    assert has_automatic_subject(subject)


@pytest.mark.parametrize(
    "subject",
    [
        "Re: out of office hours",
        "Out of office hours",
        "Out of office space in Berlin?",
        "Re: Automatic reply: Hello",
        "AW: Abwesenheitsnotiz",
        "SV: Autosvar: Hello",
        "Automatic replies for your team",
        "Automatic reply systems",
        "Vacation rentals",
        "On leave management",
        "Away game on Saturday",
        "Absence management for teams",
        "Holiday offers",
        "Urlaubsplanung 2027",
        "Ferien in den Bergen",
        "Oooh, nice",
        "Hello",
        "",
    ],
)
def test_subjects_of_people(subject: str) -> None:
    assert not has_automatic_subject(subject)


WRITTEN = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("back on 2027-01-12", date(2027, 1, 12)),
        ("I'm back on 12 January.", date(2027, 1, 12)),
        ("Back Jan. 12", date(2027, 1, 12)),
        ("returning to the office on January 12th, 2027", date(2027, 1, 12)),
        ("until Monday, 12 January 2027", date(2027, 1, 12)),
        ("until 12.1.2027", date(2027, 1, 12)),
        ("until 12.1.27", date(2027, 1, 12)),
        ("until 12.01.", date(2027, 1, 12)),
        ("until 25/12", date(2026, 12, 25)),
        ("until 12/25", date(2026, 12, 25)),
        ("until 3/3/2027", date(2027, 3, 3)),
        ("Out from 3 January to 12 January", date(2027, 1, 12)),
        ("Out from 3-12 January", date(2027, 1, 12)),
        ("Out Dec 20 - Jan 4", date(2027, 1, 4)),
        ("Away until 11 January, back on 12 January", date(2027, 1, 12)),
        ("Away since 1 November. I return Dec 9.", date(2026, 12, 9)),
        ("I left on 1 Dec. I will return Dec 9.", date(2026, 12, 9)),
        ("On 12 January I'll be back.", date(2027, 1, 12)),
        ("Ich bin am 12. Januar zurück", date(2027, 1, 12)),
        ("Ab dem 12. Januar bin ich wieder erreichbar", date(2027, 1, 12)),
        ("Bin bis zum 12.01.2027 nicht im Büro", date(2027, 1, 12)),
        ("vom 1. bis 12. Januar", date(2027, 1, 12)),
        ("Jag är tillbaka den 12 januari", date(2027, 1, 12)),
        ("Ledig t.o.m. 12 januari", date(2027, 1, 12)),
        ("tilbage d. 12. januar", date(2027, 1, 12)),
        ("12.1. asti", date(2027, 1, 12)),
        ("palaan 12. tammikuuta", date(2027, 1, 12)),
        ("de retour le 12 janvier", date(2027, 1, 12)),
        ("jusqu'au 12 janvier 2027 inclus", date(2027, 1, 12)),
        ("du 3 au 12 janvier", date(2027, 1, 12)),
        ("de vuelta el 12 de enero de 2027", date(2027, 1, 12)),
        ("hasta el 12 de enero", date(2027, 1, 12)),
        ("fino al 12 gennaio", date(2027, 1, 12)),
        ("terug op 12 januari", date(2027, 1, 12)),
        ("até 12 de janeiro", date(2027, 1, 12)),
        ("wracam 12 stycznia", date(2027, 1, 12)),
        ("1月12日まで", date(2027, 1, 12)),
        ("until today, 24 November", WRITTEN),
    ],
)
def test_the_day_of_return(text: str, day: date) -> None:
    assert return_date(text, WRITTEN) == day


@pytest.mark.parametrize(
    "text",
    [
        "until 03/04/2027",
        "back on 3/4",
        "back on 12 or 13 January",
        "back on 12 January. For orders I am back on 14 January.",
        "back on 20 November",
        "back on 2025-01-12",
        "until 12 October 2028",
        "until 31 February",
        "until 99.99.2027",
        "since 12 January 2027",
        "Our fair is on 12 January",
        "Call 12-01-55 until further notice",
        "soon",
        "",
    ],
)
def test_no_day_of_return(text: str) -> None:
    assert return_date(text, WRITTEN) is None
