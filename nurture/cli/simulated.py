"""A simulation told to a person in a terminal: a chart, some tables, a few lives."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from textwrap import fill
from typing import Any

from rich.table import Table

from nurture.cli.printing import out, print_table, said
from nurture.lab.charts import bar, columns, spark
from nurture.lab.running import Asked
from nurture.lab.tally import Tally
from nurture.lab.told import figures
from nurture.lab.wording import (
    HELD,
    LIVES,
    NO_DEAD_ENDS,
    came_to,
    counts,
    day_said,
    ended,
    gaps,
    moment_said,
    rests,
    some,
    waits,
    weeks_said,
)

HEIGHT = 6
"""Lines of the chart at most."""
SHOWN = 8
"""Rows of a list; `--json` has all."""
WEEKS_AS_NUMBERS = 13
"""So many weeks at most are told in numbers, and only where there is room; else a mark tells a week, or several."""


def print_story(tally: Tally, asked: Asked) -> None:
    """Print it all."""
    told = figures(tally)
    _head(told, asked)
    _per_day(told["per_day"])
    _campaigns(told)
    _held(told)
    _handoffs(told)
    _dead_ends(told)
    _lives(told["examples"])


def _head(told: Mapping[str, Any], asked: Asked) -> None:
    by = "" if asked.rates.is_silent else f", seed {asked.seed}"
    period = f"{some(told['weeks'], 'week')} from {day_said(told['start'])} to {day_said(told['end'])}{by}"
    out.print(f"[bold]{some(told['leads'], 'lead')}[/], {period}", highlight=False)
    handed = sum(sum(weeks.values()) for weeks in told["handoffs_by_rep"].values())
    mails = f"{some(told['mails'], 'mail')} to {some(told['leads_mailed'], 'lead')}"
    out.print(f"{mails}; {some(handed, 'handoff')} to sales\n")


def _per_day(per_day: Mapping[str, int]) -> None:
    """A column a day, or a week where the days are too many for the terminal."""
    if not per_day:
        return
    days = [date.fromisoformat(day) for day in per_day]
    span = (days[-1] - days[0]).days + 1
    step = 1 if span <= out.width - 10 else 7
    values = [0] * (-(-span // step))
    for day, mails in zip(days, per_day.values(), strict=True):
        values[(day - days[0]).days // step] += mails
    out.print(f"mails a {'day' if step == 1 else 'week'}, by the leads' own calendars")
    for edge, line in columns(values, HEIGHT):
        out.print(f"{edge:>8,} {line}", markup=False)
    out.print(f"{'':9}{_dates(days[0], len(values), step)}\n", markup=False)


def _dates(first: date, width: int, step: int) -> str:
    """Dates under the columns, as many as there is room for."""
    line = ""
    for column in range(0, width, 14):
        day = first + timedelta(days=column * step)
        line = line.ljust(column) + f"{day.day} {day:%b}"
    return line


def _campaigns(told: Mapping[str, Any]) -> None:
    rows = [
        (
            one["campaign"],
            f"{one['entered']:,}",
            f"{one['mails']:,}",
            _out(one),
            counts(one["exits"]),
        )
        for one in told["campaigns"]
        if one["entered"] or one["status"] == "live"
    ]
    print_table(("campaign", "entered", "mails", "ran out of content", "left"), rows)
    for line in gaps(told):
        _wrapped(line, 2)
    out.print()


def _out(one: Mapping[str, Any]) -> str:
    when = weeks_said(one["ran_out_by_week"])
    return f"{one['ran_out']:,} ({when})" if when else "0"


def _held(told: Mapping[str, Any]) -> None:
    if not told["mails"]:
        return
    out.print(f"{some(told['mails_held'], 'mail')} went later than the rhythm alone would have it", markup=False)
    rows = [
        (f"{count:,}", bar(count / told["mails"], 20), HELD.get(rule, rule)) for rule, count in told["held"].items()
    ]
    if rows:
        print_table(("", "", ""), rows)
    for line in waits(told):
        out.print(f"  {line}", markup=False, soft_wrap=True)
    out.print()


def _handoffs(told: Mapping[str, Any]) -> None:
    by_rep = told["handoffs_by_rep"]
    if told["owners_told"]:
        times = some(sum(told["owners_told"].values()), "time")
        out.print(f"owners are told {times} what their leads did: {counts(told['owners_told'])}", markup=False)
    if not by_rep:
        out.print("nobody was handed to sales\n")
        return
    by_week = {rep: [weeks.get(str(week), 0) for week in range(1, told["weeks"] + 1)] for rep, weeks in by_rep.items()}
    if not _in_numbers(by_week, told["weeks"]):
        _in_marks(by_week, told["weeks"])
    out.print(f"  how they ended: {counts(told['handoff_endings'])}\n", markup=False)


def _in_numbers(by_week: Mapping[str, Sequence[int]], weeks: int) -> bool:
    """A table with a column a week, if the terminal has room for it."""
    names = ("handoffs a week", *(f"w{week}" for week in range(1, weeks + 1)), "all")
    rows = [(rep, *(f"{count:,}" if count else "·" for count in row), f"{sum(row):,}") for rep, row in by_week.items()]
    widths = [max(len(row[column]) for row in [names, *rows]) for column in range(len(names))]
    if weeks > WEEKS_AS_NUMBERS or sum(widths) + 2 * len(widths) > out.width:
        return False
    print_table(names, rows)
    return True


def _in_marks(by_week: Mapping[str, Sequence[int]], weeks: int) -> None:
    """A line for each rep: all of them, and a mark a week, or as many weeks as it takes to find room."""
    names, totals = max(map(len, by_week)), max(len(f"{sum(row):,}") for row in by_week.values())
    step = -(-weeks // max(1, out.width - names - totals - 4))
    marks = {rep: [sum(row[first : first + step]) for first in range(0, weeks, step)] for rep, row in by_week.items()}
    most = max(max(row) for row in marks.values())
    out.print(f"handoffs to sales, a mark {'a week' if step == 1 else f'for {step} weeks'}; the highest is {most:,}")
    for rep, row in marks.items():
        out.print(f"{rep:{names}}  {sum(by_week[rep]):>{totals},}  {spark(row, most)}", markup=False, soft_wrap=True)


def _dead_ends(told: Mapping[str, Any]) -> None:
    """First those that nobody meant, then those that rest."""
    ends = told["dead_ends"]
    leads = sum(end["leads"] for end in ends)
    if not leads:
        _wrapped(f"no dead ends: {NO_DEAD_ENDS}", 0)
        out.print()
    else:
        out.print(f"{some(leads, 'lead')} at a dead end: in no campaign, and none will take {_them(leads)}")
        for end in ends[:SHOWN]:
            what = f"{some(end['leads'], 'lead')}, {came_to(end)}; such as {end['example']}"
            _wrapped(what, 2)
            for line in ended(end):
                _wrapped(line, 6)
        _more(len(ends) - SHOWN)
        out.print()
    for heading, lines in rests(told):
        out.print(f"{heading}:", markup=False)
        for line in lines[:SHOWN]:
            _wrapped(line, 2)
        _more(len(lines) - SHOWN)
        out.print()


def _them(leads: int) -> str:
    return "it" if leads == 1 else "them"


def _more(kinds: int) -> None:
    if kinds > 0:
        out.print(f"  and {some(kinds, 'more kind')}")


def _wrapped(line: str, indent: int) -> None:
    """A sentence in as many lines as the terminal needs, indented, the later ones a little more."""
    begin = " " * indent
    told = fill(
        line,
        max(out.width, 40),
        initial_indent=begin,
        subsequent_indent=begin + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    out.print(told, markup=False, soft_wrap=True)


def _lives(examples: Mapping[str, Any]) -> None:
    for kind, life in examples.items():
        out.print(f"[bold]{said(life['lead'])}[/] {LIVES.get(kind, kind)}")
        rows = Table.grid(padding=(0, 2))
        for line in life["life"][:SHOWN]:
            rows.add_row(f"  {moment_said(line['at'])}", said(line["what"]))
        out.print(rows)
