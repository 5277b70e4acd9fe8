"""What is written down of one lead's life, from the effects of each decision."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from nurture.facts import LeadState, Slot
from nurture.lab.acts import RepSays
from nurture.lab.records import SLOW_DOWN, Climbed, Delivery, Exit, Handoff, Lived, OwnerTold, RanOut, Waited
from nurture.rules import assignment, calendar
from nurture.rules import effects as fx
from nurture.rules.known import known
from nurture.rules.telling import is_kept

if TYPE_CHECKING:
    from nurture.lab.living import Life

_CLOSED: frozenset[str] = frozenset({"won", "lost", "rejected", "returned"})


@dataclass(slots=True)
class Notes:
    """One life's notes. `held` are the rules that move the mail that is planned, `leaving` those of the one queued."""

    lived: Lived
    held: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()
    is_out: bool = False

    def told(self, state: LeadState) -> Lived:
        """The life, complete."""
        self.lived.state = state
        return self.lived

    def note(self, effect: fx.Effect, life: "Life") -> None:
        """Write down what followed from a decision."""
        write = _WRITERS.get(type(effect))
        if write is not None:
            write(self, effect, life)

    def delivery(self, mail: fx.Queued, state: LeadState, now: datetime) -> Delivery:
        """A mail as it leaves."""
        slot = mail.slot
        return Delivery(
            now, self.lived.lead, mail.campaign, mail.step, mail.cycle, mail.enrollment, mail.variant, mail.template,
            slot.local_on, slot.zone, state, self.leaving,
        )  # fmt: skip

    def sent(self, delivery: Delivery) -> None:
        """The mail was taken."""
        self.lived.deliveries.append(delivery)

    def failed(self, outcome: str) -> None:
        """The mail was not taken."""
        self.lived.failed[outcome] = self.lived.failed.get(outcome, 0) + 1

    def find(self, campaign: str, step: str, cycle: int) -> Delivery | None:
        """The mail that went out, if it did."""
        for mail in reversed(self.lived.deliveries):
            if (mail.campaign, mail.step, mail.cycle) == (campaign, step, cycle):
                return mail
        return None

    def _queued(self, effect: fx.Queued, life: "Life") -> None:
        life.queued.append(effect)
        self.leaving = self.held

    def _cancelled(self, _: fx.Cancelled, life: "Life") -> None:
        life.queued.clear()

    def _enrolled(self, effect: fx.Enrolled, life: "Life") -> None:
        self.lived.entered.append(effect.enrollment.campaign)
        self.is_out = False
        self._next(effect.enrollment.campaign, effect.enrollment.status, effect.slot, life.now)

    def _planned(self, effect: fx.Planned, life: "Life") -> None:
        enrollment = life.state.enrollment
        if enrollment is not None and enrollment.n == effect.n:
            self._next(enrollment.campaign, effect.status, effect.slot, life.now, slow=effect.slow)

    def _next(self, campaign: str, status: str, slot: Slot | None, now: datetime, *, slow: bool = False) -> None:
        """The next mail is planned, with what holds it back; or there is none."""
        is_out = status == "exhausted"
        if is_out and not self.is_out:
            self.lived.ran_out.append(RanOut(now, self.lived.lead, campaign))
        self.is_out = is_out
        held = () if slot is None or not slot.held else tuple(one.rule for one in slot.held)
        self.held = (SLOW_DOWN, *held) if slow and not is_out else held

    def _left(self, effect: fx.LeftCampaign, life: "Life") -> None:
        cycle = next(past.cycle for past in reversed(life.state.past) if past.n == effect.n)
        self.lived.exits.append(Exit(life.now, self.lived.lead, effect.campaign, cycle, effect.word))

    def _handed_over(self, effect: fx.HandedOver, life: "Life") -> None:
        book, before = life.world.book, life.before
        lines = assignment.fitting(book.agreement, known(book, before, life.now))
        handoff = Handoff(
            life.now, self.lived.lead, effect.cycle, effect.grade, effect.score, effect.because, effect.hand_raise,
            lines=lines, owner=before.profile.owner,
        )  # fmt: skip
        self.lived.handoffs.append(handoff)
        for act in life.world.behaviour.on_handoff(life.state, handoff):
            life.plan(replace(act, offered_at=life.now) if isinstance(act, RepSays) else act, act.at)

    def _handoff_moved(self, effect: fx.HandoffMoved, life: "Life") -> None:
        if effect.state in _CLOSED and self.lived.handoffs:
            self.lived.handoffs[-1] = replace(
                self.lived.handoffs[-1], ended_as=effect.state, ended_at=life.now, reason=effect.reason
            )

    def _breached(self, effect: fx.Breached, life: "Life") -> None:
        lines: tuple[int, ...] = ()
        if effect.action == "reassign":
            book = life.world.book
            lines = assignment.fitting(book.agreement, known(book, life.before, life.now))
        climbed = Climbed(life.now, effect.promise, effect.rung, effect.action, lines)
        if self.lived.handoffs:
            last = self.lived.handoffs[-1]
            self.lived.handoffs[-1] = replace(last, rungs=(*last.rungs, climbed))

    def _owner_told(self, effect: fx.OwnerTold, life: "Life") -> None:
        """Whose a lead is that sales has is settled later (`assigning`); one that nobody has or kept has no owner."""
        ended_as = self.lived.handoffs[-1].ended_as if self.lived.handoffs else None
        is_owned = effect.owner is not None or life.state.handoff is not None or is_kept(life.state.stage, ended_as)
        if not is_owned:
            return
        zone = life.world.book.agreement.sla.hours.timezone
        told = self.lived.told
        if not told or calendar.local_date(told[-1].at, zone) < calendar.local_date(life.now, zone):
            told.append(OwnerTold(life.now, self.lived.lead, tuple(signal for signal, _ in effect.did)))

    def _waits(self, effect: fx.WaitsUntil, life: "Life") -> None:
        if effect.mail_from is not None and effect.mail_from > life.now:
            self.lived.waited.append(Waited(life.now, self.lived.lead, life.state.reason or "", effect.mail_from))


_WRITERS: dict[type, Callable[[Notes, Any, "Life"], None]] = {
    fx.Queued: Notes._queued,
    fx.Cancelled: Notes._cancelled,
    fx.Enrolled: Notes._enrolled,
    fx.Planned: Notes._planned,
    fx.LeftCampaign: Notes._left,
    fx.HandedOver: Notes._handed_over,
    fx.HandoffMoved: Notes._handoff_moved,
    fx.Breached: Notes._breached,
    fx.OwnerTold: Notes._owner_told,
    fx.WaitsUntil: Notes._waits,
}
