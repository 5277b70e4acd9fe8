"""What mails to sales and marketing are made of: the templates in `letters/`, as HTML and as text."""

from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

_LETTERS = Environment(
    loader=PackageLoader("nurture.notifiers", "letters"),
    autoescape=select_autoescape(enabled_extensions=("html",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def written(template: str, words: Mapping[str, object]) -> str:
    """The letter of a template, such as `notice.html`; what the words hold is escaped in HTML. A missing one raises."""
    return _LETTERS.get_template(template).render(words)
