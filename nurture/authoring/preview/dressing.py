"""Fits a mail's HTML for a frame: its links lead to a note, its colours and pictures are as they were asked for.

What a mail client would look up (dark or light, pictures or none) is written into the mail, so that what one sees does
not depend on the machine that shows it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape
from typing import Literal, get_args
from urllib.parse import quote, urlencode

from nurture.authoring.preview.mailroom import SECRET
from nurture.mail.links import read_answer, read_preferences, read_unsubscribe

Colours = Literal["light", "dark", "inverted"]
COLOURS: tuple[Colours, ...] = get_args(Colours)
LinkKind = Literal["web", "unsubscribe", "preferences", "answer", "mail", "place", "other"]

_TAG = re.compile(
    r"<!--.*?-->|<(style|script)\b[^>]*>.*?</\1\s*>|<[a-zA-Z][^>\"']*(?:\"[^\"]*\"[^>\"']*|'[^']*'[^>\"']*)*>",
    re.DOTALL | re.IGNORECASE,
)
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.IGNORECASE)
_OWN_SCHEME = re.compile(r"((?:^|[;{\s])(?:supported-)?color-schemes?\s*:\s*)([^;}\"]+)", re.IGNORECASE)
_PICTURE_IN_STYLE = re.compile(r"url\(\s*(?:&quot;|&#39;|[\"'])?(?!data:)[^)]*\)", re.IGNORECASE)
_ALWAYS, _NEVER = "(min-width: 0px)", "(max-width: 0px)"
_NO_PICTURE = "data:,"
_INVERTED = (
    "<style>html{background-color:#fff;filter:invert(1) hue-rotate(180deg)}"
    "img,[background]{filter:invert(1) hue-rotate(180deg)}</style>"
)
_DROPPED = frozenset({"script", "base", "link", "iframe", "object", "embed", "form"})


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a mail: what it is called, where it leads, and in words what would happen."""

    text: str
    url: str
    kind: LinkKind
    meaning: str


def links_of(html: str, base_url: str) -> list[Link]:
    """Every link that a reader can see, in order."""
    found = []
    for _, end, tag in _tags(html):
        href = _attribute(tag, "href")
        if _name(tag) != "a" or href is None or "aria-hidden" in tag:
            continue
        closing = html.lower().find("</a", end)
        inner = html[end : closing if closing >= 0 else end]
        alt = " ".join(_attribute(image, "alt") or "" for _, _, image in _tags(inner) if _name(image) == "img")
        words = " ".join(f"{unescape(re.sub(r'<[^>]*>', ' ', inner))} {alt}".split())
        found.append(Link(words, href, *meaning(href, base_url)))
    return found


def meaning(url: str, base_url: str) -> tuple[LinkKind, str]:
    """What a link of a mail is, and what following it does to a lead who gets the mail."""
    path = url.removeprefix(base_url) if url.startswith(f"{base_url}/") else ""
    if path.startswith("/u/") and read_unsubscribe(SECRET, path[3:]):
        return "unsubscribe", "opens the page on which the lead can leave; nothing happens before the button there"
    if path.startswith("/p/") and read_preferences(SECRET, path[3:]):
        return "preferences", "opens the page on which the lead chooses topics, pauses, or gives another address"
    if path.startswith("/a/") and (given := read_answer(SECRET, path[3:])):
        return "answer", f"opens the page that takes the answer “{given.answer}” to the question “{given.question}”"
    if url.lower().startswith(("http://", "https://")):
        return "web", "is tracked in a sent mail: the click is recorded, and the lead is led on"
    if url.startswith("#"):
        return "place", "leads to a place in the same mail"
    if url.lower().startswith("mailto:"):
        return "mail", "begins a mail"
    return "other", "is left to the reader's machine"


def dressed(html: str, *, colours: Colours, pictures: bool, note: str) -> str:
    """The mail as it goes into a frame.

    Args:
        html: the mail.
        colours: as a client shows it in light mode, in dark mode, or one that inverts whatever it gets.
        pictures: whether pictures are loaded.
        note: the path of the page that says where a link leads; `to` is added to its query.
    """
    pieces, last = [], 0
    for start, end, tag in _tags(html):
        pieces += [html[last:start], _retold(tag, colours, pictures, note)]
        last = end
    made = "".join([*pieces, html[last:]])
    if colours == "inverted":
        made = _HEAD.sub(lambda head: head[0] + _INVERTED, made, count=1) if _HEAD.search(made) else _INVERTED + made
    return made


def _tags(html: str) -> Iterator[tuple[int, int, str]]:
    for found in _TAG.finditer(html):
        yield found.start(), found.end(), found[0]


def _retold(tag: str, colours: Colours, pictures: bool, note: str) -> str:
    name = _name(tag)
    if name in _DROPPED:
        return ""
    if name == "style":
        return _styled(tag, colours, pictures)
    if name == "meta":
        refreshes = re.search(r"http-equiv\s*=\s*[\"']?\s*refresh", tag, re.IGNORECASE)
        return "" if refreshes else re.sub(r"(?i)light dark|dark light", _plain(colours), tag)
    if name in ("a", "area"):
        return _led_to_note(tag, note)
    if not pictures:
        tag = _without_pictures(tag)
    return _OWN_SCHEME.sub(rf"\g<1>{_plain(colours)}", tag) if "color-scheme" in tag else tag


def _styled(tag: str, colours: Colours, pictures: bool) -> str:
    wanted = _plain(colours)
    made = _SCHEME.sub(lambda found: _ALWAYS if found[1].lower() == wanted else _NEVER, tag)
    made = _OWN_SCHEME.sub(rf"\g<1>{wanted}", made)
    return made if pictures else _PICTURE_IN_STYLE.sub("none", made)


def _plain(colours: Colours) -> str:
    """What the mail itself is told: who inverts it does not ask for its dark styles."""
    return "dark" if colours == "dark" else "light"


def _led_to_note(tag: str, note: str) -> str:
    href = _attribute(tag, "href")
    tag = _set(tag, "target", None)
    if href is None or href.startswith("#"):
        return tag
    return _set(tag, "href", f"{note}{'&' if '?' in note else '?'}{urlencode({'to': href})}")


def _without_pictures(tag: str) -> str:
    if _name(tag) in ("img", "source", "video", "input"):
        tag = _set(_set(tag, "srcset", None), "poster", None)
        if _attribute(tag, "src") is not None:
            tag = _set(tag, "src", _NO_PICTURE)
    if _attribute(tag, "background") is not None:
        tag = _set(tag, "background", None)
    return _PICTURE_IN_STYLE.sub("none", tag)


def _name(tag: str) -> str:
    found = re.match(r"<([a-zA-Z][a-zA-Z0-9:._-]*)", tag)
    return found[1].lower() if found else ""


def _pattern(attribute: str) -> re.Pattern[str]:
    return re.compile(rf"(\s{attribute}\s*=\s*)(\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE)


def _attribute(tag: str, attribute: str) -> str | None:
    found = _pattern(attribute).search(tag)
    return unescape(found[2].strip("\"'")) if found else None


def _set(tag: str, attribute: str, value: str | None) -> str:
    """The tag with another value for an attribute that it has, or without it."""
    put = "" if value is None else f' {attribute}="{escape(value)}"'
    return _pattern(attribute).sub(lambda _: put, tag, count=1)


def quoted(path: str) -> str:
    """A path as the value of a query."""
    return quote(path, safe="")
