"""How pages are shown to leads: in their language, with as little of them as can be, whatever goes wrong."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from nurture.app import App
from nurture.db import transaction
from nurture.mail.links import MailOfLead, preferences_token
from nurture.pages import Shown, choose_language
from nurture.pages.masking import masked
from nurture.store.choices import Choices, choices_of

log = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[Response]]
_NOT_NOW = (OperationalError, InterfaceError, PoolTimeout)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who has the link, as far as it can be told: the lead, if it is known, and the language to say things in."""

    language: str
    there: Choices | None = None


class LeadPages:
    """Answers with pages for leads."""

    def __init__(self, app: App) -> None:
        """Show the workspace's own pages where it has such."""
        self._app = app

    async def visitor(self, request: Request, lead_id: int | None = None) -> Visitor:
        """Who is looking. A page can be shown without knowing, so a database that is away is no mistake here."""
        there = None if lead_id is None else await run_in_threadpool(self._look, lead_id)
        return self.speaking(request, there)

    def speaking(self, request: Request, there: Choices | None) -> Visitor:
        """The same where it is known who has the link."""
        accept = request.headers.get("accept-language", "")
        locale = None if there is None else there.locale
        return Visitor(choose_language(locale, accept, self._app.pages.languages), there)

    def page(
        self,
        visitor: Visitor,
        name: str,
        values: Mapping[str, Any],
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """One of the pages of `nurture.pages`."""
        mailbox = None if visitor.there is None else masked(visitor.there.email)
        words = self._app.pages.words(visitor.language, mailbox)
        html = self._app.pages.show(Shown(name, values), words)
        return HTMLResponse(html, status, {"content-language": visitor.language, **(headers or {})})

    def message(
        self,
        visitor: Visitor,
        key: str,
        status: int = 200,
        *,
        preferences_url: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """A page that says one thing: the texts `{key}_title` and `{key}`."""
        words = self._app.pages.words(visitor.language)
        values = {"title": words(f"{key}_title"), "words": words(key), "preferences_url": preferences_url}
        return self.page(visitor, "message", values, status, headers)

    def preferences_url(self, mail: MailOfLead) -> str:
        """Where the lead chooses what it gets."""
        return f"/p/{preferences_token(self._app.settings.secret_key, mail)}"

    def guarded(self, handler: Handler) -> Handler:
        """The handler, with words for the lead where something goes wrong."""

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except _NOT_NOW as error:
                log.warning("a page could not be served: %s", type(error).__name__)
                visitor = await self.visitor(request)
                return self.message(visitor, "page.busy", 503, headers={"retry-after": "30"})
            except Exception:
                log.exception("a page for leads failed")
                return self.message(await self.visitor(request), "page.broken", 500)

        return answer

    def _look(self, lead_id: int) -> Choices | None:
        try:
            with transaction(self._app.engine) as db:
                return choices_of(db, lead_id, self._app.now())
        except SQLAlchemyError as error:
            log.warning("who is looking could not be told: %s", type(error).__name__)
            return None
