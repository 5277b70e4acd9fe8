"""What conditions can hold together: never a false no, and no for what anybody sees."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.authoring.meaning.facts import Given
from nurture.authoring.meaning.possible import can_be_open, can_fail, can_hold
from nurture.facts import EventFact, Known
from nurture.grammar.conditions import parse_condition
from nurture.rules.judging import judge

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def tree(source):
    return parse_condition(source).tree


@pytest.mark.parametrize(
    "source",
    [
        "lead.country == 'US' and lead.country == 'ca'",
        "lead.country in ['US', 'CA'] and lead.country not in ['ca', 'us', 'MX']",
        "lead.country is empty and lead.country != 'US'",
        "not (lead.employees >= 200 or lead.employees < 200)",
        "lead.employees > 5 and lead.employees < 6",
        "lead.employees | matches('big')",
        "lead.grade in ['A', 'B'] and lead.grade == 'C'",
        "lead.cycle < 1",
        "4 < lead.cycle < 3",
        "lead.email is empty",
        "lead.title | matches('vp') and not lead.title | matches('vp|head')",
        "lead.company == 'Acme' and lead.company | matches('beta')",
        "visited('/x', days=5) and not visited('/X', days=9)",
        "did('a  b') and not did('A B')",
        "lead.x and lead.x == 'maybe'",
        "lead.score > 3 and lead.score < 2",
        "lead.a == 1 and (lead.b == 2 or lead.c == 3) and lead.b != 2 and not lead.c == 3",
    ],
)
def test_what_excludes_itself_cannot_hold(source):
    assert not can_hold(tree(source))


@pytest.mark.parametrize(
    "source",
    [
        "lead.score > 5 and lead.score < 6",
        "lead.x > 5 and lead.x < 6",
        "lead.x == 5 and lead.x == '5'",
        "lead.x and lead.x == 'yes'",
        "lead.x and lead.x == 1",
        "lead.title | matches('vp|head') and not lead.title | matches('vp')",
        "lead.title | matches('vp') and lead.title | matches('head')",
        "visited('/x') and not visited('/x', days=5)",
        "lead.a == lead.b and lead.a == 1",
        "'a' in lead.tags and 'b' in lead.tags",
        "lead.company > 'b' and lead.company < 'c'",
        "lead.stage == 'customer'",
        "lead.x == true and lead.x != 5",
    ],
)
def test_what_some_lead_could_be_can_hold(source):
    assert can_hold(tree(source))


def test_what_holds_for_everybody_can_not_fail():
    assert not can_fail(tree("lead.country != 'US' or lead.country != 'CA'"))
    assert can_be_open(tree("lead.country != 'US' or lead.country != 'CA'"))
    assert not can_be_open(tree("lead.country is empty or lead.country is not empty"))
    assert not can_be_open(tree("lead.country is not empty and lead.country == 'US'"))
    assert can_fail(tree("lead.country != 'US'"))


def test_what_is_settled_beforehand_counts():
    settled = Given({"lead.stage": ("nurture",)}, frozenset({("received", "a")}), {"lead.score": (None, 80.0)})
    assert not can_hold(tree("lead.stage == 'customer'"), given=settled)
    assert not can_hold(tree("received('a')"), given=settled)
    assert can_hold(tree("received('b')"), given=settled)
    assert not can_hold(tree("lead.score > 80"), given=settled)
    assert can_hold(tree("lead.score >= 80"), given=settled)


def test_a_condition_that_is_too_long_to_judge_may_hold():
    source = " and ".join(f"(lead.a{n} == 1 or lead.b{n} == 2)" for n in range(30))
    assert can_hold(tree(source))


TEXTS = ["US", "ca", "VP Sales", "head of sales", "vp", "5", "5.5", "yes", "no", "x"]
NUMBERS = ["5", "6", "5.5", "200", "-1", "1", "true", "false"]
FIELDS = [
    "lead.country",
    "lead.title",
    "lead.employees",
    "lead.score",
    "lead.cycle",
    "lead.stage",
    "lead.grade",
    "lead.x",
    "lead.y",
]
PAST = ["visited('/a', days=3)", "visited('/a')", "visited('/A', days=9)", "did('b')", "did('B ', days=4)"]


@st.composite
def atoms(draw):
    kind = draw(st.sampled_from(["text", "number", "list", "empty", "matches", "past", "flag", "fields", "mail", "in"]))
    name = draw(st.sampled_from(FIELDS))
    sign = draw(st.sampled_from(["==", "!=", "<", "<=", ">", ">="]))
    texts = [f"'{text}'" for text in TEXTS] + ["'A'", "'B'", "'nurture'", "'customer'"]
    text = draw(st.sampled_from(texts))
    match kind:
        case "text":
            return f"{name} {sign} {text}"
        case "number":
            return f"{name} {sign} {draw(st.sampled_from(NUMBERS))}"
        case "list":
            return (
                f"{name} {draw(st.sampled_from(['in', 'not in']))} [{text}, {draw(st.sampled_from(texts + NUMBERS))}]"
            )
        case "empty":
            return f"{name} is empty"
        case "matches":
            return f"{name} | matches('{draw(st.sampled_from(['vp', 'VP|head', 'sales', 'head of sales', 'x']))}')"
        case "past":
            return draw(st.sampled_from(PAST))
        case "flag":
            return draw(st.sampled_from(["lead.x", "lead.y"]))
        case "fields":
            return f"{name} {sign} {draw(st.sampled_from(FIELDS))}"
        case "mail":
            return f"{name} | free_mail"
        case _:
            return f"{text} in {draw(st.sampled_from(['lead.x', 'lead.title']))}"


conditions = st.recursive(
    atoms(),
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=6,
)
words = st.sampled_from([*TEXTS, "another", "VP", "somebody@gmail.com", "", None])
anything = words | st.sampled_from([True, False, 0, 1, 5, 6, 5.5, 5.25, 200, -1, -2, ["US"], ["vp", 5], []])
leads = st.fixed_dictionaries(
    {
        "country": words,
        "title": words,
        "employees": st.none() | st.sampled_from([-2, -1, 0, 5, 6, 7, 200, 1000]),
        "score": st.sampled_from([-5.0, 0.0, 5.0, 5.25, 5.5, 6.0, 200.0, 300.0]),
        "cycle": st.integers(1, 7),
        "stage": st.sampled_from(["inquiry", "nurture", "mql", "sal", "sql", "customer", "disqualified"]),
        "grade": st.sampled_from(["A", "B", "C", "D", None]),
        "x": anything,
        "y": anything,
    }
)
events = st.lists(
    st.builds(
        lambda kind, days: EventFact(
            kind,
            NOW - timedelta(days=days),
            name="B" if kind == "track" else None,
            path="/a" if kind == "page" else None,
        ),
        st.sampled_from(["page", "track"]),
        st.integers(0, 12),
    ),
    max_size=2,
)


@settings(max_examples=400)
@given(conditions, leads, events)
def test_whatever_comes_out_for_some_lead_was_held_possible(source, lead, past):
    try:
        condition = parse_condition(source)
    except ValueError:
        return
    held = judge(condition.tree)(Known(now=NOW, lead=lead, events=tuple(past)))
    asked = {True: can_hold, False: can_fail, None: can_be_open}[held]
    assert asked(condition.tree), (held, source, lead)
