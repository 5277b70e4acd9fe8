"""`nurture events rejected`: what clients sent and were thanked for, and nothing could be made of."""

from typing import Annotated, Any

import orjson
import typer
from sqlalchemy import Row

from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, out, print_json, print_table
from nurture.cli.since import begin_of
from nurture.db import transaction
from nurture.store import rejected_events as store

_SHOWN = 160
"""Characters of an event that a person is shown; `--json` has what is kept."""


def rejected(
    since: Annotated[str, typer.Option(metavar="DATE|TIME|DURATION", help="From when on.")] = "7 days",
    limit: Annotated[int, typer.Option(min=1, help="At most so many events, the newest.")] = 20,
    as_json: Json = False,
) -> None:
    """List events that were taken with 200 and are of no use: how many for which reason, then the newest of them.

    They hold what the client sent, personal data included, but for secrets. The clock drops them after 30 days.
    """
    with opened_app() as app:
        begin = begin_of(since, app.now(), app.agreement.company.timezone)
        with transaction(app.engine) as db:
            counts, kept = store.summary(db, begin), store.listed(db, begin, limit)
    if as_json:
        print_json(
            {"since": begin, "reasons": [_reason(row) for row in counts], "events": [_event(row) for row in kept]}
        )
        return
    if not counts:
        out.print(f"no event was rejected since {begin:%d %b %Y}")
        return
    print_table(("events", "source", "reason", "last"), [(r.count, r.source, r.reason, r.last_day) for r in counts])
    out.print()
    print_table(("at", "source", "reason", "event"), [(r.at, r.source, r.reason, _short(r.body)) for r in kept])


def _reason(row: Row[Any]) -> dict[str, Any]:
    return {"source": row.source, "reason": row.reason, "count": row.count, "last_day": row.last_day}


def _event(row: Row[Any]) -> dict[str, Any]:
    """The copy as the JSON that it is, or as text where it was cut off."""
    try:
        body = orjson.loads(row.body)
    except ValueError:
        body = row.body
    names = ("at", "source", "reason", "message_id")
    return {**{name: getattr(row, name) for name in names}, "event": body}


def _short(body: str) -> str:
    return body if len(body) <= _SHOWN else body[: _SHOWN - 1] + "…"
