"""A plan in words: for a terminal, as Markdown for a pull request, and as JSON."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from nurture.lab.plan import Plan, Row

MUCH = 0.25
"""From this part of a campaign's leads on, a change is warned of."""
MANY = 10
"""Nobody is warned of fewer leads than this."""

_SAID = {
    "another_step": "get `{step}` next, not `{was}`",
    "runs_out": "run out of steps",
    "resumes": "come back from having run out, with `{step}`",
    "leaves": "leave the campaign: {becomes}",
    "stays": "stay, with `{step}` next, where they would have left",
    "stops": "get no more mail: {becomes}",
    "starts": "get mail again, beginning with `{step}`",
    "no_day": "find no day that is allowed for `{step}`",
    "earlier": "get `{step}` earlier",
    "later": "get `{step}` later",
    "other_hour": "get `{step}` on the same day at another time",
    "ends_elsewhere": "go on to {becomes} at the end, not to {was}",
    "ends_earlier": "are done with the campaign earlier",
    "ends_later": "are done with the campaign later",
    "gets": "will get `{step}` in their turn, and would not have",
    "loses": "will not get `{step}` any more",
    "text": "will receive the new text of `{step}`",
    "taken": "would now be taken (they are in no campaign)",
    "not_taken": "would not be taken any more",
    "taken_elsewhere": "would be taken by this campaign, not by {was}",
    "qualifies": "qualify for sales now; nobody is handed over by that",
    "grade": "get grade {becomes}, not {was}",
    "cannot_tell": "cannot be told: {becomes}",
}
_HARMLESS = frozenset({"gets", "text", "other_hour", "stays", "starts", "resumes", "grade"})
"""Changes that nobody is warned of, however many leads they concern."""


def said(row: Row) -> str:
    """What happens to these leads: `get `proof` next, not `roi``."""
    change = row.change
    words = _SAID[change.kind].format(
        step=change.step, was=change.was or "nothing", becomes=change.becomes or "nothing", campaign=change.campaign
    )
    return words + _by(row)


def document(plan: Plan) -> dict[str, Any]:
    """The plan for programs; no address is in it."""
    return {
        "as_of": plan.as_of,
        "adopted_at": plan.adopted_at,
        "files": [{"file": name, "change": fate} for name, fate in plan.files.items()],
        "changes": [
            {
                "campaign": row.change.campaign,
                "step": row.change.step,
                "change": row.change.kind,
                "leads": row.leads,
                "was": row.change.was,
                "becomes": row.change.becomes,
                "days": None if row.days is None else list(row.days),
                "says": said(row),
            }
            for row in plan.rows
        ],
        "enrolled": dict(plan.enrolled),
        "looked_at": plan.looked_at,
        "warnings": warnings(plan),
        "notes": list(plan.notes),
    }


def warnings(plan: Plan) -> list[str]:
    """What touches so many leads that somebody should look twice."""
    found = []
    for row in plan.rows:
        share = plan.share(row)
        if row.leads < MANY or row.change.kind in _HARMLESS:
            continue
        if row.change.kind == "qualifies":
            found.append(f"{row.leads:,} leads qualify for sales all at once")
        elif row.change.kind == "cannot_tell":
            found.append(f"{row.leads:,} leads of {row.change.campaign} {said(row)}")
        elif share is not None and share >= MUCH:
            of = f"{share:.0%} of those in {row.change.campaign}"
            found.append(f"{row.leads:,} leads ({of}) {said(row)}")
    return found


def text_lines(plan: Plan) -> Iterator[str]:
    """The plan for a terminal, with a few addresses."""
    yield _files_said(plan)
    if not plan.rows:
        yield "nothing changes for any lead"
    for campaign, rows in groupby(plan.rows, key=lambda row: row.change.campaign):
        yield ""
        yield _heading(plan, campaign)
        for row in rows:
            examples = ", ".join(row.examples) + (", …" if row.leads > len(row.examples) else "")
            yield f"  {row.leads:>7,} {said(row)}" + (f"  ({examples})" if row.examples else "")
    beside = [f"look twice: {warning}" for warning in warnings(plan)] + [f"note: {note}" for note in plan.notes]
    if beside:
        yield ""
        yield from beside


def markdown_lines(plan: Plan) -> Iterator[str]:
    """The plan as GitHub shows it in a pull request or a job's summary; without any address."""
    yield "## What these files do to the leads inside"
    yield ""
    yield f"{_files_said(plan)}."
    if not plan.rows:
        yield ""
        yield "**Nothing changes for any lead.**"
    for warning in warnings(plan):
        yield ""
        yield f"> [!WARNING]\n> {warning}"
    for campaign, rows in groupby(plan.rows, key=lambda row: row.change.campaign):
        yield ""
        yield f"### {_heading(plan, campaign)}"
        yield ""
        yield "| step | leads | of those inside | change |"
        yield "|---|---:|---:|---|"
        for row in rows:
            share = plan.share(row)
            part = "" if share is None else f"{share:.0%}"
            step = f"`{row.change.step}`" if row.change.step else ""
            yield f"| {step} | {row.leads:,} | {part} | {_cell(said(row))} |"
    if plan.notes:
        yield ""
        yield from (f"- {note}" for note in plan.notes)
    adopted = "" if plan.adopted_at is None else f", against the files adopted {plan.adopted_at:%Y-%m-%d %H:%M %Z}"
    yield ""
    yield f"<sub>`nurture plan` on {plan.as_of:%Y-%m-%d %H:%M %Z}{adopted}; {plan.looked_at:,} leads looked at.</sub>"


def _heading(plan: Plan, campaign: str | None) -> str:
    if campaign is None:
        return "all leads"
    inside = plan.enrolled.get(campaign, 0)
    return f"{campaign} ({inside:,} lead{'' if inside == 1 else 's'} in it)"


def _files_said(plan: Plan) -> str:
    if not plan.files:
        return "The files are those that were adopted"
    listed = ", ".join(f"{name} ({fate})" for name, fate in list(plan.files.items())[:_FILES_NAMED])
    more = len(plan.files) - _FILES_NAMED
    count = len(plan.files)
    return (
        f"{count} file{'' if count == 1 else 's'} differ{'s' if count == 1 else ''} from what was adopted: {listed}"
        + (f" and {more} more" if more > 0 else "")
    )


_FILES_NAMED = 8


def _by(row: Row) -> str:
    if row.days is None:
        return ""
    few, many = sorted(abs(days) for days in row.days)
    return f", by {many} day{'' if many == 1 else 's'}" if few == many else f", by {few} to {many} days"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
