"""`nurture queue`: what waits, what went no further by itself and why; and to try it again."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from nurture.app import App
from nurture.cli.courier import CourierAway, ask_again, jobs
from nurture.cli.opening import opened_app
from nurture.cli.printing import Json, err, out, print_json, print_table
from nurture.db import transaction
from nurture.errors import Conflict, NotFound, NurtureError, UsageError
from nurture.flows.retry import FIND_OUT, retry
from nurture.grammar.mistakes import did_you_mean
from nurture.store import stuck as store
from nurture.store.health import MOST

JOB = "job"
KINDS = (*store.KINDS, JOB)

queue = typer.Typer(help="What waits, what is stuck and why; try it again.", invoke_without_command=True)

Kind = Annotated[str | None, typer.Option("--kind", help=f"Only of this kind: {', '.join(KINDS)}.")]


@queue.callback()
def list_(
    context: typer.Context,
    kind: Kind = None,
    most: Annotated[int, typer.Option(min=1, help="At most so many of each kind.")] = 100,
    as_json: Json = False,
) -> None:
    """List what waits, and what is stuck. Exit status 1 where something is that can be tried again."""
    if context.invoked_subcommand is not None:
        return
    kinds = KINDS if kind is None else (_known(kind),)
    with opened_app() as app:
        now = app.now()
        with transaction(app.engine) as db:
            waits = [one for one in store.waiting(db, now) if one.kind in kinds or kind is None]
            found = [_row(one) for one in store.stuck(db, now, [one for one in kinds if one != JOB], most=most)]
        waiting_jobs, dead = _jobs(app) if JOB in kinds else (None, [])
    found += dead
    if as_json:
        due = [{**asdict(one), "age_seconds": _age(one.oldest_at, now)} for one in waits]
        print_json({"waiting": due, "jobs_waiting": waiting_jobs, "stuck": found})
    else:
        _print(waits, waiting_jobs, found, now)
    if any(one["may_retry"] for one in found):
        raise typer.Exit(1)


@queue.command("show")
def show(
    what: Annotated[str, typer.Argument(metavar="ID", help="Such as `notice:45`.")], as_json: Json = False
) -> None:
    """Show one thing with all that is known of why it is stuck."""
    kind, name = _parsed(what)
    with opened_app() as app:
        found = _found(app, kind, name)
    if found is None:
        raise NotFound(f"{what} is not stuck: `nurture queue` has what is")
    if as_json:
        print_json(found)
        return
    print_table(("", ""), [(name, value) for name, value in found.items() if name != "trace" and value is not None])
    if found.get("trace"):
        out.print(found["trace"], markup=False, highlight=False, soft_wrap=True)


@queue.command("retry")
def retry_(
    what: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Such as `notice:45 job:crm`.")] = None,
    kind: Kind = None,
    all_: Annotated[
        bool, typer.Option("--all", help="All that can be tried again, of a kind or of every one.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Try again, once you have mended why; what may have arrived is not sent again. Exit status 1 if one cannot be."""
    if bool(what) == (kind is not None or all_):
        raise UsageError("name what to try again, such as notice:45; or say --kind KIND, or --all")
    if kind is not None:
        _known(kind)
    refused: dict[str, str] = {}
    with opened_app() as app:
        wanted = [_parsed(one) for one in what or ()] or list(_all(app, kind))
        tried = [f"{of}:{name}" for of, name in wanted if not _refused(app, of, name, refused)]
    if as_json:
        print_json({"tried": tried, "refused": [{"id": id_, "because": why} for id_, why in refused.items()]})
    else:
        for why in refused.values():
            err.print(why, markup=False, soft_wrap=True)
        out.print("nothing is tried again" if not tried else f"tried again: {', '.join(tried)}", soft_wrap=True)
    if refused:
        raise typer.Exit(1)


def _known(kind: str) -> str:
    if kind not in KINDS:
        hint = did_you_mean(kind, KINDS)
        raise UsageError(f"no kind {kind!r}; there are {', '.join(KINDS)}{f' ({hint})' if hint else ''}")
    return kind


def _parsed(what: str) -> tuple[str, str]:
    kind, colon, name = what.partition(":")
    if not colon or not name or (kind != JOB and not name.isdigit()):
        raise UsageError(f"{what!r} is no id; an id is such as notice:45 or job:crm, as `nurture queue` shows it")
    return _known(kind), name


def _found(app: App, kind: str, name: str) -> dict[str, Any] | None:
    if kind == JOB:
        return next((one for one in _dead(app) if one["id"] == f"{JOB}:{name}"), None)
    with transaction(app.engine) as db:
        found = store.find(db, kind, int(name), app.now())
    return None if found is None else _row(found)


def _all(app: App, kind: str | None) -> Iterator[tuple[str, str]]:
    """What can be tried again, of this kind or of each."""
    kinds = [one for one in store.KINDS if kind in (None, one)]
    with transaction(app.engine) as db:
        found = [one for one in store.stuck(db, app.now(), kinds, most=MOST) if one.may_retry]
    yield from ((one.kind, str(one.number)) for one in found)
    if kind in (None, JOB):
        yield from ((JOB, one["id"].partition(":")[2]) for one in _jobs(app)[1])


def _refused(app: App, kind: str, name: str, refused: dict[str, str]) -> bool:
    """Try one again; notes and says where that cannot be."""
    try:
        if kind == JOB:
            ask_again(app, [name])
        else:
            retry(app, kind, int(name), now=app.now())
    except (NotFound, Conflict, CourierAway) as error:
        refused[f"{kind}:{name}"] = str(error)
        return True
    return False


def _jobs(app: App) -> tuple[int | None, list[dict[str, Any]]]:
    """Jobs that wait and jobs that failed; of a courier that is away it is only said that it is."""
    try:
        said = jobs(app)
    except NurtureError as error:
        err.print(f"nurture: jobs cannot be shown: {error}", markup=False, soft_wrap=True)
        return None, []
    return said["waiting"], [_dead_row(one) for one in said["dead"]]


def _dead(app: App) -> list[dict[str, Any]]:
    return [_dead_row(one) for one in jobs(app)["dead"]]


def _dead_row(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{JOB}:{one['kind']}", "kind": JOB, "state": "failed", "reason": one["because"], "since": one["since"],
        "again_at": None, "tries": one["count"], "lead": None, "about": f"last {one['last_at']:%d %b %H:%M} UTC",
        "may_retry": True, "do": None, "trace": one["trace"],
    }  # fmt: skip


def _row(one: store.Stuck) -> dict[str, Any]:
    shown = {"id": one.id, **asdict(one)}
    number = shown.pop("number")
    return {**shown, "do": FIND_OUT[one.kind].format(number=number) if one.state == "unknown" else None}


def _age(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else max(0.0, (now - at).total_seconds())


def _print(
    waits: Sequence[store.Waits], waiting_jobs: int | None, found: Sequence[dict[str, Any]], now: datetime
) -> None:
    rows = [
        (one.kind, f"{one.count}{' or more' if one.count >= MOST else ''}", one.oldest_at, _since(one.oldest_at, now))
        for one in waits
    ]
    if waiting_jobs:
        rows.append((JOB, str(waiting_jobs), None, "–"))
    if rows:
        print_table(("waits", "how many", "oldest due", "for"), rows)
    else:
        out.print("nothing is due")
    out.print()
    if not found:
        out.print("nothing is stuck")
        return
    columns = ("id", "state", "lead", "about", "since", "again_at", "reason")
    print_table(columns, [[row[name] for name in columns] for row in found])
    for say in dict.fromkeys(_advice(found)):
        out.print(say, markup=False, soft_wrap=True)


def _advice(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    if any(row["may_retry"] for row in found):
        yield "try again what you have mended: `nurture queue retry ID…`, `--kind KIND` or `--all`"
    for row in found:
        if row["do"]:
            yield f"{row['id']}: {row['do']}"


def _since(at: datetime | None, now: datetime) -> str:
    seconds = _age(at, now) or 0.0
    for length, word in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds / length:.0f} {word}"
    return f"{seconds:.0f} s"
