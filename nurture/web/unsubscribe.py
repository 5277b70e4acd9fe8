"""`/u/{token}`: leave. A GET shows a button; only a POST acts, from the page or as one click (RFC 8058).

A mail provider's one click is a POST without cookies and with whatever body; the token says all. So every POST with a
good token unsubscribes, twice as well as once, and is answered 200 without a redirect.

That the page was opened is noted as a hit on the mail: scanners open it beside the other links, which gives them away.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from nurture.app import App
from nurture.flows.suppress import unsubscribe
from nurture.mail.links import MailOfLead, read_unsubscribe
from nurture.rules.bots import LEAVE
from nurture.web.body import TooLarge, read_body
from nurture.web.noting import note
from nurture.web.pages import not_found, page

_LIMIT = 64 * 1024
_ONE_CLICK = b"List-Unsubscribe"


def routes(app: App) -> list[BaseRoute]:
    """The route."""
    secret = app.settings.secret_key

    async def leave(request: Request) -> Response:
        mail = read_unsubscribe(secret, request.path_params["token"])
        if mail is None:
            return not_found("This link is not complete", "Please copy the whole link out of your mail and try again.")
        company = app.agreement.company
        if request.method != "POST":
            await note(app, request, "look", mail.delivery_id, page=LEAVE)
            return page("unsubscribe", {"company": company, "done": False})
        try:
            one_click = _ONE_CLICK in await read_body(request, _LIMIT)
        except TooLarge:
            one_click = False
        await run_in_threadpool(_unsubscribe, app, mail, "one click" if one_click else "page")
        return page("unsubscribe", {"company": company, "done": True})

    return [Route("/u/{token}", leave, methods=["GET", "HEAD", "POST"])]


def _unsubscribe(app: App, mail: MailOfLead, how: str) -> None:
    unsubscribe(app, lead_id=mail.lead_id, delivery_id=mail.delivery_id, how=how, now=app.now())
