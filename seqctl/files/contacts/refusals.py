"""Who said no, or whose mail came back, in the words of other programs' exports (rules, "Whoever said no").

Some say it by a column's head (`Email Opt Out`: yes), some by the value of a status column
(`Status`: unsubscribed). A wrong mail is worse than a lost one: what stands in such a column is a no
unless it is clearly none, and a status is a no where it is one in any program.

Heads and values are compared without case, accents, spaces and signs (`key`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple


class Said(NamedTuple):
    """What a row says of its contact."""

    opted_out: bool = False
    bounced: bool = False


NOTHING = Said()


def key(text: str) -> str:
    """A head or a value without its case, accents, spaces and signs."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in plain if character.isalnum())


def _any(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words))


# --- heads --------------------------------------------------------------------------------------

_OPT_OUT_HEAD = _any(
    *("optout", "optedout", "unsub", "blacklist", "blocklist", "donot(?:bulk)?email"),
    *("donotcontact", "donotallow(?:bulk)?email", "donotsend", "dontemail", "dontcontact", "^dnc$"),
    *("mails?nichtzulassen", "^keine?(?:newsletter|emails?|mails?|werbung|kontakt)"),
    *("nepasautoriser.*(?:mail|courriel)", "nepasenvoyer.*(?:mail|courriel)", "nietmailen"),
    *("nocontactar", "noenviar.*(?:mail|correo)", "naocontactar", "^dnd$", "^(?:is)?blocked$"),
    *("emailblocked", "spamreport", "spamcomplaint", "markedasspam", "reportedspam", "suppress"),
    *("abgemeldet", "abmeldung", "werbesperre", "mailsperre", "nichtkontaktieren", "kontaktaej"),
    *("avregistrer", "avprenumer", "avanmal", "desabonn", "desinscri", "nepascontacter"),
    *("disiscri", "uitgeschreven", "afgemeld", "afmeldt", "descadastr", "dadodebaja"),
)
_BOUNCE_HEAD = _any(
    *("bounce", "^clean(?:ed)?(?:time|date|at|on|campaign.*)?$", "invalidemail", "emailinvalid"),
    *("emailaddressisinvalid", "emailisinvalid", "bademail", "emailbadaddress"),
    *("undeliverable", "unzustellbar", "emailquarantine", "emailaddressquarantine"),
)
# Everybody has a link to unsubscribe; a bounce of another day, or a letter by post, is no refusal.
_NO_FLAG_HEAD = _any(
    *("(?:url|link|token|hash|page|code|uuid|key|rate)$", "softbounce", "bouncerate"),
    *("emailsbounced", "postal", "directmail", "tracking", "profiling", "cookie"),
)
_OTHER_CHANNEL = _any(
    *("sms", "phone", "telefon", "mobile", "call", "fax", "whatsapp", "textmessage", "push"),
)
_STATUS_HEAD = _any(
    *("status", "^state$", "consent", "subscription", "stage$", "permission", "^optin"),
    *("emailoptin", "marketing", "mailing", "newsletter", "^subscriber", "^tilstand", "^statut"),
    *("^estado", "^stato", "^stav$", "^tags?$", "preference", "deliverability"),
    *("^verification", "mailverification", "^(?:labels?|groups?|groupmembership)$"),
    "^(?:categor(?:y|ies)|lists?|segments?)$",
)
_SUBSCRIBED_HEAD = re.compile(r"(?:is|email)?subscribed(?:toemails?)?|acceptse?mails?")
_OTHER_MATTERS = _any(
    *("marital", "order", "payment", "invoice", "deal", "shipping", "employment", "^vat", "^tax"),
    *("ticket", "task", "project", "credit", "licen[cs]e", "passport", "visa", "application"),
    "^mailing(?:street|city|state|province|zip|postal|country|address)",
)
# Where a seller notes what came of a call, `invalid` is a lead and `unreachable` a telephone.
_SALES_HEAD = _any(
    *("lead", "stage", "call", "tags?$", "labels?$", "groups?$", "membership$", "lists?$"),
    *("segments?$", "^categor"),
)

# --- values -------------------------------------------------------------------------------------

_NONE = frozenset(
    [
        *("0", "00", "0.0", "false", "f", "n", "no", "off", "none", "null", "na", "never"),
        *("nein", "falsch", "nej", "non", "faux", "falso", "falskt", "ei", "nie", "ne", "нет"),
        *("nao", "hayır", "hayir", "nee", "onwaar", "usann", "epatosi", "いいえ", "否"),
        *("unknown", "undefined", "notset", "nobounce", "optin", "optedin", "subscribed"),
        *("confirmed", "allow", "allowed", "send", "active", "aktiv", "enabled", "valid"),
        *("verified", "deliverable", "ok", "whitelisted", "zulassen", "tillat", "autoriser"),
        *("permitir", "consenti", "toestaan", "tilladt", "notunsubscribed", "notoptedout"),
        *("notbounced", "notblacklisted", "notblocklisted", "hasnotoptedout"),
        *("nan", "nil", "blank", "empty", "nope"),
        *("falsk", "hamis", "yanlıs", "yanlis", "nepravda", "fałsz", "ложь"),
    ]
)
_TRUE = frozenset(
    ["true", "t", "yes", "y", "1", "x", "on", "checked", "ja", "wahr", "oui", "vrai", "si", "sant"]
)
_CHECKED = frozenset("✓✔☑✅+")
_ALLOWED = re.compile("allow|subscribed|stillsubscribed")
_CONSENT_HEAD = _any("consent", "permission", "gdpr", "marketing", "subscription")
# How a status begins that wants no mail.
_NO_VALUE = _any(
    *("unsub", "optout", "optedout", "optingout", "blacklist", "blocklist", "blocked", "dnc$"),
    *("donotcontact", "dontcontact", "donotemail", "dontemail", "donotmail", "donotbulkemail"),
    *("donotsend", "donotallow", "nevercontact", "nomails?$", "noemails?$", "suppress"),
    *("listunsubscribe", "globalunsubscribe", "globalsuppress", "revoked$", "removed?me$"),
    *(
        "spam$",
        "spamtrap",
        "abuse$",
        "spamcompl",
        "spamreport",
        "markedasspam",
        "complained$",
        "complaints?$",
        "junk$",
    ),
    *("abgemeldet", "ausgetragen", "abbestellt", "nichtkontaktieren", "nichtzulassen", "gesperrt"),
    *("widerrufen", "avregistrer", "avprenumer", "avanmal", "sparrad", "kontaktaej", "mejlaej"),
    *("avmeldt", "frameldt", "afmeldt", "desabonn", "desinscri", "nepascontacter"),
    *("nepasautoriser", "dadodebaja", "nocontactar", "nopermitir", "disiscritt", "noncontattare"),
    *("uitgeschreven", "afgemeld", "nietcontacteren", "descadastr", "naocontactar", "wypisan"),
    *("odhlasen", "peruutettu", "estetty", "отпис"),
)
# How one begins to whose address mail comes back.
_BOUNCED = ("hardbounce", "bounce", "bademail", "invalidemail", "emailinvalid", "studsa")
_BOUNCED_VALUE = _any(*_BOUNCED)
_BROKEN_VALUE = _any(
    *_BOUNCED,
    *("cleaned", "undeliverable", "unreachable", "invalid$", "invalidaddress", "unzustellbar"),
    *("rebotad", "mailboxnotfound", "userunknown", "zuruckgekommen"),
)
_PARTS = re.compile(r"[;,|/\n]|:::")


def flag_of(head: str) -> str | None:
    """The flag that a column's head stands for (`opted_out`, `bounced`), or None."""
    name = key(head)
    if _is_of_other_channel(name) or _NO_FLAG_HEAD.search(name):
        return None
    if _OPT_OUT_HEAD.search(name):
        return "opted_out"
    return "bounced" if _BOUNCE_HEAD.search(name) else None


def is_status(head: str) -> bool:
    """Whether a column tells, by its values, who may be written to."""
    name = key(head)
    told = _STATUS_HEAD.search(name) or _is_subscribed(name)
    if told is None or _OTHER_MATTERS.search(name):
        return False
    return not (_is_of_other_channel(name) and not _SALES_HEAD.search(name))


def is_set(cell: str) -> bool:
    """Whether a cell of a flag's column sets it: anything does that is not clearly a no."""
    word = key(cell)
    if not word:  # `-` and `[]` say nothing; a sign that ticks a box does
        return not _CHECKED.isdisjoint(cell)
    none = word in _NONE or not word.strip("0") or "://" in cell
    return not none and not word.startswith("soft") and not _ALLOWED.match(word)


@lru_cache(maxsize=4096)
def said_by(head: str, cell: str, *, mapped: str | None = None) -> Said:
    """What a status says; where a person has `mapped` the column to a flag, also a bare yes does."""
    whole = key(cell)
    if mapped is not None and whole in _TRUE:
        return Said(mapped == "opted_out", mapped == "bounced")
    if _is_subscribed(key(head)) and cell and whole in {"false", "f", "n", "no", "0", "nein"}:
        return Said(opted_out=True)
    if _CONSENT_HEAD.search(key(head)) and whole in {"withdrawn", "consentwithdrawn", "objected"}:
        return Said(opted_out=True)
    parts = [key(part) for part in _PARTS.split(cell)]
    broken = _BOUNCED_VALUE if _SALES_HEAD.search(key(head)) else _BROKEN_VALUE
    return Said(any(map(_NO_VALUE.match, parts)), any(map(broken.match, parts)))


def _is_subscribed(name: str) -> re.Match[str] | None:
    return _SUBSCRIBED_HEAD.fullmatch(name)


def _is_of_other_channel(name: str) -> bool:
    return "mail" not in name and _OTHER_CHANNEL.search(name) is not None
