"""The words in which a simulation is told, the same in a terminal and on a page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

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
"""What each rule that holds a mail back means."""

LIVES: Mapping[str, str] = {
    "handed to sales": "was handed to sales",
    "ran out of content": "ran out of content",
    "left": "left",
    "on its way": "is on its way",
}
"""What each example is an example of."""

NO_DEAD_ENDS = "whoever is in no campaign is with sales, out for good, waiting for a day, or resting as meant"
"""What is so where nobody has come to a dead end."""


def came_to(end: Mapping[str, Any]) -> str:
    """How leads came to a dead end: `refused as not_ready, left as finished`."""
    left = f"left as {end['left_as']}" if end["left_as"] else "never in a campaign"
    return f"refused as {end['refused_for']}, {left}" if end["refused_for"] else left


def some(count: int, one: str, many: str = "") -> str:
    """`1 mail`, `1,200 mails`; `many` where it is not `one` with an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def counts(counted: Mapping[str, int]) -> str:
    """`12 finished, 3 unsubscribed`."""
    return ", ".join(f"{count:,} {word}" for word, count in counted.items())


def weeks_said(weeks: Mapping[str, int]) -> str:
    """When something happened: `from week 5, most in week 12`; empty where it never did."""
    if not weeks:
        return ""
    first, most = next(iter(weeks)), max(weeks, key=lambda week: weeks[week])
    if len(weeks) == 1:
        return f"in week {first}"
    return f"from week {first}, most {'then' if most == first else f'in week {most}'}"


def day_said(iso: str) -> str:
    """`Mon 2 Mar 2026`, of a time in ISO 8601."""
    at = datetime.fromisoformat(iso)
    return f"{at:%a} {at.day} {at:%b %Y}"


def moment_said(iso: str) -> str:
    """`Mon 2 Mar 2026, 09:05`, on the wall clock that the time is given in."""
    at = datetime.fromisoformat(iso)
    return f"{day_said(iso)}, {at:%H:%M}"


def gaps(told: Mapping[str, Any]) -> list[str]:
    """Steps that nobody was sent and campaigns that nobody entered; last, those for which the time was too short."""
    lines = [f"Nobody was sent {step}." for step in told["steps_unreached"]]
    lines += [f"Nobody entered {name} (entered when {ways})." for name, ways in told["campaigns_unentered"].items()]
    late = [*told["steps_beyond"], *(f"{name} as a whole" for name in told["campaigns_beyond"])]
    if late:
        lines.append(f"Not within {some(told['weeks'], 'week')}, as the campaigns' rhythm is: {', '.join(late)}.")
    return lines


def ended(end: Mapping[str, Any]) -> list[str]:
    """Why no campaign takes leads at a dead end, a line for each thing said; who says the same shares a line."""
    said: dict[str, list[str]] = {}
    for campaign, why in end["why"].items():
        said.setdefault(why, []).append(campaign)
    lines = [f"{', '.join(campaigns)}: {why}" for why, campaigns in said.items()]
    return [*lines, end["others"]] if end["others"] else lines


def rests(told: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Leads that rest: a heading and its lines for those whose file says so, and for those who only have to stir."""
    groups = []
    for meant in (True, False):
        kinds = [rest for rest in told["resting"] if (rest["because"] is not None) == meant]
        leads = sum(rest["leads"] for rest in kinds)
        verb = "rests" if leads == 1 else "rest"
        why = "as the campaign's file says" if meant else "until something happens"
        if kinds:
            groups.append((f"{some(leads, 'lead')} {verb}, {why}", [_rest(rest) for rest in kinds]))
    return groups


def _rest(rest: Mapping[str, Any]) -> str:
    """`3 leads, could-not-reach (then: rest); long-term takes them when they do something; such as ...`."""
    left = rest["campaign"] or "never in a campaign"
    parts = [f"{some(rest['leads'], 'lead')}, {left}" + (f" ({rest['because']})" if rest["because"] else "")]
    if rest["takes"]:
        day = f", from {day_said(rest['takes_from'])} on" if rest["takes_from"] else ""
        them, do = ("it", "it does") if rest["leads"] == 1 else ("them", "they do")
        parts.append(f"{rest['takes']} takes {them} as soon as {do} something or the profile changes{day}")
    return "; ".join([*parts, f"such as {rest['example']}"])


def waits(told: Mapping[str, Any]) -> list[str]:
    """Leads that waited, and mails that nobody took, a sentence each."""
    lines = [f"{some(leads, 'lead')} waited for a first mail after “{why}”." for why, leads in told["waits"].items()]
    if told["failed"]:
        lines.append(f"Not taken by mail servers: {counts(told['failed'])}.")
    return lines
