"""Where links lead, and what they say."""

import re
from collections.abc import Iterator
from html import unescape

from nurture.authoring.templates.codes import BAD_LINK, EMPTY_LINK, EMPTY_WORDS, NO_HTTPS, OWN_UNSUBSCRIBE
from nurture.authoring.templates.reading import Reading
from nurture.authoring.templates.telling import problem, warning
from nurture.errors import Problem
from nurture.mail.macros import OWN_PAGES
from nurture.mail.markup import Attribute, Tag, Text
from nurture.mail.pieces import Piece, Place
from nurture.mail.urls import web_address

_LABELLED = frozenset({"a", "mj-button", "mj-navbar-link"})
_LINKED = _LABELLED | {"mj-image", "mj-social-element", "mj-carousel-image", "area"}
_PICTURES = frozenset({"img", "mj-image", "svg", "v:roundrect"})
_SAY_NOTHING = frozenset({
    "click", "click here", "click me", "click this", "click this link", "click on this link", "this link", "this",
    "link", "here", "go", "go here", "more", "read more", "learn more", "find out more", "see more", "more info",
    "details", "continue", "press here", "tap here", "start here", "visit", "url", "website", "this page",
})  # fmt: skip
_LEAVES = re.compile(r"\b(unsubscribe|opt[ -]?out|abbestellen|abmelden)\b", re.IGNORECASE)
_MAIL = re.compile(r"mailto:(?P<to>[^?]*)", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@,;]+@[^\s@,;]+\.[^\s@,;.]+")
_HOST = re.compile(r"https?://(?:[^/?#]*@)?(?P<host>\[[^\]]*\]|[^:/?#]+)", re.IGNORECASE)


def link_problems(reading: Reading) -> Iterator[Problem]:
    """Give the links that lead nowhere or not safely, and those whose words say nothing."""
    for index, met in enumerate(reading.items):
        tag = met.item
        if not isinstance(tag, Tag) or tag.kind == "close" or any(up.name == "mj-attributes" for up in met.parents):
            continue
        href = tag.get("href")
        if tag.name in _LINKED and href is not None:
            yield from _address(reading, href)
            if tag.name in _LABELLED and tag.kind == "open" and tag.region < 0:
                yield from _words(reading, index, tag, href)
        elif tag.name in {"mj-button", "mj-navbar-link"} and href is None:
            hint = 'write href="https://…"'
            yield warning(EMPTY_LINK, reading.place(tag.start), f"<{tag.name}> has no href, so it leads nowhere", hint)


def _address(reading: Reading, href: Attribute) -> Iterator[Problem]:
    parts = reading.parts(href)
    first = parts[0] if parts else ""
    if isinstance(first, Piece):
        return
    start, place = unescape(first).strip(), reading.place(href.start)
    if not start or start == "#":
        yield warning(EMPTY_LINK, place, "the link leads nowhere", "write where to, from https:// on")
    elif start.lower().startswith("http://"):
        hint = f"write https://{start[7:]}" if len(parts) == 1 else "write https://"
        yield warning(NO_HTTPS, place, f"the link `{start}` is not encrypted, and spam filters count that", hint)
    elif len(parts) == 1 and (mail := _MAIL.match(start)) and not _are_addresses(mail["to"]):
        yield problem(BAD_LINK, place, f"`{mail['to']}` is no e-mail address", "write mailto:name@acme.example")
    if web_address(start) and len(parts) == 1:
        yield from _host(start, place)


def _are_addresses(to: str) -> bool:
    return all(_ADDRESS.fullmatch(one.strip()) for one in to.split(","))


def _host(url: str, place: Place) -> Iterator[Problem]:
    found = _HOST.match(url)
    host = found["host"] if found else ""
    if "." not in host and not host.startswith("["):
        yield problem(BAD_LINK, place, f"the link `{url}` leads to `{host}`, which is no address on the web")


def _words(reading: Reading, index: int, tag: Tag, href: Attribute) -> Iterator[Problem]:
    inside = list(reading.inside(index))
    texts = [item for item in inside if isinstance(item, Text)]
    shown = " ".join("".join(reading.shown(text) for text in texts).split())
    words = unescape(shown).strip(" .!?:»›→>«<‹←-–—…\u00a0").casefold()
    place = next((_start(reading, text) for text in texts if reading.shown(text).strip()), reading.place(tag.start))
    has_picture = any(isinstance(item, Tag) and item.name in _PICTURES for item in inside)
    if words in _SAY_NOTHING:
        hint = "say what is there: people read links without the text around them"
        yield warning(EMPTY_WORDS, place, f"the link says only `{shown}`", hint)
    elif not shown.strip() and not has_picture and not tag.get("aria-label"):
        yield warning(EMPTY_WORDS, reading.place(tag.start), "the link has no words")
    if _LEAVES.search(shown) and not _is_ours(reading, href):
        hint = 'write href="{{ unsubscribe_url }}"'
        what = f"`{shown}` leads elsewhere than to the page where a lead leaves"
        yield warning(OWN_UNSUBSCRIBE, reading.place(href.start), what, hint)


def _start(reading: Reading, text: Text) -> Place:
    shown = reading.shown(text)
    return reading.place(text.start + len(shown) - len(shown.lstrip()))


def _is_ours(reading: Reading, href: Attribute) -> bool:
    return any(isinstance(part, Piece) and any(name in part.text for name in OWN_PAGES) for part in reading.parts(href))
