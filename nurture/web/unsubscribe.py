"""`/u/{token}`: leave. A GET shows a button; only a POST acts, from the page or as one click (RFC 8058).

A mail provider's one click is a POST without cookies and with whatever body; the token says all. So every POST with a
good token unsubscribes from all mail, twice as well as once, and is answered 200 without a redirect. Taking it back is
a POST elsewhere (`/p/{token}`): no POST here can mean anything but to leave.

That the page was opened is noted as a hit on the mail: scanners open it beside the other links, which gives them away.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from nurture.app import App
from nurture.flows.suppress import unsubscribe
from nurture.mail.links import TEST, MailOfLead, read_unsubscribe
from nurture.rules.bots import LEAVE
from nurture.web.body import TooLarge, read_body
from nurture.web.lead_pages import LeadPages
from nurture.web.noting import note

_LIMIT = 64 * 1024
_ONE_CLICK = b"List-Unsubscribe"


def routes(app: App) -> list[BaseRoute]:
    """The route."""
    secret, pages = app.settings.secret_key, LeadPages(app)

    async def leave(request: Request) -> Response:
        mail = read_unsubscribe(secret, request.path_params["token"])
        if mail is None:
            return pages.message(await pages.visitor(request), "page.incomplete", 404)
        if mail.delivery_id == TEST:
            return pages.message(await pages.visitor(request), "page.test")
        is_post = request.method == "POST"
        if is_post:
            how = "one click" if await _is_one_click(request) else "page"
            await run_in_threadpool(_unsubscribe, app, mail, how)
        else:
            await note(app, request, "look", mail.delivery_id, page=LEAVE)
        visitor = await pages.visitor(request, mail.lead_id)
        url = pages.preferences_url(mail)
        return pages.page(visitor, "unsubscribe", {"state": "done" if is_post else "ask", "preferences_url": url})

    return [Route("/u/{token}", pages.guarded(leave), methods=["GET", "HEAD", "POST"])]


async def _is_one_click(request: Request) -> bool:
    """Whether a mail program asks. Whoever posts wants to leave, so nothing about the body is held against it."""
    try:
        return _ONE_CLICK in await read_body(request, _LIMIT)
    except (TooLarge, ClientDisconnect):
        return False


def _unsubscribe(app: App, mail: MailOfLead, how: str) -> None:
    unsubscribe(app, lead_id=mail.lead_id, delivery_id=mail.delivery_id, how=how, now=app.now())
