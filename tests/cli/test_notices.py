"""`nurture notices` as a person or a program calls it."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from nurture.db import transaction
from tests.cli.test_leads import Nurture, nurture

__all__ = ["nurture"]


@pytest.fixture
def told(nurture: Nurture, tmp_path: Path, engine: Engine) -> int:
    """A handoff of which sales was told by mail; the webhook took nothing."""
    path = tmp_path / "open.csv"
    path.write_text("id,email,owner,state,offered_at\n1,jo@buyer.example,rep.one@acme.example,offered,2026-01-05\n")
    assert nurture("handoffs", "import", path).status == 0
    news = text(
        """
        INSERT INTO notice (about, kind, handoff_id, channel, recipient, state, tries, at, next_at, last_error)
        VALUES (:about, 'lead.requalified', :id, 'email', 'rep.one@acme.example', 'sent', 1, now(), now(), NULL),
               (:about, 'lead.requalified', :id, 'webhook', NULL, 'failed', 10, now(), now(), 'webhook answered 500')
        """
    )
    with transaction(engine) as db:
        handoff = int(db.execute(text("SELECT id FROM handoff")).scalar_one())
        db.execute(text("DELETE FROM notice"))
        db.execute(news, {"about": f"handoff:{handoff}", "id": handoff})
    return handoff


def test_list_says_what_was_told_to_whom_and_why_not(nurture: Nurture, told: int) -> None:
    failed, sent = nurture("notices", "list", "--json").json
    assert (sent["state"], sent["lead"], sent["handoff"], sent["recipient"]) == (
        "sent", "jo@buyer.example", told, "rep.one@acme.example",
    )  # fmt: skip
    assert (failed["channel"], failed["tries"], failed["reason"]) == ("webhook", 10, "webhook answered 500")
    assert [one["channel"] for one in nurture("notices", "list", "--failed", "--json").json] == ["webhook"]
    assert nurture("notices", "list", "--handoff", told + 1, "--json").json == []
    assert "webhook answered 500" in " ".join(nurture("notices", "list", "--failed").out.split())


def test_retry_queues_again_what_failed_and_nothing_else(nurture: Nurture, told: int) -> None:
    failed, sent = (one["id"] for one in nurture("notices", "list", "--json").json)
    refused = nurture("notices", "retry", sent)
    assert (refused.status, "is sent; only what failed or waits" in refused.err) == (1, True)
    assert "1 notice is queued again" in nurture("notices", "retry", failed).out
    assert nurture("notices", "list", "--state", "queued", "--json").json[0]["tries"] == 0
    assert "0 notices are queued again" in nurture("notices", "retry", "--failed").out


@pytest.mark.parametrize(
    "command",
    [("notices", "retry"), ("notices", "retry", "1", "--failed"), ("notices", "list", "--failed", "--state", "sent")],
)
def test_what_makes_no_sense_is_said_in_one_line(nurture: Nurture, command: tuple[str, ...]) -> None:
    ran = nurture(*command)
    assert ran.status == 2
    assert len(ran.err.strip().splitlines()) == 1
