"""What a request asks for: which lead, which mail, of which edition, looked at in what way."""

from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from nurture.authoring.preview.catalogue import Catalogue, Entry, catalogue
from nurture.authoring.preview.desk import Desk
from nurture.authoring.preview.edition import Edition
from nurture.authoring.preview.leads import Chosen, search
from nurture.authoring.preview.mailroom import Shown
from nurture.authoring.preview.subjects import Subjects
from nurture.authoring.preview.view import View


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, understood. `missing` says why the lead is not the one that was asked for."""

    desk: Desk
    request: Request
    view: View
    edition: Edition
    catalogue: Catalogue
    lead: Chosen
    missing: str

    def names(self) -> dict[str, Any]:
        """What every page of ours shows around its own: the list of mails, the lead, what is stale."""
        edition = self.edition
        errors = sum(problem.severity == "error" for problem in edition.problems)
        return {
            "edition": edition,
            "catalogue": self.catalogue,
            "subject_of": Subjects(edition, self.desk.mailroom, self.lead).of,
            "view": self.view,
            "lead": self.lead,
            "lead_missing": self.missing,
            "samples": search(None, ""),
            "sheet": self.desk.sheet,
            "has_database": self.desk.find is not None,
            "errors": errors,
            "warnings": len(edition.problems) - errors,
            "path": self.request.url.path,
            "root": edition.root,
        }

    def entry(self) -> Entry:
        """The mail that the path names.

        Raises:
            HTTPException: There is no such mail.
        """
        entry = self.catalogue.find(self.request.path_params["name"], self.view.part_of)
        if entry is None:
            raise HTTPException(404)
        return entry

    def shown(self, entry: Entry) -> Shown:
        """That mail, for the lead."""
        edition = self.edition
        file = edition.templates[entry.template]
        return self.desk.mailroom.show(
            file, edition.partials, edition.agreement, self.lead, entry.sending, self.desk.now()
        )


class Reader:
    """Reads requests; keeps the list of the newest edition, which every page shows."""

    def __init__(self, desk: Desk) -> None:
        """List nothing yet."""
        self._desk = desk
        self._listed: tuple[Edition, Catalogue] | None = None

    def read(self, request: Request) -> Asked:
        """Understand a request; whatever it says, there is an edition, and a lead."""
        view = View.read(dict(request.query_params))
        lead, missing = self._lead(view)
        edition, listed = self._catalogue()
        return Asked(self._desk, request, view, edition, listed, lead, missing)

    def _catalogue(self) -> tuple[Edition, Catalogue]:
        edition, known = self._desk.edition, self._listed
        if known is None or known[0] is not edition:
            self._listed = known = edition, catalogue(edition)
        return known

    def _lead(self, view: View) -> tuple[Chosen, str]:
        """The lead that is asked for; the first sample and why, where there is none."""
        found = self._desk.choose(view.lead)
        if isinstance(found, Chosen):
            return found, ""
        first = self._desk.choose("")
        assert isinstance(first, Chosen)  # noqa: S101 (the samples are always there)
        return first, found
