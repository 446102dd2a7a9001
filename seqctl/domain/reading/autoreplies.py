"""Whether a machine answered: by what its headers say (RFC 3834), and by its subject.

A false "automatic" would let a sequence go on for somebody who answered; a false "reply" would end it
for somebody on holiday. Headers that ordinary mail carries too count only beside another sign.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Fields = Mapping[str, Sequence[str]]
"""The values of header fields by lower-case name."""

# Set by vacation programs and autoresponders only.
_MARKS = (
    "x-autoreply",
    "x-autoreply-from",
    "x-auto-reply-from",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-response",
    "x-mail-autoreply",
    "x-vacation",
    "x-gm-autoreply",
    "x-auto-reply",
)
_MARKED_VALUES = {
    "x-apple-action": "vacation",
    "x-post-messageclass": "9; autoresponder",
    "preference": "auto_reply",
    "delivered-to": "autoresponder",
    "x-mailer": "autoreply",
    "x-precedence": "auto_reply",
}
_AGAINST_LOOPS = {"bulk", "junk", "auto_reply"}
_LISTS = ("list-id", "list-unsubscribe", "list-post", "mailing-list")

# Said by programs as the first words of a subject, and followed by what they answer.
_SAID_BY_PROGRAMS = (
    # English
    r"(?:automatic|automated|auto|autom\.)[- ]?(?:reply|response|answer|responder)|autoreply"
    r"|autoresponse"
    r"|(?:out of|away from|not in)(?: the| my)? office(?: (?:auto-?reply|reply|response|message|notification|notice))?"
    r"|ooo|vacation (?:reply|response|message|notice)",
    # German, Dutch
    r"automatische (?:antwort|rückantwort|e-?mail-?antwort|benachrichtigung)|autom\. antwort"
    r"|auto-?antwort"
    r"|abwesenheits(?:notiz|nachricht|meldung|assistent|agent|info|benachrichtigung)|abwesenheit"
    r"|(?:bin )?abwesend"
    r"|nicht im (?:büro|haus)|außer haus|ausser haus"
    r"|automatisch(?:e)? (?:antwoord|reactie|bericht)|afwezigheids(?:bericht|melding|assistent)"
    r"|afwezig(?:heid)?"
    r"|niet (?:aanwezig|op kantoor)",
    # Swedish, Danish, Norwegian, Finnish
    r"auto(?:matiskt?|-)? ?svar|automatiskt? (?:meddelande|meddelelse|besked)"
    r"|frånvaro(?:meddelande|assistent)?"
    r"|frånvarande|ej på kontoret|inte på kontoret|fravær(?:sassistent|sbesked|smelding|ende)?"
    r"|fraværende"
    r"|ikke (?:på|til stede på) kontoret|automaattinen (?:vastaus|poissaoloviesti|viesti)"
    r"|automaattivastaus"
    r"|poissa(?: toimistosta)?|poissaolo(?:viesti|ilmoitus)?",
    # French, Spanish, Italian, Portuguese, Romanian, Catalan
    r"réponse automatique|reponse automatique|message d['’]absence|absence(?: du bureau)?"
    r"|absent(?:e)?(?: du bureau)?"
    r"|respuesta autom[áa]tica|contestación automática|fuera de (?:la )?oficina"
    r"|ausente(?: de la oficina)?|ausencia(?: de la oficina)?"
    r"|risposta automatica|risponditore automatico|fuori (?:sede|ufficio)"
    r"|assenza(?: dall['’]ufficio)?|assente"
    r"|resposta autom[áa]tica|fora do escritório|ausente do escritório|ausência|răspuns automat"
    r"|resposta automàtica",
    # Polish, Czech, Slovak, Hungarian, Slovenian, Croatian, Baltic, Turkish, Greek
    r"automatyczna odpowiedź|odpowiedź automatyczna|autoodpowiedź|nieobecno(?:ść|sc)|poza biurem"
    r"|jestem poza biurem"
    r"|automatická odpov[ěe]ď|mimo kancelář|nepřítomnost|automatikus válasz|szabadság miatt"
    r"|samodejni odgovor|automatski odgovor"
    r"|automātiskā atbilde|automaatvastus|automatinis atsak\w+|otomatik (?:yanıt|cevap)"
    r"|αυτόματη απάντηση",
    # Russian, Ukrainian, Japanese, Chinese, Korean, Hebrew, Arabic
    r"автоответ(?:чик)?|автоматический ответ|автоматична відповідь|автовідповідь|вне офиса"
    r"|自動(?:応答|返信|回答)|【自動返信】|不在(?:通知|のお知らせ|連絡)?|自动(?:答复|回复)|自動(?:回覆|答覆)|외출 중|자동 ?(?:회신|응답)"
    r"|תשובה אוטומטית|رد تلقائي",
)
_SUBJECT = re.compile(
    rf"[\[(<*【\s]{{0,3}}(?:{'|'.join(_SAID_BY_PROGRAMS)})(?:\s*[\])>】]|\*?\s*"
    r"(?:$|[:;|.,!(/\[【\"„“«–—]|-\s|re\b|(?:until|till|til|bis|from|t\.o\.m|jusqu|hasta|fino|tot|até|do|vom|von|am|\d)\b|from:))",
    re.I,
)
# Said by people about themselves: only with a time, or alone.
_AWAY = re.compile(
    r"(?:i(?:['’]m| am) )?(?:currently )?(?:away|on (?:annual |parental |maternity |sick )?(?:leave|holidays?|vacation|pto)"
    r"|annual leave|(?:im )?urlaub|auf urlaub|semester|på semester|ferie|på ferie|lomalla"
    r"|en congés?|de vacaciones|in ferie|em férias"
    r"|op vakantie|na urlopie|urlop)"
    r"(?:\s*$|\s*[-–:,(]?\s*(?:until|till|til|from|through|thru|bis|vom|t\.o\.m|från|fra|jusqu|du|hasta|fino|dal|tot|até|do|od)\b)",
    re.I,
)
_ANSWER = re.compile(
    r"\s*(?:re|aw|sv|vs|antw|ref|rif|odp|fw|fwd|wg|vb|tr|rv|i|doorst)\s?(?:\[\d+\])?:", re.I
)


def why_automatic(fields: Fields, subject: str) -> str | None:
    """Why a mail is an automatic one, in a few words for people; None if it is a person's.

    `fields` are its headers by lower-case name; `subject` is decoded.
    """
    return (
        _by_standard(fields) or _by_mark(fields) or _by_subject(subject) or _by_return_path(fields)
    )


def is_answer(subject: str) -> bool:
    """Whether a subject begins like that of an answer or a forwarded mail: "Re: …", "WG: …"."""
    return bool(_ANSWER.match(subject))


def has_automatic_subject(subject: str) -> bool:
    """Whether a subject begins as a program's does; "Re: Out of office" is a person's answer."""
    if is_answer(subject):
        return False
    return bool(_SUBJECT.match(subject.strip()) or _AWAY.match(subject.strip()))


def _by_standard(fields: Fields) -> str | None:
    """RFC 3834, section 5: any value but "no" (which may carry parameters or a comment)."""
    for value in fields.get("auto-submitted", ()):
        word = re.split(r"[\s;(]", value.strip().lower(), maxsplit=1)[0]
        if word and word != "no":
            return f"Auto-Submitted: {word[:40]}"
    return None


def _by_mark(fields: Fields) -> str | None:
    for name in _MARKS:
        if any(value.strip().lower() not in ("", "no", "false") for value in fields.get(name, ())):
            return _title(name)
    for name, sign in _MARKED_VALUES.items():
        if any(sign in value.lower() for value in fields.get(name, ())):
            return f"{_title(name)}: {sign}"
    return _by_precedence(fields)


def _by_precedence(fields: Fields) -> str | None:
    """`bulk` is what vacation programs set, and every newsletter: a list says that it is one."""
    for value in fields.get("precedence", ()):
        word = value.strip().lower().replace("-", "_")
        if word == "auto_reply" or (
            word in _AGAINST_LOOPS and not any(n in fields for n in _LISTS)
        ):
            return f"Precedence: {word}"
    return None


def _by_subject(subject: str) -> str | None:
    return f"subject “{subject[:60]}”" if has_automatic_subject(subject) else None


def _by_return_path(fields: Fields) -> str | None:
    """RFC 3834, section 3.3: automatic answers go out with an empty envelope sender.

    X-Auto-Response-Suppress alone says only that no automatic answer is wanted.
    """
    paths = fields.get("return-path", ())
    if paths and paths[0].strip() in ("<>", ""):
        return "empty Return-Path"
    return None


def _title(name: str) -> str:
    return "-".join(word.capitalize() for word in name.split("-"))
