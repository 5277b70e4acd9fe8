"""One lead or template that nobody can work with, among many: the others' mails go, and it is seen what was wrong."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from nurture.app import App
from nurture.db import transaction
from nurture.flows import noting
from nurture.flows.advance import advance
from nurture.flows.deliver import Delivered, deliver
from nurture.local.mailbox import Mailbox
from nurture.rules.happenings import Happening
from tests.flows.apps import make_app, one, rows
from tests.flows.due_mails import queue, saying
from tests.rules.examples import NOW
from tests.rules.lives import book_of

SAID = "{{ 100 // lead.seats }} {{ '*' * lead.stars | default(3) }}"
OTHERS = 4


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with Mailbox(tmp_path / "mailbox") as running:
        yield running


@pytest.fixture
def app(clean_db: Engine, db_url: str, tmp_path: Path, mailbox: Mailbox) -> App:
    return make_app(clean_db, db_url, tmp_path, book_of(), MAIL_URL=mailbox.addresses.smtp)


LEADS_MAILED = {
    "a zone that does not exist": "timezone = 'Middle/Earth'",
    "a name as long as a book": "first_name = repeat('Jo ', 100000)",
    "a deep nest": "attributes = jsonb_build_object('seats', 4, 'x', (repeat('[', 900) || repeat(']', 900))::jsonb)",
    "a country that is none": "country = repeat('?', 1000)",
    "more employees than people": "employees = 2147483647",
    "a thousand stars": 'attributes = \'{"seats": 4, "stars": 1000}\'',
}
"""What may look odd, and is no reason not to write."""
LEADS_SET_ASIDE = {
    "control characters in a name": (r"first_name = E'Jo\x07\r\nBcc: all@buyer.example'", "2: the subject has a"),
    "an attribute as large as a book": (
        "attributes = jsonb_build_object('seats', repeat('x', 5000000))", "one.html:6: unsupported operand"),
    "many attributes, and not that one": (
        "attributes = (SELECT jsonb_object_agg('a' || n, n) FROM generate_series(1, 20000) n)", "lead.seats is empty"),
    "nothing to divide by": ("attributes = '{\"seats\": 0}'", "one.html:6: this cannot be worked out: integer"),
    "an object for a number": ("attributes = '{\"seats\": {\"a\": [1, {}]}}'", "one.html:6: unsupported operand"),
    "a billion stars": ("attributes = '{\"seats\": 4, \"stars\": 1000000000}'", "one.html:6: this comes to more than"),
    "a number beyond all numbers": ("attributes = '{\"seats\": 1e400}'", "this mail cannot be made"),
    "attributes that are no object": ("attributes = '[1, 2]'", "this mail cannot be made"),
    "a nest that nobody climbs": (
        "attributes = jsonb_build_object('seats', (repeat('[', 3000) || repeat(']', 3000))::jsonb)",
        "this mail cannot be made"),
    "an address that is none": (r"email = E'po\nisoned'", "address cannot stand in a mail's header"),
}  # fmt: skip
"""Of whom no mail can be made, and what a person reads of it."""


def poison(app: App, statements: Sequence[str]) -> tuple[list[int], list[int]]:
    """Mails that are due; statements do something to one lead each. Gives those leads, and the others."""
    ids = queue(app, len(statements) + OTHERS)
    ours, others = ids[: len(statements)], ids[len(statements) :]
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE lead SET attributes = '{\"seats\": 4}'")
        for lead_id, statement in zip(ours, statements, strict=True):
            db.exec_driver_sql(f"UPDATE lead SET {statement} WHERE id = {lead_id}")
    return ours, others


def send(app: App, now: datetime) -> Delivered:
    return deliver(app, lambda: now, seconds=20)


def states(app: App) -> dict[int, str]:
    return dict(rows(app, "SELECT lead_id, state FROM delivery"))  # type: ignore[arg-type]


def reasons(app: App) -> dict[int, str]:
    return dict(rows(app, "SELECT lead_id, reason FROM delivery WHERE state = 'failed'"))  # type: ignore[arg-type]


def test_odd_leads_are_mailed_as_all_are(app: App) -> None:
    app = saying(app, SAID)
    odd, others = poison(app, list(LEADS_MAILED.values()))
    assert send(app, NOW).sent == len(odd + others)


def test_poisoned_leads_are_set_aside_with_their_reasons_and_all_others_mails_go(app: App) -> None:
    app = saying(app, SAID)
    poisoned, others = poison(app, [statement for statement, _ in LEADS_SET_ASIDE.values()])
    done = send(app, NOW)
    assert (done.sent, done.put_off) == (len(others), len(poisoned))
    found = reasons(app)
    assert sorted(found) == poisoned
    for lead_id, (_, reason) in zip(poisoned, LEADS_SET_ASIDE.values(), strict=True):
        assert reason in found[lead_id]
    assert rows(app, "SELECT DISTINCT for_good, tries FROM delivery WHERE state = 'failed'") == [(False, 1)]
    assert {state for (state,) in rows(app, "SELECT state FROM mailer")} <= {"sending"}, "the mail server is well"


def test_a_failed_mail_whose_lead_cannot_be_decided_holds_up_no_other(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = saying(app, "{{ 1 // lead.seats }}")
    (first, second), others = poison(app, ["attributes = '{\"seats\": 0}'"] * 2)
    usual = noting.decide

    def fails_for_one(db: Connection, app: App, happenings: Mapping[int, Happening], now: datetime) -> object:
        if first in happenings:
            raise ValueError("no rule fits")
        return usual(db, app, happenings, now)

    monkeypatch.setattr(noting, "decide", fails_for_one)
    done = send(app, NOW)
    assert (done.sent, done.put_off) == (len(others), 2)
    due = dict(rows(app, "SELECT lead_id, due_at FROM enrollment WHERE lead_id IN (:a, :b)", a=first, b=second))
    assert due[first] == NOW, "it is decided again as it comes due"
    assert due[second] > NOW, "it is planned for its next slot"
    assert advance(app, NOW).leads == 1
    assert one(app, "SELECT due_at FROM enrollment WHERE lead_id = :id", id=first) > NOW


def test_what_was_set_aside_goes_once_it_is_mended(app: App, mailbox: Mailbox) -> None:
    """By itself, at the lead's next slot; it is the same row, so that nobody gets a step twice."""
    broken, mended = saying(app, "{{ 1 // lead.seats }}"), saying(app, "{{ 1 // lead.seats if lead.seats else '-' }}")
    (lead_id,), others = poison(broken, ["attributes = '{\"seats\": 0}'"])
    assert send(broken, NOW).put_off == 1
    again = one(app, "SELECT due_at FROM enrollment WHERE lead_id = :id", id=lead_id)
    assert again is not None, "it is planned again"
    assert advance(mended, again).queued == 1
    assert send(mended, one(app, "SELECT slot_at FROM delivery WHERE lead_id = :id", id=lead_id)).sent == 1
    assert states(app) == dict.fromkeys([lead_id, *others], "sent")
    recipients = [mailbox.files.read(name).recipient for name in mailbox.files.names()]
    assert len(recipients) == len(set(recipients)) == OTHERS + 1


TEMPLATES_FOR_NOBODY = {
    "calls what is not there": ("{{ lead.seats.nothing() }}", "has no attribute 'nothing'"),
    "recurses": ("{% macro again(n) %}{{ again(n) }}{% endmacro %}{{ again(1) }}", "this includes or calls itself"),
    "is no Jinja": ("{{ lead. }}", "one.html:6"),
    "makes a mountain": ("{{ 9 ** 99999999 }}", "too large a number"),
}


@pytest.mark.parametrize(("said", "reason"), TEMPLATES_FOR_NOBODY.values(), ids=TEMPLATES_FOR_NOBODY.keys())
def test_a_template_that_fails_for_all_stops_no_other_template(app: App, said: str, reason: str) -> None:
    sound = saying(app, SAID)
    broken = {"t/one": saying(app, said).workspace.templates["t/one"]}
    app = replace(sound, workspace=replace(sound.workspace, templates={**sound.workspace.templates, **broken}))
    theirs, others = poison(app, ["first_name = 'Jo'"] * 3)
    with transaction(app.engine) as db:
        db.exec_driver_sql("UPDATE delivery SET template = 't/two' WHERE lead_id = ANY(%s)", (others,))
    done = send(app, NOW)
    assert (done.sent, done.put_off) == (len(others), len(theirs))
    assert all(reason in reasons(app)[lead_id] for lead_id in theirs)


def test_poisoned_leads_keep_no_other_from_being_decided(app: App) -> None:
    poisoned, others = poison(saying(app, SAID), [statement for statement, _ in LEADS_SET_ASIDE.values()])
    with transaction(app.engine) as db:
        db.exec_driver_sql("DELETE FROM delivery")
        db.exec_driver_sql("UPDATE enrollment SET due_at = %s", (NOW,))
    done = advance(app, NOW)
    aside = rows(app, "SELECT lead_id, reason FROM set_aside")
    assert done.leads + done.set_aside == len(poisoned + others)
    assert len(aside) == done.set_aside
    assert {row.lead_id for row in aside} <= set(poisoned)
    assert all(row.reason for row in aside)
    assert one(app, "SELECT count(*) FROM enrollment WHERE due_at <= :now", now=NOW) == 0, "nobody is stuck"
