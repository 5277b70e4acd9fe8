"""`/a/{token}`: a survey's answer. The link in the mail opens a page; its button, a POST, gives the answer.

That the page was opened is noted as a hit on the mail, which tells scanners from people.
"""

from collections.abc import Mapping
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from nurture.agreement import Agreement
from nurture.app import App
from nurture.flows.answer import answer
from nurture.grammar.labels import in_language
from nurture.grammar.matchers import same_name
from nurture.mail.links import TEST, MailOfLead, SurveyAnswer, read_answer
from nurture.notifiers.wording import label
from nurture.web.lead_pages import LeadPages
from nurture.web.noting import note

Entry = TypeVar("Entry")


def routes(app: App) -> list[BaseRoute]:
    """The route."""
    secret, pages = app.settings.secret_key, LeadPages(app)

    async def take(request: Request) -> Response:
        said = read_answer(secret, request.path_params["token"])
        if said is None:
            return pages.message(await pages.visitor(request), "page.incomplete", 404)
        if said.delivery_id == TEST:
            return pages.message(await pages.visitor(request), "page.test")
        done = request.method == "POST"
        if not done:
            await note(app, request, "look", said.delivery_id, page=f"answer {said.question}={said.answer}")
        visitor = await pages.visitor(request, said.lead_id)
        if done and not await run_in_threadpool(_give, app, said):
            return pages.message(visitor, "answer.closed", 404)
        question, given = in_words(app.agreement, said, visitor.language)
        url = pages.preferences_url(MailOfLead(said.delivery_id, said.lead_id))
        values = {"question": question, "answer": given, "preferences_url": url}
        return pages.page(visitor, "answer", {"state": "done" if done else "ask", **values})

    return [Route("/a/{token}", pages.guarded(take), methods=["GET", "HEAD", "POST"])]


def in_words(agreement: Agreement, said: SurveyAnswer, language: str) -> tuple[str, str]:
    """The question and the answer as the agreement says them to leads; made of their codes where it does not."""
    asked = _named(agreement.questions, said.question)
    given = None if asked is None else _named(asked.answers, said.answer)
    question = label(said.question.replace("-", " ")) if asked is None else in_language(asked.label, language)
    return question, label(said.answer.replace("-", " ")) if given is None else in_language(given, language)


def _named(there: Mapping[str, Entry], name: str) -> Entry | None:
    """What stands under a name, in whatever case and spacing it is written there."""
    return next((entry for key, entry in there.items() if same_name(key) == same_name(name)), None)


def _give(app: App, said: SurveyAnswer) -> bool:
    return answer(
        app, delivery_id=said.delivery_id, question=said.question, answer=said.answer, now=app.now()
    )  # fmt: skip
