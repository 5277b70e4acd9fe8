"""`nurture score explain`: every point of a score, with its day, its signal and its rule."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

import typer

from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, out, print_json, print_table, said
from nurture.errors import UsageError
from nurture.reports.adoption import NOT_IN_FORCE
from nurture.reports.score import score_report


def explain(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The lead's address.")],
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="On another UTC day, such as 2026-03-31.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print the rows a score is the sum of, the grade's criteria, and what is missing to qualify."""
    day = _day(on)
    with opened_app() as app:
        report = score_report(app, email, app.now(), on=day)
    if as_json:
        print_json(report)
    else:
        _print(report)


def _day(word: str | None) -> date | None:
    if word is None:
        return None
    try:
        return date.fromisoformat(word)
    except ValueError as error:
        raise UsageError(f"--on: {word!r} is no date; write it like 2026-03-31") from error


def _print(report: Mapping[str, Any]) -> None:
    points = _points(report["score"])
    stands = f"grade {report['grade']}, stage {report['stage']}"
    _say(f"{report['lead']}: score {points} on {said(report['day'])} (UTC), {stands}")
    if not report["adopted"]:
        _say(NOT_IN_FORCE)
    if report["rows"]:
        rows = [
            (row["signal"], row["day"], _counted(row), row["points"], _age(row["age_days"]), f"{row['worth']:.2f}")
            for row in report["rows"]
        ]
        print_table(("signal", "day", "counted", "points", "age", "worth"), rows)
        _say(f"tomorrow, if it does nothing: {_points(report['tomorrow'])}")
    else:
        _say(f"nothing that it did in cycle {report['cycle']} counts today")
    _cycles(report)
    _missing_signals(report)
    _say("")
    _say(f"grade {report['grade']}: {report['grade_because']}")
    fit = [(_yes(row["holds"]), row["name"], _gives(row), row["because"]) for row in report["fit"]]
    print_table(("holds", "criterion", "gives", "because"), fit)
    _say("")
    _say(("qualifies: " if report["qualifies"] else "does not qualify: ") + report["because"])
    _counting(report["recount"])


def _cycles(report: Mapping[str, Any]) -> None:
    began: datetime = report["cycle_began"]
    others = [f"{row['count']} in cycle {row['cycle']}" for row in report["other_cycles"]]
    beside = f"; what it did in others counts nothing now: {', '.join(others)}" if others else ""
    _say(f"cycle {report['cycle']}, since {said(began.date())}{beside}")


def _missing_signals(report: Mapping[str, Any]) -> None:
    names = ", ".join(f"{row['signal']} ({_worth(row)})" for row in report["no_rows"])
    if names:
        _say(f"no row from: {names}")


def _worth(row: Mapping[str, Any]) -> str:
    raises = ["raises its hand"] if row["hand_raise"] else []
    return " and ".join(([f"{row['points']:+}"] if row["points"] else []) + raises) or "tells the owner"


def _counting(recount: Mapping[str, Any] | None) -> None:
    if recount is None:
        return
    _say("")
    done = f"{recount['leads_done']:,} of {recount['leads']:,} leads are done"
    if "events" not in recount["parts"]:
        _say(f"the agreement changed and all leads follow it one by one: {done}")
        return
    _say(f"the agreement changed and what leads did is being counted anew: {done}")
    for signal in recount["signals"]:
        until = f"until then what rules is: {signal['rules_now']}" if signal["rules_now"] else "it rules already"
        _say(f"  {signal['signal']} will be: {signal['will_rule']}; {until}")


def _counted(row: Mapping[str, Any]) -> str:
    return str(row["count"]) if row["count"] == row["counted"] else f"{row['counted']} of {row['count']}"


def _gives(row: Mapping[str, Any]) -> str:
    return f"grade {row['grade']}" if row["points"] is None else f"{row['points']:+}"


def _points(worth: float) -> str:
    return f"{worth:.2f}"


def _age(days: int) -> str:
    return "today" if not days else f"{days} day{'s'[: days > 1]}"


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


def _say(words: str) -> None:
    out.print(words, markup=False, soft_wrap=True)
