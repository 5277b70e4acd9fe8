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
    return f"in week {first}" if len(weeks) == 1 else f"from week {first}, most in week {most}"


def day_said(iso: str) -> str:
    """`Mon 2 Mar 2026`, of a time in ISO 8601."""
    at = datetime.fromisoformat(iso)
    return f"{at:%a} {at.day} {at:%b %Y}"


def moment_said(iso: str) -> str:
    """`Mon 2 Mar 2026, 09:05`, on the wall clock that the time is given in."""
    at = datetime.fromisoformat(iso)
    return f"{day_said(iso)}, {at:%H:%M}"


def gaps(told: Mapping[str, Any]) -> list[str]:
    """Steps that nobody was sent, and campaigns that nobody entered, a sentence each."""
    lines = [f"Nobody was sent {step}." for step in told["steps_unreached"]]
    lines += [f"Nobody entered {name} (entered when {ways})." for name, ways in told["campaigns_unentered"].items()]
    return lines


def waits(told: Mapping[str, Any]) -> list[str]:
    """Leads that waited, and mails that nobody took, a sentence each."""
    lines = [f"{some(leads, 'lead')} waited for a first mail after “{why}”." for why, leads in told["waits"].items()]
    if told["failed"]:
        lines.append(f"Not taken by mail servers: {counts(told['failed'])}.")
    return lines
