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
from nurture.authoring.preview.answers import ThisMachineOnly, mail, note, page, query_of
from nurture.authoring.preview.catalogue import Catalogue, Entry, catalogue
from nurture.authoring.preview.changes import changes
from nurture.authoring.preview.desk import Desk
from nurture.authoring.preview.edition import Edition
from nurture.authoring.preview.faults import fault_of, with_error, without
from nurture.authoring.preview.leads import Chosen, search
from nurture.authoring.preview.mailroom import Sending, Shown, version_of
from nurture.authoring.preview.sources import excerpt, marked_lines
from nurture.authoring.preview.timeline import timeline
from nurture.authoring.preview.view import CHOICES, View
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
        self._listed: tuple[Edition, Catalogue] | None = None

    def overview(self, request: Request) -> Response:
        return page("overview.html", **self._around(request), title="Overview")

    def problems(self, request: Request) -> Response:
        around = self._around(request)
        edition: Edition = around["edition"]
        by_file: dict[str, list[Problem]] = {}
        for problem in edition.problems:
            by_file.setdefault(problem.file, []).append(problem)
        return page("problems.html", **around, title="Problems", by_file=by_file)

    def file(self, request: Request) -> Response:
        around = self._around(request)
        edition: Edition = around["edition"]
        name = request.path_params["name"]
        if name not in edition.texts:
            raise HTTPException(404)
        problems = edition.problems_of(name)
        lines = marked_lines(edition.texts[name], problems)
        return page("file.html", **around, title=name, file=name, lines=lines, problems=problems)

    def campaign(self, request: Request) -> Response:
        around = self._around(request)
        edition: Edition = around["edition"]
        entry = next((one for one in around["catalogue"].campaigns if one.id == request.path_params["name"]), None)
        if entry is None:
            raise HTTPException(404)
        lead: Chosen = around["lead"]
        now = self._desk.now()
        line = timeline(edition, self._desk.mailroom, entry.campaign, lead, now) if entry.campaign else None
        return page(
            "campaign.html",
            **around,
            title=entry.campaign.name if entry.campaign else entry.id,
            entry=entry,
            timeline=line,
            problems=edition.problems_of(entry.file),
            lines={problem: excerpt(edition.texts[entry.file], problem) for problem in edition.problems_of(entry.file)},
            today=words.day(now, line.zone) if line else "",
        )

    def mail(self, request: Request) -> Response:
        around = self._around(request)
        edition, view = around["edition"], around["view"]
        entry = self._entry(around["catalogue"], request, view)
        file = edition.templates[entry.template]
        shown = self._shown(edition, entry, around["lead"])
        source = file_of(file)
        problems = edition.problems_of(source)
        before, after = around["catalogue"].beside(entry)
        made = shown.mail
        return page(
            "mail.html",
            **around,
            title=entry.template,
            entry=entry,
            shown=shown,
            mail=made,
            source=source,
            problems=without(problems, shown.error),
            failure=fault_of(edition, shown.error),
            lines=marked_lines(file.text, with_error(problems, shown.error, source)) if view.show == "source" else [],
            weight=weight(made) if made else None,
            version=version_of(made),
            links=dressing.links_of(made.html, self._desk.mailroom.base_url) if made else [],
            frame=view.url(f"/frame/{entry.template}"),
            before=before,
            after=after,
            uses=[mail for mail in around["catalogue"].mails if mail.template == entry.template and mail.part_of],
        )

    def frame(self, request: Request) -> Response:
        view = View.read(query_of(request))
        edition = self._desk.edition
        lead = self._lead(view)[0]
        shown = self._shown(edition, self._entry(self._catalogue(edition), request, view), lead)
        if shown.mail is None:
            return note("nothing.html")
        back = view.url(request.url.path)
        html = dressing.dressed(
            shown.mail.html,
            colours=view.colours,
            pictures=view.pictures == "on",
            note=f"/link?back={dressing.quoted(back)}",
        )
        return mail(html)

    def link(self, request: Request) -> Response:
        to, back = request.query_params.get("to", ""), request.query_params.get("back", "")
        kind, meaning = dressing.meaning(to, self._desk.mailroom.base_url)
        return note("link.html", to=to, kind=kind, meaning=meaning, back=back if back.startswith("/frame/") else "")

    def leads(self, request: Request) -> Response:
        view = View.read(query_of(request))
        found = search(self._desk.sheet, request.query_params.get("q", ""))
        path = request.query_params.get("path", "/")
        lines = [
            {"name": line.name, "detail": line.detail, "url": view.url(path, lead=line.id), "origin": line.origin}
            for line in found
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
        return page("missing.html", 404, **self._around(request), title="Not here")

    def _around(self, request: Request) -> dict[str, Any]:
        """What every page shows: the list of mails, the lead, what is stale, and how to link on."""
        view = View.read(query_of(request))
        edition = self._desk.edition
        lead, missing = self._lead(view)
        sheet = self._desk.sheet
        errors = sum(problem.severity == "error" for problem in edition.problems)
        return {
            "edition": edition,
            "catalogue": self._catalogue(edition),
            "view": view,
            "choices": CHOICES,
            "lead": lead,
            "lead_missing": missing,
            "samples": search(None, ""),
            "sheet": sheet,
            "has_database": self._desk.find is not None,
            "errors": errors,
            "warnings": len(edition.problems) - errors,
            "path": request.url.path,
            "root": edition.root,
        }

    def _catalogue(self, edition: Edition) -> Catalogue:
        """The list of an edition, made once: every page shows it."""
        if self._listed is None or self._listed[0] is not edition:
            self._listed = edition, catalogue(edition)
        return self._listed[1]

    def _lead(self, view: View) -> tuple[Chosen, str]:
        """The lead that is asked for; the first sample and why, where there is none."""
        found = self._desk.choose(view.lead)
        if isinstance(found, Chosen):
            return found, ""
        first = self._desk.choose("")
        assert isinstance(first, Chosen)  # noqa: S101 (the samples are always there)
        return first, found

    def _entry(self, listed: Catalogue, request: Request, view: View) -> Entry:
        entry = listed.find(request.path_params["name"], view.part_of)
        if entry is None:
            raise HTTPException(404)
        return entry

    def _shown(self, edition: Edition, entry: Entry, lead: Chosen) -> Shown:
        file = edition.templates[entry.template]
        sending: Sending = entry.sending
        return self._desk.mailroom.show(file, edition.partials, edition.agreement, lead, sending, self._desk.now())
