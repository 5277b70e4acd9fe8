"""What is taken for a slip of the keyboard, and what for a name of its own."""

from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.grammar.fields import LEAD
from nurture.workspace.advice import field_meant
from nurture.workspace.slips import is_slip

LONG = sorted(field for field in LEAD if len(field) >= 6 and field.isalpha())
OWN = [
    "state", "city", "county", "region", "industry_code", "company_size", "owner_id", "course", "store", "trade",
    "core", "stages_seen", "plan", "planet", "role", "tier", "segment", "territory", "zip", "postcode", "street",
    "phone", "mobile", "website", "domain", "revenue", "budget", "timing", "interests", "product", "products",
    "department", "seniority", "language", "birthday", "gender", "customer_id", "account_id", "lead_score",
    "utm_source", "source_detail", "company_type", "company_name", "sub_industry", "employee_range", "country_code",
    "list_name", "level", "status", "local", "locals", "locate", "employer", "employers", "first_seen", "last_seen",
    "last_visit", "email_domain", "title_en", "mrr", "arr", "nps", "vip", "score_2", "email2", "grading", "cycling",
    "owned", "scope",
]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ("industri", "industry"), ("indutry", "industry"), ("induustry", "industry"), ("indusrty", "industry"),
        ("titel", "title"), ("firstname", "first_name"), ("first_nme", "first_name"), ("fisrt_name", "first_name"),
        ("last_mame", "last_name"), ("compeny", "company"), ("contry", "country"), ("employee", "employees"),
        ("time_zone", "timezone"), ("sourse", "source"), ("lokale", "locale"), ("scroe", "score"), ("gade", "grade"),
    ],
)  # fmt: skip
def test_a_slip_is_told_from_its_field(typed: str, field: str) -> None:
    assert field_meant(typed) == field


@pytest.mark.parametrize("name", OWN)
def test_a_plausible_name_of_ones_own_is_no_slip(name: str) -> None:
    assert field_meant(name) is None


@pytest.mark.parametrize("field", LEAD)
def test_a_field_is_no_slip_of_another(field: str) -> None:
    assert field_meant(field) is None


@given(field=st.sampled_from(LONG), at=st.integers(0, 20), letter=st.sampled_from(ascii_lowercase))
def test_every_single_slip_in_a_long_name_is_one(field: str, at: int, letter: str) -> None:
    at %= len(field)
    before, after = field[:at], field[at + 1 :]
    for typed in (before + after, before + letter + field[at:], before + letter + after):
        assert is_slip(typed, field) == (typed != field)
    if after:
        typed = before + after[0] + field[at] + after[1:]
        assert is_slip(typed, field) == (typed != field)


@given(st.text("abcde_", max_size=7), st.text("abcde_", max_size=7))
def test_a_slip_is_one_both_ways(one: str, other: str) -> None:
    assert is_slip(one, other) == is_slip(other, one)
