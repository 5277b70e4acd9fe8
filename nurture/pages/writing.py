"""Jinja for pages: a sandbox that escapes everything, in which a workspace's templates stand before ours.

`layout.html` is the workspace's where it has one; `shipped/layout.html` always is ours, to extend it.
"""

from collections.abc import Callable, Mapping
from datetime import date
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from jinja2 import StrictUndefined, TemplateNotFound
from jinja2.loaders import FunctionLoader
from jinja2.sandbox import ImmutableSandboxedEnvironment

from nurture import __version__
from nurture.pages.catalogue import Catalogue, filled
from nurture.workspace.source import Source

PAGES = ("layout", "unsubscribe", "preferences", "answer", "address", "confirm", "message")
"""The templates that there are, and that a workspace can have of its own."""
OURS = "shipped/"
_Loaded = tuple[str, str, Callable[[], bool]]


def environment(own: Mapping[str, Source] = MappingProxyType({})) -> ImmutableSandboxedEnvironment:
    """Jinja over our templates, with these in their place."""

    def load(name: str) -> _Loaded:
        page = name.removeprefix(OURS).removesuffix(".html")
        if page not in PAGES or not name.endswith(".html"):
            raise TemplateNotFound(name)
        if name.startswith(OURS) or page not in own:
            path = files("nurture.pages") / "templates" / f"{page}.html"
            return path.read_text(encoding="utf-8"), str(path), lambda: True
        return own[page].text, own[page].file, lambda: True

    jinja = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(load), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    jinja.globals = {"style_url": f"/static/nurture.css?{__version__}"}
    return jinja


class Words:
    """The words of one page in one language."""

    def __init__(self, catalogue: Catalogue, language: str, common: Mapping[str, object]) -> None:
        """`common` fills placeholders of every text: `company`, `mailbox`."""
        self._catalogue, self.language, self._common = catalogue, language, common

    def __call__(self, key: str, **values: object) -> str:
        """A text, filled in. In templates it is called `text`.

        Raises:
            KeyError: There is no such text, or nothing is given for one of its placeholders.
        """
        return filled(self._catalogue.text(self.language, key), {**self._common, **values})

    def day(self, day: date) -> str:
        """A date as it is written out."""
        months = [month.strip() for month in self._catalogue.text(self.language, "page.months").split(",")]
        return self("page.date", day=day.day, month=months[day.month - 1], year=day.year)


def written(
    jinja: ImmutableSandboxedEnvironment, name: str, words: Words, company: object, values: Mapping[str, Any]
) -> str:
    """Write a page."""
    known = {**values, "text": words, "language": words.language, "company": company}
    return jinja.get_template(f"{name}.html").render(known)
