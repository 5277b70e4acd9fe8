"""The web process: the HTTP face under uvicorn, on the port that the PaaS says, in WEB_CONCURRENCY processes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from nurture.interpreter import settle_in
from nurture.rules import bots_agents
from nurture.web.application import make_web
from workers import process
from workers.beating import Beating
from workers.stopping import leave_in_time
from workers.straight import StraightProtocol

ANSWERS_WITHIN = 20
"""Seconds after SIGTERM for requests that are under way; then they are cut."""
LEAVES_WITHIN = 2.0
"""Seconds for what then is left to do."""
STARTS_WITHIN = 60
"""Seconds until a process that says nothing is taken for dead and replaced; on a small dyno a start takes its time."""


def application() -> FastAPI:
    """The application of one web process."""
    web = make_web(process.app())
    web.router.lifespan_context = _beating
    bots_agents.get_ready()  # the list of crawlers takes a tenth of a second, which no client should wait for
    settle_in()
    return web


@asynccontextmanager
async def _beating(web: FastAPI) -> AsyncIterator[None]:
    beats = Beating(web.state.beat).start()
    yield
    leave_in_time(LEAVES_WITHIN)  # all requests have had their answer, or their time
    await run_in_threadpool(beats.stop)


def run() -> None:
    """Serve until SIGTERM."""
    settings = process.settings()
    uvicorn.run(
        "workers.web:application",
        http=StraightProtocol,
        factory=True,
        workers=settings.web_concurrency,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        proxy_headers=True,
        forwarded_allow_ips="*",
        server_header=False,
        timeout_graceful_shutdown=ANSWERS_WITHIN,
        timeout_worker_healthcheck=STARTS_WITHIN,
    )


if __name__ == "__main__":
    run()
