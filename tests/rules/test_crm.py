"""What a CRM is told in fields that reps set too, and what reps say by setting them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.agreement import HubSpotTerms, RejectReason
from nurture.grammar.crm_words import CrmWordMistake, Meaning, parse_meaning
from nurture.rules.crm import Standing, heard, shared

TERMS = HubSpotTerms()
REASONS = {
    "no_budget": RejectReason(label="No budget this year", then="nurture"),
    "competitor": RejectReason(label="Competitor", then="suppress"),
}
OFFERED = Standing(1, None, 7, "offered", "rep@acme.example")
EMPTY = dict.fromkeys(TERMS.watched, "")


def values(**set_: str) -> dict[str, str]:
    return {**EMPTY, **set_}


def test_an_offer_is_said_once() -> None:
    first = shared(TERMS, OFFERED, None, EMPTY, {})
    assert (dict(first.values), first.owner) == ({"hs_lead_status": "NEW"}, "rep@acme.example")
    again = shared(TERMS, OFFERED, first.told, values(hs_lead_status="NEW"), values(hs_lead_status="NEW"))
    assert (dict(again.values), again.owner) == ({}, None)


def test_of_what_was_over_before_we_came_nothing_is_said() -> None:
    over = Standing(2, "no_budget", 7, "rejected", "rep@acme.example")
    said = shared(TERMS, over, None, values(hs_lead_status="CONNECTED"), {})
    assert (dict(said.values), said.owner) == ({}, None)
    assert shared(TERMS, over, said.told, EMPTY, EMPTY).values == {}


def test_a_refusal_is_said_with_its_reason_as_it_is_called_there() -> None:
    terms = HubSpotTerms.model_validate({"reasons": {"Too expensive": "no_budget"}})
    told = shared(terms, OFFERED, None, EMPTY, {}).told
    seen = values(hs_lead_status="NEW")
    said = shared(terms, Standing(2, "no_budget", 7, "rejected"), told, seen, seen)
    assert dict(said.values) == {"hs_lead_status": "UNQUALIFIED", "nurture_reason": "Too expensive"}


def test_a_word_of_the_rep_s_own_that_says_the_same_stays() -> None:
    told = shared(TERMS, OFFERED, None, EMPTY, {}).told
    seen = values(hs_lead_status="IN_PROGRESS")
    said = shared(TERMS, Standing(1, None, 7, "accepted", "rep@acme.example"), told, seen, seen)
    assert dict(said.values) == {}


def test_what_a_rep_has_set_and_nobody_has_heard_is_not_written_over_and_is_said_later() -> None:
    told = shared(TERMS, OFFERED, None, EMPTY, {}).told
    accepted = Standing(1, None, 7, "accepted", "rep@acme.example")
    held = shared(TERMS, accepted, told, values(hs_lead_status="OPEN_DEAL"), values(hs_lead_status="NEW"))
    assert dict(held.values) == {}
    now = values(hs_lead_status="OPEN_DEAL")
    assert dict(shared(TERMS, accepted, held.told, now, now).values) == {"hs_lead_status": "OPEN"}


_STATES = st.sampled_from(
    ["offered", "accepted", "contacted", "qualified", "won", "lost", "rejected", "returned", None]
)
_STATUS = st.sampled_from([*TERMS.STATUSES["hs_lead_status"], "", "SOMETHING"])


@given(_STATES, _STATUS, _STATUS)
def test_said_again_after_it_was_written_nothing_is_said(state: Any, current: str, seen: str) -> None:
    standing = Standing(1, "no_budget" if state in ("lost", "rejected") else None, 7 if state else None, state, "rep")
    first = shared(TERMS, standing, {}, values(hs_lead_status=current), values(hs_lead_status=seen))
    after = {**values(hs_lead_status=current), **first.values}
    noted = {**values(hs_lead_status=seen), **first.values}
    again = shared(TERMS, standing, first.told, after, noted)
    assert (dict(again.values), again.owner) == ({}, None)


@given(_STATUS, _STATUS, st.sampled_from(["", "no_budget", "Competitor", "whatever"]))
def test_what_is_heard_is_a_word_that_is_clear_or_says_why_it_is_not(before: str, after: str, reason: str) -> None:
    said = heard(TERMS, REASONS, values(hs_lead_status=before), values(hs_lead_status=after, nurture_reason=reason))
    if said is None:
        return
    assert said.unclear or said.word not in ("rejected", "lost") or said.reason in REASONS
    assert said.words


def test_nothing_set_says_nothing() -> None:
    assert heard(TERMS, REASONS, EMPTY, EMPTY) is None
    assert heard(TERMS, REASONS, values(hs_lead_status="OPEN"), EMPTY) is None
    assert heard(TERMS, REASONS, EMPTY, values(hs_lead_status="NEW")) is None
    assert heard(TERMS, REASONS, EMPTY, values(nurture_reason="no_budget")) is None


def test_a_field_that_was_never_looked_at_before_says_nothing_the_first_time() -> None:
    assert heard(TERMS, REASONS, {"hs_lead_status": ""}, values(lifecyclestage="customer")) is None


def test_a_value_that_carries_its_reason_needs_no_other() -> None:
    terms = HubSpotTerms.model_validate({"statuses": {"hs_lead_status": {"BAD_TIMING": "rejected as no_budget"}}})
    said = heard(terms, REASONS, EMPTY, values(hs_lead_status="BAD_TIMING", nurture_reason="nonsense"))
    assert said is not None
    assert (said.word, said.reason, said.unclear) == ("rejected", "no_budget", None)


def test_a_field_of_your_own_takes_the_place_of_the_lead_status() -> None:
    terms = HubSpotTerms.model_validate(
        {
            "status": "sales_status",
            "status_of": {"offered": "To do"},
            "statuses": {"sales_status": {"Mine": "accepted"}},
        }
    )
    assert terms.watched == ("lifecyclestage", "sales_status", "nurture_reason")
    assert terms.status_for("offered") == "To do"
    said = heard(terms, REASONS, dict.fromkeys(terms.watched, ""), {"sales_status": "Mine"})
    assert said is not None
    assert said.word == "accepted"


@pytest.mark.parametrize(
    ("text", "meaning"),
    [("accepted", Meaning("accepted")), (" rejected  as no_budget ", Meaning("rejected", "no_budget"))],
    ids=["a word", "with a reason"],
)
def test_a_meaning_is_read_and_written_back(text: str, meaning: Meaning) -> None:
    assert parse_meaning(text) == meaning
    assert parse_meaning(str(meaning)) == meaning


@pytest.mark.parametrize(
    "text", ["acepted", "accepted as no_budget", "", 7, None, "rejected as", "rejected as no budget"]
)
def test_another_word_is_refused(text: object) -> None:
    with pytest.raises(CrmWordMistake):
        parse_meaning(text)
