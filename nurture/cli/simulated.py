"""A simulation told to a person in a terminal: a chart, some tables, a few lives."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from nurture.cli.printing import out, print_table, said
from nurture.lab.charts import bar, columns
from nurture.lab.running import Asked
from nurture.lab.tally import Tally
from nurture.lab.told import figures

HEIGHT = 6
"""Lines of the chart."""
SHOWN = 8
"""Rows of a list; `--json` has all."""
WEEKS_SHOWN = 13
"""Columns of a table by weeks; in longer simulations several weeks share one."""

HELD: Mapping[str, str] = {
    "weekday": "the campaign sends on other weekdays",
    "holiday": "a holiday",
    "skipped": "the clocks skip the campaign's hours",
    "taken": "another mail goes on that day",
    "per_7_days": "the limit of mails in 7 days",
    "per_30_days": "the limit of mails in 30 days",
    "over": "the campaign's hours were over",
    "not before": "not before a certain day: a refusal's wait, or the day after somebody woke up",
    "slow-down": "slowed down: too many mails in a row unanswered",
}
"""What each rule that holds a mail back means, in plain words."""


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
    begin, end = datetime.fromisoformat(told["start"]), datetime.fromisoformat(told["end"])
    by = "" if asked.rates.is_silent else f", seed {asked.seed}"
    period = f"{told['weeks']} weeks from {begin:%a} {begin.day} {begin:%b %Y} to {end:%a} {end.day} {end:%b %Y}{by}"
    out.print(f"[bold]{told['leads']:,} leads[/], {period}", highlight=False)
    handed = sum(sum(weeks.values()) for weeks in told["handoffs_by_rep"].values())
    out.print(f"{told['mails']:,} mails to {told['leads_mailed']:,} leads; {handed:,} handoffs to sales\n")


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
    most = max(values)
    out.print(f"mails a {'day' if step == 1 else 'week'}, by the leads' own calendars")
    for number, line in enumerate(columns(values, HEIGHT)):
        label = f"{most:,}" if number == 0 else ""
        out.print(f"{label:>8} {line}", markup=False)
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
            f"{one['ran_out']:,}" + _when(one["ran_out_by_week"]),
            _counts(one["exits"]),
        )
        for one in told["campaigns"]
        if one["entered"] or one["status"] == "live"
    ]
    print_table(("campaign", "entered", "mails", "ran out of content", "left"), rows)
    for unreached in told["steps_unreached"]:
        out.print(f"  nobody was sent {unreached}", markup=False)
    for campaign, ways in told["campaigns_unentered"].items():
        out.print(f"  nobody entered {campaign} (entered when {ways})", markup=False, soft_wrap=True)
    out.print()


def _when(weeks: Mapping[str, int]) -> str:
    """The weeks in which it happened: from the first on, most in one."""
    if not weeks:
        return ""
    most = max(weeks, key=lambda week: weeks[week])
    return f" (from week {next(iter(weeks))}, most in week {most})"


def _held(told: Mapping[str, Any]) -> None:
    if not told["mails"]:
        return
    out.print(f"{told['mails_held']:,} mails went later than the rhythm alone would have it", markup=False)
    rows = [
        (f"{count:,}", bar(count / told["mails"], 20), HELD.get(rule, rule)) for rule, count in told["held"].items()
    ]
    if rows:
        print_table(("", "", ""), rows)
    for reason, leads in told["waits"].items():
        out.print(f"  {leads:,} leads waited for their first mail after “{reason}”", markup=False)
    if told["failed"]:
        out.print(f"  not taken by mail servers: {_counts(told['failed'])}", markup=False)
    out.print()


def _handoffs(told: Mapping[str, Any]) -> None:
    by_rep = told["handoffs_by_rep"]
    if not by_rep:
        out.print("nobody was handed to sales\n")
        return
    edges = _edges(told["weeks"])
    names = [f"w{low}" if high == low + 1 else f"w{low}-{high - 1}" for low, high in pairwise(edges)]
    rows: list[Sequence[object]] = []
    for rep, weeks in by_rep.items():
        counts = [sum(weeks.get(str(week), 0) for week in range(low, high)) for low, high in pairwise(edges)]
        rows.append((rep, *(count or "·" for count in counts), sum(counts)))
    print_table(("handoffs a week", *names, "all"), rows)
    out.print(f"  how they ended: {_counts(told['handoff_endings'])}\n", markup=False)


def _edges(weeks: int) -> list[int]:
    """Where columns of weeks begin, and the end of the last."""
    step = -(-weeks // WEEKS_SHOWN)
    return [*range(1, weeks + 1, step), weeks + 1]


def _dead_ends(told: Mapping[str, Any]) -> None:
    ends = told["dead_ends"]
    leads = sum(end["leads"] for end in ends)
    if not leads:
        out.print("no dead ends: every lead is in a campaign, with sales, or out for good\n")
        return
    out.print(f"{leads:,} leads at a dead end: in no campaign, and none will take them by itself")
    for end in ends[:SHOWN]:
        came = ", ".join(
            part
            for part in (
                f"refused as {end['refused_for']}" if end["refused_for"] else "",
                f"left as {end['left_as']}" if end["left_as"] else "never in a campaign",
            )
            if part
        )
        out.print(f"  {end['leads']:,} leads, {came}; such as {end['example']}", markup=False, soft_wrap=True)
        for campaign, why in end["why"].items():
            out.print(f"      {campaign}: {why}", markup=False, soft_wrap=True)
    if len(ends) > SHOWN:
        out.print(f"  and {len(ends) - SHOWN} more kinds")
    out.print()


def _lives(examples: Mapping[str, Any]) -> None:
    for kind, life in examples.items():
        out.print(f"a lead that {_that(kind)}: {life['lead']}", markup=False)
        print_table(
            ("", ""), [(said(datetime.fromisoformat(line["at"])), line["what"]) for line in life["life"][:SHOWN]]
        )


def _that(kind: str) -> str:
    return {"handed to sales": "was handed to sales", "on its way": "is on its way"}.get(kind, kind)


def _counts(counts: Mapping[str, int]) -> str:
    """`12 finished, 3 unsubscribed`."""
    return ", ".join(f"{count:,} {word}" for word, count in counts.items())
