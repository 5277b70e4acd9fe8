"""What can be said in a condition, and what is answered where it cannot."""

import pytest

from nurture.facts import GRADES, PROFILE_FIELDS, STAGES
from nurture.grammar.conditions import Condition, ConditionError, parse_condition
from nurture.grammar.fields import LEAD, WORDS
from nurture.grammar.places import ANYWHERE, ASSIGN, CAMPAIGN, FIT, SIGNAL, STEP


def test_the_fixed_fields_are_those_that_the_rules_know():
    assert set(LEAD) == {*PROFILE_FIELDS, "email", "stage", "cycle", "grade", "score"}
    assert WORDS == {"lead.stage": STAGES, "lead.grade": GRADES}


@pytest.mark.parametrize(
    ("source", "canonical"),
    [
        ("lead.employees>=200", "lead.employees >= 200"),
        ('lead.title|matches( "vp | chief" )', "lead.title | matches('vp|chief')"),
        ("lead.country in ('US','CA',)", "lead.country in ['US', 'CA']"),
        ("not(lead.email|free_mail)", "not lead.email | free_mail"),
        ("not (lead.employees is empty)", "lead.employees is not empty"),
        ("lead.a == 1 and (lead.b == 2 and lead.c == 3)", "lead.a == 1 and lead.b == 2 and lead.c == 3"),
        ("(lead.a == 1 and lead.b == 2) or lead.c == 3", "lead.a == 1 and lead.b == 2 or lead.c == 3"),
        ("lead.a == 1 and (lead.b == 2 or lead.c == 3)", "lead.a == 1 and (lead.b == 2 or lead.c == 3)"),
        ("not (lead.a == 1 or lead.b)", "not (lead.a == 1 or lead.b)"),
        ("1 < lead.cycle <= 3", "1 < lead.cycle <= 3"),
        ("lead.balance > -5", "lead.balance > -5"),
        ("visited('/pricing*',days=30)", "visited('/pricing*', days=30)"),
        ('lead.plan.name == "it\'s"', "lead.plan.name == 'it\\'s'"),
        ("lead.flag == True", "lead.flag == true"),
        ("lead.title\n  == 'CEO'", "lead.title == 'CEO'"),
    ],
)
def test_the_canonical_form_is_the_same_for_every_way_to_write_it(source, canonical):
    condition = parse_condition(source)
    assert condition.canonical == canonical
    assert condition.source == source
    assert parse_condition(canonical).tree == condition.tree


def test_a_condition_declares_what_it_looks_at():
    source = (
        "lead.title | matches('vp') and (visited('/a*', days=7) or not received('p')) and lead.plan.name == lead.title"
    )
    condition = parse_condition(source)
    assert condition.fields == {"lead.title", "lead.plan.name"}
    assert condition.needs == {"visited", "received"}
    assert [(question.argument, question.days) for question in condition.questions] == [("/a*", 7), ("p", None)]
    assert source[condition.names[-1].at :] == "lead.title"
    assert source[condition.questions[1].at :].startswith("received")
    assert parse_condition("lead.x == 1").needs == frozenset()


def test_conditions_are_values():
    assert parse_condition("lead.x == 1") == parse_condition("lead.x == 1")
    assert len({parse_condition("lead.x == 1"), parse_condition("lead.x == 1"), parse_condition("lead.x == 2")}) == 2
    assert parse_condition(parse_condition("lead.x == 1")) == parse_condition("lead.x == 1")
    assert str(parse_condition("lead.x==1")) == "lead.x==1"


@pytest.mark.parametrize(
    ("source", "at", "words"),
    [
        ("", None, "the condition is empty"),
        ("   ", None, "the condition is empty"),
        ("lead.employes >= 200 and title == 'x'", "title", "`title` stands alone (did you mean `lead.title`?)"),
        (
            "leed.title == 'x'",
            "leed",
            "`leed` is not known; names begin with `lead`, `company`, `campaign` or `step` (did you mean `lead`?)",
        ),
        ("lead.title == CEO", "CEO", "`CEO` is not known"),
        ("lead.title == CEO", "CEO", "a text stands in quotes: `'CEO'`"),
        (
            "company.nmae == 'x'",
            "company",
            "`company` has no `nmae`; it has `name`, `address` or `timezone` (did you mean `name`?)",
        ),
        ("lead == 'x'", "lead", "`lead` alone says nothing (such as `lead.email`)"),
        ("lead.title", "lead", "`lead.title` alone is neither true nor false (such as `lead.title is not empty`)"),
        ("lead.title.first == 'x'", "lead", "`lead.title` has no parts"),
        ("lead.__class__ == 'x'", "lead", "is not a name"),
        ("lead.a.b.c.d.e.f == 1", "lead", "is not a name"),
        ("event.minutes > 3", "event", "`event` is known only in a signal's `if`"),
        ("visitd('/x')", "visitd", "did you mean `visited`?"),
        ("visited == 1", "visited", "`visited` is a function (write `visited('…')`)"),
        ("visited()", "visited", "`visited` takes one text (write `visited('…')`)"),
        ("visited('/x', '/y')", "visited", "takes one text"),
        ("visited(lead.x)", "visited", "takes one text"),
        ("visited(*lead.x)", "*", "cannot calculate"),
        ("visited('x')", "'x'", "does not begin with `/`"),
        ("visited('/x', days=0)", "0", "a whole number from 1 to 3650"),
        ("visited('/x', days=1.5)", "1.5", "a whole number"),
        ("visited('/x', days='3')", "'3'", "a whole number"),
        ("visited('/x', hours=3)", "3", "takes a text and `days`"),
        ("received('x', days=3)", "3", "`received` takes one text and nothing else"),
        ("lead.title()", "lead", "only these can be called"),
        ("lead.title | upcase == 'X'", "upcase", "there is no filter `upcase`"),
        ("lead.title | lower == 'x'", "lower", "text compares without regard to case; leave it out"),
        ("lead.employees | default(0) > 3", "default", "ask `is empty`"),
        ("lead.title | matches", "matches", "`matches` takes one text"),
        ("lead.title | matches('vp.*')", "'vp", "`matches` takes whole words, not patterns: `*`"),
        ("lead.title | matches('(vp)')", "'(vp", "not patterns: `(`"),
        ("lead.title | matches('vp||ceo')", "'vp", "an empty word"),
        ("lead.email | free_mail('x')", "free_mail", "takes nothing in brackets"),
        ("lead.tags | length", "length", "a length is neither true nor false"),
        ("'x' | matches('y')", "matches", "is asked of a name"),
        ("lead.title is none", "is", "there is no `is none`; there is `is empty` (write `is empty`)"),
        ("lead.title is emtpy", "is", "did you mean `empty`?"),
        ("lead.title == none", "none", "nothing compares with `none` (write `is empty`)"),
        ("lead.employees >= 'many'", "lead", "`lead.employees` is a number, `'many'` is not"),
        ("lead.employees in [1, 'x']", "lead", "is a number"),
        ("lead.country == 1", "lead", "`lead.country` is text (write `'1'`)"),
        ("lead.country == true", "lead", "is text"),
        ("lead.country == lead.employees", "lead", "cannot be compared"),
        ("lead.stage == 'mqll'", "lead", "`lead.stage` is never `'mqll'`"),
        ("lead.stage == 'mqll'", "lead", "did you mean `mql`?"),
        ("lead.grade in ['A', 'E']", "lead", "`lead.grade` is never `'E'`; it is `A`, `B`, `C` or `D`"),
        ("lead.grade >= 'B'", "lead", "`lead.grade` is not a quantity (write `lead.grade in ['A', 'B']`)"),
        ("lead.country in ('US')", "lead", "`in` is followed by a list (write `['US']`)"),
        ("lead.country in []", "[", "the list is empty"),
        ("lead.country in [lead.x]", "lead.x", "a list holds only text and numbers"),
        ("lead.country == ['US']", "lead", "a list stands only after `in`"),
        ("['US'] in lead.country", "lead", "a list stands only after `in`"),
        ("3 in lead.employees", "lead", "`in` is followed by a list"),
        ("'a' == 'b'", "'a'", "this compares two fixed values"),
        ("(lead.a == 1) == true", "lead", "what is true or false by itself cannot be compared"),
        ("lead.email | free_mail == true", "lead", "leave the comparison out"),
        ("lead.a = 1", "=", "`=` does not compare (write `==`)"),
        ("lead.a == 1 AND lead.b == 2", "AND", "`AND` means nothing here (write `and`)"),
        ("lead.a || lead.b", "| lead", "`or` is written out"),
        ("lead.a && lead.b", "&&", "write `and`"),
        ("!lead.a", "!", "write `not`"),
        ("lead.a + 1 > 2", "+", "a condition cannot calculate: `+`"),
        ("'a' * 50000000 == lead.a", "*", "a condition cannot calculate: `*`"),
        ("lead.a ~ 'x' == 'y'", "~", "cannot calculate"),
        ("lead.a - 1 > 2", "lead", "a condition cannot say this"),
        ("-lead.a > 2", "-", "a minus before anything but a number"),
        ("lead['title'] == 'x'", "lead", "parts in square brackets"),
        ("lead.a if lead.b else lead.c", "lead", "`if … else`"),
        ("{{ lead.a }}", "{", "stands without braces"),
        ("lead.a }} {{ lead.b", "}", "stands without braces"),
        ("lead.a; lead.b", ";", "has no `;`"),
        ("(lead.a == 1", "1", "ends too early"),
        ("lead.a == 1)", ")", "`)` is out of place"),
        ("lead.a ==", "==", "ends too early"),
        ("lead.a lead.b", "lead.b", "out of place"),
        ("lead.a == 'x", "'x", "has no closing '"),
        ("lead.a == '\\d'", "\\d", "a backslash stands only before"),
        ("lead.a == 9999999999999999999", "9999", "too large"),
        ("lead.a == 1e999", "1e999", "too large"),
        ("lead.a @ 3", "@", "`@` is out of place"),
        ("[1, 2]", "[", "a list alone"),
        ("'text'", "'text'", "a fixed value alone"),
    ],
)
def test_what_cannot_be_said_is_refused_at_its_place(source, at, words):
    with pytest.raises(ConditionError) as caught:
        parse_condition(source)
    assert words in str(caught.value)
    assert caught.value.offset == (
        None if at is None else source.rindex(at) if source.count(at) < 2 else source.index(at)
    )


@pytest.mark.parametrize("value", [None, 3, True, ["lead.x"], {"a": 1}])
def test_only_text_is_a_condition(value):
    with pytest.raises(ConditionError, match="is not a condition"):
        parse_condition(value)


def test_size_and_depth_are_bounded():
    assert parse_condition("lead.a == 1 or " * 120 + "lead.b == 2")
    assert parse_condition("(" * 20 + "lead.a == 1" + ")" * 20)
    for source, words in (
        ("lead.a == '" + "x" * 2000 + "'", "at most 2,000 characters"),
        ("(" * 21 + "lead.a == 1" + ")" * 21, "nest at most 20 deep"),
        ("not " * 51 + "lead.a", "long-winded"),
    ):
        with pytest.raises(ConditionError, match=words):
            parse_condition(source)


@pytest.mark.parametrize(
    ("source", "places"),
    [
        ("lead.employees > 3 and company.timezone == 'UTC'", {ANYWHERE, FIT, ASSIGN, CAMPAIGN, STEP}),
        ("company.timezone == 'UTC'", {ANYWHERE, FIT, SIGNAL, ASSIGN, CAMPAIGN, STEP}),
        ("lead.grade == 'A'", {ANYWHERE, ASSIGN, CAMPAIGN, STEP}),
        ("lead.score > 3", {ANYWHERE, ASSIGN, CAMPAIGN, STEP}),
        ("event.minutes > 3", {SIGNAL}),
        ("campaign.id == 'x'", {ANYWHERE, CAMPAIGN, STEP}),
        ("step.id == 'x'", {ANYWHERE, STEP}),
        ("visited('/x')", {ANYWHERE, ASSIGN, CAMPAIGN, STEP}),
        ("received('x')", {ANYWHERE, CAMPAIGN, STEP}),
        ("clicked('x')", {ANYWHERE, CAMPAIGN, STEP}),
    ],
)
def test_a_place_decides_what_may_be_named(source, places):
    for place in (ANYWHERE, FIT, SIGNAL, ASSIGN, CAMPAIGN, STEP):
        if place in places:
            assert isinstance(parse_condition(source, place), Condition)
        else:
            with pytest.raises(ConditionError):
                parse_condition(source, place)
