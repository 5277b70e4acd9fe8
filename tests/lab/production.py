"""Lives a scenario through the real flows on real PostgreSQL, with the clock stepped from one due instant to the next.

Only two things are not real: the clock, and the server that takes the mails, which says what the scenario's habits say.
"""

import heapq
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, text

from nurture.app import App
from nurture.errors import Conflict
from nurture.flows.advance import advance
from nurture.flows.deliver import deliver
from nurture.flows.enroll import enroll
from nurture.flows.import_leads import import_leads
from nurture.flows.ingest import ingest
from nurture.flows.keep_promises import keep_promises
from nurture.flows.settle import settle
from nurture.segment.event import IncomingEvent
from nurture.store import horizon
from nurture.workspace import TemplateFile, Workspace
from tests.lab.post import Post, post_office
from tests.lab.reacting import answer_offer, react
from tests.lab.scenarios import Answer, Reaction, Scenario
from tests.lab.stories import Story
from tests.lab.telling import told

MOST_STEPS = 500

TEMPLATE = """---
subject: "Hello"
preheader: "A short one."
---
<html lang="en"><body><p><a href="https://acme.example/read">Read on</a></p></body></html>
"""


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
                return told(db, run.reps)
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
    SELECT h.id, h.cycle, h.offered_at, h.owner, l.key FROM handoff h JOIN lead l ON l.id = h.lead_id
    WHERE h.id > :seen ORDER BY h.id
    """
)
_OWNER = text("SELECT owner FROM handoff WHERE id = :id")
_IN_NONE = text(
    """
    SELECT email FROM lead WHERE NOT EXISTS (SELECT FROM enrollment e WHERE e.lead_id = lead.id AND e.status <> 'ended')
    """
)


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
    reps: dict[int, str] = field(default_factory=dict)

    def begin(self) -> None:
        """The file is imported, then what is known comes in; the rest is yet to happen."""
        imported = import_leads(self.app, self.scenario.people, self.now)
        assert imported.rejected == 0, "a row could not be stored"
        if self.scenario.by_hand is not None:
            self.enroll_by_hand(self.scenario.by_hand)
        if self.scenario.history:
            ingest(self.app, self.scenario.history, self.now)
        for event in self.scenario.later:
            self.plan(event.received_at, partial(self.ingest, event))
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
            if "promises" in undone:
                kept = keep_promises(self.app, self.now)
                assert kept.set_aside == 0, "a handoff could not be looked at"
        raise AssertionError(f"{', '.join(undone)} never gets done")

    def deliver(self) -> None:
        """Send what is due; people will react to what was taken."""
        mails = self.db.execute(_DUE_MAILS, {"now": self.now}).all()
        habits = self.scenario.habits
        self.post.says = {mail.id: habits.outcome(mail.key, mail.campaign, mail.step, mail.cycle) for mail in mails}
        self.db.execute(text("DELETE FROM mailer"))  # how it is doing goes by the machine's time: no storm is over here
        self.db.commit()
        done = deliver(self.app, lambda: self.now, seconds=20)
        assert (done.unknown, done.cancelled, done.more) == (0, 0, False)
        taken = set(self.db.execute(_TAKEN, {"ids": [mail.id for mail in mails]}).scalars())
        for mail in mails:
            if mail.id in taken:
                for reaction in habits.reaction(mail.key, mail.campaign, mail.step, mail.cycle):
                    self.plan(self.now + reaction.after, partial(self.react, mail.id, reaction))

    def look(self) -> None:
        """Sales sees what it was offered since it last looked."""
        for handoff in self.db.execute(_NEW_OFFERS, {"seen": self.handoffs_seen}):
            self.handoffs_seen = handoff.id
            self.reps[handoff.id] = handoff.owner
            for said in self.scenario.habits.answer(handoff.key, handoff.cycle):
                self.plan(handoff.offered_at + said.after, partial(self.answer, handoff.id, said))

    def ingest(self, event: IncomingEvent) -> None:
        """Something comes in."""
        ingest(self.app, [event], self.now)

    def react(self, delivery_id: int, reaction: Reaction) -> None:
        """Somebody does something because of a mail."""
        react(self.app, self.db, delivery_id, reaction, self.now)

    def answer(self, handoff_id: int, said: Answer) -> None:
        """Sales says something of a handoff."""
        owner = self.db.execute(_OWNER, {"id": handoff_id}).scalar() or self.reps[handoff_id]
        answer_offer(self.app, handoff_id, said, owner, self.now)
