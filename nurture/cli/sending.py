"""`nurture deliveries sending`: whether mail leaves, why not, what waits; and to stop it, and let it go on."""

from typing import Annotated, Any

import typer

from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, out, print_json, print_table
from nurture.errors import UsageError
from nurture.flows.sending_state import SendingState, pause_sending, resume_sending, sending_state
from nurture.reports import came_back

_SAID = {
    "sending": "mail leaves as it comes due",
    "resting": "nothing leaves: the mail server is left alone for a while",
    "trying": "a few mails find out whether the mail server takes them again",
    "paused": "nothing leaves: it was paused by hand",
    "astray": "nothing leaves: this database is a copy; `nurture db adopt`, once its original sends no more",
}


def sending(
    pause: Annotated[str | None, typer.Option(metavar="WHY", help="Let no mail leave until --resume; say why.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Let mail leave again, at once.")] = False,
    as_json: Json = False,
) -> None:
    """Say whether mail leaves, why not, and what waits; pause it, or let it go on."""
    if pause is not None and resume:
        raise UsageError("--pause and --resume: one of them")
    with opened_app() as app:
        if pause is not None:
            pause_sending(app, pause)
        if resume:
            resume_sending(app)
        state = sending_state(app, app.now())
        reported = came_back.lately(app, app.now())
    if as_json:
        print_json({**_document(state), "reported": reported})
        return
    out.print(f"{state.state}: {_SAID[state.state]}", markup=False)
    print_table(("", ""), [*_rows(state), *((f"reported in the last day: {of}", n) for of, n in reported.items())])


def _document(state: SendingState) -> dict[str, Any]:
    backlog, warm_up = state.backlog, state.warm_up
    return {
        "mailer": state.mailer,
        "provider": state.provider,
        "state": state.state,
        "why": state.why,
        "since": state.since,
        "until": state.until,
        "waiting": backlog.waiting,
        "queued": backlog.queued,
        "unknown": backlog.unknown,
        "sent": {"last_minute": backlog.last_minute, "last_hour": backlog.last_hour},
        "per_second": state.per_second,
        "warm_up": warm_up and {"day": warm_up[0], "most": warm_up[1], "sent": warm_up[2]},
    }


def _rows(state: SendingState) -> list[tuple[str, object]]:
    backlog = state.backlog
    rows: list[tuple[str, object]] = [("provider", state.provider)]
    if state.why:
        rows += [("why", state.why), ("since", state.since)]
    if state.until:
        rows += [("tried again", state.until)]
    rows += [
        ("due and waiting", backlog.waiting),
        ("queued in all", backlog.queued),
        ("sent in the last minute", backlog.last_minute),
        ("sent in the last hour", backlog.last_hour),
        ("unknown", backlog.unknown),
        ("at most a second", state.per_second or "no limit"),
    ]
    if state.warm_up:
        day, most, sent = state.warm_up
        rows.append((f"warm-up, {day.isoformat()}", f"{sent} of {most} sent"))
    return rows
