"""`/healthz`: this process is alive. `/readyz`: it can do its work, or says why not."""

from functools import lru_cache

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from nurture.app import App
from nurture.store import migrate


def routes(app: App) -> list[BaseRoute]:
    """Both routes."""

    async def alive(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_: Request) -> Response:
        why_not = await run_in_threadpool(what_is_missing, app)
        return PlainTextResponse(f"{why_not or 'ok'}\n", 503 if why_not else 200)

    return [Route("/healthz", alive), Route("/readyz", ready)]


def what_is_missing(app: App) -> str | None:
    """Why this process cannot work now; None: it can."""
    try:
        with app.engine.connect() as connection:
            connection.execute(text("SET LOCAL statement_timeout = '5s'"))
            revision = migrate.revision(connection)
    except SQLAlchemyError:
        return "the database cannot be reached"
    if revision != _newest():
        return f"the database is at {revision or 'nothing'}, this version needs {_newest()}: run `nurture db upgrade`"
    return None


@lru_cache(maxsize=1)
def _newest() -> str | None:
    return migrate.newest()
