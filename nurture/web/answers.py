"""`/a/{token}`: a survey's answer. The link in the mail opens a page; its button, a POST, gives the answer.

That the page was opened is noted as a hit on the mail, which tells scanners from people.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from nurture.app import App
from nurture.flows.answer import answer
from nurture.mail.links import SurveyAnswer, read_answer
from nurture.web.noting import note
from nurture.web.pages import not_found, page


def routes(app: App) -> list[BaseRoute]:
    """The route."""
    secret = app.settings.secret_key

    async def take(request: Request) -> Response:
        said = read_answer(secret, request.path_params["token"])
        if said is None:
            return not_found("This link is not complete", "Please copy the whole link out of your mail and try again.")
        done = request.method == "POST"
        if not done:
            await note(app, request, "look", said.delivery_id, page=f"answer {said.question}={said.answer}")
        if done and not await run_in_threadpool(_give, app, said):
            return not_found("This question is closed", "We no longer have the mail that it stood in.")
        return page("answer", {"company": app.agreement.company, "said": said, "done": done})

    return [Route("/a/{token}", take, methods=["GET", "HEAD", "POST"])]


def _give(app: App, said: SurveyAnswer) -> bool:
    return answer(
        app, delivery_id=said.delivery_id, question=said.question, answer=said.answer, now=app.now()
    )  # fmt: skip
