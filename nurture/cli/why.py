"""`nurture why`: what happens next to a lead, when, and every rule that decided; and why not a certain step."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

import typer

from nurture.app import App
from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, err, out, print_json, print_table
from nurture.db import transaction
from nurture.errors import NotFound, UsageError
from nurture.facts import LeadState
from nurture.flows.adopt import concerned
from nurture.grammar.mistakes import did_you_mean
from nurture.reports.found import lead_with
from nurture.rules.book import Rulebook
from nurture.rules.calendar import local_date, zone_info
from nurture.rules.past_mails import PastMail
from nurture.rules.spoken_time import say_day_of, say_moment
from nurture.rules.why import Next, Why
from nurture.rules.why import why as explain
from nurture.rules.why_not import StepWhy, why_not
from nurture.store import deliveries, versions


def why(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The lead's address.")],
    step: Annotated[
        str | None, typer.Option(metavar="[CAMPAIGN/]STEP", help="Say why the lead did, or did not, get this step.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what happens next to a lead, when, and every rule that decided."""
    with opened_app() as app:
        now = app.now()
        state, mails, adopted = _loaded(app, email, now)
    if adopted and adopted != app.workspace.versions:
        err.print(_NOT_ADOPTED, markup=False, soft_wrap=True)
        state = _once_adopted(app, state, adopted, now)
    said = explain(app.book, state, now)
    asked = None if step is None else _step_why(app.book, state, now, mails, step)
    if as_json:
        print_json(_document(state, said, asked))
    elif asked is None:
        _print(state, said, now)
    else:
        _print_step(state, asked)


_NOT_ADOPTED = (
    "nurture: files have changed since they were adopted; this is what follows once they are, and `nurture plan` says "
    "for whom they change something"
)


def _once_adopted(app: App, state: LeadState, adopted: Mapping[str, str], now: datetime) -> LeadState:
    """The lead as adopting the files would leave it: decided again at once, if its campaign's file is another."""
    live, files = state.enrollment, app.workspace.versions
    changed = [name for name in adopted.keys() | files.keys() if adopted.get(name) != files.get(name)]
    if live is None or live.campaign not in concerned(app, changed):
        return state
    return replace(state, enrollment=replace(live, due_at=now))


def _loaded(
    app: App, email: str, now: datetime
) -> tuple[LeadState, dict[tuple[str, str], list[PastMail]], dict[str, str]]:
    """The lead, what became of its mails by step (oldest first), and the files as they were adopted."""
    address = email.strip().lower()
    with transaction(app.engine) as db:
        _, state = lead_with(db, app.book_in(db), address, now)
        adopted = versions.adopted(db)
        mails: dict[tuple[str, str], list[PastMail]] = {}
        for row in reversed(deliveries.listed(db, email=address)):
            for_good = any(
                fact.for_good
                for fact in state.deliveries
                if (fact.campaign, fact.step, fact.cycle) == (row.campaign, row.step, row.cycle)
            )
            mail = PastMail(row.state, row.cycle, row.local_on, row.reason, row.variant, for_good)
            mails.setdefault((row.campaign, row.step), []).append(mail)
    return state, mails, adopted


def _step_why(
    book: Rulebook, state: LeadState, now: datetime, mails: dict[tuple[str, str], list[PastMail]], asked: str
) -> StepWhy:
    campaign, step = _found(book, state, list(mails), asked)
    return why_not(book, state, now, campaign, step, mails.get((campaign, step), ()))


def _found(book: Rulebook, state: LeadState, mailed: list[tuple[str, str]], asked: str) -> tuple[str, str]:
    """Which step is meant: the lead's own campaign first, then whichever has it alone, now or in the lead's past."""
    known = [(campaign.id, step.id) for campaign in book.campaigns.values() for step in campaign.steps]
    known += [pair for pair in mailed if pair not in known]
    campaign, slash, step = asked.rpartition("/")
    fitting = [pair for pair in known if pair[1] == step and (not slash or pair[0] == campaign)]
    live = None if state.enrollment is None else state.enrollment.campaign
    mine = [pair for pair in fitting if pair[0] == live]
    if len(mine) == 1 or len(fitting) == 1:
        return (mine or fitting)[0]
    if fitting:
        both = " and ".join(f"`{campaign}/{step}`" for campaign, step in fitting)
        raise UsageError(f"--step: more than one campaign has a step `{step}`; say which: {both}")
    choices = [f"{campaign}/{step}" for campaign, step in known] if slash else [step for _, step in known]
    hint = did_you_mean(asked, choices)
    raise NotFound(f"--step: there is no step `{asked}`; {hint or 'a step is written `campaign/step`'}")


def _document(state: LeadState, said: Why, asked: StepWhy | None) -> dict[str, Any]:
    zone = zone_info(said.zone)
    following = {name: getattr(said.next, name) for name in ("action", "campaign", "step", "at", "because")}
    following["at"] = None if said.next.at is None else said.next.at.astimezone(zone)
    rules = [{"rule": rule.rule, "holds": rule.holds, "because": rule.because} for rule in said.rules]
    document: dict[str, Any] = {"lead": state.profile.email, "zone": said.zone, "next": following, "rules": rules}
    if asked is not None:
        document["step"] = {
            "campaign": asked.campaign,
            "step": asked.step,
            "verdict": asked.verdict,
            "because": asked.because,
            "at": None if asked.at is None else asked.at.astimezone(zone),
            "variant": asked.variant,
            "mails": list(asked.mails),
        }
    return document


def _print(state: LeadState, said: Why, now: datetime) -> None:
    out.print(f"{state.profile.email}: {_headline(state, said.next, said.zone, now)}", markup=False, soft_wrap=True)
    out.print(f"  {said.next.because}\n", markup=False, soft_wrap=True)
    print_table(("", "rule", "because"), [("yes" if r.holds else "no", r.rule, r.because) for r in said.rules])
    out.print(
        f"\ntimes are the lead's own, in {said.zone}; today there is {local_date(now, zone=said.zone):%a %d %b %Y}"
    )


def _headline(state: LeadState, following: Next, zone: str, now: datetime) -> str:
    if state.handoff is not None:
        until = "" if following.at is None else f" until {say_moment(following.at, zone, now)} ({zone}) at least"
        return f"is with sales{until}"
    when = "" if following.at is None else f" on {say_moment(following.at, zone, now)} ({zone})"
    if following.action == "send":
        return f"gets {following.campaign}/{following.step}{when}"
    if following.action == "exit":
        return f"leaves {following.campaign}{when}"
    if following.action == "exhausted":
        ends = f"; that ends on {say_day_of(following.at, zone, now)}" if following.at else ""
        return f"has run out of {following.campaign}{ends}"
    if following.action == "wait":
        return f"waits until {say_moment(following.at, zone, now)} ({zone})" if following.at else "rests"
    return "gets nothing"


def _print_step(state: LeadState, asked: StepWhy) -> None:
    variant = f", variant {asked.variant}" if asked.variant else ""
    out.print(f"{state.profile.email} and {asked.campaign}/{asked.step}{variant}", markup=False, soft_wrap=True)
    out.print(f"  {asked.because}", markup=False, soft_wrap=True)
    if asked.mails:
        out.print("  its mails so far:", markup=False)
    for mail in asked.mails:
        out.print(f"    {mail}", markup=False, soft_wrap=True)
