import pytest

from nurture.rules.hashing import pick


def test_a_choice_is_the_same_for_ever() -> None:
    assert [pick(150, "minute", f"lead-{n}", "questions") for n in range(5)] == [33, 8, 30, 146, 113]


def test_two_purposes_choose_independently() -> None:
    same = sum(pick(10, "minute", str(n)) == pick(10, "late", str(n)) for n in range(10_000))
    assert 850 < same < 1150


def test_parts_do_not_run_into_each_other() -> None:
    assert pick(1 << 60, "minute", "ab", "c") != pick(1 << 60, "minute", "a", "bc")


@pytest.mark.parametrize("choices", [1, 2, 3, 7, 150, 9000])
def test_choices_are_spread_evenly_over_ten_thousand_leads(choices: int) -> None:
    bins = min(choices, 150)
    counts = [0] * bins
    for n in range(10_000):
        chosen = pick(choices, "minute", f"lead-{n}", "questions")
        assert 0 <= chosen < choices
        counts[chosen * bins // choices] += 1
    expected = 10_000 / bins
    chi_square = sum((count - expected) ** 2 / expected for count in counts)
    assert chi_square <= bins - 1 + 5 * (2 * bins) ** 0.5


def test_a_lone_surrogate_in_a_key_is_no_trouble() -> None:
    assert 0 <= pick(10, "minute", "\ud800") < 10


@pytest.mark.parametrize("choices", [0, -1])
def test_nothing_to_choose_from_is_a_mistake(choices: int) -> None:
    with pytest.raises(ValueError, match="nothing to choose from"):
        pick(choices, "minute")
