"""Rows of another CRM's deals: read as they are written, or rejected with the reason."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from nurture.errors import NurtureError, UsageError
from nurture.grammar.mistakes import Mistake
from nurture.sheets import dates, deal_states
from nurture.sheets.deal_columns import match, parse_maps
from nurture.sheets.deals import NOBODYS, Deal, DealTerms, money, nobodys_address, open_deals
from nurture.sheets.readings import Reject
from tests.rules.examples import NOW
from tests.rules.lives import book_of

AGREEMENT = book_of().agreement


def read(tmp_path: Path, text: str, **terms: Any) -> list[Deal | Reject]:
    path = tmp_path / "deals.csv"
    path.write_text(text)
    with open_deals(path, DealTerms(AGREEMENT, NOW, **terms)) as deals:
        return list(deals)


def reason(tmp_path: Path, text: str, **terms: Any) -> str:
    (row,) = read(tmp_path, text, **terms)
    assert isinstance(row, Reject)
    return row.reason


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2017-03-31", None, (2017, 3, 31)),
        ("2017/3/1", None, (2017, 3, 1)),
        ("31/3/2017", None, (2017, 3, 31)),
        ("3/31/2017", None, (2017, 3, 31)),
        ("4/4/2017", None, (2017, 4, 4)),
        ("1.3.2017", None, (2017, 3, 1)),
        ("3/4/2017", "dmy", (2017, 4, 3)),
        ("3/4/2017", "mdy", (2017, 3, 4)),
        ("1 Mar 2017", None, (2017, 3, 1)),
        ("01-March-2017", None, (2017, 3, 1)),
        ("Mar 1, 2017", None, (2017, 3, 1)),
    ],
)
def test_dates_are_read_as_people_write_them(text: str, order: Any, day: tuple[int, int, int]) -> None:
    assert dates.instant(text, "UTC", order) == datetime(*day, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "clock"), [("3/31/2017 2:05 PM", (14, 5)), ("31.3.2017 14:05", (14, 5)), ("3/31/2017 12:00 am", (0, 0))]
)
def test_times_of_day_are_read_too(text: str, clock: tuple[int, int]) -> None:
    assert dates.instant(text, "UTC") == datetime(2017, 3, 31, *clock, tzinfo=UTC)


@pytest.mark.parametrize("text", ["3/4/2017", "30/30/2017", "31.2.2017", "1 Foo 2017", "3/31/2017 25:00", "tomorrow"])
def test_what_is_no_date_or_either_of_two_is_none(text: str) -> None:
    with pytest.raises(Mistake, match="may be either of two days" if text == "3/4/2017" else "is not a date"):
        dates.instant(text, "UTC")


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1054", "1054"), ("$1,054.00", "1054.00"), ("1.054,5 €", "1054.5"), ("1,054", "1054"), ("1'054.-", None),
        ("1,234,567", "1234567"), ("-50.25", "-50.25"), ("0", "0"), ("n/a", None), ("(500)", None), ("9" * 16, None),
    ],
)  # fmt: skip
def test_amounts(text: str, amount: str | None) -> None:
    if amount is None:
        with pytest.raises(Mistake, match="is no amount"):
            money(text)
    else:
        assert money(text) == Decimal(amount)


def test_states_are_known_by_other_crms_words_and_by_those_that_are_said() -> None:
    told = deal_states.parse_states(["Verbal yes = qualified", "Engaging=contacted"])
    words = ["Closed Won", "closedlost", "Prospecting", "Engaging", "verbal-YES", "Unqualified", "Proposal/Price Quote"]
    assert [deal_states.state(word, told) for word in words] == [
        "won", "lost", "offered", "contacted", "qualified", "rejected", "qualified",
    ]  # fmt: skip
    with pytest.raises(Mistake, match=r"`Handshake` is no state that is known .*--state 'Handshake=STATE'"):
        deal_states.state("Handshake", told)
    for wrong, because in [("won", "takes WORD=STATE"), ("yes=merged", "is no state of a handoff")]:
        with pytest.raises(UsageError, match=because):
            deal_states.parse_states([wrong])


def test_columns_are_known_by_our_names_before_others() -> None:
    columns = match(["Record ID", "Deal Stage", "Stage", "Deal owner", "Amount", "Close Date", "Product"], {})
    assert columns.fields == {"id": 0, "state": 1, "owner": 3, "value": 4, "closed_at": 5}
    assert columns.kept == {"Stage": 2, "Product": 6}
    assert match(["n", "state", "owner", "Agent"], parse_maps(["id=n", "owner=Agent"])).fields == {
        "id": 0, "state": 1, "owner": 3,
    }  # fmt: skip
    with pytest.raises(NurtureError, match=r"no column tells one deal from another; say which with --map id=COLUMN"):
        match(["state"], {})
    for wrong, because in [("id", "takes FIELD=COLUMN"), ("ids=x", "did you mean `id`"), ("id=m", "has no column 'm'")]:
        with pytest.raises(UsageError, match=because):
            match(["n", "state"], parse_maps([wrong]))


def test_a_row_says_what_it_says(tmp_path: Path) -> None:
    (deal,) = read(
        tmp_path,
        "id,email,company,rep,stage,create date,close date,amount,lost reason,note,product\n"
        "D-1,Jo@Buyer.example,Buyer Ltd,REP.ONE@acme.example,Closed Lost,2025-01-07,2025-02-01,99,No budget this year,"
        "spring,Arm 5\n",
    )
    assert isinstance(deal, Deal)
    assert (deal.id, deal.email, deal.state, deal.owner) == ("D-1", "jo@buyer.example", "lost", "rep.one@acme.example")
    assert (deal.reason, deal.note, deal.value, deal.kept) == ("no_budget", "spring", Decimal(99), {"product": "Arm 5"})
    assert deal.about == {"company": "Buyer Ltd"}


def test_a_reason_that_the_agreement_does_not_have_is_kept_in_words(tmp_path: Path) -> None:
    (deal,) = read(tmp_path, "id,state,close date,reason,note\n1,lost,2025-02-01,Price too high,call later\n")
    assert isinstance(deal, Deal)
    assert (deal.reason, deal.note) == (None, "Price too high: call later")


def test_a_lead_without_an_address_has_one_that_never_exists(tmp_path: Path) -> None:
    deals = read(tmp_path, "id,state\nAB-1,open\nab-1,open\nÜ 7,open\n")
    emails = [deal.email for deal in deals if isinstance(deal, Deal)]
    assert len(set(emails)) == 3
    assert emails[0].startswith("ab-1-")
    assert all(email.endswith(f"@{NOBODYS}") and email == email.lower() for email in emails)
    assert emails[0] == nobodys_address("AB-1"), "the same in every import"


@pytest.mark.parametrize(
    ("row", "because"),
    [
        (",won,2025-01-01,2025-02-01", "id: it is empty"),
        ("1,,2025-01-01,2025-02-01", "state: `` is no state"),
        ("1,won,2025-01-01,", "closed_at: it is empty, and a deal that is won was closed"),
        ("1,won,2025-03-01,2025-02-01", "closed_at: 2025-02-01 is before the deal was opened, on 2025-03-01"),
        ("1,won,2025-01-01,2099-02-01", "closed_at: it lies in the future"),
        ("1,won,2025-01-01,2/3/2025", "closed_at: `2/3/2025` may be either of two days"),
        ("1,won,2025-01-01,2025-02-01,,x", "the row has 6 cells"),
        ("1,open,2025-01-01,,nobody", "email:"),
    ],
)
def test_what_cannot_be_is_rejected(tmp_path: Path, row: str, because: str) -> None:
    assert reason(tmp_path, f"id,state,created at,close date,email\n{row}\n").startswith(because)


def test_when_something_open_is_expected_to_close_is_not_when_it_did(tmp_path: Path) -> None:
    (deal,) = read(tmp_path, "id,state,close date\n1,open,2099-01-01\n")
    assert isinstance(deal, Deal)
    assert (deal.closed_at, deal.offered_at) == (None, None)
