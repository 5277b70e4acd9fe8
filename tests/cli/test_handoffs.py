"""`nurture handoffs` as a person or a program calls it."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from nurture.db import transaction
from tests.cli.test_leads import Nurture, nurture

__all__ = ["nurture"]

CSV = """Record ID,Contact email,Account,Deal owner,Deal Stage,Create Date,Close Date,Amount,Lost reason
D-1,jo@buyer.example,Buyer Ltd,rep.one@acme.example,Closed Won,2025-01-07,2025-02-01,"1,054.00",
D-2,,Miller Inc,Moses Frase,Engaging,2025-01-09,,,
D-3,,Miller Inc,Moses Frase,Handshake,2025-01-09,,,
D-4,di@buyer.example,Buyer Ltd,rep.one@acme.example,Closed Lost,2025-01-07,2025-02-01,80,not_ready
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "deals.csv"
    path.write_text(CSV)
    return path


@pytest.fixture
def handoff(nurture: Nurture, tmp_path: Path, engine: Engine) -> int:
    """One that is open: imported, for want of time to live through a lead's life."""
    path = tmp_path / "open.csv"
    path.write_text("id,email,owner,state,offered_at\n1,jo@buyer.example,rep.one@acme.example,offered,2026-01-05\n")
    assert nurture("handoffs", "import", path).status == 0
    with transaction(engine) as db:
        return int(db.execute(text("SELECT id FROM handoff")).scalar_one())


def test_import_counts_and_writes_what_it_does_not_take_beside_the_file(nurture: Nurture, file: Path) -> None:
    ran = nurture("handoffs", "import", file, "--json")
    rejects = file.with_name("deals.rejects.csv")
    assert ran.json == {
        "read": 4, "created": 3, "updated": 0, "unchanged": 0, "rejected": 1, "leads": 3, "nobodys": 1,
        "rejects_file": str(rejects),
    }  # fmt: skip
    assert rejects.read_text().splitlines()[1].startswith('4,"state: `Handshake` is no state that is known')
    mended = nurture("handoffs", "import", rejects, "--state", "Handshake=qualified", "--rejects", file.parent / "x")
    assert "1 rows read: 1 created" in mended.out
    again = nurture("handoffs", "import", file, "--state", "Handshake=qualified")
    assert "4 rows read: 0 created, 0 updated, 4 unchanged, 0 rejected" in again.out


@pytest.mark.parametrize(
    ("options", "because"),
    [
        (["--map", "nonsense"], "--map takes FIELD=COLUMN"),
        (["--map", "id=Nr"], "has no column 'Nr'"),
        (["--state", "Won"], "--state takes WORD=STATE"),
        (["--rejects", "/nowhere/x.csv"], "there is no folder"),
    ],
)
def test_import_says_what_is_wrong_in_one_line(nurture: Nurture, file: Path, options: list[str], because: str) -> None:
    ran = nurture("handoffs", "import", file, *options)
    assert ran.status == 2
    assert because in ran.err
    assert "Traceback" not in ran.err


def test_a_file_that_is_not_there(nurture: Nurture, tmp_path: Path) -> None:
    ran = nurture("handoffs", "import", tmp_path / "none.csv")
    assert (ran.status, "there is no such file" in ran.err) == (1, True)


def test_list_filters(nurture: Nurture, file: Path) -> None:
    nurture("handoffs", "import", file)

    def ids(*options: str) -> list[str]:
        return sorted(one["external_id"] for one in nurture("handoffs", "list", "--json", *options).json)

    assert ids() == ["D-1", "D-2", "D-4"]
    assert ids("--state", "won") == ["D-1"]
    assert ids("--state", "open") == ["D-2"]
    assert ids("--lead", "DI@buyer.example") == ["D-4"]
    assert ids("--owner", "moses frase") == ["D-2"]
    assert ids("--origin", "nurture") == []
    assert ids("--late") == [], "what was imported is on no clock"
    assert len(ids("--limit", "2")) == 2
    assert "Moses Frase" in nurture("handoffs", "list").out
    wrong = nurture("handoffs", "list", "--state", "acepted")
    assert (wrong.status, "did you mean `accepted`" in wrong.err) == (2, True)


def test_list_has_the_keys_that_it_promises(nurture: Nurture, file: Path) -> None:
    nurture("handoffs", "import", file)
    (won,) = nurture("handoffs", "list", "--state", "won", "--json").json
    assert {
        "id", "lead", "state", "cycle", "grade", "score", "owner", "offered_at", "accept_due_at", "attempt_due_at",
        "attempts", "url", "reason", "note", "origin", "value", "closed_at",
    } <= won.keys()  # fmt: skip
    assert (won["lead"], won["origin"], won["value"]) == ("jo@buyer.example", "imported", 1054.0)


def test_a_handoff_is_lived_through_by_hand(nurture: Nurture, handoff: int) -> None:
    me = ("--by", "rep.one@acme.example")
    assert nurture("handoffs", "accept", str(handoff), *me).out == f"handoff {handoff} is accepted\n"
    told = nurture("handoffs", "accept", str(handoff), "--by", "rep.two@acme.example")
    assert (told.status, "was accepted by rep.one@acme.example on" in told.err) == (1, True)
    late = ("--at", "2026-01-05 14:05")
    nurture("handoffs", "attempt", str(handoff), "--kind", "call", "--outcome", "not_reached", *me, *late)
    nurture("handoffs", "contacted", str(handoff), *me, "--note", "met at the fair")
    nurture("handoffs", "close", str(handoff), "qualified", *me)
    shown = nurture("handoffs", "show", str(handoff), "--json").json
    assert [change["what"] for change in shown["changes"]] == [
        "imported", "accepted", "attempt", "contacted", "qualified",
    ]  # fmt: skip
    assert [one["at"] for one in shown["tried"]] == ["2026-01-05T20:05:00+00:00"], "by the clocks of sales"
    told = nurture("handoffs", "show", str(handoff)).out
    assert "met at the fair" in told
    assert "answer it at http" in told
    assert "signal" not in told, "no table without rows"
    given = nurture("handoffs", "reassign", str(handoff), "--to", "rep.two@acme.example", "--by", "ann")
    assert f"handoff {handoff} is rep.two@acme.example's now" in given.out
    nurture("handoffs", "close", str(handoff), "lost", "--reason", "not_ready", "--by", "rep.two@acme.example")
    (listed,) = nurture("handoffs", "list", "--json").json
    assert (listed["state"], listed["reason"], listed["attempts"]) == ("lost", "not_ready", 1)
    assert "\nsee it at http" in nurture("handoffs", "show", str(handoff)).out, "what is closed asks for no answer"


def test_list_knows_open_beside_the_states(nurture: Nurture) -> None:
    assert "did you mean `open`" in nurture("handoffs", "list", "--state", "opn").err


@pytest.mark.parametrize(
    ("command", "because"),
    [
        (["accept", "4711"], "no handoff 4711"),
        (["reject", "1", "--reason", "not_redy"], "did you mean `not_ready`"),
        (["attempt", "1", "--kind", "call", "--outcome", "reached", "--at", "soon"], "--at: `soon` is not a date"),
        (["close", "1", "lost"], "a lost lead needs a reason"),
    ],
)
def test_mistakes_are_said_in_one_line(nurture: Nurture, handoff: int, command: list[str], because: str) -> None:
    arguments = [str(handoff) if word == "1" else word for word in command]
    ran = nurture("handoffs", *arguments, "--by", "rep.one@acme.example")
    assert ran.status in (1, 2)
    assert because in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_revoking_links_prints_a_new_one(nurture: Nurture, handoff: int, engine: Engine) -> None:
    new = nurture("handoffs", "revoke-links", str(handoff), "--by", "ann").out.strip()
    assert "/h/" in new
    with transaction(engine) as db:
        assert db.execute(text("SELECT link_version FROM handoff")).scalar_one() == 1
        assert db.execute(text("SELECT by FROM handoff_change WHERE what = 'revoked'")).scalar_one() == "ann"
