"""The audit finds what is there twice, what is lost, and what nobody queued."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nurture.local.audit import Audit, Found, Recorded, audit, found_mail
from tests.local.letters import letter

SENT_AT = datetime(2026, 1, 6, 15, 30, tzinfo=UTC)
LEADS = {"maria@kestrel.example", "owen@kestrel.example"}


def sent(
    n: int, recipient: str = "maria@kestrel.example", *, days: int = 0, step: str = "questions"
) -> tuple[Found, Recorded]:
    """A mail and its delivery, in agreement."""
    message_id = f"<d.{n}@news.acme.example>"
    found = Found(f"{n:020d}.eml", message_id, recipient, f"not-ready:{step}", SENT_AT + timedelta(days=days))
    return found, Recorded(n, recipient, "not-ready", step, 1, "sent", message_id, "America/Chicago")


ONE, ONE_ROW = sent(1)
TWO, TWO_ROW = sent(2, days=7, step="roi")
THREE, THREE_ROW = sent(3, "owen@kestrel.example")
NOTICE = Found("9.eml", "<notice.notice_4@news.acme.example>", "rep@acme.example", "", SENT_AT)
MAILS, ROWS = [ONE, TWO, THREE, NOTICE], [ONE_ROW, TWO_ROW, THREE_ROW]


def faults(mails: list[Found], rows: list[Recorded] = ROWS) -> tuple[str, ...]:
    return audit(mails, rows, LEADS).faults


def test_what_agrees_has_no_fault() -> None:
    queued = replace(ONE_ROW, delivery_id=8, state="queued", message_id=None)
    failed = replace(ONE_ROW, delivery_id=9, state="failed", message_id="<d.9@news.acme.example>")
    assert audit(MAILS, [*ROWS, queued, failed], LEADS) == Audit(mails=3, notices=1, duplicates=0, faults=())


def test_the_same_mail_twice_is_found() -> None:
    found = audit([*MAILS, replace(ONE, file="5.eml")], ROWS, LEADS)
    assert found.duplicates == 1
    (fault,) = found.faults
    assert fault.startswith("twice: maria@kestrel.example has 2 mails under one Message-ID")
    assert "5.eml" in fault


def test_one_step_twice_under_two_ids_is_found() -> None:
    again, row = sent(4, days=1)
    found = audit([*MAILS, again], [*ROWS, row], LEADS)
    assert found.duplicates == 1
    assert ["for one step and cycle" in fault for fault in found.faults] == [True]


def test_a_step_once_in_each_cycle_is_right() -> None:
    again, row = sent(4, days=30)
    assert faults([*MAILS, again], [*ROWS, replace(row, cycle=2)]) == ()


def test_two_mails_on_one_local_day_are_found() -> None:
    other, row = sent(4, step="roi2")
    found = audit([*MAILS, replace(other, dated=SENT_AT + timedelta(hours=6))], [*ROWS, row], LEADS)
    assert found.duplicates == 1
    assert ["on one local day" in fault for fault in found.faults] == [True]


@pytest.mark.parametrize(("hours", "same_day"), [(-9, True), (-10, False), (14, True), (15, False)])
def test_the_day_is_the_leads_own(hours: int, same_day: bool) -> None:
    """It is 9:30 in Chicago when the first goes."""
    other, row = sent(4, step="roi2")
    assert bool(faults([*MAILS, replace(other, dated=SENT_AT + timedelta(hours=hours))], [*ROWS, row])) is same_day


def test_a_lost_mail_is_found() -> None:
    (fault,) = faults([ONE, THREE, NOTICE])
    assert fault.startswith("lost: delivery 2 to maria@kestrel.example is sent")


def test_a_mail_that_nobody_queued_is_found() -> None:
    stray = Found(
        "7.eml", "<d.99@news.acme.example>", "owen@kestrel.example", "not-ready:roi", SENT_AT + timedelta(days=3)
    )
    (fault,) = faults([*MAILS, stray])
    assert fault == "nobody queued <d.99@news.acme.example> to owen@kestrel.example (7.eml)"


def test_a_mail_to_somebody_unknown_is_found() -> None:
    (fault,) = faults([*MAILS, replace(TWO, file="7.eml", recipient="ghost@kestrel.example")])
    assert fault.startswith("nobody queued")
    assert "who is no lead" in fault


@pytest.mark.parametrize("state", ["queued", "failed", "cancelled", "unknown"])
def test_a_mail_that_is_there_though_its_row_says_otherwise_is_found(state: str) -> None:
    (fault,) = faults(MAILS, [replace(ONE_ROW, state=state), TWO_ROW, THREE_ROW])
    assert fault == f"delivery 1 is {state}, but its mail is there ({ONE.file})"


def test_a_mail_on_its_way_is_a_fault_at_the_end() -> None:
    stuck = replace(ONE_ROW, delivery_id=8, state="sending", message_id="<d.8@news.acme.example>")
    assert faults(MAILS, [*ROWS, stuck]) == ("delivery 8 to maria@kestrel.example is still sending",)


def test_a_mail_that_went_to_another_lead_is_found() -> None:
    (fault,) = faults([replace(ONE, recipient="owen@kestrel.example")], [ONE_ROW])
    assert "is for maria@kestrel.example, but went to owen@kestrel.example" in fault


def test_a_mail_of_another_step_is_found() -> None:
    (fault,) = faults([replace(ONE, feedback_id="not-ready:last-word"), TWO, THREE])
    assert "is not-ready/questions, but went out as not-ready:last-word" in fault


def test_a_real_mail_is_read_by_its_headers() -> None:
    mail = letter("questions", template="not-ready/three-questions")
    found = found_mail("1.eml", mail)
    assert (found.recipient, found.feedback_id, found.dated) == (
        "maria@kestrel.example",
        "not-ready:questions",
        SENT_AT,
    )
    row = Recorded(7, "maria@kestrel.example", "not-ready", "questions", 1, "sent", found.message_id, "UTC")
    assert audit([found], [row], LEADS).faults == ()
