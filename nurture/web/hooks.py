"""`POST /hooks/{provider}`: what providers report. Checked, read, committed, and only then answered 200.

The signature or secret is checked before anything is made of the body; where nothing is set to check it with, there is
no such page. Whatever is answered but 200 makes the provider try again, which is what it should do where we failed.
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from nurture.app import App, real_clock
from nurture.db import is_away, transaction
from nurture.flows.take_reports import take_reports
from nurture.mailers.payload import Unreadable
from nurture.mailers.webhooks import WEBHOOKS, Webhook
from nurture.messages import ProviderEvent
from nurture.store import reports
from nurture.web.body import TooLarge, read_body

RETRY_AFTER = "30"

log = logging.getLogger(__name__)


def routes(app: App, webhooks: Mapping[str, Webhook] = WEBHOOKS) -> list[BaseRoute]:
    """The route."""

    async def take(request: Request) -> Response:
        provider = request.path_params["provider"]
        webhook, secret = webhooks.get(provider), app.settings.mail.webhook_secrets.get(provider)
        if webhook is None or not secret:
            return _said(404, "there is no such hook, or no secret is set for it")
        if webhook.by_headers and not webhook.verify(request.headers, b"", secret, real_clock()):
            return _refused(provider)
        try:
            body = await read_body(request, webhook.limit)
        except TooLarge:
            return _said(413, f"a call has at most {webhook.limit} octets", {"connection": "close"})
        except ClientDisconnect:
            return _said(400, "the body was cut off")
        return await run_in_threadpool(_take, app, provider, webhook, secret, request.headers, body)

    return [Route("/hooks/{provider}", take, methods=["POST"])]


def _take(
    app: App, provider: str, webhook: Webhook, secret: str, headers: Mapping[str, str], body: bytes
) -> Response:  # fmt: skip
    """Whatever goes wrong is an answer; nothing of a body gets into the log."""
    content_type = headers.get("content-type", "")
    try:
        if not webhook.by_headers and not webhook.verify(headers, body, secret, real_clock()):
            return _refused(provider)
        events = webhook.read(body, content_type, headers)
        token = webhook.token(body, content_type) if webhook.token is not None else None
        if token is not None and not _use(app, provider, token, events):
            return _refused(provider)
        take_reports(app, events, app.now())
        _confirm(provider, webhook, body)
    except Unreadable as error:
        log.warning("a report cannot be read", extra={"provider": provider, "because": str(error)})
        return _said(400, str(error))
    except OSError as error:
        log.warning("a report cannot be checked", extra={"provider": provider, "because": str(error)})
        return _later()
    except Exception as error:
        if is_away(error):
            log.warning("a report cannot be stored: %s", type(error).__name__, extra={"provider": provider})
            return _later()
        log.exception("a report cannot be taken in", extra={"provider": provider})
        return _said(500, "the mistake is ours and has been noted; please try again")
    return _said(200, "taken")


def _use(app: App, provider: str, token: str, events: Sequence[ProviderEvent]) -> bool:
    """Use up what a call was signed with: said again it is fine, to say anything else it is not."""
    content = sorted(
        f"{one.once or one.event_id} {one.type} {one.recipient} {one.delivery} {one.message_id}" for one in events
    )
    digest = hashlib.sha256(orjson.dumps(content)).digest()
    with transaction(app.engine) as db:
        return reports.use_token(db, f"{provider} {token}", digest, app.now())


def _confirm(provider: str, webhook: Webhook, body: bytes) -> None:
    """Visit what confirms that we want to be called, of a call that was checked."""
    url = webhook.confirm(body) if webhook.confirm is not None else None
    if url is not None:
        webhook.visit(url)
        log.info("a subscription was confirmed", extra={"provider": provider})


def _refused(provider: str) -> Response:
    log.warning("a call to a hook was not signed, or not in time", extra={"provider": provider})
    return _said(401, "the signature or password is not right, or too old", {"www-authenticate": "Basic"})


def _later() -> Response:
    return _said(503, "please try again", {"retry-after": RETRY_AFTER})


def _said(status: int, words: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(words + "\n", status, dict(headers or {}), media_type="text/plain")
