"""`/p/{token}`: what a lead gets: topics, a pause, another address, no mail, mail again. Only a POST changes anything.

There is no login: whoever has the link may choose, and sees no more of the lead than a masked address. What is done is
the `do` of a form; every form may be sent twice. Its token is the secret that a forger of requests does not have.
"""

from datetime import date

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from nurture.app import App
from nurture.db import transaction
from nurture.mail.links import TEST, MailOfLead, read_preferences
from nurture.store.choices import Choices, choices_of
from nurture.web.body import TooLarge, read_body
from nurture.web.choosing import Done, act, read_choice
from nurture.web.lead_pages import LeadPages, Visitor
from nurture.web.noting import note
from nurture.web.preferences_view import view

PAGE = "preferences"
"""The page, as the `page` of a look."""
_LIMIT = 64 * 1024


def routes(app: App) -> list[BaseRoute]:
    """The route."""
    secret, pages = app.settings.secret_key, LeadPages(app)

    async def choose(request: Request) -> Response:
        mail = read_preferences(secret, request.path_params["token"])
        if mail is None:
            return pages.message(await pages.visitor(request), "page.incomplete", 404)
        if mail.delivery_id == TEST:
            return pages.message(await pages.visitor(request), "page.test")
        if request.method != "POST":
            await note(app, request, "look", mail.delivery_id, page=PAGE)
            return await run_in_threadpool(_show, app, pages, request, mail, b"")
        try:
            body = await read_body(request, _LIMIT)
        except TooLarge:
            return pages.message(await pages.visitor(request), "page.too_large", 413)
        return await run_in_threadpool(_show, app, pages, request, mail, body)

    return [Route("/p/{token}", pages.guarded(choose), methods=["GET", "HEAD", "POST"])]


def _show(app: App, pages: LeadPages, request: Request, mail: MailOfLead, body: bytes) -> Response:
    """Do what a form asks for, if one was sent, and show what holds then."""
    there = _look(app, mail.lead_id)
    visitor = pages.speaking(request, there)
    if there is None:
        return pages.message(visitor, "page.unknown")
    done = Done()
    if request.method == "POST":
        done = act(app, visitor.language, there, mail, read_choice(body))
        there = _look(app, mail.lead_id) or there
    return _page(app, pages, Visitor(visitor.language, there), there, done)


def _look(app: App, lead_id: int) -> Choices | None:
    with transaction(app.engine) as db:
        return choices_of(db, lead_id, app.now())


def _page(app: App, pages: LeadPages, visitor: Visitor, there: Choices, done: Done) -> Response:
    words = app.pages.words(visitor.language)
    values = view(app, words, there, app.now())
    fill = {name: words.day(value) if isinstance(value, date) else value for name, value in done.fill.items()}
    said = words(done.said, **fill) if done.said else None
    problem = words(done.problem, **fill) if done.problem else None
    status = 422 if problem else 200
    values |= {"said": said, "problem": problem, "wrong": done.wrong, "typed": done.typed}
    return pages.page(visitor, "preferences", values, status)
