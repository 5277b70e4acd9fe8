"""`/h/{token}`: the rep's page for one handoff. The signed link is the only key; looking changes nothing, a POST acts.

Whoever accepts owns. A double click says the same thing twice and is heard once; the second of two reps is told what
the first one did, and keeps what was typed. Who you are is asked in each form and remembered in a cookie of this page.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from nurture.app import App
from nurture.db import transaction
from nurture.errors import Conflict, NotFound, UsageError
from nurture.flows.packet_of import packet_of
from nurture.mail.links import read_handoff
from nurture.notifiers import wording
from nurture.notifiers.packet import read_packet
from nurture.store import handoff_changes, handoff_links, handoffs
from nurture.web.body import TooLarge, read_body
from nurture.web.handoff_acts import act
from nurture.web.handoff_form import LIMIT, Said, read_form
from nurture.web.handoff_view import Loaded, view
from nurture.web.pages import message, not_found, page
from nurture.web.same_site import is_from_elsewhere

COOKIE = "nurture_rep"
_REMEMBERED = 180 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Asked:
    """How the page is asked for: what stands in its forms, who is known to look, and what is to be said on top."""

    typed: Said
    remembered: str
    saved: bool = False
    problem: str = ""
    status: int = 200


def routes(app: App) -> list[BaseRoute]:
    """The route."""

    async def rep(request: Request) -> Response:
        token, query = request.path_params["token"], request.query_params
        remembered = wording.one_line(unquote(request.cookies.get(COOKIE, "")))
        if request.method != "POST":
            typed = Said(do=query.get("open", ""), by=remembered)
            return await run_in_threadpool(_look, app, token, Asked(typed, remembered, saved="saved" in query))
        if is_from_elsewhere(request.headers, app.settings.base_url):
            return message("Nothing was done", "This form was sent from another site. Open the link yourself.", 403)
        try:
            said = read_form(await read_body(request, LIMIT))
        except TooLarge:
            said = Said()
        return await run_in_threadpool(_press, app, token, said, remembered)

    return [Route("/h/{token}", rep, methods=["GET", "POST"])]


def _look(app: App, token: str, asked: Asked) -> Response:
    now = app.now()
    handoff_id = _opened(app, token, now)
    return handoff_id if isinstance(handoff_id, Response) else _show(app, handoff_id, now, asked)


def _press(app: App, token: str, said: Said, remembered: str) -> Response:
    now = app.now()
    handoff_id = _opened(app, token, now)
    if isinstance(handoff_id, Response):
        return handoff_id
    try:
        act(app, handoff_id, said, now)
    except Conflict as conflict:
        response = _show(app, handoff_id, now, Asked(said, remembered, problem=str(conflict), status=409))
    except UsageError as mistake:
        response = _show(app, handoff_id, now, Asked(said, remembered, problem=str(mistake), status=422))
    except NotFound:
        return _gone()
    else:
        response = RedirectResponse(f"/h/{token}?saved", 303)
    if said.by:
        secure = app.settings.base_url.startswith("https://")
        response.set_cookie(
            COOKIE, quote(said.by), _REMEMBERED, path="/h/", secure=secure, httponly=True, samesite="lax"
        )  # fmt: skip
    return response


def _opened(app: App, token: str, now: datetime) -> int | Response:
    """The handoff that the link opens, or the page that says why it opens none, and nothing of anybody."""
    link = read_handoff(app.settings.secret_key, token)
    if link is None:
        return not_found("This link is not good", "It is incomplete. Open it from the message, or copy all of it.")
    with transaction(app.engine) as db:
        version = handoff_links.link_version(db, link.handoff_id)
    if version is None:
        return _gone()
    if link.opens(version, now):
        return link.handoff_id
    why = "It was revoked" if link.version != version else "It has expired"
    return message(
        "This link opens nothing any more",
        f"{why}. Whoever looks after Nurture in your company can give you a new one. Your lead is not lost.",
        410,
    )


def _show(app: App, handoff_id: int, now: datetime, asked: Asked) -> Response:
    with transaction(app.engine) as db:
        row = handoffs.one(db, handoff_id)
        if row is None:
            return _gone()
        packet = read_packet(packet_of(db, app, handoff_id, now) or {})
        loaded = Loaded(row, packet, handoffs.attempts(db, handoff_id), handoff_changes.of_handoff(db, handoff_id))
    values = {
        **view(loaded, app.book, now),
        "typed": asked.typed,
        "remembered": asked.remembered,
        "by": asked.typed.by or asked.remembered or row.owner or "",
        "problem": wording.sentence(asked.problem, 600) if asked.problem else None,
        "saved": asked.saved,
    }
    return page("handoff", values, asked.status)


def _gone() -> Response:
    return not_found("There is no such lead any more", "It may have been erased.")
