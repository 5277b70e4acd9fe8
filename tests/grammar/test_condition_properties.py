"""What holds of the language of conditions whatever is written."""

from hypothesis import example, given, settings

from nurture.grammar.conditions import ConditionError, parse_condition
from nurture.grammar.places import FIT, SIGNAL, STEP
from tests.grammar.asking import mistake_in
from tests.grammar.expressions import garbage, trees


@settings(max_examples=80)
@given(trees())
def test_a_tree_written_out_reads_as_the_same_tree(tree):
    condition = parse_condition(str(tree))
    assert condition.tree == tree
    assert condition.canonical == str(tree)


@settings(max_examples=200)
@given(garbage)
@example("(" * 2000)
@example("not " * 499 + "x")
@example("lead" + ".a" * 990)
@example("lead.a" + "|length" * 280)
@example("-" * 1999 + "1")
@example("lead.a if " * 150)
@example("lead.a and " * 180 + "lead.a")
@example("[" * 21 + "]" * 21)
@example("'\\x'")
@example("'\\")
@example("lead.a == " + "9" * 1900)
@example("lead.a == 1.٣")
@example("lead.a == 'x' 'y'")
def test_no_text_raises_anything_but_a_condition_error_inside_the_text(text):
    for place in (FIT, SIGNAL, STEP):
        error = mistake_in(parse_condition, text, place)
        if error:
            assert isinstance(error, ConditionError)
            assert error.offset is None or 0 <= error.offset <= len(text)
            assert "\n" not in str(error)
            assert len(str(error)) < 500
        else:
            assert parse_condition(text, place).source == text
