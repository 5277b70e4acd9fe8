"""What the URL says of how one looks: whose mail, how wide, in what colours. So a page can be shared and reloaded."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import quote, urlencode

from nurture.authoring.preview.dressing import COLOURS, Colours

CHOICES: Mapping[str, tuple[str, ...]] = {
    "show": ("mail", "text", "source", "headers", "links"),
    "width": ("both", "desktop", "phone"),
    "colours": COLOURS,
    "pictures": ("on", "off"),
}
"""What may be said; the first is what is meant where nothing is."""
LONGEST = 320


@dataclass(frozen=True, slots=True)
class View:
    """How one looks. `part_of` names the step that sends the mail, `campaign/step`."""

    lead: str = ""
    part_of: str = ""
    show: str = "mail"
    width: str = "both"
    colours: Colours = "light"
    pictures: str = "on"

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "View":
        """From a query; what is not known there means nothing."""
        said: dict[str, Any] = {name: query.get(name, "")[:LONGEST] for name in ("lead", "part_of")}
        for name, allowed in CHOICES.items():
            said[name] = query[name] if query.get(name) in allowed else allowed[0]
        return cls(**said)

    def url(self, path: str, **changes: str) -> str:
        """The address of a page, looked at in the same way but for these changes."""
        view = replace(self, **changes)  # type: ignore[arg-type]
        said = {
            field.name: value
            for field in fields(view)
            if (value := getattr(view, field.name)) not in ("", field.default)
        }
        return quote(path) + (f"?{urlencode(said)}" if said else "")
