"""Pages for people: Jinja templates beside this file, one style sheet, no script, nothing from elsewhere."""

from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from nurture import __version__
from nurture.notifiers import wording

_PAGES = Environment(
    loader=PackageLoader("nurture.web", "pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.globals.update(version=__version__, words=wording)


def page(
    name: str, values: Mapping[str, object], status: int = 200, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """The page `pages/{name}.html`."""
    return HTMLResponse(_PAGES.get_template(f"{name}.html").render(values), status, headers=dict(headers or {}))


def message(title: str, text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    """A page that says one thing."""
    return page("message", {"title": title, "text": text}, status, headers)


def not_found(title: str = "There is no such page", text: str = "Please check the link.") -> HTMLResponse:
    """404, in words."""
    return message(title, text, 404)
