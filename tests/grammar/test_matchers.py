import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from nurture.grammar.matchers import Matcher, parse_matcher
from nurture.grammar.mistakes import Mistake
from tests.grammar.asking import mistake_in
from tests.grammar.expressions import trees


@pytest.mark.parametrize(
    ("said", "kind", "pattern", "answer"),
    [
        ({"page": "/pricing*"}, "page", "/pricing*", None),
        ({"track": "Webinar Attended"}, "track", "Webinar Attended", None),
        ({"answer": "timing=now"}, "answer", "timing", "now"),
        ({"answer": "timing"}, "answer", "timing", None),
        ({"answer": " timing = a=b "}, "answer", "timing", "a=b"),
        ("clicked", "click", None, None),
        ("opened", "open", None, None),
        ("replied", "reply", None, None),
    ],
)
def test_what_a_signal_may_match(said, kind, pattern, answer):
    assert parse_matcher(said) == Matcher(kind, pattern, answer)


def test_a_condition_stands_beside_a_page_or_a_track():
    matcher = parse_matcher({"track": "Webinar Attended", "if": "event.minutes >= 20"})
    assert str(matcher.condition) == "event.minutes >= 20"
    assert parse_matcher({"page": "/x", "if": "event.title == 'a'"}).condition is not None


@pytest.mark.parametrize(
    ("said", "words", "path"),
    [
        ("clicks", "did you mean `clicked`?", ()),
        ("", "is nothing that a lead does", ()),
        (None, "is nothing that a lead does", ()),
        (5, "is nothing that a lead does", ()),
        ({}, "exactly one of `page`, `track` or `answer`", ()),
        ({"page": "/x", "track": "y"}, "exactly one of", ()),
        ({"if": "event.x == 1"}, "exactly one of", ()),
        ({"pages": "/x"}, "did you mean `page`?", ("pages",)),
        ({"clicked": True}, "write `when: clicked`", ("clicked",)),
        ({"page": "pricing"}, "does not begin with `/`", ("page",)),
        ({"track": ""}, "`track` takes a text", ("track",)),
        ({"track": 5}, "`track` takes a text", ("track",)),
        ({"answer": "=now"}, "names no answer", ("answer",)),
        ({"answer": "timing="}, "names no answer", ("answer",)),
        ({"answer": "a=b", "if": "event.x == 1"}, "only beside `page` and `track`", ("if",)),
        ({"page": "/x", "if": "visited('/y')"}, "a signal's `if` does not look at the past", ("if",)),
        ({"page": "/x", "if": "campaign.id == 'x'"}, "`campaign` is not known in a signal's `if`", ("if",)),
        ({"page": "/x", "if": "event.minutes >"}, "ends too early", ("if",)),
        ({"page": "/x", "if": 20}, "is not a condition", ("if",)),
    ],
)
def test_what_a_signal_cannot_match(said, words, path):
    with pytest.raises(Mistake) as caught:
        parse_matcher(said)
    assert words in str(caught.value)
    assert caught.value.path == path


ONE = {"track": "Webinar Attended", "if": "event.minutes >= 20 and event.room == 'A'"}


def fingerprint(said):
    return parse_matcher(said).fingerprint


@pytest.mark.parametrize(
    "same",
    [
        {"track": " webinar  attended", "if": 'event.minutes>=20  and\n(event.room == "A")'},
        {"if": "(event.minutes >= 20) and event.room == 'A'", "track": "WEBINAR ATTENDED"},
    ],
)
def test_spacing_case_and_quotes_leave_the_fingerprint_alone(same):
    assert fingerprint(same) == fingerprint(ONE)


@pytest.mark.parametrize(
    "other",
    [
        {"track": "Webinar Attended"},
        {"page": "/webinar"},
        {"answer": "Webinar Attended"},
        {"track": "Webinar Attended", "if": "event.minutes >= 21 and event.room == 'A'"},
        {"track": "Webinar Attended", "if": "event.minutes >= 20 or event.room == 'A'"},
        {"answer": "timing=now"},
        {"answer": "timing"},
        "clicked",
        "opened",
        "replied",
    ],
)
def test_another_match_has_another_fingerprint(other):
    assert fingerprint(other) != fingerprint(ONE)


def test_the_fingerprint_is_the_same_for_ever():
    assert fingerprint({"page": "/pricing*"}) == "8fa47a91e0ef514a"
    assert fingerprint("clicked") == "a59ab962ef543904"
    assert fingerprint(ONE) == fingerprint(dict(ONE))
    assert len(fingerprint(ONE)) == 16


def test_a_field_takes_what_it_gives():
    class Model(BaseModel):
        when: Matcher

    for said in ({"page": "/x", "if": "event.a == 1"}, {"answer": "timing=now"}, {"answer": "timing"}, "opened", ONE):
        model = Model.model_validate({"when": said})
        assert Model.model_validate(model.model_dump()) == model
    assert "anyOf" in Model.model_json_schema()["properties"]["when"]


keys = st.sampled_from(["page", "track", "answer", "if", "clicked"]) | st.text(max_size=5)
parts = st.text(max_size=20) | st.none() | st.integers() | trees(3).map(str)


@given(st.dictionaries(keys, parts, max_size=3) | st.text(max_size=10) | st.lists(parts, max_size=2))
def test_anything_else_is_a_mistake_and_nothing_worse(said):
    if not mistake_in(parse_matcher, said):
        assert len(parse_matcher(said).fingerprint) == 16
