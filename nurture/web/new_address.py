"""`/e/{token}`: the link in the mail to a new address. A GET shows a button; the POST gives the lead that address."""

from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from nurture.app import App
from nurture.db import transaction
from nurture.flows.change_address import confirm_address
from nurture.mail.address_links import address_token, moved_mail, read_address
from nurture.messages import Mail
from nurture.pages.masking import masked
from nurture.store.choices import Choices, address_asked, choices_of
from nurture.web.lead_pages import LeadPages, Visitor


def routes(app: App) -> list[BaseRoute]:
    """The route."""
    secret, pages = app.settings.secret_key, LeadPages(app)

    async def confirm(request: Request) -> Response:
        asked_id = read_address(secret, request.path_params["token"])
        if asked_id is None:
            return pages.message(await pages.visitor(request), "page.incomplete", 404)
        return await run_in_threadpool(_confirm, app, pages, request, asked_id)

    return [Route("/e/{token}", pages.guarded(confirm), methods=["GET", "HEAD", "POST"])]


def _confirm(app: App, pages: LeadPages, request: Request, asked_id: int) -> Response:
    now = app.now()
    farewell = partial(_farewell, app, pages, request, asked_id)
    outcome = confirm_address(app, asked_id, now, farewell=farewell) if request.method == "POST" else None
    with transaction(app.engine) as db:
        asked = address_asked(db, asked_id)
        there: Choices | None = None if asked is None else choices_of(db, asked.lead_id, now)
    visitor = Visitor(pages.speaking(request, there).language)  # whose mail it is, is not told to a new address
    if asked is None or there is None:
        return pages.message(visitor, "page.unknown")
    if asked.taken_at is not None:
        return pages.message(visitor, "address.taken")
    if outcome == "late" or asked.email is None or (asked.confirmed_at is None and asked.expires_at <= now):
        return pages.message(visitor, "address.late", 410)
    state = "done" if asked.confirmed_at is not None else "ask"
    return pages.page(visitor, "address", {"state": state, "address": masked(asked.email)})


def _farewell(app: App, pages: LeadPages, request: Request, asked_id: int, old: str, new: str) -> Mail:
    company, now = app.agreement.company, app.now()
    with transaction(app.engine) as db:
        asked = address_asked(db, asked_id)
        there = None if asked is None else choices_of(db, asked.lead_id, now)
    language = pages.speaking(request, there).language
    words = app.pages.words(language)
    text = words("moved.text", address=masked(new))
    undo = words("moved.undo", contact=company.reply_to)
    return moved_mail(
        (words("moved.hello"), "", text, "", undo, "", words("page.company", address=company.address)),
        subject=words("moved.subject"),
        language=language,
        sender=str(company.sender),
        envelope=company.sender.address,
        to=old,
        token=address_token(app.settings.secret_key, asked_id),
        now=now,
    )
