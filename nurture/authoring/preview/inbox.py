"""What an inbox shows of a mail before it is opened."""

from html.parser import HTMLParser

SNIPPET = 250
"""Characters; no inbox shows more."""


class _Words(HTMLParser):
    """The first words of a mail, hidden ones too: that is what a preheader is."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self._skipped = 0
        self._size = 0
        self.feed(html)

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        if tag in ("title", "style"):
            self._skipped += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in ("title", "style") and self._skipped:
            self._skipped -= 1

    def handle_data(self, data: str) -> None:
        if not self._skipped and self._size < SNIPPET:
            self.words += data.split()
            self._size += len(data.strip())


def snippet(html: str) -> str:
    """What an inbox shows of a mail beside its subject."""
    text = " ".join(_Words(html).words)
    return text if len(text) <= SNIPPET else f"{text[:SNIPPET]}…"
