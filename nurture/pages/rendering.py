"""Pages as they are shown: a workspace's where they work, else ours."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nurture.agreement import Company
from nurture.pages.catalogue import shipped
from nurture.pages.own import Own, read_own
from nurture.pages.writing import Words, environment, written
from nurture.workspace import Workspace

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """A page to show: which one, and what it says. docs/pages.md lists the values of each."""

    name: str
    values: Mapping[str, Any]


class Pages:
    """All pages of a workspace. One for a process; its methods may be called from any thread."""

    def __init__(self, company: Company, own: Own | None = None) -> None:
        """Take what is sound of the workspace's own; the log says what is not."""
        own = own or Own()
        self._company = company
        self._catalogue = shipped().with_own(own.texts)
        self._jinja = environment(own.pages)
        self._ours = environment()
        for problem in own.problems:
            if problem.severity == "error":
                log.error("%s; ours is shown instead", problem)

    @classmethod
    def of(cls, workspace: Workspace) -> "Pages":
        """The pages of a workspace."""
        return cls(workspace.agreement.company, read_own(workspace.pages))

    @property
    def languages(self) -> Mapping[str, object]:
        """The languages that there are texts in, by tag."""
        return self._catalogue.languages

    def words(self, language: str, mailbox: str | None = None) -> Words:
        """The words of a page for whom we write to at `mailbox` (masked); None where that is not known."""
        common = {"company": self._company.name}
        common["mailbox"] = mailbox or self._catalogue.text(language, "page.your_address")
        return Words(self._catalogue, language, common)

    def show(self, page: Shown, words: Words) -> str:
        """Write a page. If the workspace's own fails here all the same, ours is shown, and the log says so."""
        try:
            return written(self._jinja, page.name, words, self._company, page.values)
        except Exception:
            log.exception("templates/pages/%s.html, or the layout, cannot be shown; ours is", page.name)
            return written(self._ours, page.name, words, self._company, page.values)
