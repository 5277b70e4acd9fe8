"""A workspace's own pages, tried in every state that they can be shown in."""

import re
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from html.parser import HTMLParser

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from nurture.errors import Problem
from nurture.grammar.mistakes import did_you_mean, quoted
from nurture.pages.catalogue import shipped
from nurture.pages.codes import BROKEN_PAGE, NO_SUCH_TEXT, NOT_LOADED, USELESS_PAGE
from nurture.pages.languages import ENGLISH
from nurture.pages.samples import COMPANY, SAMPLES, Sample
from nurture.pages.writing import Words, environment, written
from nurture.workspace.source import Source

_LOADS = re.compile(
    r"""<script|<style|<iframe|\sstyle\s*=|\son[a-z]+\s*=|(?:src|data)\s*=\s*["']?(?:https?:)?//""", re.I
)


def page_problems(pages: Mapping[str, Source]) -> tuple[dict[str, Source], list[Problem]]:
    """The pages that work in every state, and what is wrong with the others."""
    problems: list[Problem] = []
    readable: dict[str, Source] = {}
    jinja = environment(pages)
    for name, source in pages.items():
        found = list(_unreadable(jinja, source))
        problems += found
        if not found:
            readable[name] = source
    sound: dict[str, Source] = {}
    for name in sorted(readable, key=lambda page: page != "layout"):  # the layout first: the others stand in it
        found = list(_tried({**sound, name: readable[name]}, name))
        problems += found
        if all(problem.severity != "error" for problem in found):
            sound[name] = readable[name]
    return sound, list(dict.fromkeys(problems))


def _unreadable(jinja: ImmutableSandboxedEnvironment, source: Source) -> Iterator[Problem]:
    """What is wrong with a template as it is written: no Jinja, or a text that there is not."""
    try:
        tree = jinja.parse(source.text)
    except TemplateSyntaxError as error:
        yield _problem(source, error.lineno, (error.message or "this is no Jinja").rstrip("."))
        return
    keys = shipped().languages[ENGLISH]
    for call in tree.find_all(nodes.Call):
        said = call.args[0] if call.args else None
        is_text = isinstance(call.node, nodes.Name) and call.node.name == "text"
        if is_text and isinstance(said, nodes.Const) and said.value not in keys:
            offset = _line_start(source, call.lineno) + max(_line(source, call.lineno).find(str(said.value)), 0)
            hint = did_you_mean(str(said.value), keys) or "docs/pages.md has the list"
            yield source.problem(NO_SUCH_TEXT, offset, f"there is no text {quoted(said.value)}", hint)


def _tried(pages: Mapping[str, Source], name: str) -> Iterator[Problem]:
    """What goes wrong where a page is shown; a layout is tried in all of them."""
    jinja = environment(pages)
    words = Words(shipped(), ENGLISH, {"company": COMPANY.name, "mailbox": "m***@e***.example"})
    source = pages[name]
    for sample in SAMPLES:
        if name not in ("layout", sample.page):
            continue
        try:
            html = written(jinja, sample.page, words, COMPANY, sample.values)
        except Exception as error:
            yield _failed(source, sample, error)
            return
        yield from _lacking(source, sample, html)
    if loads := _LOADS.search(source.text):
        message = f"browsers are told not to load this: {quoted(loads[0].strip())}"
        hint = "pages bring their words alone: no scripts, no styles of their own, nothing from elsewhere"
        yield replace(source.problem(NOT_LOADED, loads.start(), message, hint), severity="warning")


def _failed(source: Source, sample: Sample, error: Exception) -> Problem:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == source.file]
    said = (
        f"no text or value {error}" if isinstance(error, KeyError) else str(error).rstrip(".") or type(error).__name__
    )
    return _problem(source, (lines or [1])[-1] or 1, f"{said} ({_state(sample)})")


def _lacking(source: Source, sample: Sample, html: str) -> Iterator[Problem]:
    reader = _Forms()
    reader.feed(html)
    reader.close()
    for do in sorted(sample.must - reader.posts):
        form = '<form method="post">' + (f' with <input type="hidden" name="do" value="{do}">' if do else "")
        message = f"the page has no {form} and a button in it ({_state(sample)})"
        yield source.problem(USELESS_PAGE, 0, message, "take the one of the shipped page")


def _state(sample: Sample) -> str:
    state = sample.values.get("state")
    return f"{sample.page}.html" + (f", state {state}" if state else "")


def _problem(source: Source, line: int, message: str) -> Problem:
    """At the line that Jinja names, and the name that it names there, if that can be found."""
    text = _line(source, line)
    named = re.search(r"'([^']+)'", message)
    at = text.find(named[1]) if named else -1
    column = at if at >= 0 else len(text) - len(text.lstrip())
    return source.problem(BROKEN_PAGE, _line_start(source, line) + column, message)


def _line(source: Source, line: int) -> str:
    lines = source.text.split("\n")
    return lines[line - 1] if 0 < line <= len(lines) else ""


def _line_start(source: Source, line: int) -> int:
    return sum(len(one) + 1 for one in source.text.split("\n")[: line - 1])


@dataclass
class _Found:
    do: str = ""
    button: bool = False
    here: bool = True
    posts: bool = False


class _Forms(HTMLParser):
    """What a page lets its reader post to itself: the `do` of each form with a button, empty for one without."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: set[str] = set()
        self._form: _Found | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = _Found(here=not given.get("action"), posts=given.get("method", "").lower() == "post")
        elif self._form is not None and tag == "input" and given.get("name") == "do":
            self._form.do = given.get("value", "")
        elif self._form is not None and given.get("type", "submit") == "submit" and tag in ("button", "input"):
            self._form.button = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form is not None:
            if self._form.button and self._form.here and self._form.posts:
                self.posts.add(self._form.do)
            self._form = None
