"""Every code of the templates has its place in `docs/checks.md`, and every kind of refusal has a code."""

from typing import get_args

from nurture.authoring.templates import codes
from nurture.mail.pieces import Topic
from nurture.pages import codes as of_pages
from nurture.workspace import codes as of_yaml
from tests.authoring.examples import examples


def test_every_code_stands_in_the_document_with_its_title_and_an_example() -> None:
    written = {example.code: example for example in examples() if example.code.startswith("N2")}
    every = (*codes.ALL, *of_pages.ALL)
    assert [(code.code, code.title) for code in every] == [(one.code, one.title) for one in written.values()]
    by_spamassassin = ["N255", "N256"]
    assert [code for code, example in written.items() if not example.said] == by_spamassassin


def test_no_code_has_two_meanings() -> None:
    every = [code.code for code in (*codes.ALL, *of_pages.ALL, *of_yaml.ALL)]
    assert len(every) == len(set(every))


def test_every_topic_of_a_refusal_has_a_code() -> None:
    assert set(codes.BY_TOPIC) == set(get_args(Topic))
