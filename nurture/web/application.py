"""Every route in one application."""

import logging
from importlib.resources import files

from fastapi import FastAPI
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from nurture.app import App
from nurture.flows.beat import Beat
from nurture.web import (
    answers,
    api,
    confirm,
    front,
    handoff,
    health,
    hooks,
    metrics,
    new_address,
    preferences,
    tracker,
    tracking,
    unsubscribe,
)
from nurture.web.counting import Counted
from nurture.web.ingest import Events, Intake
from nurture.web.pages import message
from nurture.web.security import SecurityHeaders

log = logging.getLogger(__name__)


def make_web(app: App) -> FastAPI:
    """The ASGI application. It starts nothing and owns nothing: `app` outlives it."""
    beat = Beat(app, "web")
    web = FastAPI(title="Nurture", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    for_leads = (unsubscribe, preferences, new_address, confirm, answers)
    for part in (tracker, tracking, *for_leads, handoff, hooks, health, front, api):
        web.router.routes.extend(part.routes(app))
    web.router.routes.extend(metrics.routes(app, beat))
    web.state.beat = beat  # whoever runs this process has it beat, see workers.web
    web.mount("/static", StaticFiles(directory=str(files("nurture.web") / "static")), name="static")
    web.add_middleware(SecurityHeaders)
    web.add_middleware(Counted, meters=app.meters, routes=web.router.routes)
    web.state.intake = Intake(app)  # also what a protocol hands events to, past ASGI: see workers.straight
    web.add_middleware(Events, nurture=app, intake=web.state.intake)
    web.add_exception_handler(HTTPException, _said_no)
    for error in (OperationalError, InterfaceError, PoolTimeout):
        web.add_exception_handler(error, _no_database)
    web.add_exception_handler(Exception, _broken)
    return web


async def _said_no(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    if error.status_code == 404:
        return message("There is no such page", "Please check the link.", 404)
    return message("That does not work here", f"{error.detail}.", error.status_code, error.headers)


async def _no_database(_: Request, error: Exception) -> Response:
    log.warning("a page could not be served: %s", type(error).__name__)
    text = "Nothing was changed. Please try again in a minute."
    return message("This does not work at the moment", text, 503, {"retry-after": "30"})


async def _broken(_: Request, __: Exception) -> Response:
    text = "The mistake is ours and has been noted. Please try again later."
    return message("Something went wrong", text, 500)
