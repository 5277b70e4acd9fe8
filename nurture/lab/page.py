"""A simulation as a page: one file with everything in it, for light and dark, for a desk and a phone."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape
from markupsafe import Markup, escape

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

COLOURS = 5
"""Series of one chart that have a colour of their own; more share the last."""
_PAGES = Path(__file__).parent / "pages"
_UP = 100.0
"""How high a chart is in its own units; the page stretches it."""
_DATES = 4


def page(told: Mapping[str, Any], *, company: str, file: str, how: str) -> str:
    """The page as HTML.

    Args:
        told: the figures, from `nurture.lab.told`.
        company: whose leads they are.
        file: the name of the file of leads.
        how: one sentence about who did what: events, or rates and a seed.
    """
    return _template().render(
        told=told,
        dead_ends=[{**end, "came": came_to(end), "lines": ended(end)} for end in told["dead_ends"]],
        rests=rests(told),
        no_dead_ends=NO_DEAD_ENDS,
        company=company,
        file=file,
        how=how,
        begin=day_said(told["start"]),
        end=day_said(told["end"]),
        tiles=_tiles(told),
        days=_days(told["per_day"]),
        handoffs=_handoffs(told),
        endings=f"How they ended: {counts(told['handoff_endings'])}.",
        campaigns=[
            _campaign(one, told["steps_unreached"])
            for one in told["campaigns"]
            if one["entered"] or one["status"] == "live"
        ],
        held=_rows({HELD.get(rule, rule): count for rule, count in told["held"].items()}),
        held_lines=waits(told),
        dead_leads=sum(end["leads"] for end in told["dead_ends"]),
        gaps=gaps(told),
        lives=[_life(kind, life) for kind, life in told["examples"].items()],
    )


def _tiles(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    handed = sum(sum(weeks.values()) for weeks in told["handoffs_by_rep"].values())
    out = sum(one["ran_out"] for one in told["campaigns"])
    dead = sum(end["leads"] for end in told["dead_ends"])
    return [
        _tile(told["mails"], "mail"),
        _tile(told["leads_mailed"], "lead mailed", "leads mailed"),
        _tile(handed, "handoff to sales", "handoffs to sales"),
        _tile(out, "time out of content", "times out of content"),
        _tile(dead, "lead at a dead end", "leads at a dead end"),
    ]


def _tile(number: int, one: str, many: str = "") -> tuple[str, str]:
    count, _, what = some(number, one, many).partition(" ")
    return count, what


def _days(per_day: Mapping[str, int]) -> dict[str, Any]:
    """The chart of mails: a bar for every day from the first mail to the last."""
    if not per_day:
        return {"most": 0, "svg": "", "dates": []}
    first, last = date.fromisoformat(next(iter(per_day))), date.fromisoformat(list(per_day)[-1])
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    values = [[per_day.get(day.isoformat(), 0)] for day in days]
    names = [f"{day.day} {day:%b}" for day in days]
    return _chart(values, names, [1], "Mails a day", "mail")


def _handoffs(told: Mapping[str, Any]) -> dict[str, Any]:
    """The chart of handoffs: a bar for every week, a part of it for every rep."""
    by_rep = told["handoffs_by_rep"]
    colours = [min(number, COLOURS) for number in range(1, len(by_rep) + 1)]
    weeks = range(1, told["weeks"] + 1)
    values = [[reps.get(str(week), 0) for reps in by_rep.values()] for week in weeks]
    chart = _chart(values, [f"week {week}" for week in weeks], colours, "Handoffs a week", "handoff")
    series = [
        {"name": rep, "total": sum(reps.values()), "colour": colour}
        for (rep, reps), colour in zip(by_rep.items(), colours, strict=True)
    ]
    return {**chart, "series": series}


def _chart(
    values: Sequence[Sequence[int]], names: Sequence[str], colours: Sequence[int], title: str, unit: str
) -> dict[str, Any]:
    """Bars of stacked parts; each tells its name and number of `unit` when pointed at."""
    most = max((sum(parts) for parts in values), default=0)
    bars = []
    for place, (parts, name) in enumerate(zip(values, names, strict=True)):
        top = _UP
        for part, colour in zip(parts, colours, strict=True):
            height = part / most * _UP if most else 0.0
            top -= height
            if part:
                bars.append(
                    f'<rect class="c{colour}" x="{place + 0.1:.1f}" y="{top:.2f}" width="0.8" height="{height:.2f}"/>'
                )
        if any(parts):
            said = escape(f"{name}: {some(sum(parts), unit)}")
            whole = f'x="{place}" y="0" width="1" height="{_UP:.0f}"'
            bars.append(f'<rect {whole} fill="transparent"><title>{said}</title></rect>')
    drawn = (
        f'<svg viewBox="0 0 {len(values)} {_UP:.0f}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(title)}">{"".join(bars)}</svg>'
    )
    step = max(1, -(-len(names) // _DATES))
    dates = [(f"{place / len(names) * 100:.1f}", names[place]) for place in range(0, len(names), step)]
    return {"most": most, "svg": Markup(drawn), "dates": dates}  # noqa: S704 - numbers and escaped names


def _campaign(one: Mapping[str, Any], unreached: Sequence[str]) -> dict[str, Any]:
    rows = [{**row, "missed": f"{one['campaign']}/{row['name']}" in unreached} for row in _rows(one["steps"])]
    said = f"{some(one['entered'], 'time')} entered, {some(one['mails'], 'mail')}"
    lines = []
    if one["ran_out"]:
        lines.append(f"Out of content: {some(one['ran_out'], 'lead')}, {weeks_said(one['ran_out_by_week'])}.")
    if one["exits"]:
        lines.append(f"Left: {counts(one['exits'])}.")
    return {**one, "said": said, "rows": rows, "lines": lines}


def _rows(counted: Mapping[str, int]) -> list[dict[str, Any]]:
    most = max(counted.values(), default=0)
    return [
        {"name": name, "count": count, "width": f"{count / most * 100 if most else 0:.1f}"}
        for name, count in counted.items()
    ]


def _life(kind: str, life: Mapping[str, Any]) -> dict[str, Any]:
    lines = [{"at": moment_said(line["at"]), "what": line["what"]} for line in life["life"]]
    return {"kind": LIVES.get(kind, kind), "lead": life["lead"], "lines": lines}


def _drawn(chart: Mapping[str, Any]) -> Markup:
    """A chart with its scale and its dates."""
    dates = Markup("").join(Markup('<span style="left: {}%">{}</span>').format(*date) for date in chart["dates"])
    return Markup(
        '<div class="chart"><div class="scale"><span>{}</span><span>0</span></div>{}<div class="dates">{}</div></div>'
    ).format(f"{chart['most']:,}", chart["svg"], dates)


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_PAGES), autoescape=select_autoescape(), undefined=StrictUndefined
    )
    environment.globals["chart"] = _drawn
    environment.globals["some"] = some
    return environment.get_template("simulation.html")
