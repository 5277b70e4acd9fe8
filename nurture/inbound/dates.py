"""Days as people write them, in many languages: `Friday, 3 January`, `07.01.`, `1月7日`, `le 7 janvier`, `next Monday`.

Whatever is found is a day on or near the one given; a day without a year is the nearest that fits. `12/01` can be two
days; where the text is English, both are given, else the day comes first.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_MONTHS = {
    1: "january jan januar janner jan janvier janv enero ene gennaio gen januari styczen stycznia sty january "
    "января янв"
    " tammikuu tammikuuta leden ledna januar ocak jaanuar janeiro ιανουαριου січня ianuarie sijecnja",
    2: "february feb febr februar feber fevrier fev fevr febrero febbraio februari luty lutego lut февраля фев helmikuu"
    " helmikuuta unor unora subat fevereiro φεβρουαριου лютого februarie veljace",
    3: "march mar marz mars marzo maart mrt marzec marca марта мар maaliskuu maaliskuuta brezen brezna marcius "
    "marc mart"
    " marco μαρτιου березня martie ozujka",
    4: "april apr avril avr abril abr aprile kwiecien kwietnia kwi апреля апр huhtikuu huhtikuuta duben dubna aprilis"
    " nisan απριλιου квітня aprilie travnja",
    5: "may mai mayo maggio mag mei maj maja мая toukokuu toukokuuta kveten kvetna majus mayis maio μαιου травня",
    6: "june jun juni juin junio giugno giu czerwiec czerwca cze июня июн kesakuu kesakuuta cerven cervna junius "
    "haziran"
    " junho ιουνιου червня iunie lipnja",
    7: "july jul juli juillet juil julio luglio lug lipiec lipca lip июля июл heinakuu heinakuuta cervenec "
    "cervence julius"
    " temmuz julho ιουλιου липня iulie srpnja",
    8: "august aug aout agosto ago augustus augusti sierpien sierpnia sie августа авг elokuu elokuuta srpen srpna"
    " augusztus agustos αυγουστου серпня",
    9: "september sept sep septembre septiembre settembre set wrzesien wrzesnia wrz сентября сен syyskuu syyskuuta zari"
    " szeptember eylul setembro σεπτεμβριου вересня septembrie rujna",
    10: "october oct oktober okt octobre octubre ottobre ott pazdziernik pazdziernika paz октября окт lokakuu lokakuuta"
    " rijen rijna ekim outubro out οκτωβριου жовтня octombrie",
    11: "november nov novembre noviembre listopad listopada lis ноября ноя marraskuu marraskuuta kasim novembro "
    "νοεμβριου"
    " листопада noiembrie studenoga",
    12: "december dec dezember dez decembre diciembre dic dicembre grudzien grudnia gru декабря дек joulukuu joulukuuta"
    " prosinec prosince aralik dezembro δεκεμβριου грудня decembrie",
}  # fmt: skip
_WEEKDAYS = {
    0: "monday montag lundi lunes lunedi maandag poniedzialek poniedzialku понедельник понедельника mandag maanantai"
    " maanantaina pondeli hetfo pazartesi segunda mon",
    1: "tuesday dienstag mardi martes martedi dinsdag wtorek wtorku вторник вторника tisdag tirsdag tiistai "
    "tiistaina utery"
    " kedd sali terca tue",
    2: "wednesday mittwoch mercredi miercoles mercoledi woensdag sroda srody среда среду среды onsdag "
    "keskiviikko stredu"
    " szerda carsamba quarta wed",
    3: "thursday donnerstag jeudi jueves giovedi donderdag czwartek czwartku четверг четверга torsdag torstai torstaina"
    " ctvrtek csutortok persembe quinta thu",
    4: "friday freitag vendredi viernes venerdi vrijdag piatek piatku пятница пятницу пятницы fredag perjantai "
    "patek pentek"
    " cuma sexta fri",
    5: "saturday samstag sonnabend samedi sabado sabato zaterdag sobota soboty суббота lordag lauantai szombat",
    6: "sunday sonntag dimanche domingo domenica zondag niedziela niedzieli воскресенье sondag sunnuntai nedele "
    "vasarnap",
}
_DAYS_AHEAD = {"tomorrow": 1, "demain": 1, "domani": 1, "amanha": 1, "jutro": 1, "завтра": 1, "imorgon": 1, "zitra": 1}

_MONTH_OF = {name: month for month, names in _MONTHS.items() for name in names.split()}
_WEEKDAY_OF = {name: weekday for weekday, names in _WEEKDAYS.items() for name in names.split()}

_FORMS = re.compile(
    r"(?<!\d)(?P<y1>20\d\d)\s?[-/.年년]\s?(?P<m1>\d{1,2})\s?[-/.月월]\s?(?P<d1>\d{1,2})(?!\d)[日일]?"
    r"|(?<!\d)(?P<m2>\d{1,2})\s?[月월]\s?(?P<d2>\d{1,2})\s?[日일]"
    r"|(?<!\d)(?P<d3>\d{1,2})\.\s?(?P<m3>\d{1,2})(?:\.(?:\s?(?P<y3>20\d\d|\d\d)(?![\d:.]))?|(?=\s|$))"
    r"|(?<!\d)(?P<a4>\d{1,2})(?P<s4>[/-])(?P<b4>\d{1,2})(?:(?P=s4)(?P<y4>20\d\d|\d\d))?(?![\d/:-])"
    r"|(?<!\d)(?P<d5>\d{1,2})(?:\.|st|nd|rd|th|er|[ºª°]|:?a|e)?\s?(?:de |of |d['’])?(?P<n5>[^\W\d_]{3,13})\.?"
    r"(?:,?\s(?:de |del |do )?(?P<y5>20\d\d))?"
    r"|(?P<n6>[^\W\d_]{3,13})\.?\s(?:the\s)?(?P<d6>\d{1,2})(?:st|nd|rd|th|\.)?(?![\d:.]*\d)(?:,?\s(?P<y6>20\d\d))?"
    r"|(?P<word>[^\W\d_]{3,14})",
    re.IGNORECASE,
)
_ENGLISH = re.compile(r"(?<!\w)(?:the|will|until|back|return(?:ing)?|am|away|out of office|from)(?!\w)", re.IGNORECASE)
_NEAR = timedelta(days=120)


@dataclass(frozen=True, slots=True)
class Found:
    """A day that a text names, at these characters; `days` has more than one where it can be read in two ways."""

    start: int
    end: int
    days: tuple[date, ...]


def days_in(text: str, near: date) -> Iterator[Found]:
    """Give the days that a text names, in order. `near` is the day on which it was written."""
    is_english = _ENGLISH.search(text) is not None
    at = 0
    while (found := _FORMS.search(text, at)) is not None:
        days = _days(found, near, is_english=is_english)
        if days:
            yield Found(found.start(), found.end(), days)
            at = found.end()
        else:  # a number before a word that is no month: the word may be
            at = found.start("n5") if found["n5"] else (found.end("n6") if found["n6"] else found.end())


def _days(found: re.Match[str], near: date, *, is_english: bool) -> tuple[date, ...]:
    if found["a4"]:
        first, second = int(found["a4"]), int(found["b4"])
        readings = [(second, first)]
        if is_english and found["s4"] == "/":
            readings.append((first, second))
        elif second > 12:
            readings = [(first, second)]
        days = [day for month, of_month in readings for day in _day(found["y4"], month, of_month, near)]
        return tuple(dict.fromkeys(days))
    if found["word"]:
        return _by_word(plain(found["word"]), near)
    for year, month, of_month in (("y1", "m1", "d1"), ("", "m2", "d2"), ("y3", "m3", "d3")):
        if found[month]:
            return _day(found[year] if year else None, int(found[month]), int(found[of_month]), near)
    name, of_month, year = ("n5", "d5", "y5") if found["n5"] else ("n6", "d6", "y6")
    named = _MONTH_OF.get(plain(found[name]))
    return () if named is None else _day(found[year], named, int(found[of_month]), near)


def _by_word(word: str, near: date) -> tuple[date, ...]:
    if word in _DAYS_AHEAD:
        return (near + timedelta(days=_DAYS_AHEAD[word]),)
    weekday = _WEEKDAY_OF.get(word)
    return () if weekday is None else (near + timedelta(days=(weekday - near.weekday() - 1) % 7 + 1),)


def _day(year: str | None, month: int, of_month: int, near: date) -> tuple[date, ...]:
    """The day; without a year the one that lies ahead, or not long ago."""
    try:
        if year:
            return (date(int(year) + (2000 if len(year) == 2 else 0), month, of_month),)
        day = date(near.year, month, of_month)
    except ValueError:
        return ()
    if day < near - _NEAR:
        day = date(near.year + 1, month, min(of_month, 28) if month == 2 else of_month)
    return (day,)


def plain(word: str) -> str:
    """A word in lower case, without accents."""
    bare = unicodedata.normalize("NFD", word.casefold().replace("ł", "l").replace("ø", "o").replace("ı", "i"))
    return "".join(letter for letter in bare if not unicodedata.combining(letter))
