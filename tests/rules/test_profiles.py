"""What history says of somebody fills gaps and corrects what is older; it takes back nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nurture.facts import PROFILE_FIELDS, Profile
from nurture.rules.profiles import LONGEST_NAME, LONGEST_VALUE, MOST_ATTRIBUTES, believed, merged, remembered_profile

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(day: int) -> datetime:
    return START + timedelta(days=day)


def known(**fields: Any) -> dict[str, Any]:
    return {field: fields.pop(field, None) for field in PROFILE_FIELDS} | {"attributes": fields}


def after(now: dict[str, Any], since: dict[str, datetime], *said: tuple[int, dict[str, Any]]) -> dict[str, Any]:
    for _, told in believed(now, since, at(0), [(at(day), profile) for day, profile in said]):
        now, _ = merged(now, told)
    return now


def test_what_is_empty_is_filled_by_what_was_said_last() -> None:
    profile = after(
        known(country="US"), {}, (-5, {"title": "VP"}), (-9, {"title": "Clerk", "attributes": {"plan": "pro"}})
    )
    assert (profile["title"], profile["attributes"], profile["country"]) == ("VP", {"plan": "pro"}, "US")


def test_what_was_learnt_since_stays() -> None:
    profile = after(known(title="VP", plan="pro"), {}, (-5, {"title": "Clerk", "attributes": {"plan": "free"}}))
    assert (profile["title"], profile["attributes"]) == ("VP", {"plan": "pro"})


def test_what_was_known_before_is_corrected_field_by_field() -> None:
    since = {"title": at(-9), "plan": at(-2)}
    profile = after(known(title="Clerk", plan="pro"), since, (-5, {"title": "VP", "attributes": {"plan": "free"}}))
    assert (profile["title"], profile["attributes"]) == ("VP", {"plan": "pro"})


def test_a_profile_that_learns_nothing_is_the_same() -> None:
    profile = Profile("jo@buyer.example", "jo@buyer.example", title="VP")
    assert remembered_profile(profile, at(0), [(at(-5), {"title": "Clerk", "attributes": {}})]) is None
    assert remembered_profile(profile, at(0), []) is None
    learnt = remembered_profile(profile, at(0), [(at(-5), {"country": "US", "attributes": {"plan": "pro"}})])
    assert learnt is not None
    assert (learnt.title, learnt.country, learnt.attributes) == ("VP", "US", {"plan": "pro"})


def test_a_lead_has_so_many_attributes_and_those_that_it_has_still_change() -> None:
    full, _ = merged(known(), {"attributes": {f"a{n}": n for n in range(MOST_ATTRIBUTES + 50)}})
    assert list(full["attributes"]) == [f"a{n}" for n in range(MOST_ATTRIBUTES)]
    then, changes = merged(full, {"title": "VP", "attributes": {"one_more": 1, "a7": "seven"}})
    assert changes == {"title": [None, "VP"], "a7": [7, "seven"]}
    assert len(then["attributes"]) == MOST_ATTRIBUTES


def test_what_is_too_long_for_an_attribute_leaves_what_is_known() -> None:
    before = known(plan="pro")
    said = {"n" * LONGEST_NAME: 1, "n" * (LONGEST_NAME + 1): 1, "plan": "é" * LONGEST_VALUE, "list": ["x" * 2000]}
    values, changes = merged(before, {"attributes": said | {"fits": "x" * (LONGEST_VALUE - 2)}})
    assert values["attributes"] == {"plan": "pro", "n" * LONGEST_NAME: 1, "fits": "x" * (LONGEST_VALUE - 2)}
    assert "plan" not in changes


SAID = st.tuples(
    st.integers(-20, -1),
    st.fixed_dictionaries(
        {"attributes": st.dictionaries(st.sampled_from(["plan", "seats"]), st.sampled_from(["", "x", "y"]))},
        optional={"title": st.sampled_from(["VP", "Clerk", ""]), "country": st.sampled_from(["US", "FR"])},
    ),
)


@given(st.lists(SAID, max_size=8, unique_by=lambda one: one[0]), st.integers(0, 8))
def test_a_file_in_order_of_time_may_come_in_in_parts(said: list[Any], cut: int) -> None:
    whole = after(known(), {}, *said)
    now, since = known(), {}
    said.sort(key=lambda one: one[0])
    for part in (said[:cut], said[cut:]):
        for when, told in believed(now, since, at(0), [(at(day), profile) for day, profile in part]):
            now, changes = merged(now, told)
            since |= dict.fromkeys(changes, when)
    assert now == whole


def test_what_comes_in_out_of_order_does_not_go_before_what_was_said_later() -> None:
    one, other = (-5, {"title": "Clerk"}), (-2, {"title": "VP"})
    now, _ = merged(known(), one[1])
    assert after(now, {"title": at(-5)}, other)["title"] == "VP"
    now, _ = merged(known(), other[1])
    assert after(now, {"title": at(-2)}, one)["title"] == "VP"
