"""Whether a mail asks to be left alone and says little else, and the token that its writer sent back.

The law asks to honour such a wish in whatever words it comes. A sentence that only mentions it is a
reply: somebody reads it anyway, and an enrollment ends for it as well.
"""

from __future__ import annotations

import re

from seqctl.domain.reading.autoreplies import is_answer

# How many words may stand beside the wish that say nothing by themselves.
_OTHER_WORDS = 3
_SIGNATURE_WORDS = 7
_LONGEST = 1500

_TOKEN = r"(\d{1,18}\.[0-9a-z]{1,64})"
_SUBJECT_TOKEN = re.compile(rf"(?:\w{{2,3}}:\s*)*unsubscribe[\s:=-]+{_TOKEN}", re.I)
_ADDRESS_TOKEN = re.compile(rf"[^@\s]*\+unsubscribe-{_TOKEN}@", re.I)
_BODY_TOKEN = re.compile(rf"unsubscribe[\s:=-]+{_TOKEN}[\s.]*", re.I)

_WISH = re.compile(
    "|".join(
        (
            # English
            r"un-?subscri(?:be|ption)d?|opt(?:ing)?[- ]?(?:me )?out"
            r"|(?:remove|delete|take) me\b(?: off)?"
            r"|(?:remove|delete) (?:my|this|our) (?:e-?mail|address|name|data|contact)(?: address)?"
            r"|stop (?:e-?mailing|mailing|contacting|writing|sending|spamming|messaging|these|this|the|your)"
            r"|(?:do not|don['’]?t|never|please not) (?:e-?mail|mail|contact|write|send|message|spam)"
            r"|no more (?:e-?mails?|mails?|messages?)|leave (?:me|us) alone"
            r"|^stop(?=(?: it| this| now| please| all)?\s*(?:$|[.!,]))",
            # German
            r"abmeld(?:en|ung)|austragen|abbestellen|abbestellung|melden sie mich ab"
            r"|löschen sie mich"
            r"|tragen sie mich aus|nehmen sie mich (?:aus|von)"
            r"|keine (?:weiteren )?(?:e-?)?mails?(?: mehr)?"
            r"|nicht mehr (?:an)?(?:schreiben|kontaktieren|mailen)"
            r"|aus (?:dem|ihrem|eurem) verteiler",
            # Swedish, Danish, Norwegian, Finnish
            r"av(?:registrera|prenumerera|anmäla?|sluta prenumeration)|ta bort (?:mig|min)"
            r"|sluta (?:mejla|maila|skicka|kontakta)"
            r"|inga fler (?:mejl|mail|utskick)|kontakta mig inte|afmeld(?:ing)?|frameld"
            r"|fjern (?:mig|meg|min)|stop med at"
            r"|avmeld(?:ing)?|meld meg av|slutt å|peru(?:uta)? tilaus"
            r"|poista (?:minut|osoitteeni|sähköpostini)"
            r"|poistakaa|älkää lähettäkö|lopeta(?:kaa)?\b",
            # French, Spanish, Italian, Portuguese
            r"d[ée]s(?:inscri(?:re|ption|vez|s)|abonne(?:r|ment|z)?)(?:-moi)?"
            r"|(?:retirez|supprimez|enlevez)[- ]moi"
            r"|ne (?:me|m['’]) ?(?:contactez|écrivez|envoyez|mailez)(?: plus)?"
            r"|plus (?:de|aucun) (?:e-?)?mails?"
            r"|(?:dar(?:me)?|denme|deme|dadme|dame) de baja|^baja\b"
            r"|cancelar (?:la |mi )?suscripción|desuscri\w+"
            r"|elim[ií]n(?:e|a|en)me|no me (?:env[ií]en?|escriban?|contacten?)(?: más)?"
            r"|(?:dis|de)iscri(?:zione|vimi|vetemi|vermi)|cancella(?:mi|temi|rmi|zione)"
            r"|rimuov(?:imi|etemi|ermi)"
            r"|non (?:scrivetemi|contattatemi|inviatemi)(?: più)?|annulla(?:re)? l['’]iscrizione"
            r"|cancelar (?:a |minha )?(?:inscrição|subscrição|assinatura)|descadastr\w+"
            r"|remov(?:er|am|a)[- ]?me"
            r"|retir(?:ar|em|e)[- ]me"
            r"|não (?:me )?(?:envie|enviem|contacte|contactem)(?:-me)?(?: mais)?",
            # Dutch, Polish, Czech, Hungarian
            r"uitschrijv(?:en|ing)|schrijf (?:me|mij|ons) uit|afmelden"
            r"|(?:verwijder|haal) (?:me|mij|mijn)"
            r"|geen (?:e-?)?mails? meer|wypis(?:z|ać|anie|uję)(?: mnie| się)?|rezygn(?:uję|acja)"
            r"|usuń(?:cie)? mnie"
            r"|(?:proszę )?nie (?:pisać|wysyłać|kontaktować)|odhlás(?:it|ení)|leiratkoz\w*",
            # Russian, Japanese, Chinese
            r"отпис(?:аться|ать|ите|ка)|配信停止|配信を停止|購読解除|退订|取消订阅",
        )
    ),
    re.I,
)
# Stands beside the wish and changes nothing.
_REFUSAL = re.compile(
    r"(?:i['’]?m |we['’]?re )?not interested|no,? thank(?:s| you)|no interest"
    r"|kein(?:e)? interesse|nein,? danke"
    r"|(?:är |jag är )?inte intresserad|nej,? tack|ikke interessere\w+|nej,? tak|pas intéressée?"
    r"|non,? merci|no me interesa"
    r"|non (?:mi )?interessa|geen interesse|nie jestem zainteresowan\w+",
    re.I,
)
# Said of the wish itself, these turn it round.
_NOT_MEANT = re.compile(
    r"\b(?:(?:do not|don['’]?t|did not|didn['’]?t|can['’]?t|cannot|can not|won['’]?t|never|not|nicht|inte|ikke|niet|en|älä)"
    r"(?: want to| wish to| möchte)? (?:\w+ )?"
    r"(?:un-?subscri|opt[- ]?out|remove|delete|take me|stop|leave me|abmeld|austrag|avregistrera|avprenumerera|avmeld|afmeld|uitschrijv))"
    r"|\b(?:ne|no|non|não|nie)\b.{0,12}(?:d[ée]s(?:inscri|abonn)|de baja|cancell|wypis)",
    re.I,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FILLERS = _words(
    "please pls plz kindly me us my our this these that address email e-mail mail mails emails e-mails from your"
    " you the list lists mailing newsletter i a an and want to would like wish be of off on in for any all more"
    " further future immediately now asap again anymore thanks thank regards sincerely best cheers very much it"
    " messages message database contact contacting communications sequence is at once just with"
    " bitte mich uns meine meinen diese dieser adresse von vom aus dem der die den ihrem ihren ihrer verteiler liste"
    " newsletter danke vielen dank ich möchte will und sofort weitere mehr keine sie"
    " snälla vänligen mig oss min mina från er ert eran listan lista utskick tack jag vill och omedelbart hej"
    " venligst vennligst fra jeres deres jer tak takk på meg liste jeg ønsker at å og"
    " kiitos minut listalta sähköposti pyydän olkaa hyvä"
    " merci svp veuillez de votre vos liste diffusion je souhaite me moi la ma mon adresse cette et plus s'il vous plaît"
    " por favor gracias de su la lista correo mi quiero me esta y dirección per favore grazie dalla vostra lista il mio"
    " indirizzo questa e voglio da obrigado obrigada da sua lista meu minha quero este endereço"
    " alstublieft graag bedankt uit van uw de lijst mij ik wil dit adres dank je u"
    " proszę dziękuję z listy mnie mój moją tej waszej"
)
_GREETING = re.compile(
    r"(?:hi|hello|hey|dear|good (?:morning|afternoon|day)|hallo|guten (?:tag|morgen)|sehr geehrte\w*|liebe[rs]?"
    r"|moin|hej|hejsan|hei|kære|kjære|bonjour|bonsoir|salut|hola|buenos días|estimad[oa]s?|ciao"
    r"|buongiorno"
    r"|gentile|olá|bom dia|beste|geachte|dag|dzień dobry|cześć"
    r"|szanown\w+)\b[^.!?\n]{0,60}[,!.:]?\s*$",
    re.I,
)
_CLOSING = re.compile(
    r"(?:(?:many )?thanks(?: in advance| a lot| so much)?|thank you(?: very much)?|cheers|(?:best|kind|warm)(?: regards| wishes)?"
    r"|regards|sincerely|yours\b.*|(?:vielen )?dank(?:e)?(?: im voraus)?"
    r"|(?:mit )?(?:freundliche[nr]?|beste|viele|liebe) grü(?:ß|ss)en?"
    r"|mfg|vg|lg|tack(?: på förhand)?|(?:med )?vänliga? hälsning(?:ar)?|mvh|hälsningar"
    r"|(?:med )?venlig hilsen|(?:med )?vennlig hilsen"
    r"|(?:på forhånd )?takk?|kiitos|ystävällisin terveisin|terveisin|merci(?: d['’]avance)?"
    r"|(?:bien )?cordialement"
    r"|gracias|(?:un )?saludos?|atentamente|grazie|(?:cordiali|distinti) saluti|obrigad[oa]"
    r"|atenciosamente|cumprimentos"
    r"|(?:alvast )?bedankt|met vriendelijke groet(?:en)?|groeten?|dziękuję|pozdrawiam"
    r"|z poważaniem)",
    re.I,
)
_DEVICE = re.compile(
    r"(?:sent (?:from|with|via)|get outlook|gesendet (?:von|mit)|von meinem|skickat från|sendt fra"
    r"|lähetetty|envoyé (?:de|depuis)|enviado (?:desde|do|a partir)|inviato da|verstuurd vanaf"
    r"|wysłan[eo] z"
    r"|this (?:message|e-?mail) was (?:automatically )?(?:generated|sent)|apple mail sent this)",
    re.I,
)
# What no line of a signature says.
_TALK = _words(
    "no but let let's i we you can could would talk call meet see not yes ok sure interested however though"
    " how what why who when wie was warum hur vad comment como come hoe jak"
    " aber nein ich wir können sie men nej jag vi mais non je nous pero yo ma io mas eu maar ik wij ale"
)
_WORD = re.compile(r"[\w'’-]+")


def token_in(subject: str, addresses: tuple[str, ...], text: str) -> str | None:
    """The unsubscribe token that a mail carries, genuine or not; lower case.

    In the subject (`unsubscribe 17.3f…`), in an address it went to (`ann+unsubscribe-17.3f…@…`), or
    in a text that says nothing else.
    """
    found = _SUBJECT_TOKEN.fullmatch(subject.strip())
    for address in addresses:
        found = found or _ADDRESS_TOKEN.match(address)
    found = found or _BODY_TOKEN.fullmatch(text.strip()[:200])
    return found[1].lower() if found else None


def asks_to_be_left_alone(subject: str, text: str) -> bool:
    """Whether `text`, somebody's own words, asks to get no more mail and says little else.

    A subject counts where it is nothing but that wish and no answer ("Re: …"), whatever stands below
    it unless that says something of its own.
    """
    if len(text) > _LONGEST:
        return False
    said = _said(text)
    wished = _is_wish(subject) and not is_answer(subject)
    return _is_wish(said) or (wished and _is_filler(said))


def _said(text: str) -> str:
    """A text without its greeting, closing and signature."""
    lines: list[str] = []
    for line in (line.strip() for line in text.split("\n")):
        if not line or (not lines and _GREETING.match(line) and not _WISH.search(line)):
            continue
        if _DEVICE.match(line) or (lines and _is_signature(line)):
            break
        lines.append(_before_closing(line))
        if lines[-1] != line:
            break
    return " ".join(lines).strip()


def _is_signature(line: str) -> bool:
    words = [word.lower() for word in _WORD.findall(line)]
    if not words or line[:1].islower():
        return False
    short = len(words) <= _SIGNATURE_WORDS and not _TALK.intersection(words)
    return short and not line.endswith(("?", "!")) and not _WISH.search(line)


def _before_closing(line: str) -> str:
    """A line up to "Thanks, Ada"; what follows a closing in its line may be a short name only."""
    for start in (0, *(found.end() for found in re.finditer(r"[.!,;–-]\s+", line))):
        closing = _CLOSING.match(line, start)
        if closing and _WISH.search(line, closing.end()):
            continue  # "Merci de me désinscrire"
        if closing and len(_WORD.findall(line[closing.end() :])) <= _OTHER_WORDS:
            return line[:start].strip()
    return line


def _is_wish(words: str) -> bool:
    words = words.strip()
    if not _WISH.search(words) or _NOT_MEANT.search(words):
        return False
    return _is_filler(_WISH.sub(" ", words))


def _is_filler(words: str) -> bool:
    words = _REFUSAL.sub(" ", words.lower())
    others = [w for w in _WORD.findall(words) if w not in _FILLERS and w not in ("-", "'")]
    return len(others) <= _OTHER_WORDS and not _TALK.difference(_FILLERS).intersection(others)
