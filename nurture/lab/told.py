"""A simulation told: JSON of single leads as they are lived, and of what it all comes to."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from nurture.facts import MICRO
from nurture.lab.assigning import Offer, assigned
from nurture.lab.records import Delivery, Exit, Handoff, Lived
from nurture.lab.resting import Rest
from nurture.lab.tally import Tally
from nurture.lab.warming import held_back
from nurture.rules.calendar import zone_info


def delivery_row(mail: Delivery, subject: str | None) -> dict[str, Any]:
    """One mail; `local` is the same instant on the wall clock of its lead."""
    return {
        "at": mail.at.isoformat(),
        "local": mail.at.astimezone(zone_info(mail.zone)).isoformat(),
        "lead": mail.lead,
        "campaign": mail.campaign,
        "step": mail.step,
        "template": mail.template,
        "subject": subject,
        "cycle": mail.cycle,
        "variant": mail.variant,
        "held": list(mail.held),
    }


def exit_row(left: Exit) -> dict[str, Any]:
    """One enrollment that ended."""
    return {"at": left.at.isoformat(), "lead": left.lead, "campaign": left.campaign, "reason": left.reason}


def handoff_row(handoff: Handoff, rep: str) -> dict[str, Any]:
    """One handoff, and how it ended."""
    return {
        "at": handoff.at.isoformat(),
        "lead": handoff.lead,
        "grade": handoff.grade,
        "score": handoff.score.micro / MICRO,
        "because": handoff.because,
        "rep": rep,
        "cycle": handoff.cycle,
        "hand_raise": handoff.hand_raise,
        "ended_as": handoff.ended_as,
        "ended_at": None if handoff.ended_at is None else handoff.ended_at.isoformat(),
        "reason": handoff.reason,
    }


def handoff_rows(tally: Tally, handoffs: Mapping[Offer, Handoff]) -> list[dict[str, Any]]:
    """Every handoff with its rep, in order of time."""
    return [handoff_row(handoffs[one], rep) for one, rep in assigned(tally.book.agreement, tally.offers)]


def figures(tally: Tally) -> dict[str, Any]:
    """What it all comes to, JSON-ready. Weeks count from 1 at the start; days are those of each mail's lead."""
    late_campaigns, late_steps = tally.beyond()
    unreached, unentered = tally.unreached(), tally.unentered()
    return {
        "start": tally.start.isoformat(),
        "end": tally.end.isoformat(),
        "weeks": (tally.end - tally.start).days // 7,
        "leads": tally.leads,
        "leads_by_events": tally.newcomers,
        "leads_mailed": tally.mailed,
        "mails": tally.mails,
        "per_day": {day.isoformat(): mails for day, mails in sorted(tally.per_day.items())},
        "warm_up": [
            {"day": day.isoformat(), "mails": mails, "most": most}
            for day, mails, most in held_back(tally.book.agreement, tally.per_day)
        ],
        "stages": _ordered(tally.stages),
        "campaigns": [_campaign(tally, name) for name in tally.campaigns],
        "held": _ordered(tally.held),
        "mails_held": tally.moved,
        "waits": _ordered(tally.waited),
        "failed": _ordered(tally.failed),
        "exits_by_reason": _ordered(tally.exits),
        "handoffs_by_rep": {rep: _weeks(weeks) for rep, weeks in tally.handoffs_by_rep().items()},
        "handoff_endings": _ordered(tally.endings),
        "owners_told": _ordered(tally.told),
        "dead_ends": [
            {
                "leads": end.leads, "left_as": end.left_as, "refused_for": end.refused_for, "example": end.example,
                "why": dict(end.why), "others": end.others,
            }
            for end in tally.dead_ends()
        ],
        "resting": [_rest(rest) for rest in tally.resting()],
        "steps_unreached": ["/".join(step) for step in unreached if step not in late_steps],
        "steps_beyond": ["/".join(step) for step in unreached if step in late_steps],
        "campaigns_unentered": {name: ways for name, ways in unentered.items() if name not in late_campaigns},
        "campaigns_beyond": {name: ways for name, ways in unentered.items() if name in late_campaigns},
        "examples": {kind: life_lines(lived) for kind, lived in tally.examples.items()},
    }  # fmt: skip


def life_lines(lived: Lived) -> dict[str, Any]:
    """One life in order of time, each line an instant on the wall clock of the lead, and what happened."""
    zone = zone_info(lived.deliveries[0].zone) if lived.deliveries else None
    lines = [(mail.at, f"mail {mail.campaign}/{mail.step}{_held(mail)}") for mail in lived.deliveries]
    lines += [(out.at, f"{out.campaign} has nothing left") for out in lived.ran_out]
    lines += [(left.at, f"leaves {left.campaign}: {left.reason}") for left in lived.exits]
    for handoff in lived.handoffs:
        lines.append((handoff.at, f"to sales: {handoff.because}"))
        if handoff.ended_at is not None:
            reason = f" ({handoff.reason})" if handoff.reason else ""
            lines.append((handoff.ended_at, f"sales: {handoff.ended_as}{reason}"))
    lines += [(told.at, f"the owner is told: {', '.join(told.signals)}") for told in lived.told]
    lines.sort(key=lambda line: line[0])
    told = [{"at": (at if zone is None else at.astimezone(zone)).isoformat(), "what": what} for at, what in lines]
    return {"lead": lived.lead, "entered": list(lived.entered), "stage": lived.state.stage, "life": told}


def _held(mail: Delivery) -> str:
    return f" (held back: {', '.join(mail.held)})" if mail.held else ""


def _campaign(tally: Tally, name: str) -> dict[str, Any]:
    campaign, counted = tally.book.campaigns[name], tally.campaigns[name]
    return {
        "campaign": name,
        "name": campaign.name,
        "status": campaign.status,
        "entered": counted.entered,
        "mails": counted.mails,
        "steps": {step.id: counted.steps[step.id] for step in campaign.steps},
        "ran_out": counted.ran_out.total(),
        "ran_out_by_week": _weeks(counted.ran_out),
        "exits": _ordered(counted.exits),
    }


def _rest(rest: Rest) -> dict[str, Any]:
    return {
        "leads": rest.leads,
        "campaign": rest.campaign,
        "because": rest.because,
        "takes": rest.takes,
        "takes_from": None if rest.takes_from is None else rest.takes_from.isoformat(),
        "example": rest.example,
    }


def _weeks(counts: Counter[int]) -> dict[str, int]:
    return {str(week): counts[week] for week in sorted(counts)}


def _ordered(counts: Counter[str]) -> dict[str, int]:
    """The largest first."""
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
