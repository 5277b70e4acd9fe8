from datetime import UTC, datetime

import pytest

from nurture.grammar.mistakes import Mistake
from nurture.sheets import cells


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0), ("250", 250), ("250.0", 250), ("250,00", 250), ("1200", 1200), ("1,200", 1200), ("1.200", 1200),
        ("1 200", 1200), ("1'200", 1200), ("1\u202f200", 1200), ("12,345,678", 12_345_678), ("1.200,00", 1200),
        ("1,200.0", 1200), ("0012", 12),
    ],
)  # fmt: skip
def test_a_head_count_is_read_as_people_write_it(text: str, count: int) -> None:
    assert cells.head_count(text) == count


@pytest.mark.parametrize(
    "text",
    [
        "many",
        "51-200",
        "200+",
        "1k",
        "-5",
        "1,2",
        "12,34",
        "1,200.500",
        "1,200 300",
        "1.5",
        "١٢",
        "",
        "1,20,300",
        "1e3",
    ],
)
def test_what_is_no_whole_number_is_no_head_count(text: str) -> None:
    with pytest.raises(Mistake, match="is not a whole number"):
        cells.head_count(text)


def test_no_company_has_so_many_people() -> None:
    with pytest.raises(Mistake, match="more people than a company has"):
        cells.head_count("100,000,001")


@pytest.mark.parametrize("text", ["Yes", "y", "TRUE", "1", "x", "opt-out", "Unsubscribed"])
def test_a_flag_is_set_in_many_words(text: str) -> None:
    assert cells.yes_or_no(text) is True


@pytest.mark.parametrize("text", ["No", "n", "False", "0", "opted in", "subscribed"])
def test_a_flag_is_not_set_in_as_many(text: str) -> None:
    assert cells.yes_or_no(text) is False


def test_a_flag_that_says_neither_is_not_guessed() -> None:
    with pytest.raises(Mistake, match="`maybe` is neither `yes` nor `no`"):
        cells.yes_or_no("maybe")


def test_a_stage_is_one_of_ours_in_any_case() -> None:
    assert cells.stage(" Customer ") == "customer"
    with pytest.raises(Mistake, match=r"`custmer` is no stage \(did you mean `customer`\?\)"):
        cells.stage("custmer")
    with pytest.raises(Mistake, match=r"`hot` is no stage \(it is one of `inquiry`, `nurture`"):
        cells.stage("hot")


@pytest.mark.parametrize("text", ["not_ready", "Not ready", "NOT-READY", " not  ready "])
def test_a_reject_reason_is_found_in_any_writing(text: str) -> None:
    assert cells.reject_reason(text, {"not_ready", "student"}) == "not_ready"


def test_a_reject_reason_may_be_spelt_with_hyphens_in_the_agreement() -> None:
    assert cells.reject_reason("No Budget", {"no-budget"}) == "no-budget"


def test_an_unknown_reject_reason_names_the_nearest_or_all() -> None:
    with pytest.raises(Mistake, match=r"did you mean `not_ready`\?"):
        cells.reject_reason("not_redy", {"not_ready", "student"})
    with pytest.raises(Mistake, match="it has `not_ready` or `student`"):
        cells.reject_reason("lost to EINS", {"not_ready", "student"})


@pytest.mark.parametrize(
    ("text", "zone", "at"),
    [
        ("2026-03-31", "America/Chicago", datetime(2026, 3, 31, 5, tzinfo=UTC)),
        ("20260331", "UTC", datetime(2026, 3, 31, tzinfo=UTC)),
        ("2026-03-31T14:05", "Europe/Berlin", datetime(2026, 3, 31, 12, 5, tzinfo=UTC)),
        ("2026-03-31 14:05:06", "UTC", datetime(2026, 3, 31, 14, 5, 6, tzinfo=UTC)),
        ("2026-03-31T14:05:00+02:00", "America/Chicago", datetime(2026, 3, 31, 12, 5, tzinfo=UTC)),
        ("2026-03-31T14:05:00Z", "America/Chicago", datetime(2026, 3, 31, 14, 5, tzinfo=UTC)),
        # In Beirut the clocks go from midnight to one: the first moment of that day is one o'clock.
        ("2026-03-29", "Asia/Beirut", datetime(2026, 3, 28, 22, tzinfo=UTC)),
    ],
)
def test_a_date_is_its_first_moment_where_the_company_is(text: str, zone: str, at: datetime) -> None:
    assert cells.instant(text, zone) == at
    assert cells.instant(text, zone).tzinfo is UTC


@pytest.mark.parametrize(
    "text", ["yesterday", "31.03.2026", "03/31/2026", "2026-02-30", "1969-12-31", "0001-01-01", "9999-12-31T23:59", ""]
)
def test_what_is_no_date_is_said(text: str) -> None:
    if text == "9999-12-31T23:59":
        with pytest.raises(Mistake, match="is not a date"):
            cells.instant(text, "America/Chicago")
    else:
        with pytest.raises(Mistake, match="is not a date"):
            cells.instant(text, "Asia/Tokyo")


def test_words_stand_on_one_line() -> None:
    assert cells.words("Head of\n  Sales\t&\u00a0Marketing") == "Head of Sales & Marketing"
    with pytest.raises(Mistake, match="more than 500 characters"):
        cells.words("x" * 501)
