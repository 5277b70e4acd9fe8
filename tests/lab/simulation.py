"""Lives a scenario in virtual time, and tells it in the same words as `tests.lab.production`."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC

from nurture.agreement import Agreement
from nurture.facts import LeadState
from nurture.lab.acts import Act, Answer, Hit, RepSays, Stop
from nurture.lab.assigning import Offer, assigned, offer
from nurture.lab.behaviour import Outcome
from nurture.lab.people import merged
from nurture.lab.records import Delivery, Handoff, Lived
from nurture.lab.simulation import simulate
from tests.lab.scenarios import BROWSER, QUESTION, SCANNER, Habits, Reaction, Scenario
from tests.lab.stories import Left, Offered, Sent, Stands, Story


class Habitual:
    """People with the habits of a scenario."""

    def __init__(self, habits: Habits) -> None:
        self.habits = habits

    def outcome(self, lead: LeadState, mail: Delivery) -> Outcome:
        return self.habits.outcome(lead.profile.key, mail.campaign, mail.step, mail.cycle)

    def on_mail(self, lead: LeadState, mail: Delivery) -> Iterator[Act]:
        for reaction in self.habits.reaction(lead.profile.key, mail.campaign, mail.step, mail.cycle):
            yield _act(mail, reaction)

    def on_handoff(self, lead: LeadState, handoff: Handoff) -> Iterator[Act]:
        for said in self.habits.answer(lead.profile.key, handoff.cycle):
            yield RepSays(handoff.at + said.after, handoff.lead, said.verb, said.reason)


def live(scenario: Scenario) -> Story:
    """Live through the scenario, and tell what happened."""
    rows = Counter(person.email for person in scenario.people)
    again = frozenset(hash(email) for email, count in rows.items() if count > 1)
    return told(
        scenario.book.agreement,
        simulate(
            scenario.book,
            merged(scenario.people, again, lambda _: None),
            start=scenario.start,
            end=scenario.end,
            events=scenario.events,
            behaviour=Habitual(scenario.habits),
            link_count=lambda _: 1,
            campaign=scenario.by_hand,
        ),
    )


def told(agreement: Agreement, everybody: Iterable[Lived]) -> Story:
    """What happened in these lives."""
    lives = list(everybody)
    reps = {(one.lead, one.at): rep for one, rep in assigned(agreement, _offers(lives))}
    return Story.of(
        [
            Sent(d.lead, d.at, d.campaign, d.step, d.cycle, d.variant or "", d.local_on.isoformat())
            for lived in lives
            for d in lived.deliveries
        ],
        [
            Offered(h.lead, h.at, h.cycle, h.grade, h.score.micro, h.hand_raise, h.because, reps[h.lead, h.at])
            for lived in lives
            for h in lived.handoffs
        ],
        [Left(e.lead, e.at, e.campaign, e.cycle, e.reason) for lived in lives for e in lived.exits],
        [_stands(lived) for lived in lives],
    )


def _offers(lives: Sequence[Lived]) -> list[Offer]:
    return [offer(handoff, order) for order, lived in enumerate(lives) for handoff in lived.handoffs]


def _act(mail: Delivery, reaction: Reaction) -> Act:
    at = mail.at + reaction.after
    this = (mail.lead, mail.campaign, mail.step, mail.cycle)
    match reaction.what:
        case "click":
            return Hit(at, *this, agent=BROWSER)
        case "scan":
            return Hit(at, *this, agent=SCANNER)
        case "open":
            return Hit(at, *this, kind="open", link=None, agent=BROWSER)
        case "answer":
            return Answer(at, *this, QUESTION, reaction.detail)
        case "unsubscribe":
            return Stop(at, mail.lead)
        case "complain":
            return Stop(at, mail.lead, "complained")


def _stands(lived: Lived) -> Stands:
    state = lived.state
    enrollment = state.enrollment
    due_at = state.ask_at if enrollment is None else enrollment.due_at or state.ask_at
    said = "" if due_at is None else due_at.astimezone(UTC).isoformat()
    campaign, status, slow = ("", "", False)
    if enrollment is not None:
        campaign, status, slow = enrollment.campaign, enrollment.status, enrollment.slow
    standing = (state.stage, state.cycle, state.grade or "")
    failed = sum(lived.failed.values())
    return Stands(lived.lead, *standing, campaign, status, said, slow, state.suppressed or "", failed)
