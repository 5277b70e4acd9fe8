"""One lead's life: what comes next is looked up, happens, and is noted, until the end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any

from nurture.facts import DeliveryFact, DeliveryState, EventFact, HandoffFact, LeadState
from nurture.lab import gate, sales
from nurture.lab.acts import Act, Answer, Hit, Reply, RepSays, Stop, Visit
from nurture.lab.behaviour import Behaviour
from nurture.lab.notes import Notes
from nurture.lab.records import Delivery, Lived
from nurture.lab.requests import Request
from nurture.rules import bots, ladder, life
from nurture.rules import happenings as h
from nurture.rules.book import Rulebook
from nurture.rules.effects import Queued
from nurture.rules.evolving import evolve
from nurture.rules.history import told
from nurture.rules.known import LOOKS_BACK
from nurture.rules.suppressing import is_stricter

SETTLE = timedelta(minutes=1)
"""How long hits of one mail wait so that a burst can be judged whole; as `flows.hit`."""
TRIES = 5
"""So often a mail may be put off before it is given up for this cycle; as `flows.deliver`."""
_RESTLESS = 100
"""Decisions at one instant after which something must be wrong."""
_DOES, _SETTLES = 0, 1

MailKey = tuple[str, str, int]
"""Campaign, step and cycle: what tells the mails to one lead apart."""


@dataclass(frozen=True, slots=True)
class World:
    """What all lives of one simulation have in common."""

    book: Rulebook
    start: datetime
    end: datetime
    behaviour: Behaviour
    link_count: Callable[[str], int]

    @property
    def remembers(self) -> bool:
        """Whether some condition looks at what a lead did."""
        return bool(self.book.needs - {"received"})


@dataclass(slots=True)
class Life:
    """A lead on its way. `agenda` is a heap of what is going to be done; hits in `pending` wait to be judged.

    `before` is the state in which the last decision found the lead. `promised` is when to look at what sales owes on
    the handoff beside it: that is worked out once for each handoff as it stands.
    """

    world: World
    state: LeadState
    notes: Notes
    now: datetime
    agenda: list[tuple[datetime, int, int, Request | Act | None]] = field(default_factory=list)
    added: int = 0
    queued: list[Queued] = field(default_factory=list)
    pending: list[tuple[Hit, int]] = field(default_factory=list)
    judged: dict[MailKey, list[bots.Hit]] = field(default_factory=dict)
    tries: dict[MailKey, int] = field(default_factory=dict)
    answered: set[tuple[MailKey, str, str]] = field(default_factory=set)
    promised: tuple[HandoffFact | None, datetime | None] = (None, None)
    before: LeadState = field(init=False)

    def plan(self, thing: Request | Act | None, at: datetime, order: int = _DOES) -> None:
        """Put something on the agenda."""
        self.added += 1
        heappush(self.agenda, (at, order, self.added, thing))

    def live(self) -> Lived:
        """Live until the end."""
        restless = 0
        while True:
            at, step = self._next()
            if at is None or at >= self.world.end:
                return self.notes.told(self.state)
            restless = restless + 1 if at <= self.now else 0
            if restless > _RESTLESS:
                raise RuntimeError(f"a lead that never comes to rest: {self.notes.lived.lead} at {self.now}")
            self.now = at
            step()

    def _next(self) -> tuple[datetime | None, Callable[[], None]]:
        """When something happens next, and what: people and hits first, then a decision, then a mail."""
        enrollment = self.state.enrollment
        at = None if not self.agenda else max(self.agenda[0][0], self.now)
        step: Callable[[], None] = self._do
        due = self.state.ask_at if enrollment is None else enrollment.due_at
        if due is not None:
            due = due if due > self.now else self.now
            if at is None or due < at:
                at, step = due, self._come_due
        if self.queued:
            slot_at = self.queued[0].slot.at
            slot_at = slot_at if slot_at > self.now else self.now
            if at is None or slot_at < at:
                at, step = slot_at, self._send
        if self.state.handoff is not None:
            look_at = self._look_at(self.state.handoff)
            if look_at is not None and (at is None or look_at < at):
                at, step = look_at, self._deadline_came
        return at, step

    def _look_at(self, handoff: HandoffFact) -> datetime | None:
        """When it has to be looked at what sales owes."""
        if self.promised[0] is not handoff:
            self.promised = handoff, ladder.next_look(self.world.book.agreement.sla, handoff, self.now)
        look_at = self.promised[1]
        return None if look_at is None else max(look_at, self.now)

    def happen(self, happening: h.Happening) -> None:
        """Let the rules decide, and note what followed."""
        events = self.state.events
        if events and events[0].occurred_at < self.now - LOOKS_BACK:
            recent = tuple(event for event in events if event.occurred_at >= self.now - LOOKS_BACK)
            self.state = evolve(self.state, events=recent)
        self.before = self.state
        outcome = life.apply(self.world.book, self.state, happening, self.now)
        self.state = outcome.state
        for effect in outcome.effects:
            self.notes.note(effect, self)

    # --- what happens ---

    def _come_due(self) -> None:
        self.happen(h.CameDue())

    def _deadline_came(self) -> None:
        self.happen(h.DeadlineCame())

    def _do(self) -> None:
        _, order, _, thing = heappop(self.agenda)
        if order == _SETTLES:
            self._settle()
        else:
            _DOINGS[type(thing)](self, thing)

    def _send(self) -> None:
        """The mail's slot has come."""
        mail = self.queued.pop(0)
        rule = gate.held_by(self.world.book, self.state, mail, self.now)
        if rule is not None:
            self._mark(mail, "cancelled")
            enrollment = self.state.enrollment
            if rule in gate.WAKES and enrollment is not None:
                self.state = evolve(self.state, enrollment=replace(enrollment, due_at=self.now))
            return
        delivery = self.notes.delivery(mail, self.state, self.now)
        outcome = self.world.behaviour.outcome(self.state, delivery)
        if outcome == "sent":
            self._mark(mail, "sent")
            self.notes.sent(delivery)
            for act in self.world.behaviour.on_mail(self.state, delivery):
                self.plan(act, act.at)
            return
        self.notes.failed(outcome)
        if outcome == "dead":
            self._mark(mail, "failed", for_good=True)
            self._stop("bounced")
            return
        key = (mail.campaign, mail.step, mail.cycle)
        tries = self.tries[key] = self.tries.get(key, 0) + 1
        for_good = outcome == "refused" or tries >= TRIES
        self._mark(mail, "failed", for_good=for_good)
        self.happen(h.SendFailed(*key, for_good=for_good))

    def _mark(self, mail: Queued, as_state: DeliveryState, *, for_good: bool = False) -> None:
        """The delivery's row, as it is written."""
        now = self.now if as_state == "sent" else None
        marked = list(self.state.deliveries)
        for place in range(len(marked) - 1, -1, -1):  # there is one such row, and it is among the latest
            one = marked[place]
            if one.step == mail.step and one.campaign == mail.campaign and one.cycle == mail.cycle:
                marked[place] = _marked(one, as_state, now, for_good=for_good)
                break
        self.state = evolve(self.state, deliveries=tuple(marked))

    def _request(self, request: Request) -> None:
        changed = request.profile(self.state.profile, self.state.created_at)
        if changed is not None:
            self.state = evolve(self.state, profile=changed)
        self._remember(request.facts)
        happening = told(
            request.facts, self.now, arrived=False, profile_changed=changed is not None, heard_now=request.heard_now
        )
        if happening is not None:
            self.happen(happening)

    def _visit(self, act: Visit) -> None:
        is_page = act.kind == "page"
        name, path = (None, act.name) if is_page else (act.name, None)
        self._did(EventFact(act.kind, self.now, name, path, act.properties))

    def _reply(self, _: Reply) -> None:
        self._did(EventFact("reply", self.now))

    def _answer(self, act: Answer) -> None:
        mark = ((act.campaign, act.step, act.cycle), act.question, act.answer)
        if mark in self.answered or self.notes.find(*mark[0]) is None:
            return
        self.answered.add(mark)
        said = {"answer": act.answer}
        self._did(EventFact("answer", self.now, act.question, None, said, "human", act.campaign, act.step))

    def _did(self, *facts: EventFact) -> None:
        self._remember(facts)
        self.happen(h.Did(facts))

    def _remember(self, facts: Sequence[EventFact]) -> None:
        if self.world.remembers and facts:
            self.state = evolve(self.state, events=(*self.state.events, *facts))

    def _stopped(self, act: Stop) -> None:
        self._stop(act.word)

    def _stop(self, word: Any) -> None:
        """An address is put on the list once; the strictest word stays."""
        if is_stricter(word, self.state.suppressed):
            self.happen(h.MustNotBeMailed(word))

    def _rep(self, act: RepSays) -> None:
        handoff = self.state.handoff
        if act.offered_at is not None and (handoff is None or handoff.offered_at != act.offered_at):
            return
        self.state = sales.tried(self.state, act)
        happening = sales.heard(self.world.book, self.state.handoff, act)
        if happening is not None:
            self.happen(happening)

    def _hit(self, act: Hit) -> None:
        """A hit waits to be judged with the others of its mail."""
        key = (act.campaign, act.step, act.cycle)
        if self.notes.find(*key) is None:
            return
        hits = self.judged.setdefault(key, [])
        hits.append(bots.Hit(self.added, act.kind, self.now, act.link, act.agent, act.method))
        self.pending.append((act, self.added))
        self.plan(None, self.now + SETTLE, _SETTLES)

    def _settle(self) -> None:
        """Judge the hits that have waited long enough, each mail's as a whole; what people did counts."""
        ripe = [(act, number) for act, number in self.pending if act.at + SETTLE <= self.now]
        self.pending = [(act, number) for act, number in self.pending if act.at + SETTLE > self.now]
        facts = []
        for act, number in ripe:
            key = (act.campaign, act.step, act.cycle)
            mail = self.notes.find(*key)
            if mail is not None and self._is_human(number, self.judged[key], mail):
                facts.append(EventFact(act.kind, act.at, campaign=act.campaign, step=act.step))
        if facts:
            self._did(*facts)

    def _is_human(self, number: int, hits: Sequence[bots.Hit], mail: Delivery) -> bool:
        links = self.world.link_count(mail.template)
        return bots.judge(hits, delivered_at=mail.at, link_count=links)[number].verdict == "human"


def _marked(one: DeliveryFact, state: DeliveryState, sent_at: datetime | None, *, for_good: bool) -> DeliveryFact:
    at = one.at if sent_at is None else sent_at
    return DeliveryFact(one.campaign, one.step, one.cycle, one.enrollment, state, one.local_on, at, for_good)


_DOINGS: dict[type, Callable[[Life, Any], None]] = {
    Request: Life._request,
    Visit: Life._visit,
    Hit: Life._hit,
    Answer: Life._answer,
    Reply: Life._reply,
    Stop: Life._stopped,
    RepSays: Life._rep,
}
