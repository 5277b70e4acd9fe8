import pytest

from nurture.segment.traits import merge_traits


def merged(**traits):
    profile = {"attributes": {}}
    merge_traits(profile, traits)
    attributes = profile.pop("attributes")
    return profile | ({"attributes": attributes} if attributes else {})


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("firstName", "first_name"), ("first_name", "first_name"), ("FirstName", "first_name"),
        ("given-name", "first_name"), ("First Name", "first_name"),
        ("lastName", "last_name"), ("family-name", "last_name"), ("surname", "last_name"),
        ("title", "title"), ("jobTitle", "title"), ("job-title", "title"), ("position", "title"),
        ("organization-title", "title"),
        ("company", "company"), ("Company", "company"), ("organization", "company"), ("company_name", "company"),
        ("country", "country"), ("country-name", "country"), ("industry", "industry"), ("timezone", "timezone"),
    ],
)  # fmt: skip
def test_a_field_is_known_by_the_names_that_clients_and_forms_have_for_it(name, field):
    assert merged(**{name: "x"}) == {field: "x"}


@pytest.mark.parametrize("traits", [{"title": "CTO", "position": "x"}, {"position": "x", "title": "CTO"}])
def test_of_two_names_for_one_field_its_own_counts(traits):
    assert merged(**traits) == {"title": "CTO"}


def test_what_is_empty_says_nothing():
    assert merged(title="", position="CTO", first_name=None) == {"title": "CTO"}


def test_a_whole_name_is_taken_apart():
    assert merged(fullName="Jo van Ek") == {"first_name": "Jo", "last_name": "van Ek"}


def test_what_is_no_field_is_an_attribute_as_it_is_called():
    assert merged(Use_Case="weld", plan_title="x") == {"attributes": {"Use_Case": "weld", "plan_title": "x"}}


def test_a_company_may_be_an_object():
    assert merged(company={"name": "Buyer", "employees": 7, "city": "Rome"}) == {
        "company": "Buyer",
        "employees": 7,
        "attributes": {"company_city": "Rome"},
    }


@pytest.mark.parametrize("value", [{"a": 1}, ["CTO"], True, False, " ", None])
def test_what_is_no_text_is_no_title(value):
    assert merged(title=value) == {}


@pytest.mark.parametrize(
    ("said", "kept"),
    [(329, 329), ("329", 329), (329.0, 329), (0, 0), ("51-200", None), (-1, None), (10**12, None), (1e400, None),
     (float("nan"), None), (True, None), ("9" * 5000, None), ([], None)],
)  # fmt: skip
def test_employees_are_a_number_that_an_employer_may_have(said, kept):
    assert merged(company={"employees": said}) == ({} if kept is None else {"employees": kept})


def test_long_texts_are_cut():
    assert merged(title="x" * 9000) == {"title": "x" * 500}
    assert len(merged(name="x" * 9000)["first_name"]) == 500
