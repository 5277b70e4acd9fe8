import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.grammar.paths import PageMistake, parse_page, path_matches, plain_path
from tests.grammar.asking import mistake_in


@pytest.mark.parametrize(
    ("pattern", "path", "match"),
    [
        ("/pricing*", "/pricing", True),
        ("/pricing*", "/pricing/", True),
        ("/pricing*", "/PRICING-2", True),
        ("/pricing*", "/pricing/eu?utm_source=x#top", True),
        ("/pricing*", "https://acme.example/pricing?x=1", True),
        ("/pricing*", "/en/pricing", False),
        ("/pricing", "/pricing/", True),
        ("/pricing/", "/pricing", True),
        ("/pricing", "/pricing/eu", False),
        ("/pricing", "/pricing?plan=pro", True),
        ("/Pricing", "/pricing", True),
        ("/blog/*", "/blog/post", True),
        ("/blog/*", "/blog/2026/03/post/", True),
        ("/blog/*", "/blog", False),
        ("/blog/*", "/blogs/post", False),
        ("*/pricing", "/de/pricing", True),
        ("*/pricing", "/pricing/", True),
        ("/*/demo/*", "/de/demo/book", True),
        ("/*/demo/*", "/demo/book", False),
        ("/a*b*c", "/a-b-c", True),
        ("/a*b*c", "/acb", False),
        ("/ab*ba", "/aba", False),
        ("*", "/anything", True),
        ("/", "/", True),
        ("/", "", True),
        ("/", "https://acme.example", True),
        ("/", "/pricing", False),
        ("/café*", "/caf%C3%A9/menu", True),
        ("/caf%C3%A9", "/café", True),
        ("/what%3F", "/what%3F", True),
        ("/a.b", "/axb", False),
    ],
)
def test_pages_by_pattern(pattern, path, match):
    assert path_matches(pattern, path) is match


@given(st.lists(st.text("ab/", max_size=4), min_size=1, max_size=5), st.text("ab/", max_size=12))
def test_a_star_stands_for_anything(parts, tail):
    pattern, path = "/" + "*".join(parts), plain_path("/" + tail)
    if "*" in pattern:
        *before, last = pattern.split("*")
        pattern = "*".join([*before, last.rstrip("/")])
    else:
        pattern = pattern.rstrip("/") or "/"
    expected = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), path) is not None
    assert path_matches(pattern, path) is expected


@given(st.text(max_size=50))
def test_any_path_has_a_plain_form_that_stays_the_same(path):
    plain = plain_path(path)
    assert plain == "/" or not plain.endswith("/")
    assert "#" not in path or len(plain) <= len(path) * 3


def test_many_stars_do_not_take_long():
    began = time.thread_time()
    assert not path_matches("/" + "*a" * 200 + "*b", "/" + "a" * 50_000)
    assert time.thread_time() - began < 5


@pytest.mark.parametrize("pattern", ["/pricing*", "/", "*", "*/demo", " /trim ", "/café"])
def test_patterns_that_are_taken(pattern):
    assert parse_page(pattern) == pattern.strip()


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("pricing*", "`pricing*` does not begin with `/` (write `/pricing*`)"),
        ("https://acme.example/pricing*", "without its site (write `/pricing*`)"),
        ("/pricing?plan=pro", "not looked at"),
        ("/pricing#top", "not looked at"),
        ("/our prices", "no spaces"),
        ("/" + "a" * 500, "at most 500"),
        ("", "is not a page"),
        (None, "is not a page"),
        (7, "is not a page"),
        (["/a"], "is not a page"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern, words):
    with pytest.raises(PageMistake) as caught:
        parse_page(pattern)
    assert words in str(caught.value)


@given(st.text())
def test_anything_else_is_a_mistake_and_nothing_worse(text):
    if not mistake_in(parse_page, text):
        path_matches(text, "/some/path")
