"""`nurture score …`: every point, with its day, its signal and its rule."""

from typing import Annotated

import typer

from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, out, print_json, print_table
from nurture.db import transaction
from nurture.errors import NotFound
from nurture.facts import MICRO
from nurture.rules import grading, qualification, scoring
from nurture.rules.known import known
from nurture.store import leads
from nurture.store.states import states

score = typer.Typer(help="Scores that explain themselves.", no_args_is_help=True)


@score.command("explain")
def explain(email: Annotated[str, typer.Argument(help="The lead.")], as_json: Json = False) -> None:
    """Print the rows a score is the sum of, the grade's criteria, and what is missing to qualify."""
    with opened_app() as app:
        now = app.now()
        with transaction(app.engine) as db:
            lead_id = leads.id_of(db, email)
            if lead_id is None:
                raise NotFound(f"no lead with the address {email}")
            (state,) = states(db, app.book, [lead_id], now)
    scored = scoring.score(app.agreement, state.counts, now.date())
    graded = grading.grade(app.agreement, known(app.book, state, now))
    decision = qualification.decide(app.agreement, graded, scored, hand_raise=None, barred=False)
    because = (
        decision.because if not decision.missing else f"{decision.because}; missing: {'; '.join(decision.missing)}"
    )
    names = ("signal", "day", "count", "counted", "points", "age_days")
    rows = [{**{name: getattr(row, name) for name in names}, "worth": row.worth / MICRO} for row in scored.rows]
    fit = [{"name": row.name, "points": row.points, "holds": row.holds} for row in graded.rows]
    if as_json:
        print_json(
            {
                "lead": state.profile.email,
                "day": scored.day,
                "score": scored.micro / MICRO,
                "rows": rows,
                "grade": graded.grade,
                "fit": fit,
                "qualifies": decision.qualifies,
                "because": because,
            }
        )
        return
    out.print(
        f"{state.profile.email}: score {scored.micro / MICRO:.2f} on {scored.day} (UTC), cycle {state.cycle}",
        markup=False,
    )
    print_table((*names, "worth"), [list(row.values()) for row in rows])
    out.print(f"grade {graded.grade}, {graded.points} points", markup=False)
    print_table(("criterion", "points", "holds"), [list(line.values()) for line in fit])
    out.print(("qualifies: " if decision.qualifies else "does not qualify: ") + because, markup=False)
