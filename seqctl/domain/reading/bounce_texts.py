"""What mail servers write when they can't deliver: for good or for now, to whom, and why.

Pure rules on texts. They are made of what the servers have in common, not of one server's sentences:
addresses that begin a line, reply codes (RFC 5321), enhanced codes (RFC 3463), a quoted mail below.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

WHY_AT_MOST = 200
MOST_FOUND = 100
_LOCAL = r"[\w.!#$%&'*+/=?^`{|}~-]"
ADDRESS = rf"(?<!{_LOCAL}){_LOCAL}{{1,64}}@[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,10}}"

_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<![\d.:])([45]\d\d)[ -]")
# Statuses of class 5 that say nothing about whether the address lives (RFC 3463 and its registry):
# the sender (5.1.7, 5.1.8, 5.1.20), a full or overlarge mailbox (5.2.2 to 5.2.4), the system (5.3),
# the network (5.4, but for no host at all), the protocol (5.5), the content (5.6), a policy (5.7).
_SOFT_STATUSES = re.compile(
    r"5\.(?:1\.(?:7|8|20)|2\.[2-4]|3\.\d+|4\.(?!4$|310$)\d+|5\.(?!0$)\d+|[67]\.\d+)"
)

_SENDER_STATUSES = re.compile(r"5\.1\.(?:7|8|20)")
# Refused before or after the recipient was named: for the connection, or for what is in the mail.
_AFTER_RECIPIENT = re.compile(
    r"after (?:end of data|initial connection|ehlo|helo|i sent the message)|end of data command"
    r"|final data|step: data|\(data\)|improper sequence",
    re.I,
)
# "Rejected" without a word on the recipient.
_REJECTED = re.compile(
    r"^(?!.*\b(?:recipient|address|user|mailbox|account)\b).*\breject(?:ed|ion)?\b", re.I
)

_FULL = re.compile(
    r"\b(?:mail ?box|mail ?folder|in-?box|account|folder|user|storage|disk|quota|space|recipient)\b.{0,60}\b(?:full|exceed\w*|over|reached)"
    r"|over (?:the )?(?:its |their |disk |mail )?(?:quota|limit)|quota|out of (?:disk )?space"
    r"|insufficient .{0,20}(?:storage|resources|space)"
    r"|too (?:large|big|long)|(?:message|mail) (?:size|length)|size limit"
    r"|exceed\w* .{0,40}(?:limit|size)|postfach .{0,20}voll"
    r"|bo[iî]te .{0,30}pleine|casella piena|buz[oó]n lleno|mailboxfull",
    re.I,
)
_SENDER = re.compile(
    r"(?:\bsenders?\b|\bfrom: (?:domain|address|header)\b|\bmail ?from\b|\bfrom (?:address|domain)\b).{0,60}\b(?:not? exist|reject\w*|denied|verif\w*|unknown|invalid|not found|not exist|refused|blocked|not allowed|is not)"
    r"|does not like (?:the )?sender|sender was rejected|after mail from|in reply to mail from"
    r"|\[mail_from\]|mail from:? ?command"
    r"|sender verif\w+"
    r"|(?:your|from|sender|envelope) (?:domain|address).{0,40}(?:invalid|not exist|not resolve)",
    re.I,
)
_DEAD = re.compile(
    r"\b(?:unknown|no such|invalid|illegal|non-?existent|bad|unrecogni[sz]ed|unroutea?ble|nonexistent|no valid|unknown or illegal)"
    r"(?: or \w+)?(?: final delivery)? (?:e-?mail )?(?:local )?(?:users?|user ?id|recipients?|mailbox(?:es)?|address(?:es)?|accounts?|alias(?:es)?|local[- ]part|person|domain|host|destination|name)\b"
    r"|\b(?:user|recipient|mailbox|account|address|alias|domain|host|username|local[- ]part|destination)\b(?:[^.;]|\.(?=\S)){0,80}"
    r"(?:(?:does|do|did)(?: not|n['’]?t) (?:\w+ )?exist|(?:is |was |are )?(?:unknown|not known|not valid|not found|invalid|not recogni[sz]ed|not listed|inactive|disabled|deactivated|suspended|closed|discontinued|expired|deleted|terminated|unavailable|no longer|not our customer|not registered|undeliverable))"
    r"|no (?:mailbox|account|user|recipient|address)\b.{0,20}\b(?:here|by|with|of|named|found)"
    r"|no longer (?:available|valid|active|here|with|works|employed)"
    r"|(?:has no|have no|hasn['’]?t|haven['’]?t|does not have|doesn['’]?t have) (?:an? |any )?(?:[^.;]|\.(?=\S)){0,60}\baccount\b"
    r"|not a (?:registered|known|valid|local)"
    r"|(?:(?:could|can)(?: not|n['’]?t) (?:be )?|couldn['’]?t )(?:find|found|locate)(?! a gateway)"
    r"|not listed in|@[\w.-]+[>'\")]* does(?: not|n['’]?t) exist"
    r"|no mx record|no mail exchanger|host (?:name )?lookup failure.{0,10}non|nxdomain"
    r"|no such host|host unknown|user unknown|userunknown|recipnotfound|recipientnotfound"
    r"|not in directory"
    r"|permanently (?:closed|disabled|deactivated)|mailbox unavailable|address(?:ee)? unknown"
    r"|5\.4\.1\b.{0,40}recipient address rejected"
    r"|n['’]existe pas|inconnue?\b|destinataire invalide|adresse invalide|unbekannt"
    r"|existiert nicht|nicht (?:gefunden|bekannt|vorhanden)|finns inte"
    r"|no existe|desconocido|inesistente|sconosciuto|não existe|desconhecido|nie istnieje"
    r"|onbekend|bestaat niet|findes ikke|finnes ikke"
    r"|не существует|не найден|存在しません|見つからない|みつかりません|不存在",
    re.I,
)
_FOR_NOW = re.compile(
    r"try again|temporar|time[d-]? ?out|timeout|deferred|delay|still being retried|retry|retries"
    r"|expired|service (?:currently |temporarily |is )?(?:un|not )available|later"
    r"|connection (?:refused|reset|lost)|(?:un)?able to connect"
    r"|not (?:be )?reach|could not connect|socket error|no route|greylist|grey-list|rate limit"
    r"|too many|throttl|busy|overload|in the queue too long|unable to contact"
    r"|could not be delivered for|host (?:name )?lookup failure|hop count|loop",
    re.I,
)
_POLICY = re.compile(
    r"spam|block|black ?list|deny ?list|polic(?:y|ies)|dmarc|\bspf\b|dkim|authenticat|reputation"
    r"|banned|\brbl\b|dnsbl|virus|malware|content|\brelay"
    r"|not (?:permitted|allowed|authori[sz]ed|accept\w*)|permission|access denied|denied by"
    r"|unsolicited|bulk|reverse dns|rdns|\bptr\b|abuse|prohibit|unauthori[sz]ed|restricted"
    r"|(?:mail|message|mensaje|header) (?:was )?(?:rejet\w*|reject\w*|refus\w*|error)|reject,"
    r"|dns validation|listed (?:at|by|in|on)|complaint|suspicious|insecure|violat",
    re.I,
)

_FAILED = re.compile(
    r"un-?deliver(?:able|ed)"
    r"|(?:deliver\w*|delevery|mail|message|e-?mail|send(?:ing)?|transmission)\b.{0,60}\b(?:fail\w*|abort\w*|error\w*|problem\w*|delay\w*|not (?:be |been )?deliver\w*|rejected|returned|impossible)"
    r"|(?:could|can|was|were|has|did|been|be)(?: ?not|n['’]t)(?: yet)? (?:be |been )?(?:deliver|reach|sent|transmitted|complete)"
    r"|(?:unable|wasn['’]?t able|not able|failed|failing|trouble) (?:to )?(?:deliver|reach|send)"
    r"|returned mail|returning message|returned to sender|return(?:ed|ing) to (?:the )?sender"
    r"|failure (?:notice|reasons)|failed (?:address|recipient|delivery)"
    r"|delivery (?:status|report|notification|failure|incomplete)"
    r"|permanent(?: fatal)? error|non-?deliver|no valid recipients|mail system error"
    r"|there was an error (?:sending|delivering)|nondeliv|bounce"
    r"|unzustellbar|nicht zugestellt|nicht zustellbar|zustellung|zustellen|fehler bei|échec"
    r"|non remis|n['’]a pas (?:pu )?(?:été|être)|non distribu"
    r"|impossible de (?:remettre|livrer|distribuer)"
    r"|no (?:se )?(?:ha |pudo |puede )?(?:podido )?(?:ser )?(?:entreg|enviar)|no entregado"
    r"|non (?:è stato )?(?:recapit|consegn|possibile)|mancata consegna"
    r"|não (?:foi|pôde|pode) (?:ser )?(?:entreg|possível)|não entregue|falha na entrega"
    r"|kunde inte (?:leverer|skick)|gick inte att leverera|olevererat|inte levererats"
    r"|kunne ikke (?:lever|send)|ikke leveret|ikke levert|toimittaminen|ei voitu toimittaa"
    r"|onbestelbaar|niet (?:worden )?(?:bezorgd|afgeleverd)|niet bezorgen"
    r"|nie (?:można|mógł|udało)[^.]{0,40}dostarcz|niedostarcz|nedoručen|nelze doručit"
    r"|не (?:может быть )?доставлен|недоставлен|не удалось|配信(?:でき|不能|に失敗|エラー)|送信(?:でき|に失敗)"
    r"|配達(?:でき|不能)|届け(?:る|られ)|エラー(?:メール|メッセージ)|失敗|無法投遞|无法(?:投递|送达)|退信|未送达",
    re.I,
)
_QUOTE_STARTS = re.compile(
    r"^(?:Received:\s.*|Return-Path:\s*<[^>\s].*"
    r"|[ \t>]*[-=*|_#]{2,}[^\n]{0,60}\b(?:original|returned|unsent|copy of (?:the|your|this)|below this line|message text follows|header of|headers? follow|enclosed is)\b.*"
    r"|[ \t]*(?:below is a copy|(?:your )?original (?:message|mail)(?: headers| header| text| follows)?\s*(?:follows)?\s*[.:]|message headers? follow|included is a copy|here is a copy|a copy of the (?:original )?message).*"
    r")$",
    re.I | re.M,
)
_FOUND = re.compile(rf"<?({ADDRESS})>?", re.I)
# What stands between the beginning of a line and the address that failed.
_BEGINS = re.compile(r"[\s>*•·|\"'<(\[=-]*(?:\(?(?:mailto|smtp|rfc822):\s*)?<?", re.I)
_LABELS = re.compile(
    r"(?:rcpt to|recipients?(?: address)?|addresse?s?|failed|failed (?:recipients?|addresses)|to|for|user|users|userid|account|mailbox|unknown user|following|destinat\w+|empfänger\w*|mottagare\w*|宛先|[45]\d\d(?:[ -][45]\.\d+\.\d+)?)"
    r"\s?(?:[:=]|is|was)?\s*[\"'<(\[]*$",
    re.I,
)
_NOT_THE_RECIPIENT = re.compile(
    r"(?:contact|e-?mail to|from|sender|by|support|help|abuse|reply-to|cc|envelope-from|mail from|admin\w*|postmaster|write to|send (?:mail|e-?mail) to|reply to|return-path|original sender)\b[^@\n]{0,12}$",
    re.I,
)
_HELP = re.compile(r"(?:support|help|helpdesk|abuse|no-?reply|admin|webmaster|hostmaster)@", re.I)
# The report names the fields of the mail that failed, and our own side among them.
_HEADER_LINE = re.compile(r"\s*(?:to|cc|an|à|till|para|subject|betreff|date|sent)\s*:", re.I)
_EXPLAINED = re.compile(
    r"\b(?:expanded from|generated (?:by|from)|ultimately generated from|aka|alias|forwarded)\b[^@\n]{0,20}$",
    re.I,
)


class Sentence(NamedTuple):
    """An address that a text names as failed, and the words that go with it."""

    address: str
    words: str


def is_permanent(action: str, status: str, words: str) -> bool:
    """Whether a failure means that the address is dead (hard), not only that this mail failed (soft).

    `action` and `status` are those of RFC 3464, '' if there are none; `words` are the server's own.
    Delayed and 4.x.x are soft. What the words say goes before a code, since many servers refuse
    content with 5.1.1 and unknown users with 5.7.1.
    """
    words = " ".join(words.split())
    found, said = status_in(status) or "", status_in(words) or ""
    if action.lower().startswith("delayed") or found.startswith("4"):
        return False
    if _FULL.search(words) or _SENDER.search(words) or _SENDER_STATUSES.fullmatch(said):
        return False
    if _DEAD.search(words):
        return not re.search(r"try again", words, re.I)
    if any(rule.search(words) for rule in (_FOR_NOW, _POLICY, _AFTER_RECIPIENT, _REJECTED)):
        return False
    code = said if said and (not found or found.endswith(".0.0")) else found
    reply = _REPLY.search(words)
    if reply and (
        reply[1].startswith(("4", "50", "52", "552")) or (not code and reply[1] == "554")
    ):
        return False
    return (code.startswith("5") and not _SOFT_STATUSES.fullmatch(code)) or (
        not code and bool(reply)
    )


def explains(words: str) -> bool:
    """Whether words tell why a delivery failed, or carry a code that does."""
    words = " ".join(words.split())
    rules = (_FULL, _SENDER, _DEAD, _FOR_NOW, _POLICY, _AFTER_RECIPIENT, _REJECTED, _REPLY, _STATUS)
    return any(rule.search(words) for rule in rules)


def status_in(text: str) -> str | None:
    """The first enhanced status code (RFC 3463) of a text: `5.1.1`."""
    found = _STATUS.search(text)
    return f"{found[1]}.{int(found[2])}.{int(found[3])}" if found else None


def says_it_failed(text: str) -> bool:
    """Whether a subject or a text of a mail system tells of a failed or delayed delivery."""
    return bool(_FAILED.search(text))


def without_quoted(text: str) -> tuple[str, str]:
    """A report in two: what the server says, and the mail that it quotes."""
    found = _QUOTE_STARTS.search(text)
    return (text[: found.start()], text[found.start() :]) if found else (text, "")


def failed_in(report: str, own: Collection[str], written_to: Collection[str]) -> list[Sentence]:
    """The addresses that failed by what a report says, most likely first.

    `own` are addresses of the one who is told, `written_to` those to which the quoted mail went.
    """
    ranked: list[tuple[int, int, str]] = []
    for found, before in _addresses(report):
        address = found[1].lower().strip(".'`")
        rank = _rank(before)
        if rank == 2 and address not in written_to and _offers_help(address):
            continue
        if rank is not None and may_have_failed(address, own, written_to):
            ranked.append((rank - 2 * (address in written_to), found.start(), address))
    named: dict[str, str] = {}
    for _, at, address in sorted(ranked):
        named.setdefault(address, _words(report, at, address, ranked))
    return [Sentence(address, words) for address, words in named.items()]


def may_have_failed(address: str, own: Collection[str], written_to: Collection[str]) -> bool:
    """False for our own side and for postmasters, unless the mail was sent to them."""
    if address in written_to:
        return True
    return address not in own and not is_mail_system(address)


def is_mail_system(address: str) -> bool:
    """Whether an address is that of a mail server rather than a person's."""
    return bool(_SYSTEM.match(address))


_SYSTEM = re.compile(
    r"(?:mailer-?daemon|post-?mas?ter|poostmaster|mail[-.]?daemon|mail[.-]delivery|mdaemon|mailadm)\b",
    re.I,
)


def _addresses(report: str) -> Iterator[tuple[re.Match[str], str]]:
    for count, found in enumerate(_FOUND.finditer(report)):
        if count == MOST_FOUND:
            return
        line = report.rfind("\n", max(found.start() - 200, 0), found.start()) + 1
        yield found, report[max(line, found.start() - 200) : found.start()]


def _rank(before: str) -> int | None:
    """How likely what stands after these words on its line failed: 0 most, None not at all."""
    if _BEGINS.fullmatch(before):
        return 0
    if _HEADER_LINE.match(before):
        return 2
    if _EXPLAINED.search(before):
        return 3
    if _NOT_THE_RECIPIENT.search(before):
        return None
    return 1 if _LABELS.search(before) else 2


def _offers_help(address: str) -> bool:
    return bool(_HELP.match(address))


def _words(report: str, at: int, address: str, ranked: list[tuple[int, int, str]]) -> str:
    """What is said of the address at `at`: up to the line that names another one as failed."""
    others = (
        start for rank, start, other in ranked if start > at and other != address and rank < 2
    )
    end = min(others, default=len(report))
    line = report.rfind("\n", at, end) if end < len(report) else end
    return report[report.rfind("\n", 0, at) + 1 : line if line > at else end][:1500]


def in_few_words(status: str, words: str) -> str:
    """Why a mail was not delivered, on one line for people: `5.1.1 user unknown`."""
    code = status_in(words) or status_in(status) or ""
    found = _REPLY.search(words)
    said = " ".join(words[found.start() if found else 0 :].split())
    said = said if code in said else f"{code} {said}".strip()
    return said[:WHY_AT_MOST].rstrip()
