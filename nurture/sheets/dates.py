"""Dates as people and programs write them: ISO first, then the orders of day, month and year that cannot be mistaken.

`03/04/2017` is the 3rd of April or the 4th of March, and no file says which. Such a date is read only where somebody
has said the order; one with a day beyond 12 needs no saying.
"""

import re
from datetime import UTC, date, datetime, time
from typing import Literal

from nurture.grammar.mistakes import Mistake, quoted
from nurture.rules.calendar import first_instant, zone_info
from nurture.sheets import cells

DateOrder = Literal["dmy", "mdy"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = r"(?:[T ,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[AaPp][Mm])?)?"
_YEAR_FIRST = re.compile(rf"(?P<y>\d{{4}})[/.](?P<m>\d{{1,2}})[/.](?P<d>\d{{1,2}}){_CLOCK}")
_YEAR_LAST = re.compile(rf"(?P<a>\d{{1,2}})(?P<mark>[/.-])(?P<b>\d{{1,2}})(?P=mark)(?P<y>\d{{4}}){_CLOCK}")
_DAY_NAMED = re.compile(rf"(?P<d>\d{{1,2}})[ -](?P<name>[A-Za-z]{{3,9}})\.?,?[ -](?P<y>\d{{4}}){_CLOCK}")
_NAME_FIRST = re.compile(rf"(?P<name>[A-Za-z]{{3,9}})\.? (?P<d>\d{{1,2}}),? (?P<y>\d{{4}}){_CLOCK}")


def instant(text: str, zone: str, order: DateOrder | None = None) -> datetime:
    """A date or a time; a date is its first moment in `zone`, a time without offset is meant there too.

    Taken are ISO 8601, `2017/3/31`, `31.3.2017`, `31 Mar 2017`, `Mar 31, 2017`, `31/3/2017` and `3/31/2017`, each with
    a time of day behind it or without.

    Raises:
        Mistake: it is none, from before 1970, or may be either of two days.
    """
    try:
        return cells.instant(text, zone)
    except Mistake:
        found = _written(text.strip(), zone, order)
        if found is None or found < cells.EARLIEST:
            raise
        return found


def _written(text: str, zone: str, order: DateOrder | None) -> datetime | None:
    for form in (_YEAR_FIRST, _YEAR_LAST, _DAY_NAMED, _NAME_FIRST):
        said = form.fullmatch(text)
        if said is not None:
            parts = said.groupdict()
            try:
                return _moment(date(int(parts["y"]), *_month_and_day(text, parts, order)), parts, zone)
            except (ValueError, OverflowError) as error:
                if isinstance(error, Mistake):
                    raise
                return None
    return None


def _month_and_day(text: str, parts: dict[str, str], order: DateOrder | None) -> tuple[int, int]:
    if "name" in parts:
        return _month(parts["name"]), int(parts["d"])
    if "m" in parts:
        return int(parts["m"]), int(parts["d"])
    first, second = int(parts["a"]), int(parts["b"])
    if parts["mark"] == "." or first > 12:
        return second, first
    if second > 12:
        return first, second
    if order is None and first != second:
        raise Mistake(f"{quoted(text)} may be either of two days", hint="say --dates dmy or --dates mdy")
    return (second, first) if order == "dmy" else (first, second)


def _month(name: str) -> int:
    """The month of this name, whole or its first three letters.

    Raises:
        ValueError: there is none.
    """
    return _MONTHS.index(name[:3].casefold()) + 1


def _moment(day: date, parts: dict[str, str], zone: str) -> datetime:
    if parts["hour"] is None:
        return first_instant(day, time(), zone)
    hour = int(parts["hour"])
    if parts["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("no such hour")
        hour = hour % 12 + (12 if parts["half"].casefold() == "pm" else 0)
    clock = time(hour, int(parts["minute"]), int(parts["second"] or 0))
    return datetime.combine(day, clock, zone_info(zone)).astimezone(UTC)
