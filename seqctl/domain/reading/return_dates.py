"""The day on which the writer of an automatic reply is back, read from its words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

READ_AT_MOST = 4000
YEAR_AHEAD = timedelta(days=366)
# A day without a year that passed so recently is a reply left over, not one of next year.
_JUST_PASSED = timedelta(days=90)
# How far before a day its "back on" or "until" may stand.
_CUE_WITHIN = 60

_MONTH_NAMES = (
    "january jan januar januari janvier janv enero ene gennaio gen janeiro tammikuuta tammikuun tammikuu styczeń stycznia sty ledna января",
    "february feb februar februari février févr fév febrero febbraio fevereiro fev helmikuuta helmikuun helmikuu luty lutego lut února февраля",
    "march mar märz maerz mrz mars maart marzo março maaliskuuta maaliskuun maaliskuu marzec marca března марта",
    "april apr avril avr abril abr aprile huhtikuuta huhtikuun huhtikuu kwiecień kwietnia kwi dubna апреля",
    "may mai maj mei mayo maggio mag maio toukokuuta toukokuun toukokuu maja května мая",
    "june jun juni juin junio giugno giu junho kesäkuuta kesäkuun kesäkuu czerwiec czerwca června июня",
    "july jul juli juillet juil julio luglio lug julho heinäkuuta heinäkuun heinäkuu lipiec lipca července июля",
    "august aug augusti augustus août aout agosto ago elokuuta elokuun elokuu sierpień sierpnia sie srpna августа",
    "september sept sep septembre septiembre settembre set setembro syyskuuta syyskuun syyskuu wrzesień września wrz září сентября",
    "october oct oktober okt octobre octubre ottobre ott outubro out lokakuuta lokakuun lokakuu październik października paź října октября",
    "november nov novembre noviembre novembro marraskuuta marraskuun marraskuu listopad listopada lis listopadu ноября",
    "december dec dezember dez déc décembre diciembre dic dicembre dezembro joulukuuta joulukuun joulukuu grudzień grudnia gru prosince декабря",
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_MONTH = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + ")"
_ORDINAL = r"(?:st|nd|rd|th|er|º|ª|:e|:a|°|e)?"
# "3-12 January", "vom 3. bis 12. Januar": the month stands behind the second day only.
_RANGE = rf"\d{{1,2}}\.?{_ORDINAL}\s?(?:[-–—]|to|till?|bis(?:\s(?:zum|einschließlich))?|au|al|a|t/m|och|og|and)\s?"

_DAY = re.compile(
    rf"""
    (?<![\w./-])(?:
      (?P<iso>(?P<y1>\d{{4}})-(?P<m1>\d\d)-(?P<d1>\d\d)(?!\d))
    | (?P<y2>\d{{4}})\s?[年/.]\s?(?P<m2>\d{{1,2}})\s?[月/.]\s?(?P<d2>\d{{1,2}})(?!\d)日?
    | (?P<m3>\d{{1,2}})月\s?(?P<d3>\d{{1,2}})日
    | (?P<span1>{_RANGE})?(?P<d4>\d{{1,2}})\.\s?(?P<m4>\d{{1,2}})\.(?:\s?(?P<y4>\d{{4}}|\d\d)(?!\d|:))?
    | (?P<a>\d{{1,2}})(?P<s>[/-])(?P<b>\d{{1,2}})(?:(?P=s)(?P<y5>\d{{4}}|\d\d))?(?![\w/])(?!\.?\s?{_MONTH}\b)
    | (?P<span2>{_RANGE})?(?P<d6>\d{{1,2}})\.?{_ORDINAL}\s?(?:of|de|den|d['’]|\.)?\s?(?P<n6>{_MONTH})\b\.?(?:,?\s(?:de\s|del\s)?(?P<y6>\d{{4}})(?!\d))?
    | (?P<n7>{_MONTH})\b\.?\s(?:the\s)?(?P<d7>\d{{1,2}}){_ORDINAL}(?![\w:])(?:,?\s(?P<y7>\d{{4}})(?!\d))?
    )
    """,
    re.I | re.X,
)
_BACK = re.compile(
    r"\b(?:back|return(?:s|ing|ed)?|available again|in the office again|reachable again|resum\w+"
    r"|zurück|wieder|rückkehr|tillbaka|åter|anträffbar|tilbage|tilbake|takaisin|palaan|paluu|tavoitettavissa"
    r"|de retour|retour|reviens|reviendrai|rentre|vuelvo|volver[ée]|vuelta|regres\w+|reincorpor\w+|di ritorno|rientr\w+|torn(?:o|erò)|terug"
    r"|voltar?ei|volto|retorn\w+|de volta|wracam|wrócę|powr\w+|z powrotem|zpět|vrátím)\b|вернусь|復帰|出社",
    re.I,
)
_UNTIL = re.compile(
    r"\b(?:until|till|til|through|thru|up to|bis|t\.?\s?o\.?\s?m\b\.?|till och med|till|til og med|asti|saakka|mennessä"
    r"|jusqu['’]?(?:au|à|en)|hasta|fino|sino|tot|até|aż do|do)\b|まで|по\b",
    re.I,
)
# Between two days these make the second the end: "from 3 to 12 January".
_UP_TO = re.compile(
    r"\s*(?:-|–|—|to|and|au|al|a|à|e|til|till|do|bis|tot|t/m|och|und|until)\s*(?:the\s|den\s|zum\s|le\s|el\s|il\s)?",
    re.I,
)
_SINCE = re.compile(
    r"\b(?:since|from|seit|vom|ab|från|fra|depuis|du|desde|del|dal|vanaf|van|desde|od)\b", re.I
)
_AFTERWARDS = re.compile(r"\s*(?:asti|saakka|まで|から|に復帰|より)", re.I)
_OR = re.compile(r"\s*(?:,|or|oder|eller|ou|o|of|tai|lub)\s*(?:the\s|den\s)?", re.I)
_NEW_SENTENCE = re.compile(r"\s+[A-ZÄÖÅÉ]")
_EITHER = re.compile(r"\d\S{0,3}\s(?:or|oder|eller|ou|o|of|tai|lub)\s\Z", re.I)
_CLAUSE_END = re.compile(r"[!?\n.;]|,\s")
_SENTENCE_END = re.compile(r"[!?\n]\s*\n|[!?]\s|(?<![\d\W]{2})(?<!\b\w)\.\s+(?=[A-ZÄÖÅÉ])")


class _Named(NamedTuple):
    """A day as a text names it; None for one that could be two. `rank` 0 is "back on", 1 "until"."""

    rank: int
    day: date | None


def return_date(text: str, written: date) -> date | None:
    """The day after "back on" or "until" in the words of an automatic reply, written on `written`.

    A day without a year is the next such day. None where none is named, where several are, where
    it could be two (03/04/2027), and where it has passed or lies more than a year ahead.
    """
    named = list(_named(text[:READ_AT_MOST], written))
    for rank in (0, 1):
        days = {found.day for found in named if found.rank == rank}
        if days:
            day = days.pop()
            alone = not days and day is not None
            return day if alone and day and written <= day <= written + YEAR_AHEAD else None
    return None


def _named(text: str, written: date) -> Iterator[_Named]:
    end: int | None = None
    last: int | None = None
    for found in _DAY.finditer(text):
        before = text[max(end or 0, found.start() - _CUE_WITHIN) : found.start()]
        after = text[found.end() : found.end() + _CUE_WITHIN]
        if found[0].endswith(".") and _NEW_SENTENCE.match(after):
            after = ""  # "Dec. I will": the full stop of the month was that of the sentence
        rank = _rank(before, after)
        either = _EITHER.search(before) is not None
        if rank is None and end is not None:
            rank = _rank_beside(text[end : found.start()], last)
        if rank is None and (found["span1"] or found["span2"]):
            rank = 1
        if rank is not None:
            yield _Named(rank, None if either else _day(found, written))
        end, last = found.end(), rank


def _rank(before: str, after: str) -> int | None:
    """What the words around a day make of it: 0 back, 1 until, None neither."""
    sentence = _SENTENCE_END.split(before)[-1]
    cues = [
        (c.end(), rank) for rank, cue in ((0, _BACK), (1, _UNTIL)) for c in cue.finditer(sentence)
    ]
    last, rank = max(cues, default=(0, None))
    if rank == 1 and _SINCE.search(sentence, last):
        return None
    if rank is not None:
        return rank
    if _AFTERWARDS.match(after):
        return 1
    return 0 if _is_back_after(after) else None


def _is_back_after(after: str) -> bool:
    """ "Ab dem 12. Januar bin ich zurück", "on 12 January I'm back": in the same clause."""
    following = _DAY.search(after)
    clause = _CLAUSE_END.split(after[: following.start()] if following else after)[0]
    return bool(_BACK.search(clause))


def _rank_beside(between: str, last: int | None) -> int | None:
    """Of a day that stands right behind another: the end of a range, or an alternative to it."""
    if _OR.fullmatch(between):
        return last
    return 1 if _UP_TO.fullmatch(between) else None


def _day(found: re.Match[str], written: date) -> date | None:
    part = found.groupdict()
    year = next((part[f"y{n}"] for n in "124567" if part[f"y{n}"]), None)
    if part["a"]:
        day, month = _day_first(int(part["a"]), int(part["b"]))
    else:
        day = next(int(part[f"d{n}"]) for n in "123467" if part[f"d{n}"])
        number = next((part[f"m{n}"] for n in "1234" if part[f"m{n}"]), None)
        name = part["n6"] or part["n7"]
        month = _MONTHS[name.lower()] if name else int(number or 0)
    if year:
        return _date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    return _next(month, day, written)


def _day_first(a: int, b: int) -> tuple[int, int]:
    """Day and month of 12/1 or 1/25; (0, 0) where it could be either."""
    if a > 12 or a == b:
        return a, b
    return (b, a) if b > 12 else (0, 0)


def _next(month: int, day: int, written: date) -> date | None:
    years = (_date(written.year, month, day), _date(written.year + 1, month, day))
    this_year = years[0]
    if this_year and written - _JUST_PASSED <= this_year < written:
        return this_year
    return next((found for found in years if found and found >= written), None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None  # 31 February is no day
