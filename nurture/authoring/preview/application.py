"""The pages of the preview, and what they are made of. It only reads; every answer is to a GET."""

from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from nurture.authoring.preview import dressing, words
from nurture.authoring.preview.answers import ThisMachineOnly, mail, note, page
from nurture.authoring.preview.asked import Reader
from nurture.authoring.preview.changes import changes
from nurture.authoring.preview.desk import Desk
from nurture.authoring.preview.faults import fault_of, with_error, without, worst_first
from nurture.authoring.preview.leads import search
from nurture.authoring.preview.mailroom import version_of
from nurture.authoring.preview.sources import excerpt, marked_lines
from nurture.authoring.preview.timeline import standing, timeline
from nurture.authoring.preview.view import View
from nurture.authoring.preview.weight import weight
from nurture.errors import Problem
from nurture.mail.pieces import file_of

_STATIC = {"preview.css": "text/css", "preview.js": "text/javascript"}


def preview_app(desk: Desk) -> Starlette:
    """The web application."""
    pages = _Pages(desk)
    routes = [
        Route("/", pages.overview),
        Route("/mail/{name:path}", pages.mail),
        Route("/campaign/{name}", pages.campaign),
        Route("/problems", pages.problems),
        Route("/file/{name:path}", pages.file),
        Route("/frame/{name:path}", pages.frame),
        Route("/link", pages.link),
        Route("/leads", pages.leads),
        Route("/events", pages.events),
        Route("/static/{name}", pages.static),
    ]
    errors: dict[Any, Any] = {404: pages.not_found}
    return Starlette(routes=routes, middleware=[Middleware(ThisMachineOnly)], exception_handlers=errors)


class _Pages:
    """One method a page; all see the newest edition."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._read = Reader(desk).read

    def overview(self, request: Request) -> Response:
        return page("overview.html", **self._read(request).names(), title="Overview")

    def problems(self, request: Request) -> Response:
        asked = self._read(request)
        by_file: dict[str, list[Problem]] = {}
        for problem in asked.edition.problems:
            by_file.setdefault(problem.file, []).append(problem)
        return page("problems.html", **asked.names(), title="Problems", by_file=by_file)

    def file(self, request: Request) -> Response:
        asked = self._read(request)
        name, texts = request.path_params["name"], asked.edition.texts
        if name not in texts:
            raise HTTPException(404)
        problems = asked.edition.problems_of(name)
        lines = marked_lines(texts[name], problems)
        return page("file.html", **asked.names(), title=name, file=name, lines=lines, problems=problems)

    def campaign(self, request: Request) -> Response:
        asked = self._read(request)
        edition, name = asked.edition, request.path_params["name"]
        entry = next((one for one in asked.catalogue.campaigns if one.id == name), None)
        if entry is None:
            raise HTTPException(404)
        now, problems = self._desk.now(), edition.problems_of(entry.file)
        line = timeline(edition, self._desk.mailroom, entry.campaign, asked.lead, now) if entry.campaign else None
        return page(
            "campaign.html",
            **asked.names(),
            title=entry.campaign.name if entry.campaign else entry.id,
            entry=entry,
            timeline=line,
            problems=problems,
            lines={problem: excerpt(edition.texts[entry.file], problem) for problem in problems},
            today=words.day(now, line.zone) if line else "",
        )

    def mail(self, request: Request) -> Response:
        asked = self._read(request)
        entry = asked.entry()
        edition, view, file = asked.edition, asked.view, asked.edition.templates[entry.template]
        shown, source = asked.shown(entry), file_of(file)
        made, problems = shown.mail, edition.problems_of(source)
        before, after = asked.catalogue.beside(entry)
        return page(
            "mail.html",
            **asked.names(),
            title=entry.template,
            entry=entry,
            shown=shown,
            mail=made,
            source=source,
            problems=worst_first(without(problems, shown.error)),
            failure=fault_of(edition, shown.error),
            lines=marked_lines(file.text, with_error(problems, shown.error, source)) if view.show == "source" else [],
            standing=standing(edition, entry.sending, entry.template, asked.lead, self._desk.now()),
            weight=weight(made) if made else None,
            version=version_of(made),
            links=dressing.links_of(made.html, self._desk.mailroom.base_url) if made else [],
            frame=view.url(f"/frame/{entry.template}"),
            before=before,
            after=after,
            uses=[mail for mail in asked.catalogue.mails if mail.template == entry.template and mail.part_of],
        )

    def frame(self, request: Request) -> Response:
        asked = self._read(request)
        view, made = asked.view, asked.shown(asked.entry()).mail
        if made is None:
            return note("nothing.html")
        back = dressing.quoted(view.url(request.url.path))
        pictures = view.pictures == "on"
        return mail(dressing.dressed(made.html, colours=view.colours, pictures=pictures, note=f"/link?back={back}"))

    def link(self, request: Request) -> Response:
        to, back = request.query_params.get("to", ""), request.query_params.get("back", "")
        kind, meaning = dressing.meaning(to, self._desk.mailroom.base_url)
        return note("link.html", to=to, kind=kind, meaning=meaning, back=back if back.startswith("/frame/") else "")

    def leads(self, request: Request) -> Response:
        view = View.read(dict(request.query_params))
        path = request.query_params.get("path", "/")
        lines = [
            {"name": line.name, "detail": line.detail, "url": view.url(path, lead=line.id), "origin": line.origin}
            for line in search(self._desk.sheet, request.query_params.get("q", ""))
        ]
        return JSONResponse({"leads": lines}, headers={"Cache-Control": "no-store"})

    async def events(self, request: Request) -> Response:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(changes(self._desk), media_type="text/event-stream", headers=headers)

    def static(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _STATIC:
            raise HTTPException(404)
        text = files("nurture.authoring.preview").joinpath("pages", name).read_text("utf-8")
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        return Response(text, media_type=_STATIC[name], headers=headers)

    def not_found(self, request: Request, _: Exception) -> Response:
        return page("missing.html", 404, **self._read(request).names(), title="Not here")
