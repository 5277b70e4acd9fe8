"""`nurture suppress …` and what a person may ask of us, as an operator types it."""

from pathlib import Path

import pytest

from tests.cli.test_leads import Nurture, nurture

__all__ = ["nurture"]

EMAIL = "jo@buyer.example"


@pytest.fixture
def lead(nurture: Nurture, tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text(f"email,title,consent_basis,tracking\n{EMAIL},VP,existing customer,no\n")
    assert nurture("leads", "import", path).status == 0


def test_the_list_is_kept_by_hand(nurture: Nurture, lead: None) -> None:
    who = ("--by", "ann", "--why", "asked by phone")
    assert nurture("suppress", "show", EMAIL).status == 1
    assert "gets no mail: manual" in nurture("suppress", "add", "Jo@Buyer.example", *who).out
    assert "already" in nurture("suppress", "add", EMAIL, *who).out
    assert nurture("suppress", "add", "who@else.example", *who, "--reason", "complained").status == 0
    rows = nurture("suppress", "list", "--json").json
    assert [(row["lead"], row["reason"]) for row in rows] == [(None, "complained"), (EMAIL, "manual")]
    assert [row["lead"] for row in nurture("suppress", "list", "--reason", "manual", "--json").json] == [EMAIL]
    assert "complained" in nurture("suppress", "list").out
    refused = nurture("suppress", "release", "who@else.example", "--by", "ann", "--why", "we want to")
    assert refused.status == 1
    assert "insist" in refused.err
    assert nurture("suppress", "release", "who@else.example", "--by", "a", "--why", "b", "--insist").status == 0
    assert "may be mailed again; it was manual" in nurture("suppress", "release", EMAIL, *who).out
    shown = nurture("suppress", "show", EMAIL, "--json").json
    assert (shown["lead"], shown["suppressed"]) == (True, [])
    assert [(one["what"], one["by"], one["why"]) for one in shown["history"]] == [
        ("suppressed", "ann", "asked by phone"),
        ("released", "ann", "asked by phone"),
    ]
    assert "released" in nurture("suppress", "show", EMAIL).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("suppress", "add", "no address", "--by", "a", "--why", "b"), "spaces"),
        (("suppress", "add", EMAIL, "--by", "a", "--why", "b", "--reason", "manuel"), "did you mean"),
        (("suppress", "list", "--reason", "nothing"), "there are bounced"),
        (("suppress", "import", "nowhere.csv"), "there is no such file"),
        (("suppress", "release", EMAIL, "--by", "a", "--why", "b"), "not on the list"),
        (("leads", "erase", "no address", "--by", "a"), "spaces"),
        (("leads", "erase", "nobody@buyer.example", "--by", "a"), "nothing is known"),
        (("leads", "export", "nobody@buyer.example"), "no lead with the address"),
        (("leads", "consent", EMAIL), "--basis BASIS, or --withdraw"),
        (("leads", "consent", EMAIL, "--basis", "hope"), "is no ground for mail"),
        (("leads", "consent", EMAIL, "--basis", "consent", "--at", "2999-01-01"), "lies in the future"),
        (("leads", "tracking", EMAIL), "--on or --off"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(nurture: Nurture, lead: None, arguments: tuple[str, ...], said: str) -> None:
    ran = nurture(*arguments)
    assert ran.status in (1, 2)
    assert said in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_another_tools_list_is_imported(nurture: Nurture, lead: None, tmp_path: Path) -> None:
    path = tmp_path / "mailchimp.csv"
    path.write_text(f"Email Address,UNSUB_TIME\n{EMAIL},2026-01-02\nnobody,2026-01-02\n")
    done = nurture("suppress", "import", path, "--json").json
    assert (done["read"], done["suppressed"], done["rejected"]) == (2, 1, 1)
    assert done["rejects_file"] == str(tmp_path / "mailchimp.rejects.csv")
    assert "1 known" in nurture("suppress", "import", path).out


def test_a_leads_grounds_are_shown_noted_and_taken_back(nurture: Nurture, lead: None) -> None:
    shown = nurture("leads", "show", EMAIL, "--json").json
    assert (shown["basis"], shown["tracked"], shown["unconfirmed"]) == ("existing_customer", False, False)
    assert "ground for mail: existing_customer" in nurture("leads", "show", EMAIL).out
    noted = nurture("leads", "consent", EMAIL, "--basis", "consent", "--source", "fair", "--by", "ann")
    assert noted.out.strip() == f"{EMAIL}: consent, noted by ann"
    assert nurture("leads", "tracking", EMAIL, "--on", "--by", "ann").status == 0
    assert nurture("leads", "show", EMAIL, "--json").json["tracked"]
    assert nurture("leads", "consent", EMAIL, "--withdraw", "--by", "ann").status == 0
    shown = nurture("leads", "show", EMAIL, "--json").json
    assert (shown["basis"], shown["suppressed"]["reason"]) == (None, "unsubscribed")
    assert [(one["purpose"], one["given"]) for one in shown["consents"]] == [
        ("mail", True), ("tracking", False), ("mail", True), ("tracking", True), ("mail", False),
    ]  # fmt: skip


def test_a_person_is_exported_and_erased(nurture: Nurture, lead: None) -> None:
    told = nurture("leads", "export", EMAIL).json
    assert told["profile"]["title"] == "VP"
    assert told["consents"][0]["basis"] in ("existing_customer", None)
    asked = nurture("leads", "erase", EMAIL, "--by", "ann")
    assert asked.status == 2
    assert "add --yes" in asked.err
    assert f"{EMAIL} is erased" in nurture("leads", "erase", EMAIL, "--by", "ann", "--yes").out
    assert nurture("leads", "show", EMAIL).status == 1
    assert "was erased on" in nurture("leads", "erase", EMAIL, "--by", "ann").out
