"""Lives a scenario through the real flows on real PostgreSQL, with the clock stepped from one due instant to the next.

Only two things are not real: the clock, and the server that takes the mails, which says what the scenario's habits say.
"""

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Row, text

from nurture.app import App
from nurture.errors import Conflict
from nurture.flows import follow_up
from nurture.flows import suppress as suppressing
from nurture.flows.advance import advance
from nurture.flows.answer import answer
from nurture.flows.deliver import deliver
from nurture.flows.enroll import enroll
from nurture.flows.hit import record_hit
from nurture.flows.import_leads import import_leads
from nurture.flows.ingest import ingest
from nurture.flows.settle import settle
from nurture.mailers import MAILERS
from nurture.messages import Mail, Receipt
from nurture.store import horizon
from nurture.workspace import TemplateFile, Workspace
from tests.lab.scenarios import (
    BROWSER,
    QUESTION,
    REP,
    SCANNER,
    Answer,
    Left,
    Offered,
    Outcome,
    Reaction,
    Scenario,
    Sent,
    Stands,
    Story,
)

MOST_STEPS = 500

TEMPLATE = """---
subject: "Hello"
preheader: "A short one."
---
<html lang="en"><body><p><a href="https://acme.example/read">Read on</a></p></body></html>
"""


class Post:
    """A mail server in memory, with one connection: itself. What it says to each delivery is told beforehand."""

    trouble = ""
    slots = 1

    def __init__(self) -> None:
        self.says: dict[int, Outcome] = {}
        self.connections = (self,)

    async def __aenter__(self) -> "Post":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def ready(self) -> bool:
        return True

    async def send(self, mail: Mail) -> Receipt:
        match self.says[mail.delivery_id]:
            case "sent":
                return Receipt(mail.delivery_id, "sent", "250 taken")
            case "put_off":
                return Receipt(mail.delivery_id, "put_off", "451 not now")
            case "refused":
                return Receipt(mail.delivery_id, "refused", "554 never")
            case "dead":
                return Receipt(mail.delivery_id, "refused", "550 no such mailbox", dead_address=True)


@contextmanager
def post_office() -> Iterator[Post]:
    """While this is open, mails for `smtp://` addresses go to this post."""
    post = Post()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MAILERS, "smtp", lambda *_: post)
        yield post


def app_for(bare: App, scenario: Scenario) -> App:
    """An app whose workspace is the scenario's; every step's mail is the same short one."""
    names = {step.template for campaign in scenario.book.campaigns.values() for step in campaign.steps}
    names |= {
        name
        for campaign in scenario.book.campaigns.values()
        for step in campaign.steps
        for name in step.variants.values()
    }
    templates = {name: TemplateFile(name, Path(f"templates/{name}.html"), "html", TEMPLATE) for name in sorted(names)}
    book = scenario.book
    workspace = Workspace(bare.workspace.root, book.agreement, dict(book.campaigns), templates, {})
    return replace(bare, workspace=workspace, channels={})


def live(bare: App, scenario: Scenario) -> Story:
    """Live through the scenario in an empty database, and tell what happened."""
    autocommit = bare.engine.execution_options(isolation_level="AUTOCOMMIT")
    with autocommit.connect() as db, post_office() as post:
        run = _Run(app_for(bare, scenario), post, scenario, db, scenario.start)
        run.begin()
        for _ in range(MOST_STEPS):
            if not run.step():
                return told(db)
    raise AssertionError("a scenario that never comes to rest")


_DUE_MAILS = text(
    """
    SELECT d.id, l.key, d.campaign, d.step, d.cycle FROM delivery d JOIN lead l ON l.id = d.lead_id
    WHERE d.state = 'queued' AND d.slot_at <= :now ORDER BY d.slot_at, d.id
    """
)
_TAKEN = text("SELECT id FROM delivery WHERE state = 'sent' AND id = ANY(:ids)")
_NEW_OFFERS = text(
    """
    SELECT h.id, h.cycle, h.offered_at, l.key FROM handoff h JOIN lead l ON l.id = h.lead_id
    WHERE h.id > :seen ORDER BY h.id
    """
)
_IN_NONE = text(
    """
    SELECT email FROM lead WHERE NOT EXISTS (SELECT FROM enrollment e WHERE e.lead_id = lead.id AND e.status <> 'ended')
    """
)
_LEAD_OF = text("SELECT lead_id FROM delivery WHERE id = :id")


@dataclass(slots=True)
class _Run:
    """A scenario under way: what the clock shows, and what people are going to do. `db` is for looking only."""

    app: App
    post: Post
    scenario: Scenario
    db: Connection
    now: datetime
    agenda: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    planned: int = 0
    handoffs_seen: int = 0

    def begin(self) -> None:
        """The file is imported, then what is known comes in; the rest is yet to happen."""
        import_leads(self.app, self.scenario.people, self.now)
        if self.scenario.by_hand is not None:
            self.enroll_by_hand(self.scenario.by_hand)
        if self.scenario.history:
            ingest(self.app, self.scenario.history, self.now)
        for event in self.scenario.later:
            self.plan(event.received_at, partial(_ingest, self, event))
        self.look()

    def enroll_by_hand(self, campaign: str) -> None:
        """Whoever may be in the campaign and is in none is put there."""
        for email in self.db.execute(_IN_NONE).scalars().all():
            with suppress(Conflict):
                enroll(self.app, email, campaign=campaign, now=self.now)

    def plan(self, at: datetime, act: Callable[[], None]) -> None:
        """Somebody is going to do something; of two at one instant, the one planned first goes first."""
        self.planned += 1
        heapq.heappush(self.agenda, (at, self.planned, act))

    def step(self) -> bool:
        """Move the clock to the next instant at which anything is due, and do it all; False when the end has come."""
        dues = [row.at for row in horizon.ahead(self.db, self.scenario.end)]
        acts = [self.agenda[0][0]] if self.agenda else []
        at = min(dues + acts, default=self.scenario.end)
        if at >= self.scenario.end:
            return False
        self.now = max(self.now, at)
        self.work()
        while self.agenda and self.agenda[0][0] <= self.now:
            heapq.heappop(self.agenda)[2]()
            self.work()
        self.look()
        return True

    def work(self) -> None:
        """What the workers do with what is due, until nothing is."""
        for _ in range(MOST_STEPS):
            undone = horizon.undone(self.db, self.now)
            if not undone:
                return
            if "advance" in undone:
                done = advance(self.app, self.now)
                assert done.set_aside == 0, "a lead could not be decided"
            if "deliver" in undone:
                self.deliver()
            if "settle" in undone:
                settle(self.app, self.now)
        raise AssertionError(f"{', '.join(undone)} never gets done")

    def deliver(self) -> None:
        """Send what is due; people will react to what was taken."""
        mails = self.db.execute(_DUE_MAILS, {"now": self.now}).all()
        habits = self.scenario.habits
        self.post.says = {mail.id: habits.outcome(mail.key, mail.campaign, mail.step, mail.cycle) for mail in mails}
        done = deliver(self.app, lambda: self.now, seconds=20)
        assert (done.unknown, done.cancelled, done.more) == (0, 0, False)
        taken = set(self.db.execute(_TAKEN, {"ids": [mail.id for mail in mails]}).scalars())
        for mail in mails:
            if mail.id in taken:
                for reaction in habits.reaction(mail.key, mail.campaign, mail.step, mail.cycle):
                    self.plan(self.now + reaction.after, partial(_react, self, mail.id, reaction))

    def look(self) -> None:
        """Sales sees what it was offered since it last looked."""
        for handoff in self.db.execute(_NEW_OFFERS, {"seen": self.handoffs_seen}):
            self.handoffs_seen = handoff.id
            for said in self.scenario.habits.answer(handoff.key, handoff.cycle):
                self.plan(handoff.offered_at + said.after, partial(_answer_offer, self, handoff.id, said))


def _ingest(run: _Run, event: Any) -> None:
    ingest(run.app, [event], run.now)


def _react(run: _Run, delivery_id: int, reaction: Reaction) -> None:
    match reaction.what:
        case "click" | "open" | "scan":
            record_hit(
                run.app,
                kind="open" if reaction.what == "open" else "click",
                delivery_id=delivery_id,
                link=None if reaction.what == "open" else 1,
                url=None if reaction.what == "open" else "https://acme.example/read",
                method="GET",
                agent=SCANNER if reaction.what == "scan" else BROWSER,
                address=None,
                prefetch=False,
                now=run.now,
            )
        case "answer":
            answer(run.app, delivery_id=delivery_id, question=QUESTION, answer=reaction.detail, now=run.now)
        case "unsubscribe" | "complain":
            lead_id = run.db.execute(_LEAD_OF, {"id": delivery_id}).scalar_one()
            word: suppressing.Word = "unsubscribed" if reaction.what == "unsubscribe" else "complained"
            suppressing.suppress(run.app, lead_id=lead_id, word=word, how="test", now=run.now)


def _answer_offer(run: _Run, handoff_id: int, said: Answer) -> None:
    """Sales says so; what it may not say, because of what it said before, is refused and changes nothing."""
    app, by, now = run.app, REP, run.now
    with suppress(Conflict):
        match said.verb:
            case "accept":
                follow_up.accept(app, handoff_id, by=by, now=now)
            case "reached":
                follow_up.attempt(app, handoff_id, kind="call", outcome="reached", note="", by=by, now=now)
            case "qualified" | "won":
                follow_up.outcome(app, handoff_id, state=said.verb, reason=None, note="", by=by, now=now)
            case "lost":
                follow_up.outcome(app, handoff_id, state="lost", reason=said.reason, note="", by=by, now=now)
            case "reject":
                follow_up.reject(app, handoff_id, reason=said.reason, note="", by=by, now=now)


_SENT = text("SELECT l.email, d.* FROM delivery d JOIN lead l ON l.id = d.lead_id WHERE d.state = 'sent'")
_OFFERED = text("SELECT l.email, h.* FROM handoff h JOIN lead l ON l.id = h.lead_id")
_LEFT = text("SELECT l.email, e.* FROM enrollment e JOIN lead l ON l.id = e.lead_id WHERE e.status = 'ended'")
_STANDS = text(
    """
    SELECT l.email, l.stage, l.cycle, l.grade, l.ask_at, e.campaign, e.status, e.due_at, e.slow, s.reason,
           (SELECT coalesce(sum(d.tries - (d.state = 'sent')::int), 0) FROM delivery d WHERE d.lead_id = l.id) AS failed
    FROM lead l LEFT JOIN enrollment e ON e.lead_id = l.id AND e.status <> 'ended'
    LEFT JOIN suppression s ON s.address_hash = sha256(convert_to(l.email, 'UTF8')) AND s.topic = ''
    """
)


def told(db: Connection) -> Story:
    """What stands in the database when all is over."""
    return Story.of(
        [
            Sent(d.email, d.sent_at, d.campaign, d.step, d.cycle, d.variant or "", d.local_on.isoformat())
            for d in db.execute(_SENT)
        ],
        [
            Offered(h.email, h.offered_at, h.cycle, h.grade, h.score_micro, h.hand_raise, h.because)
            for h in db.execute(_OFFERED)
        ],
        [Left(e.email, e.ended_at, e.campaign, e.cycle, e.left_as) for e in db.execute(_LEFT)],
        [_stands(row) for row in db.execute(_STANDS)],
    )


def _stands(row: Row[Any]) -> Stands:
    due_at = row.due_at or row.ask_at
    said = "" if due_at is None else due_at.astimezone(UTC).isoformat()
    campaign, status, slow = row.campaign or "", row.status or "", bool(row.slow)
    standing = (row.stage, row.cycle, row.grade or "")
    return Stands(row.email, *standing, campaign, status, said, slow, row.reason or "", int(row.failed))
