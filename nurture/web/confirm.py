"""`/y/{token}`: the link in the mail that asks whether a form was yours. A GET shows a button; the POST is yes."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from nurture.app import App
from nurture.db import transaction
from nurture.flows.confirm import confirm
from nurture.flows.hit import hidden
from nurture.mail.confirm_links import read_confirm
from nurture.store import confirmations
from nurture.web.lead_pages import LeadPages, Visitor

_LONGEST_AGENT = 500


def routes(app: App) -> list[BaseRoute]:
    """The route."""
    secret, pages = app.settings.secret_key, LeadPages(app)

    async def say_yes(request: Request) -> Response:
        asked_id = read_confirm(secret, request.path_params["token"])
        if asked_id is None:
            return pages.message(await pages.visitor(request), "page.incomplete", 404)
        return await run_in_threadpool(_answer, app, pages, request, asked_id)

    return [Route("/y/{token}", pages.guarded(say_yes), methods=["GET", "HEAD", "POST"])]


def _answer(app: App, pages: LeadPages, request: Request, asked_id: int) -> Response:
    now = app.now()
    if request.method == "POST":
        _confirm(app, request, asked_id, now)
    with transaction(app.engine) as db:
        asked = confirmations.one(db, asked_id)
    visitor: Visitor = pages.speaking(request, None)
    if asked is None or asked.lead_id is None:
        return pages.message(visitor, "page.unknown", 404)
    if asked.confirmed_at is None and asked.expires_at <= now:
        return pages.message(visitor, "confirm.late", 410)
    return pages.page(visitor, "confirm", _values(asked))


def _values(asked: Row[Any]) -> dict[str, Any]:
    return {"state": "ask" if asked.confirmed_at is None else "done", "wording": asked.wording}


def _confirm(app: App, request: Request, asked_id: int, now: datetime) -> None:
    agent = request.headers.get("user-agent", "")[:_LONGEST_AGENT].replace("\x00", "") or None
    address = hidden(app, request.client.host) if request.client else None
    confirm(app, asked_id, address_hash=address, agent=agent, now=now)
