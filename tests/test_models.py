"""The words of the tables are those of the rules."""

from nurture import facts
from nurture.models import columns as models


def test_the_database_knows_the_same_words_as_the_rules() -> None:
    assert models.STAGES == facts.STAGES
    assert models.DELIVERY_STATES == facts.DELIVERY_STATES
    assert models.HANDOFF_STATES == facts.HANDOFF_STATES
    assert models.EVENT_KINDS == facts.EVENT_KINDS
    assert models.VERDICTS == facts.VERDICTS
    assert models.GRADES == facts.GRADES


def test_what_takes_a_day_and_what_is_open_are_the_same_in_sql() -> None:
    assert {state for state in facts.DELIVERY_STATES if f"'{state}'" not in models.DAY_CLAIM} == facts.TAKES_A_DAY
    assert models.DAY_CLAIM.count("'") == 2 * (len(facts.DELIVERY_STATES) - len(facts.TAKES_A_DAY))
    assert all(f"'{state}'" in models.OPEN_HANDOFF for state in facts.OPEN_HANDOFF)
    assert models.OPEN_HANDOFF.count("'") == 2 * len(facts.OPEN_HANDOFF)
