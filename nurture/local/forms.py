"""Forms of a web page, as a browser knows them: where they post to, what is filled in, what can be chosen. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

Attributes = Mapping[str, str]


@dataclass(slots=True)
class Form:
    """One form. `fields` has what the page filled in; `choices` the values that may be chosen, by field."""

    action: str
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)

    def filled(self, **values: str) -> dict[str, str]:
        """What pressing its button posts.

        Raises:
            ValueError: The form has no such field, or does not offer this value.
        """
        for name, value in values.items():
            if name not in self.fields and name not in self.choices:
                raise ValueError(f"the form has no field {name}; it has {', '.join((*self.fields, *self.choices))}")
            if name in self.choices and value not in self.choices[name]:
                raise ValueError(f"{name} cannot be {value!r}; it can be {', '.join(self.choices[name])}")
        return {**self.fields, **values}


def forms(page: str, url: str) -> list[Form]:
    """The forms of a page that was found at `url`."""
    reader = _Reader(url)
    reader.feed(page)
    reader.close()
    return reader.forms


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._url = url
        self._inside = False
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urljoin(self._url, given.get("action", ""))
            self.forms.append(Form(action, given.get("method", "get").lower()))
            self._inside = True
        elif self._inside:
            self._field(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = None

    def _field(self, tag: str, given: Attributes) -> None:
        form, name = self.forms[-1], given.get("name", "")
        if tag == "option" and self._select:
            form.choices[self._select].append(given.get("value", ""))
        elif not name:
            return
        elif tag == "select":
            self._select = name
            form.choices.setdefault(name, [])
        elif tag == "textarea":
            form.fields.setdefault(name, "")
        elif tag == "input" and given.get("type") == "radio":
            form.choices.setdefault(name, []).append(given.get("value", "on"))
        elif tag == "input":
            form.fields[name] = given.get("value", "")
