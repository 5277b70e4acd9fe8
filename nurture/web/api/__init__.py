"""`/api/…`: leads and handoffs for CRMs and other programs, and `/docs`, which describes it."""

import re
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from nurture.app import App
from nurture.web.api import handoffs, leads, reasons, reports
from nurture.web.api.document import PREFIX, describe
from nurture.web.api.gate import Gate
from nurture.web.api.guide import guide
from nurture.web.api.handlers import add_handlers


def routes(app: App) -> list[BaseRoute]:
    """The API, and the page that describes it."""
    api = make_api(app)

    async def docs(_: Request) -> Response:
        return guide(api.openapi())

    below = Mount(PREFIX, app=Gate(api, app))
    below.path_regex = re.compile(below.path_regex.pattern, re.DOTALL)  # an address with a line break is ours too
    return [Route("/docs", docs), below]


def make_api(app: App) -> FastAPI:
    """What answers the calls that pass the gate."""
    api = FastAPI(
        docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )  # fmt: skip
    api.state.nurture = app
    for resource in (leads, handoffs, reasons, reports):
        api.include_router(resource.router)
    described: dict[str, Any] = {}

    def description() -> dict[str, Any]:
        if not described:
            described.update(describe(api, app.settings.base_url))
        return described

    async def itself(_: Request) -> Response:
        return JSONResponse(description())

    api.openapi = description  # type: ignore[method-assign]
    api.add_api_route("/openapi.json", itself, include_in_schema=False)
    add_handlers(api, app.settings.base_url)
    return api
