"""The web process: the HTTP face under uvicorn, on the port that the PaaS says."""

import uvicorn

from nurture.web.application import make_web
from workers import process


def run() -> None:
    """Serve until SIGTERM."""
    settings = process.settings()
    uvicorn.run(
        make_web(process.app()),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        proxy_headers=True,
        forwarded_allow_ips="*",
        server_header=False,
        timeout_graceful_shutdown=20,
    )


if __name__ == "__main__":
    run()
