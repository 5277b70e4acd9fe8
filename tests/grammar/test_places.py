"""What the guide says of places and filters, held against the grammar."""

import re
from pathlib import Path

import pytest

from nurture.grammar.conditions import ConditionError, parse_condition
from nurture.grammar.fields import SCOPES
from nurture.grammar.places import ASSIGN, CAMPAIGN, FIT, FUNCTIONS, SIGNAL, STEP, Place

GUIDE = (Path(__file__).parents[2] / "docs/campaigns.md").read_text(encoding="utf-8")
PLACES = {
    "a line of `fit`": FIT,
    "a signal's `if`": SIGNAL,
    "a line of `assign`": ASSIGN,
    "a campaign: `enroll.when`, `exit`": CAMPAIGN,
    "a step's `when`": STEP,
}


@pytest.mark.parametrize("name", PLACES)
def test_the_guide_says_what_each_place_knows(name: str) -> None:
    (row,) = (line for line in GUIDE.splitlines() if line.startswith(f"| {name} |"))
    _, _, names, questions, _ = row.split("|")
    known, _, unknown = names.partition("; not") if "; not" in names else names.partition(":")
    place = PLACES[name]
    assert tuple(re.findall(r"`(\w+)`", known)) == place.scopes
    assert set(re.findall(r"`(lead\.\w+)`", unknown)) == place.unknown
    assert tuple(re.findall(r"`(\w+)`", questions)) == place.functions


def _is_taken(condition: str, place: Place) -> bool:
    try:
        parse_condition(condition, place)
    except ConditionError:
        return False
    return True


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_place_knows_no_more(place: Place) -> None:
    named = {scope: f"{scope}.{next(iter(fields), 'x')} is not empty" for scope, fields in SCOPES.items()}
    assert {scope for scope, condition in named.items() if _is_taken(condition, place)} == set(place.scopes)
    assert {name for name in FUNCTIONS if _is_taken(f"{name}('/x')", place)} == set(place.functions)
    for name in ("lead.grade == 'A'", "lead.score > 1"):
        assert _is_taken(name, place) == ("lead" in place.scopes and name.split()[0] not in place.unknown)


@pytest.mark.parametrize("name", ["lower", "upper", "default", "int", "float", "trim", "count"])
def test_filters_of_mails_are_refused(name: str) -> None:
    assert not _is_taken(f"lead.title | {name} == 'vp'", STEP)


@pytest.mark.parametrize(
    "condition",
    [
        "lead.title | matches('vp|chief')", "lead.email | free_mail", "lead.title | length >= 3", "1 < lead.cycle <= 3",
        "lead.newsletter", "lead.industry is not empty", "step.id == 'roi'", "campaign.topic in ['a', 'b']", "true",
    ],
)  # fmt: skip
def test_what_the_guide_shows_can_be_said(condition: str) -> None:
    assert _is_taken(condition, STEP)


def test_a_signal_that_asks_who_the_lead_is_is_told_where_that_belongs() -> None:
    with pytest.raises(ConditionError, match="`lead` is not known in a signal's `if`") as refused:
        parse_condition("event.minutes > 5 and lead.country == 'US'", SIGNAL)
    assert "`fit`" in str(refused.value.hint)
