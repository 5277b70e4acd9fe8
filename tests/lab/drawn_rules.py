"""The agreement and the campaigns of a scenario, as the dice make them."""

from collections.abc import Sequence
from random import Random
from typing import Any

from nurture.agreement import Agreement
from nurture.campaign import Campaign
from tests.lab.material import ASSIGN, CAMPAIGN_CONDITIONS, HOURS, SIGNALS, STEP_CONDITIONS, TO_NURTURE
from tests.lab.plans import Plan
from tests.rules.examples import AGREEMENT, CAMPAIGN, make_agreement


def draw_agreement(plan: Plan) -> Agreement:
    """Thresholds that a few visits reach, limits, reasons of all kinds with waits of some days."""
    dice = plan.dice("agreement")
    reasons = {
        "not_ready": {"label": "Not ready", "then": "nurture"},
        "no_budget": {"label": "No budget", "then": "nurture", "wait": f"{dice.randint(1, 20)} days"},
        "already_mine": {"label": "Mine", "then": "sales"},
        "student": {"label": "Student", "then": "disqualify"},
        "competitor": {"label": "Competitor", "then": "suppress"},
    }
    low, high = dice.choice([(8, 16), (20, 35), (35, 60)])
    limits = {
        "per_7_days": plan.pick("limits", dice, None, 1, 2, 3),
        "per_30_days": plan.pick("limits", dice, None, 2, 3, 5, 8),
    }
    plain = make_agreement().company
    company = plain.model_copy(
        update={
            "timezone": dice.choice(["America/Chicago", "Europe/Lisbon"]),
            "holidays": plan.pick("holidays", dice, None, "US", "GB"),
        }
    )
    return make_agreement(
        company=company,
        signals=SIGNALS,
        half_life=f"{dice.randint(2, 14)} days",
        horizon=f"{dice.randint(7, 60)} days",
        qualify=[
            {"grades": ["A"], "score": low, "signals": dice.randint(1, 2)},
            {"grades": ["B", "C"], "score": high, "signals": 1},
        ],
        reject_reasons=reasons,
        limits=limits,
        assign=_with_capacities(plan, [line for line in ASSIGN if plan.has("assign", dice, 0.7)]),
        reps=_draw_reps(plan),
        sla=_draw_sla(plan),
    )


LADDER = ("remind", "escalate", "reassign", "return_to_nurture")


def _draw_sla(plan: Plan) -> dict[str, Any]:
    """Promises that sales breaks, since it takes days to answer; or those of the design, without a ladder."""
    dice = plan.dice("promises")
    ladder = [rung for rung in LADDER if dice.random() < 0.75]
    hours = {"days": dice.choice(["mon-fri", "mon-sun", "tue, thu"]), "from": "09:00", "to": "17:00"}
    broken = {
        "hours": {**hours, "timezone": dice.choice(["Europe/London", "America/Chicago"]), "holidays": "US"},
        "accept_within": dice.choice(["90 minutes", "7 hours", "1 day"]),
        "first_attempt_within": dice.choice(["3 hours", "9 hours", "2 days"]),
        "attempts": {"count": dice.randint(1, 3), "within": f"{dice.randint(2, 6)} days"},
        "outcome_within": f"{dice.randint(4, 15)} days",
        "hand_raise": dice.choice([None, {"accept_within": "20 minutes", "first_attempt_within": "1 hour"}]),
        "on_breach": ladder,
    }
    return {**AGREEMENT["sla"], **(broken if plan.has("promises", dice) else {})}


MONTHS = ("03", "04", "10", "11", "12")


def _with_capacities(plan: Plan, lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Some lines give nobody more than a lead or two."""
    dice = plan.dice("capacities")
    return [{**line, "at_most": plan.pick("capacities", dice, None, 1, 2, often=0.4)} for line in lines]


def _draw_reps(plan: Plan) -> dict[str, dict[str, Any]]:
    """Some are away in the months of a scenario, work on some weekdays only, have room for one."""
    reps = {}
    for name in ("one", "two", "three", "us", "mine"):
        dice = plan.dice("reps", name)
        first = dice.randint(1, 20)
        reps[f"{name}@acme.example"] = {
            "days": plan.pick("absences", dice, None, "mon-thu", "tue, fri"),
            "holidays": plan.pick("absences", dice, None, "GB", "US", often=0.3),
            "away": plan.pick(
                "absences", dice, [], [f"2026-{month}-{first:02} to 2026-{month}-28" for month in MONTHS]
            ),
            "at_most": plan.pick("capacities", dice, None, 1, often=0.6),
        }
    return reps


def draw_campaign(plan: Plan, name: str, ids: Sequence[str]) -> Campaign:
    """One of `ids`, whatever the others are."""
    dice = plan.dice("campaign", name)
    then = dice.choice(["rest", *(other for other in ids if other != name)])
    finish = {"after": f"{dice.randint(1, 12)} days", "then": then}
    leaving = {"when": dice.choice(CAMPAIGN_CONDITIONS), "reason": "not_for_us"}
    some = ([TO_NURTURE[0]], [TO_NURTURE[1]], [])
    return Campaign.model_validate(
        CAMPAIGN
        | {
            "id": name,
            "status": plan.pick("stages", dice, "live", "paused", often=0.08),
            "topic": plan.pick("topics", dice, None, "product"),
            "priority": dice.randint(1, 3),
            "enroll": {
                "reasons": plan.pick("refusals", dice, list(TO_NURTURE), *some, often=0.2),
                "unready": plan.pick("stages", dice, True, False, often=0.2),
                "stages": plan.pick(
                    "stages", dice, ["inquiry", "nurture", "customer"], ["nurture"], ["inquiry"], often=0.2
                ),
                "when": plan.pick("conditions", dice, None, *CAMPAIGN_CONDITIONS, often=0.2),
                "again": plan.pick("again", dice, None, "never", "after 3 days", "after 20 days"),
            },
            "cadence": _cadence(plan, dice),
            "order": plan.pick("sequence", dice, "unseen", "sequence", often=0.7),
            "steps": [_step(plan, name, number) for number in range(plan.steps)],
            "exit": [leaving] if plan.has("exits", dice, 0.3) else [],
            "finish": finish if plan.has("finish", dice, 0.7) else None,
        }
    )


def _cadence(plan: Plan, dice: Random) -> dict[str, Any]:
    """Hours at noon, at both ends of the day, and where clocks change; all weekdays or some."""
    every = dice.choice([1, 2, 3, 5, 7, 10])
    slow = {"after": dice.randint(1, 3), "every": f"{dice.randint(every, 21)} days"}
    return {
        "every": f"{every} days",
        "days": dice.choice(["mon-sun", "mon-sun", "tue-thu", "mon", "sat-sun", "mon-fri"]),
        "hours": dice.choice(HOURS),
        **({"slow_down": slow} if plan.has("slow", dice, 0.7) else {}),
    }


def _step(plan: Plan, campaign: str, number: int) -> dict[str, Any]:
    """A mail or a survey, perhaps on a condition, later, again each cycle, in two variants."""
    dice = plan.dice("step", campaign, number)
    return {
        "id": f"s{number}",
        "survey" if plan.has("surveys", dice, 0.2) else "email": "t/mail",
        "variants": plan.pick("variants", dice, {}, {"long": "t/long", "short": "t/short"}),
        "when": plan.pick("conditions", dice, None, *STEP_CONDITIONS, often=0.3),
        "after": plan.pick("after", dice, None, "1 days", "5 days", "16 days", often=0.3),
        "repeat": plan.has("repeat", dice),
    }
