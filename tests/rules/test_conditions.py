"""What conditions mean: SQL's three-valued logic over what is known of a lead."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.facts import EventFact, Known
from nurture.grammar.conditions import Condition, parse_condition
from nurture.grammar.places import SIGNAL
from nurture.grammar.tree import And, Empty, Literal, Not, Or
from nurture.rules.conditions import explain, holds
from tests.grammar.expressions import ATTRIBUTES, comparisons, trees

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LEAD = {
    "email": "ann@corp.example",
    "title": "VP of Sales",
    "country": "US",
    "employees": 250,
    "industry": None,
    "company": " ",
    "stage": "nurture",
    "grade": "B",
    "cycle": 2,
    "score": 12.5,
    "seats": "120",
    "beta": "yes",
    "tags": ["Trial", 7, None],
    "plan": {"name": "Pro", "seats": 5},
    "none": [],
}


def known(lead=LEAD, **more):
    return Known(now=NOW, lead=lead, **more)


def judged(source, facts=None, place=None):
    condition = parse_condition(source, place) if place else parse_condition(source)
    return holds(condition, facts or known())


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("lead.employees >= 200", True),
        ("lead.employees < 200", False),
        ("lead.employees == 250.0", True),
        ("200 <= lead.employees < 300", True),
        ("200 <= lead.employees < 220", False),
        ("lead.country == 'us'", True),
        ("lead.country != 'US'", False),
        ("'vp of SALES' == lead.title", True),
        ("lead.title > 'A'", True),
        ("lead.country in ['CA', ' us ']", True),
        ("lead.country not in ('CA', 'GB')", True),
        ("'sales' in lead.title", True),
        ("'trial' in lead.tags", True),
        ("7 in lead.tags", True),
        ("'paid' not in lead.tags", None),
        ("lead.tags | length == 3", True),
        ("lead.title | length > 3", True),
        ("lead.plan.name == 'pro'", True),
        ("lead.plan.seats.more == 5", None),
    ],
)
def test_comparisons_of_known_fields(source, result):
    assert judged(source) is result


@pytest.mark.parametrize(
    "source",
    [
        "lead.industry == 'steel'",
        "lead.industry != 'steel'",
        "not (lead.industry == 'steel')",
        "lead.industry in ['steel']",
        "lead.industry not in ['steel']",
        "lead.industry | matches('steel')",
        "not (lead.industry | matches('steel'))",
        "lead.company == ''",
        "lead.company == 'Acme'",
        "lead.none | length == 0",
        "lead.never_heard_of > 3",
        "lead.never_heard_of",
        "not lead.never_heard_of",
    ],
)
def test_an_empty_field_is_unknown_whatever_is_asked_of_it(source):
    assert judged(source) is None


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("lead.industry is empty", True),
        ("lead.company is empty", True),
        ("lead.none is empty", True),
        ("lead.never_heard_of is empty", True),
        ("lead.industry is not empty", False),
        ("lead.employees is not empty", True),
        ("lead.cycle is empty", False),
    ],
)
def test_only_is_empty_asks_for_emptiness_and_always_knows(source, result):
    assert judged(source) is result


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("lead.seats >= 100", True),
        ("lead.seats < 119.5", False),
        ("lead.seats == '120'", True),
        ("lead.seats in [120, 130]", True),
        ("lead.seats > lead.employees", False),
        ("lead.beta == lead.employees", None),
        ("lead.plan == 'Pro'", None),
        ("lead.tags == 'Trial'", None),
        ("lead.plan > 3", None),
        ("lead.beta > 3", None),
        ("lead.seats > 'many'", False),
    ],
)
def test_a_number_given_as_text_is_a_number_beside_one_and_the_rest_is_unknown(source, result):
    assert judged(source) is result


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (True, True),
        (False, False),
        ("true", True),
        ("Yes", True),
        ("no", False),
        (1, True),
        (0, False),
        ("1", True),
        ("maybe", None),
        (2, None),
        ("", None),
        (None, None),
        ([True], None),
    ],
)
def test_an_attribute_stands_alone_where_it_is_yes_or_no(value, flag):
    facts = known({"beta": value})
    assert judged("lead.beta", facts) is flag
    assert judged("lead.beta == true", facts) is flag
    assert judged("lead.beta == false", facts) is (None if flag is None else not flag)


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("VP", True),
        ("vp, Sales", True),
        ("Regional VP/GM", True),
        ("SVP", False),
        ("vps", False),
        ("VP2", False),
        ("Head of Sales", True),
        ("head  of\tsales", True),
        ("Head", False),
        ("C++ wizard", True),
        ("c+ wizard", False),
        ("Müller-Straße", True),
        ("MÜLLER-STRASSE", True),
        ("Mu\u0308ller-straße", True),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_matches_takes_whole_words_in_any_case(title, found):
    assert judged("lead.title | matches('vp|head of sales|c++|müller-straße')", known({"title": title})) is found


def test_matches_takes_time_linear_in_the_text():
    facts = known({"title": "head " * 50_000})
    assert judged("lead.title | matches('head of sales')", facts) is False


def event(kind="page", days=1.0, **more):
    return EventFact(kind, NOW - timedelta(days=days), **more)


EVENTS = (
    event(path="/Pricing/?utm=1", days=10),
    event("track", name="Webinar  attended", days=40),
    event("click", campaign="not-ready", step="proof"),
    event("click", campaign="other", step="roi"),
    event("answer", name="Timing", properties={"answer": "now"}),
    event(path="/future", days=-1),
)


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("visited('/pricing*')", True),
        ("visited('/pricing*', days=10)", True),
        ("visited('/pricing*', days=9)", False),
        ("visited('/careers*')", False),
        ("visited('/future')", False),
        ("did('webinar attended', days=40)", True),
        ("did('Webinar Attended', days=39)", False),
        ("did('/pricing')", False),
        ("received('questions')", True),
        ("received('proof')", False),
        ("not received('proof')", True),
        ("clicked('proof')", True),
        ("clicked('roi')", False),
        ("answered('timing')", True),
        ("answered('budget')", False),
    ],
)
def test_questions_about_the_past(source, result):
    facts = known(events=EVENTS, received=frozenset({"questions"}), campaign={"id": "not-ready"})
    assert judged(source, facts) is result


def test_names_of_every_scope():
    facts = Known(
        now=NOW,
        lead={},
        company={"name": "Acme"},
        campaign={"id": "not-ready"},
        step={"id": "proof"},
        event={"minutes": "25", "plan": {"name": "Pro"}},
    )
    assert judged("company.name == 'acme' and campaign.id == 'not-ready' and step.id == 'proof'", facts) is True
    assert judged("event.minutes >= 20 and event.plan.name == 'pro'", facts, SIGNAL) is True
    assert judged("event.minutes >= 20", known(), SIGNAL) is None


MIN, MAX = {False: 0, None: 1, True: 2}, {0: False, 1: None, 2: True}
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["vp", "120", "yes", "US", " "]),
    st.lists(st.none() | st.text(max_size=3) | st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.datetimes(),
    st.binary(max_size=3),
    st.decimals(),
)
leads = st.fixed_dictionaries({}, optional=dict.fromkeys([*ATTRIBUTES, "title", "employees", "email"], values))


def of(tree):
    return Condition(str(tree), tree)


@settings(max_examples=120)
@given(trees(), leads)
def test_and_or_not_are_those_of_kleene(tree, lead):
    facts = known(lead, events=EVENTS)

    def reference(node):
        if isinstance(node, Not):
            return MAX[2 - MIN[reference(node.operand)]]
        if isinstance(node, And | Or):
            pick = min if isinstance(node, And) else max
            return MAX[pick(MIN[reference(item)] for item in node.items)]
        return holds(of(node), facts)

    assert holds(of(tree), facts) is reference(tree)


@settings(max_examples=60)
@given(trees(4), trees(4), leads)
def test_de_morgan_and_double_negation(one, other, lead):
    facts = known(lead, events=EVENTS)
    assert holds(of(Not(And((one, other)))), facts) is holds(of(Or((Not(one), Not(other)))), facts)
    assert holds(of(Not(Or((one, other)))), facts) is holds(of(And((Not(one), Not(other)))), facts)
    assert holds(of(Not(Not(one))), facts) is holds(of(one), facts)
    assert holds(of(Or((one, Literal(True)))), facts) is True
    assert holds(of(And((one, Literal(False)))), facts) is False


@given(comparisons())
def test_a_comparison_over_a_lead_of_whom_nothing_is_known_is_unknown(comparison):
    assert holds(of(comparison), known({})) is None


@settings(max_examples=120)
@given(trees(), leads)
def test_explaining_never_fails_and_agrees_with_judging(tree, lead):
    condition, facts = of(tree), known(lead, events=EVENTS)
    said = explain(condition, facts)
    word = {True: "holds", False: "does not hold", None: "cannot hold"}[holds(condition, facts)]
    assert said
    assert "\n" not in said.replace("\\n", "")
    if not isinstance(tree, And | Or | Not):
        assert word in said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("lead.industry == 'steel'", "lead.industry is not known, so \"lead.industry == 'steel'\" cannot hold"),
        ("lead.employees >= 200", 'lead.employees is 250, so "lead.employees >= 200" holds'),
        (
            "not (lead.employees >= 200 and lead.country == 'DE')",
            "lead.country is “US”, so \"not lead.country == 'DE'\" holds",
        ),
        (
            "lead.employees > 300 or lead.title is empty",
            'lead.employees is 250, so "lead.employees > 300" does not hold; '
            'lead.title is “VP of Sales”, so "lead.title is empty" does not hold',
        ),
        (
            "lead.employees > 300 or lead.industry == 'steel'",
            "lead.industry is not known, so \"lead.industry == 'steel'\" cannot hold",
        ),
        ("lead.plan == 'Pro'", "which cannot be compared"),
        (
            "visited('/x', days=7)",
            "the lead did not visit “/x” in the last 7 days, so \"visited('/x', days=7)\" does not hold",
        ),
        ("visited('/pricing*')", "the lead visited “/pricing*”, last on 2026-02-20, so \"visited('/pricing*')\" holds"),
        ("not received('proof')", "the step “proof” has not been received, so \"not received('proof')\" holds"),
        ("true", '"true" holds, always'),
    ],
)
def test_reasons_are_plain_words(source, said):
    assert said in explain(parse_condition(source), known(events=EVENTS))


def test_the_empty_test_is_never_unknown():
    assert holds(of(Empty(parse_condition("lead.x == 1").names[0])), known({})) is True
