"""`/`: whether it runs, for everybody; how many and what is open, for who holds the API key. The console grows here."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from nurture.app import App
from nurture.db import transaction
from nurture.facts import MICRO, STAGES
from nurture.flows.sending_state import sending_state
from nurture.flows.tell import handoff_url
from nurture.notifiers.reading import reader_of
from nurture.store import overview
from nurture.web import handoff_clock
from nurture.web.handoff_clock import near
from nurture.web.keys import LookingKeys
from nurture.web.pages import message, page

_CHALLENGE = {"www-authenticate": 'Basic realm="Nurture", charset="UTF-8"'}
_MOST = 100


def routes(app: App) -> list[BaseRoute]:
    """The front page, and where a browser is asked for the key."""
    keys = LookingKeys(app.settings.api_keys)

    def is_known(request: Request) -> bool:
        return keys.shown(request.headers.get("authorization", ""))

    async def front(request: Request) -> Response:
        if is_known(request):
            return await run_in_threadpool(_overview, app)
        return page("front", {"company": app.agreement.company, "can_sign_in": bool(app.settings.api_key)})

    async def sign_in(request: Request) -> Response:
        if is_known(request):
            return RedirectResponse("/", 303)
        return message("Sign in", "Use the API key as the password; any name will do.", 401, _CHALLENGE)

    return [Route("/", front), Route("/sign-in", sign_in)]


def _overview(app: App) -> Response:
    now, zone = app.now(), ZoneInfo(app.agreement.sla.hours.timezone)
    with transaction(app.engine) as db:
        stages = overview.leads_by_stage(db)
        enrolled = overview.enrolled_by_campaign(db)
        handoffs = overview.open_handoffs(db, _MOST)
        glance = overview.handoffs_at_a_glance(db, now)
    mail = sending_state(app, now)
    campaigns = [
        (campaign.name, campaign.status, enrolled.get(campaign.id, 0)) for campaign in app.book.campaigns.values()
    ]
    return page(
        "overview",
        {
            "company": app.agreement.company,
            "stages": [(stage, stages.get(stage, 0)) for stage in STAGES],
            "mail": mail,
            "campaigns": campaigns,
            "handoffs": [_handoff(app, row, now) for row in handoffs],
            "glance": glance,
            "now": now,
            "zone": zone,
            "near": lambda at: near(at, now, zone),
            "reader": reader_of(app.agreement),
        },
    )


def _handoff(app: App, row: Row[Any], now: datetime) -> dict[str, object]:
    owed = handoff_clock.owed(row, row.made, app.book.agreement.sla, now)
    return {
        "row": row,
        "name": " ".join(filter(None, (row.first_name, row.last_name))) or row.email,
        "score": row.score_micro / MICRO,
        "due": owed[0] if owed else None,
        "url": handoff_url(app, row.id, now, version=row.link_version),
    }
