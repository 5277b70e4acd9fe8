"""`nurture leads merge`, and what `leads show` says of merged leads."""

from pathlib import Path

import pytest

from tests.cli.test_leads import Nurture, nurture

__all__ = ["nurture"]


@pytest.fixture
def two(nurture: Nurture, tmp_path: Path) -> None:
    """Two leads of one person."""
    path = tmp_path / "leads.csv"
    path.write_text("email,title,company\njo@buyer.example,VP,\nal@buyer.example,,Buyer\n")
    assert nurture("leads", "import", path).status == 0


def test_merge_says_first_what_will_happen(nurture: Nurture, two: None) -> None:
    ran = nurture("leads", "merge", "jo@buyer.example", "al@buyer.example")
    assert ran.status == 2
    assert ran.out.splitlines()[0] == "jo@buyer.example is kept; al@buyer.example becomes another address of it"
    assert "  filled in: company" in ran.out
    assert "add --yes" in ran.err
    assert nurture("leads", "show", "al@buyer.example", "--json").json["email"] == "al@buyer.example"


def test_merge_merges_when_told_so_and_show_tells_of_it(nurture: Nurture, two: None) -> None:
    ran = nurture("leads", "merge", "jo@buyer.example", "Al@Buyer.example", "--yes")
    assert ran.status == 0
    assert "al@buyer.example is jo@buyer.example from now on" in ran.out
    shown = nurture("leads", "show", "al@buyer.example", "--json").json
    assert (shown["email"], shown["company"]) == ("jo@buyer.example", "Buyer")
    assert [one["email"] for one in shown["merged"]] == ["al@buyer.example"]
    assert [(one["kind"], one["value"]) for one in shown["known_as"]] == [("email", "al@buyer.example")]
    assert "was also" in nurture("leads", "show", "jo@buyer.example").out


def test_merge_as_json_only_says_unless_told_to_do_it(nurture: Nurture, two: None) -> None:
    said = nurture("leads", "merge", "jo@buyer.example", "al@buyer.example", "--json").json
    assert (said["merged"], said["kept"], said["lost"]) == (False, "jo@buyer.example", "al@buyer.example")
    done = nurture("leads", "merge", "jo@buyer.example", "al@buyer.example", "--json", "--yes").json
    assert done == {**said, "merged": True}
    again = nurture("leads", "merge", "jo@buyer.example", "al@buyer.example", "--json", "--yes").json
    assert (again["merged"], again["one_already"]) == (False, True)


def test_merge_of_nobody_is_one_line(nurture: Nurture, two: None) -> None:
    ran = nurture("leads", "merge", "jo@buyer.example", "who@buyer.example", "--yes")
    assert (ran.status, ran.err) == (1, "nurture: no lead with the address who@buyer.example\n")


def test_a_merged_address_in_a_file_is_about_the_lead_that_lives(nurture: Nurture, two: None, tmp_path: Path) -> None:
    nurture("leads", "merge", "jo@buyer.example", "al@buyer.example", "--yes")
    path = tmp_path / "again.csv"
    path.write_text("email,industry,do_not_email\nal@buyer.example,robots,\njo@buyer.example,,yes\n")
    ran = nurture("leads", "import", path, "--json")
    assert (ran.json["created"], ran.json["updated"]) == (0, 2)
    shown = nurture("leads", "show", "jo@buyer.example", "--json").json
    assert shown["industry"] == "robots"
    assert shown["suppressed"]["reason"] == "unsubscribed"
