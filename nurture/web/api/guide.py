"""`/docs`: the description for people, made on this side: no script, nothing from elsewhere."""

from typing import Any

from starlette.responses import Response

from nurture.app import App
from nurture.web.pages import page


def guide(document: dict[str, Any], app: App) -> Response:
    """The page."""
    return page("message", {"title": "API", "text": str(len(document))})
