"""What somebody wrote themselves in a mail: without what they quote, and without their signature."""

from __future__ import annotations

import re
from collections.abc import Sequence

OWN_AT_MOST = 4000
# Longer lines are nobody's "On Tuesday … wrote:".
_LINE_AT_MOST = 300
_ATTRIBUTION_LINES = 3

_WROTE = re.compile(
    r"\b(?:wrote|writes|schrieb|geschrieben|skrev|skreiv|a écrit|écrit|escribió|ha scritto|scrisse"
    r"|schreef|geschreven|kirjoitti|escreveu|napisał\(?a?\)?|pisze|napsal\(?a?\)?|написал\(?а?\)?"
    r"|írta|yazdı|scris|έγραψε)\b|のメール|写道|さんは書きました",
    re.I,
)
_OPENS = re.compile(
    r"\s*(?:On|Am|Den|Le|El|Il|Op|Em|No dia|W dniu|Dnia|På|Dne|Il giorno|Le jeu|\d|.{0,100}[@<\d])",
    re.I,
)
_DATE_OR_ADDRESS = re.compile(r"[@\d]")
_DIVIDER = re.compile(
    r"\s*(?:[-_=*–—]{2,}\s*"
    r"(?:(?:begin )?(?:original|forwarded|reply|replied)[ \w]{0,20}(?:message|mail|text)?"
    r"|ursprüngliche (?:nachricht|mail)|originalnachricht|weitergeleitete nachricht"
    r"|ursprungligt meddelande|originalmeddelande|vidarebefordrat meddelande"
    r"|message d['’]origine|message original|message transféré|mensaje original|mensaje reenviado"
    r"|messaggio originale|messaggio inoltrato|oorspronkelijk bericht|origineel bericht"
    r"|oprindelig meddelelse|opprinnelig melding|alkuperäinen viesti|mensagem original"
    r"|wiadomość oryginalna|oryginalna wiadomość|исходное сообщение|původní zpráva|元のメッセージ"
    r"|原始邮件|original appointment)\s*[-_=*–—]{0,100}|_{8,}|-{30,}|={30,})\s*",
    re.I,
)
_FROM = r"from|von|från|de|da|van|fra|lähettäjä|od|от|差出人|发件人|寄件者"
_OTHER = (
    r"sent|gesendet|skickat|envoyé|enviado(?: el)?|enviada(?: em)?|inviato|verzonden|sendt"
    r"|lähetetty"
    r"|wysłano|date|datum|data|fecha|dato|päivämäärä|отправлено|送信日時|发送时间"
    r"|to|an|till|à|para|a|aan|til|vastaanottaja|do|кому|宛先|收件人|cc|kopie|kopia"
    r"|subject|betreff|ämne|objet|asunto|oggetto|onderwerp|emne|aihe|assunto|temat|тема|件名|主题"
)
_FROM_FIELD = re.compile(rf"[*\s]{{0,5}}(?:{_FROM})\s?:?\*?\s?:", re.I)
_OTHER_FIELD = re.compile(rf"[*\s]{{0,5}}(?:{_OTHER})\s?:?\*?\s?:", re.I)


def own_text(text: str) -> str:
    """The beginning of the unquoted text, at most OWN_AT_MOST characters, without the signature.

    Goes once through the lines: takes time in proportion to the length, whatever they are.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    kept: list[str] = []
    at = 0
    while at < len(lines) and not _ends(lines, at):
        skipped = _attribution(lines, at)
        if skipped and not _is_quoted_next(lines, at + skipped):
            break
        if not skipped and not lines[at].lstrip().startswith(">"):
            kept.append(lines[at].rstrip()[: OWN_AT_MOST + 1])
        at += max(skipped, 1)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()[:OWN_AT_MOST]


def _ends(lines: Sequence[str], at: int) -> bool:
    """Whether from here on all is signature or quoted."""
    line = lines[at]
    if line.rstrip() == "--" or len(line) > _LINE_AT_MOST:
        return line.rstrip() == "--"
    if _DIVIDER.fullmatch(line):
        return True
    if not _FROM_FIELD.match(line):
        return False
    others = [other for other in lines[at + 1 : at + 7] if _OTHER_FIELD.match(other[:100])]
    return len(others) >= 2


def _attribution(lines: Sequence[str], at: int) -> int:
    """How many lines from here on are "On Tuesday Ada wrote:", which mail programs wrap; or 0."""
    joined = ""
    for count, line in enumerate(lines[at : at + _ATTRIBUTION_LINES], 1):
        if len(line) > _LINE_AT_MOST or not line.strip() or line.lstrip().startswith(">"):
            return 0
        joined = f"{joined} {line.strip()}"[: 2 * _LINE_AT_MOST]
        if line.rstrip().endswith((":", "：")):
            return count if _is_attribution(joined.strip()) else 0
    return 0


def _is_attribution(line: str) -> bool:
    """Whether somebody wrote: with a date or an address, or as the last word before the colon."""
    wrote = _WROTE.search(line)
    if not wrote or not _OPENS.match(line):
        return False
    return bool(_DATE_OR_ADDRESS.search(line)) or len(line) - wrote.end() <= 2


def _is_quoted_next(lines: Sequence[str], at: int) -> bool:
    following = next((line for line in lines[at : at + 4] if line.strip()), "")
    return following.lstrip().startswith(">")
