"""`/h/{token}`: the rep's page for one handoff. The signed link is the only key; looking changes nothing, a POST acts.

Whoever accepts owns. A double click says the same thing twice and is heard once; the second of two reps is told what
the first one did. Who you are is asked in each form and remembered in a cookie of this page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast
from urllib.parse import parse_qs, quote, unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from nurture.app import App
from nurture.db import transaction
from nurture.errors import Conflict, NotFound, UsageError
from nurture.flows import follow_up
from nurture.mail.links import HandoffLink, read_handoff
from nurture.notifiers import wording
from nurture.notifiers.packet import read_packet
from nurture.store import handoff_links, handoffs, packets
from nurture.web.body import TooLarge, read_body
from nurture.web.handoff_view import view
from nurture.web.pages import not_found, page

COOKIE = "nurture_rep"
_REMEMBERED = 180 * 24 * 3600
_LIMIT = 64 * 1024
_LONGEST_NOTE = 2000
_MOST_FIELDS = 20


@dataclass(frozen=True, slots=True)
class Said:
    """What a rep said by pressing a button; empty where nothing was."""

    do: str = ""
    by: str = ""
    reason: str = ""
    note: str = ""
    kind: str = ""
    outcome: str = ""


def routes(app: App) -> list[BaseRoute]:
    """The route."""

    async def rep(request: Request) -> Response:
        token = request.path_params["token"]
        said = None
        if request.method == "POST":
            try:
                said = read_form(await read_body(request, _LIMIT))
            except TooLarge:
                said = Said()
        remembered = wording.one_line(unquote(request.cookies.get(COOKIE, "")))
        return await run_in_threadpool(_answer, app, token, said, remembered, "saved" in request.query_params)

    return [Route("/h/{token}", rep, methods=["GET", "POST"])]


def read_form(body: bytes) -> Said:
    """The fields of a urlencoded form; what is not there is empty, what is too long is cut."""
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS)
    except ValueError:
        return Said()
    first = {name: values[0].strip().replace("\x00", "") for name, values in fields.items()}
    return Said(
        do=first.get("do", ""),
        by=wording.one_line(first.get("by", "")),
        reason=first.get("reason", ""),
        note=first.get("note", "")[:_LONGEST_NOTE],
        kind=first.get("kind", ""),
        outcome=first.get("outcome", ""),
    )


def _answer(app: App, token: str, said: Said | None, remembered: str, saved: bool) -> Response:
    now = app.now()
    link = read_handoff(app.settings.secret_key, token)
    if link is None or not _opens(app, link, now):
        return not_found("This link is not good", "It is incomplete, or it has expired. Ask for the lead by its name.")
    handoff_id = link.handoff_id
    if said is None:
        return _show(app, handoff_id, now, Said(by=remembered), saved=saved)
    try:
        _act(app, handoff_id, said, now)
    except Conflict as conflict:
        response = _show(app, handoff_id, now, said, status=409, problem=str(conflict))
    except UsageError as mistake:
        response = _show(app, handoff_id, now, said, status=422, problem=str(mistake))
    except NotFound:
        return _gone()
    else:
        response = RedirectResponse(f"/h/{token}?saved", 303)
    if said.by:
        secure = app.settings.base_url.startswith("https://")
        response.set_cookie(COOKIE, quote(said.by), _REMEMBERED, path="/h/", secure=secure, httponly=True)
    return response


def _opens(app: App, link: HandoffLink, now: datetime) -> bool:
    with transaction(app.engine) as db:
        version = handoff_links.link_version(db, link.handoff_id)
    return version is not None and link.opens(version, now)


def _act(app: App, handoff_id: int, said: Said, now: datetime) -> None:
    act = _ACTS.get(said.do)
    if act is None:
        raise UsageError("choose what to do")
    act(app, handoff_id, said, now)


def _accept(app: App, handoff_id: int, said: Said, now: datetime) -> None:
    follow_up.accept(app, handoff_id, by=said.by, now=now)


def _reject(app: App, handoff_id: int, said: Said, now: datetime) -> None:
    if not said.reason:
        raise UsageError("choose a reason; marketing learns from it")
    follow_up.reject(app, handoff_id, reason=said.reason, note=said.note, by=said.by, now=now)


def _attempt(app: App, handoff_id: int, said: Said, now: datetime) -> None:
    kind = cast(Literal["call", "mail", "meeting"], said.kind)
    outcome = cast(Literal["reached", "not_reached"], said.outcome)
    follow_up.attempt(app, handoff_id, kind=kind, outcome=outcome, note=said.note, by=said.by, now=now)


def _outcome(app: App, handoff_id: int, said: Said, now: datetime) -> None:
    state = cast(Literal["qualified", "won", "lost"], said.do)
    follow_up.outcome(
        app, handoff_id, state=state, reason=said.reason or None, note=said.note, by=said.by, now=now
    )  # fmt: skip


_ACTS: Mapping[str, Callable[[App, int, Said, datetime], None]] = {
    "accept": _accept,
    "reject": _reject,
    "attempt": _attempt,
    "qualified": _outcome,
    "won": _outcome,
    "lost": _outcome,
}


def _show(
    app: App,
    handoff_id: int,
    now: datetime,
    said: Said,
    *,
    status: int = 200,
    problem: str | None = None,
    saved: bool = False,
) -> Response:
    with transaction(app.engine) as db:
        row = handoffs.one(db, handoff_id)
        if row is None:
            return _gone()
        packet = read_packet(packets.packet(db, handoff_id))
        attempts = handoffs.attempts(db, handoff_id)
    shown = view(packet, row, attempts, app.book, now)
    by = said.by or row.owner or ""
    sentence = wording.sentence(problem, 500) if problem else None
    return page("handoff", {**shown, "typed": said, "by": by, "problem": sentence, "saved": saved}, status)


def _gone() -> Response:
    return not_found("There is no such lead any more", "It may have been erased.")
