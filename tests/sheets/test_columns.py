import pytest

from nurture.errors import NurtureError, UsageError
from nurture.sheets.columns import FIELDS, match_columns, parse_maps


@pytest.mark.parametrize("name", ["first_name", "First Name", "firstName", "FIRST-NAME", "first  name", "_First_Name_"])
def test_a_known_column_is_known_however_it_is_written(name: str) -> None:
    found = match_columns(["E-Mail", name], {})
    assert found.fields == {"email": 0, "first_name": 1}
    assert found.attributes == {}


def test_any_other_column_is_an_attribute_by_its_own_name() -> None:
    found = match_columns(["email", "Total Visits", "Score"], {})
    assert found.attributes == {"Total Visits": 1, "Score": 2}


def test_every_field_of_the_design_is_known() -> None:
    assert set(match_columns(FIELDS, {}).fields) == set(FIELDS)
    assert {"email", "employees", "stage", "reject_reason", "rejected_at", "do_not_email"} <= set(FIELDS)


def test_a_map_goes_before_the_names_of_columns() -> None:
    header = ["Email", "Work Mail", "Company", "Plan Name"]
    found = match_columns(header, parse_maps(["email=work mail", "plan=Plan Name"]))
    assert found.fields == {"email": 1, "company": 2}
    assert found.attributes == {"Email": 0, "plan": 3}


def test_a_map_finds_the_very_column_before_one_alike() -> None:
    assert match_columns(["E Mail", "e-mail"], {"email": "e-mail"}).fields == {"email": 1}


def test_a_map_takes_a_column_with_an_equals_sign() -> None:
    assert parse_maps(["E-Mail = a=b"]) == {"email": "a=b"}


@pytest.mark.parametrize("said", ["email", "email=", "=Mail", " = "])
def test_a_map_that_is_none_is_wrong_usage(said: str) -> None:
    with pytest.raises(UsageError, match="--map takes field=column"):
        parse_maps([said])


def test_a_field_that_is_mapped_twice_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="--map says twice which column holds email: 'a' and 'b'"):
        parse_maps(["email=a", "E-Mail=b"])


def test_a_map_to_a_column_that_is_not_there_says_which_was_meant() -> None:
    with pytest.raises(UsageError) as caught:
        match_columns(["Work Mail", "Name"], {"email": "Wrok Mail"}, name="leads.csv")
    assert str(caught.value) == (
        "--map: leads.csv has no column 'Wrok Mail' (did you mean `Work Mail`?); it has `Work Mail`, `Name`"
    )


def test_an_attribute_that_looks_like_a_field_is_noted() -> None:
    found = match_columns(["email", "Firm"], {"compani": "Firm"})
    assert found.attributes == {"compani": 1}
    assert found.notes == (
        "--map compani: is no field of a lead, so it is kept as an attribute (did you mean `company`?)",
    )


def test_without_addresses_the_columns_are_listed_and_the_remedy_is_given() -> None:
    with pytest.raises(NurtureError) as caught:
        match_columns(["id", "Primary mail", "name"], {}, name="leads.csv")
    assert str(caught.value) == (
        "leads.csv: no column is called `email`; say which one holds the address with --map email='Primary mail'; "
        "there are `id`, `Primary mail`, `name`"
    )
    assert caught.value.exit_status == 1


def test_a_first_line_that_is_no_header_is_recognised_by_its_address() -> None:
    with pytest.raises(NurtureError, match="the first line has to name the columns, and this one holds an address"):
        match_columns(["17", "jo@x.example"], {})


def test_of_two_columns_for_one_field_the_first_counts_and_the_other_is_kept() -> None:
    found = match_columns(["email", "Country", "Country_2", "country"], {}, repeated=["Country"])
    assert found.fields["country"] == 1
    assert found.attributes == {"Country_2": 2, "country": 3}
    assert found.notes == ("more than one column is called 'Country'; all but the first are kept as attributes",)


def test_line_and_reason_of_an_earlier_import_say_nothing_of_the_lead() -> None:
    found = match_columns(["line", "reason", "email", "plan"], {})
    assert (found.fields, found.attributes) == ({"email": 2}, {"plan": 3})


def test_columns_that_are_more_than_a_lead_can_have_are_noted() -> None:
    assert match_columns(["email", *(f"c{n}" for n in range(200))], {}).notes == ()
    found = match_columns(["email", "n" * 101, *(f"c{n}" for n in range(201))], {})
    assert found.notes == (
        "columns left out, for their names have more than 100 characters: 1",
        "201 columns are attributes, of which each lead keeps the first 200 that it has",
    )
