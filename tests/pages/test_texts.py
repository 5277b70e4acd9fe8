"""The texts of the pages: whole in every language, and what a workspace may put in their place."""

import logging
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.errors import Problem
from nurture.pages import Pages, Shown
from nurture.pages.catalogue import SHIPPED_LANGUAGES, filled, placeholders, shipped
from nurture.pages.own import read_own
from nurture.pages.samples import COMPANY, SAMPLES
from nurture.pages.texts import text_problems
from nurture.workspace.source import Source

ROOT = Path(__file__).parents[2]
ENGLISH = shipped().languages["en"]


def source(name: str, text: str) -> Source:
    return Source(f"templates/pages/{name}", Path(name), text)


def own(**files: str):
    return read_own(
        {name: source(name, text) for name, text in ((one.replace("_", "."), text) for one, text in files.items())}
    )


@pytest.mark.parametrize("language", SHIPPED_LANGUAGES)
def test_a_shipped_language_is_whole_and_says_all_that_the_english_says(language: str) -> None:
    path = ROOT / f"nurture/pages/texts/{language}.yaml"
    sound, problems = text_problems(source(f"texts.{language}.yaml", path.read_text()), language)
    assert problems == []
    assert list(sound) == list(ENGLISH)


def test_no_text_is_shown_nowhere_and_none_is_shown_that_is_not_there() -> None:
    folders = [ROOT / "nurture/pages", ROOT / "nurture/web", ROOT / "nurture/flows"]
    code = "\n".join(
        path.read_text() for folder in folders for path in folder.rglob("*.*") if path.suffix in (".py", ".html")
    )
    used = {key for key in ENGLISH if f'"{key}"' in code or (key.endswith("_title") and f'"{key[:-6]}"' in code)}
    assert set(ENGLISH) - used == set()
    assert set(re.findall(r'text\(\s*"([a-z_.]+)"', code)) <= set(ENGLISH)


def test_the_guide_lists_every_text() -> None:
    guide = (ROOT / "docs/pages.md").read_text()
    assert [key for key in ENGLISH if f"`{key}`" not in guide] == []


@pytest.mark.parametrize("language", SHIPPED_LANGUAGES)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.page}-{sample.values.get('state')}")
def test_every_page_can_be_shown_in_every_language(language: str, sample) -> None:
    pages = Pages(COMPANY)
    html = pages.show(Shown(sample.page, sample.values), pages.words(language, "m***@a***.example"))
    assert f'<html lang="{language}">' in html
    assert not re.search(r"\{[a-z_]+\}", html)


def test_only_the_texts_that_are_wanted_otherwise_are_written() -> None:
    pages = Pages(COMPANY, own(texts_de_yaml='unsubscribe:\n  title: "Tschüss, {company}?"\n'))
    assert pages.words("de")("unsubscribe.title") == "Tschüss, Acme?"
    assert pages.words("de")("unsubscribe.button") == "Abmelden"
    assert pages.words("en")("unsubscribe.title") == "Unsubscribe?"


def test_a_language_of_its_own_falls_back_to_english_and_a_kind_of_one_to_that_one() -> None:
    pages = Pages(
        COMPANY, own(texts_it_yaml='unsubscribe: {title: "Annullare?"}', **{"texts_de-AT_yaml": "page: {busy: Später}"})
    )
    assert set(pages.languages) == {*SHIPPED_LANGUAGES, "it", "de-at"}
    assert pages.words("it")("unsubscribe.title") == "Annullare?"
    assert pages.words("it")("unsubscribe.button") == "Unsubscribe"
    assert pages.words("de-at")("unsubscribe.button") == "Abmelden"
    assert pages.words("de-at")("page.busy") == "Später"


BAD = {
    "a text that there is not": 'unsubscribe:\n  titel: "x"',
    "a group that there is not": 'unsubscrib:\n  title: "x"',
    "a placeholder that there is not": 'unsubscribe:\n  title: "{compny}"',
    "a placeholder that is missing": 'said:\n  pause: "Saved."',
    "no text": "unsubscribe:\n  title: 7",
    "an empty one": 'unsubscribe:\n  title: " "',
    "a list": "unsubscribe:\n  title: [a, b]",
    "one that is too long": f'unsubscribe:\n  title: "{"x" * 1001}"',
    "too few months": 'page:\n  months: "a, b"',
    "a group that is a text": "unsubscribe: bye",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_a_text_that_cannot_be_used_is_told_at_its_place_and_ours_stays(text: str) -> None:
    said = own(texts_en_yaml=text)
    (problem,) = said.problems
    assert problem.severity == "error"
    assert (problem.file, problem.line) == (
        "templates/pages/texts.en.yaml",
        2 if "\n" in text and "unsubscrib:" not in text else 1,
    )
    assert Pages(COMPANY, said).words("en")("unsubscribe.title") == "Unsubscribe?"


@pytest.mark.parametrize(
    "text", ["", "- a", "a: [", "\x00", "unsubscribe: {title: a}\nunsubscribe: {title: b}", "!x y"]
)
def test_a_file_that_cannot_be_read_is_told_and_ours_stays(text: str) -> None:
    said = own(texts_en_yaml=text)
    assert said.problems
    assert Pages(COMPANY, said).words("en")("unsubscribe.button") == "Unsubscribe"


def test_a_file_that_is_no_page_is_told() -> None:
    said = read_own({
        "unsubscribed.html": source("unsubscribed.html", ""),
        "deep/unsubscribe.html": source("deep/unsubscribe.html", ""),
        "letter.mjml": source("letter.mjml", ""),
        "texts.yaml": source("texts.yaml", ""),
        "texts.a.b.yaml": source("texts.a.b.yaml", ""),
        "message.html": Problem("templates/pages/message.html", 1, 1, "the file cannot be read"),
    })  # fmt: skip
    assert [problem.file.removeprefix("templates/pages/") for problem in said.problems] == [
        "unsubscribed.html", "deep/unsubscribe.html", "letter.mjml", "texts.yaml", "texts.a.b.yaml", "message.html",
    ]  # fmt: skip
    assert (said.texts, said.pages) == ({}, {})


BROKEN = {
    "no jinja": ("unsubscribe", "{% if %}"),
    "a block without an end": ("unsubscribe", "{% block main %}"),
    "a name that there is not": ("unsubscribe", '<form method="post"><button>{{ nmae }}</button></form>'),
    "a text that there is not": ("unsubscribe", '{{ text("unsubscribe.tilte") }}'),
    "a layout that there is not": ("unsubscribe", '{% extends "base.html" %}'),
    "a call into python": ("unsubscribe", "{{ ''.__class__.__mro__ }}"),
    "a loop without an end": ("unsubscribe", "{% for i in range(10**9) %}{% endfor %}"),
    "a filter that there is not": ("unsubscribe", "{{ state | nothing }}"),
    "a link instead of a button": ("unsubscribe", '<a href="?do">bye</a>'),
    "a form that gets": ("unsubscribe", "<form><button>bye</button></form>"),
    "a form that posts elsewhere": ("unsubscribe", '<form method="post" action="https://x.example"><button>a</button></form>'),
    "no way out": ("preferences", '{% extends "layout.html" %}'),
    "a layout that shows nothing": ("layout", "<html></html>"),
    "a layout that breaks": ("layout", "{% block main %}{% endblock %}{{ nothing }}"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text"), BROKEN.values(), ids=BROKEN)
def test_a_broken_page_is_told_and_ours_is_shown(name: str, text: str, caplog: pytest.LogCaptureFixture) -> None:
    said = own(**{f"{name}_html": text})
    assert any(
        problem.severity == "error" and problem.file == f"templates/pages/{name}.html" for problem in said.problems
    )
    with caplog.at_level(logging.ERROR):
        pages = Pages(COMPANY, said)
    assert "ours is shown instead" in caplog.text
    for sample in SAMPLES:
        html = pages.show(Shown(sample.page, sample.values), pages.words("en"))
        assert html == Pages(COMPANY).show(Shown(sample.page, sample.values), Pages(COMPANY).words("en"))


def test_a_page_that_fails_only_once_it_is_shown_is_ours_then(caplog: pytest.LogCaptureFixture) -> None:
    sum_ = "1 // (preferences_url | length - 3) if preferences_url else 1"
    text = f'<form method="post"><button>{{{{ {sum_} }}}}</button></form>'
    pages = Pages(COMPANY, own(unsubscribe_html=text))
    fine = Shown("unsubscribe", {"state": "ask", "preferences_url": "/p/a-long-one"})
    assert "<h1>" not in pages.show(fine, pages.words("en"))
    assert "<h1>Unsubscribe?</h1>" in pages.show(
        Shown("unsubscribe", {"state": "ask", "preferences_url": "abc"}), pages.words("en")
    )
    assert "templates/pages/unsubscribe.html" in caplog.text


def test_a_layout_of_its_own_stands_around_our_pages() -> None:
    layout = "<!doctype html><title>{% block title %}{% endblock %}</title><b>Acme!</b>{% block main %}{% endblock %}"
    pages = Pages(
        COMPANY,
        own(layout_html=layout, answer_html='{% extends "shipped/answer.html" %}{% block title %}!{% endblock %}'),
    )
    for sample in SAMPLES:
        assert "<b>Acme!</b>" in pages.show(Shown(sample.page, sample.values), pages.words("en"))
    html = pages.show(Shown(SAMPLES[10].page, SAMPLES[10].values), pages.words("en"))
    assert "<title>!</title>" in html
    assert "Send this answer" in html


@settings(max_examples=30)
@given(st.text(max_size=30), st.text(max_size=30))
def test_what_is_filled_in_is_text_and_no_placeholder(question: str, answer: str) -> None:
    pages = Pages(COMPANY)
    values = {
        "state": "ask",
        "question": f"<b>{question}{{company}}",
        "answer": f"<i>{answer}",
        "preferences_url": None,
    }
    html = pages.show(Shown("answer", values), pages.words("en"))
    assert "<b>" not in html
    assert "<i>" not in html
    assert "{company}" in html


def test_filling_in_reads_placeholders_once() -> None:
    assert filled("{a} {b}", {"a": "{b}", "b": "{a}"}) == "{b} {a}"
    assert placeholders("{a} { } {b}") == ["a", " ", "b"]
