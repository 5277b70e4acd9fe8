"""Until when somebody is away, read from an out-of-office answer in many languages."""

import re
from datetime import date, timedelta

from nurture.inbound.dates import Found, days_in

LONGEST = timedelta(days=90)
"""No absence postpones mail for longer: a text may have been misread."""

_NOT_MEANT = timedelta(days=400)
_TEXT = 5_000
_BEFORE, _AFTER = 45, 22

_ENDS_BEFORE = re.compile(
    r"(?<!\w)(?:until|till?|'til|through|thru|up to|back(?: in| at| to)?|return(?:ing|s)?|available again"
    r"|reach(?:able)? again|to"
    r"|bis|zur[üu]ck\w*|wieder|erreichbar (?:ab|am)|r[üu]ckkehr|jusqu['’]\w*|jusque|retour|reviens|reviendrai"
    r"|rentre\w*|au"
    r"|hasta|vuelv\w*|volver\w*|regres\w*|reincorpor\w*|al|fino (?:a|al)|rientr\w*|torn\w*|ritorn\w*|at[ée]"
    r"|volto|voltarei|retorn\w*|a"
    r"|tot(?: en met)?|t/m|terug|weer|do(?: dnia)?|powr\w*|wr[óo]c\w*|wracam|до|по|вернусь|возвращ\w*|буду|выйду"
    r"|t\.?\s?o\.?\s?m\.?|till och med|[åa]ter\w*|tillbaka|til(?: og med)?|tilbage|tilbake|igen|palaan|palaamme"
    r"|zp[áa]tky|zp[ěe]t"
    r"|vr[áa]t\w*|vissza\w*|μέχρι|έως|επιστρ\w*|p[âa]n[ăa]|revin|d[öo]n\w*)(?!\w)[^.!?\n]{0,40}$"
    r"|(?<!\w)all['’]\s?$|(?:到|至|直到|截止|返回|回来|回來|〜|~|から|[–—-])\s{0,2}$",
    re.IGNORECASE,
)
_ENDS_AFTER = re.compile(
    r"^(?:\W{0,3}(?:wieder|zur[üu]ck|erreichbar|terug|weer|ben ik|igen|[åa]ter|tillbaka|tilbage|tilbake)(?!\w)"
    r"|['’]?(?:\w{0,3})?\s?(?:tarihine |g[üu]n[üu]ne )?(?:kadar|asti|saakka|d[öo]n)|-?ig\b|-?[áéaeo]n "
    r"(?:[ée]rkez|t[ée]r)|\W{0,3}(?:まで|に戻|より通常|から出社|까지|复工|回来|回來|返回|返岗)"
    r"|[^.\n]{0,12}(?:vagyok vissza|t[ée]rek vissza|d[öo]nece|palaan|takaisin))",
    re.IGNORECASE,
)
_RANGE = re.compile(
    r"^\s{0,2}(?:[-–—]|to|bis(?: zum)?|au|al|a|tot|t/m|do|по|до|till|til|e|y|〜|~|至|到)\s(?:zum "
    r"|den |le |el |il |the )?",
    re.IGNORECASE,
)
_AND_SO = re.compile(r"[\s,.(]{0,3}(?:den|dem|the|le|el|il|de|o|dia|dag)?\s{0,2}", re.IGNORECASE)
"""What stands between a weekday and its date."""
_BEGINS = re.compile(
    r"(?<!\w)(?:from|since|starting|as of|left on|vom|seit|von|du|depuis|à partir du|desde|del|dal|dall['’]|van"
    r"|vanaf|od|с|from the)"
    r"\s(?:\w+,?\s){0,2}$",
    re.IGNORECASE,
)


def away_until(text: str, received_on: date) -> date | None:
    """Give the last day on which somebody is not to be written to: of the absence, or of the return.

    Args:
        text: The answer, its subject first.
        received_on: The day on which it came.

    Returns:
        A day after `received_on` and at most `LONGEST` later; None where the text names no end. Of several, and of two
        readings of one (`12/01`), the latest that lies ahead.
    """
    text = text[:_TEXT]
    ahead = [
        day
        for found in _ending(text, received_on)
        for day in found.days
        if received_on < day <= received_on + _NOT_MEANT
    ]
    near = [day for day in ahead if day <= received_on + LONGEST]
    if near:
        return max(near)
    return received_on + LONGEST if ahead else None


def _ending(text: str, received_on: date) -> list[Found]:
    """The days that the text says an absence ends by."""
    ending: list[Found] = []
    before: Found | None = None
    for found in days_in(text, received_on):
        lead = text[max(0, found.start - _BEFORE, before.end if before else 0) : found.start]
        between = text[before.end : found.start] if before is not None else None
        joined = between is not None and len(between) < 25 and _RANGE.match(f"{between} ") is not None
        begins = _BEGINS.search(lead) is not None
        after = text[found.end : found.end + _AFTER]
        if joined or _ENDS_AFTER.match(after) or (not begins and _ENDS_BEFORE.search(lead)):
            ending.append(found)
        elif between is not None and _AND_SO.fullmatch(between) and ending and ending[-1] is before:
            ending.append(found)  # "until Friday, 3 January"
        before = found
    return _without_weekdays(ending, text)


def _without_weekdays(ending: list[Found], text: str) -> list[Found]:
    """Drop the weekday that stands before a date: the date says more."""
    kept = []
    for one, following in zip(ending, [*ending[1:], None], strict=False):
        named_again = following is not None and _AND_SO.fullmatch(text[one.end : following.start]) is not None
        if not (named_again and not any(letter.isdigit() for letter in text[one.start : one.end])):
            kept.append(one)
    return kept
