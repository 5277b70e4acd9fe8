"""Make-believe people: what becomes of a mail, what its reader does then, what a rep does with a handoff.

Each lead throws its own dice (`lab.dice`): nothing depends on who else is in the file.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from nurture.facts import LeadState
from nurture.grammar.durations import Duration
from nurture.lab.acts import Act, Answer, Hit, Reply, RepSays, Stop, Visit
from nurture.lab.behaviour import Outcome
from nurture.lab.dice import Dice
from nurture.lab.rates import Rates
from nurture.lab.records import Delivery, Handoff
from nurture.lab.site import Site, Thing, site_of
from nurture.rules import calendar
from nurture.rules.book import Rulebook
from nurture.rules.sla import deadline

EAGER = 5.0
"""How much more than the average an interested lead does; where that leaves nothing for the others, they do nothing."""
LATER: tuple[tuple[tuple[int, int], float], ...] = (((6, 75), 60), ((120, 420), 28), ((1200, 1800), 12))
"""When a mail is read: minutes after it came, by weight."""
FIRST_LOOK, LAST_LOOK = time(7, 30), time(21, 30)
"""When people look at mail and pages, in their own zone."""

UNREACHABLE = "unreachable"
"""The built-in reason for who could not be reached."""

_MINUTE = timedelta(minutes=1)
_WORKING_DAY = 8 * 60

Answers = Callable[[str], Sequence[tuple[str, str]]]
"""The answers, as (question, answer), that a template's mails offer; none for a mail that is no survey."""


@dataclass(slots=True)
class Model:
    """People who behave by `rates`. `reasons` weighs why sales refuses; a reason that it lacks weighs nothing."""

    book: Rulebook
    rates: Rates
    seed: int
    answers: Answers
    reasons: Mapping[str, float]
    site: Site = field(init=False)
    calm: float = field(init=False)
    goodbyes: tuple[tuple[str, float, int], ...] = field(init=False)
    word: str = field(init=False)
    most: float = field(init=False)
    last: tuple[str, Dice] | None = None

    def __post_init__(self) -> None:
        self.site, rates, self.word = site_of(self.book.agreement), self.rates, str(self.seed)
        self.most = max(rates.open, rates.click, rates.answer, rates.reply, rates.unsubscribe, rates.complain)
        self.goodbyes = (
            ("reply", rates.reply, 3), ("unsubscribed", rates.unsubscribe, 4), ("complained", rates.complain, 5),
        )  # fmt: skip
        interested = self.rates.interested
        self.calm = max(0.0, 1 - EAGER * interested) / (1 - interested) if interested < 1 else 1.0

    def outcome(self, lead: LeadState, mail: Delivery) -> Outcome:
        """Some mailboxes are gone, which shows at the first mail."""
        if not self.rates.bounce or mail.enrollment > 1:
            return "sent"
        return "dead" if self._lead(mail.lead).happens(self.rates.bounce, 0) else "sent"

    def on_mail(self, lead: LeadState, mail: Delivery) -> Iterable[Act]:
        """Mostly nothing; everything else follows from the mail being read."""
        dice = Dice(self.word, "mail", mail.lead, mail.campaign, mail.step, str(mail.cycle))
        rates = self.rates
        eager = EAGER if self._lead(mail.lead).happens(rates.interested, 1) else self.calm
        if dice.lowest(6) >= self.most * max(eager, 1.0):
            return ()
        opens, clicks = dice.happens(rates.open * eager, 0), dice.happens(rates.click * eager, 1)
        answers = dice.happens(rates.answer * eager, 2) and self.answers(mail.template)
        words = [word for word, rate, throw in self.goodbyes if dice.happens(rate, throw)]
        if not (opens or clicks or answers or words):
            return ()
        acts = self._reads(mail, dice, opens=opens, clicks=clicks, answers=answers or (), words=words)
        return (act for act in acts if self._is_seen(act, lead))

    def _is_seen(self, act: Act, lead: LeadState) -> bool:
        """Whether anybody learns of it: of hits and visits only where lead and campaign are to be tracked."""
        if isinstance(act, Visit):
            return lead.tracked
        if not isinstance(act, Hit):
            return True
        campaign = self.book.campaigns.get(act.campaign)
        wanted = campaign is None or (campaign.tracking.opens if act.kind == "open" else campaign.tracking.clicks)
        return lead.tracked and wanted

    def on_handoff(self, lead: LeadState, handoff: Handoff) -> Iterable[Act]:
        """A rep accepts, rejects, or forgets it; what is accepted goes its way to the end."""
        return tuple(self._works(handoff, Dice(self.word, "handoff", handoff.lead, str(handoff.cycle))))

    def _lead(self, lead: str) -> Dice:
        if self.last is None or self.last[0] != lead:
            self.last = lead, Dice(self.word, "lead", lead)
        return self.last[1]

    def _reads(
        self,
        mail: Delivery,
        dice: Dice,
        *,
        opens: bool,
        clicks: bool,
        answers: Sequence[tuple[str, str]],
        words: Sequence[str],
    ) -> Iterator[Act]:
        low, high = dice.weighed(LATER, 6)
        read_at = awake(mail.at + round(dice.between(low * 60, high * 60, 7)) * timedelta(seconds=1), mail.zone)
        which = (mail.lead, mail.campaign, mail.step, mail.cycle)
        if opens:
            yield Hit(read_at, *which, kind="open", link=None)
        at = read_at + round(dice.between(60, 240, 8)) * timedelta(seconds=1)
        if answers:
            question, answer = dice.one_of(answers, 9)
            yield Answer(at, *which, question, answer)
        elif clicks:
            yield Hit(at, *which)
            yield from self._looks_around(mail, at + _MINUTE, "now")
            if dice.happens(self.rates.again, 10):
                days = timedelta(days=dice.between(1, 6, 11))
                yield from self._looks_around(mail, awake(at + days, mail.zone), "again")
        if "reply" in words:
            yield Reply(at + 5 * _MINUTE, mail.lead)
        if "complained" in words:
            yield Stop(at + 6 * _MINUTE, mail.lead, "complained")
        elif "unsubscribed" in words:
            yield Stop(at + 6 * _MINUTE, mail.lead)

    def _looks_around(self, mail: Delivery, at: datetime, when: str) -> Iterator[Act]:
        """Each thing that a signal names may be done, one a minute."""
        rates, site = self.rates, self.site
        things = [*((one, rates.page) for one in site.pages), *((one, rates.track) for one in site.tracks)]
        things += [(one, rates.hand_raise) for one in site.raising]
        for thing, rate in things:
            dice = Dice(self.word, when, mail.lead, mail.campaign, mail.step, str(mail.cycle), thing.signal)
            if dice.happens(rate, 0):
                yield _visit(thing, mail.lead, at)
                at += _MINUTE

    def _works(self, handoff: Handoff, dice: Dice) -> Iterator[RepSays]:
        """What a rep does, in working hours."""
        rates, lead = self.rates, handoff.lead
        answered_at = self._after(handoff.at, dice.between(10, 230, 0))
        chance = dice.share(1)
        if chance >= rates.accept:
            if chance < rates.accept + rates.reject:
                yield from self._refuses(lead, answered_at, dice, "reject")
            return
        yield RepSays(answered_at, lead, "accept")
        yield RepSays(self._after(answered_at, dice.between(10, 200, 9)), lead, "tried")
        reached_at = self._after(answered_at, dice.between(0.2, 3, 2) * _WORKING_DAY)
        if not dice.happens(rates.reach, 3):
            yield from self._tries_in_vain(handoff, reached_at)
            return
        yield RepSays(reached_at, lead, "reached")
        decided_at = self._after(reached_at, dice.between(2, 7, 4) * _WORKING_DAY)
        if not dice.happens(rates.qualify, 5):
            yield from self._refuses(lead, decided_at, dice, "reject")
            return
        yield RepSays(decided_at, lead, "qualified")
        ended_at = self._after(decided_at, dice.between(4, 18, 6) * _WORKING_DAY)
        if dice.happens(rates.win, 7):
            yield RepSays(ended_at, lead, "won")
        else:
            yield from self._refuses(lead, ended_at, dice, "lost")

    def _tries_in_vain(self, handoff: Handoff, at: datetime) -> Iterator[RepSays]:
        """Two calls a working day, as many as agreed. Then the SLA returns the lead; a hand-raise the rep has to."""
        for _ in range(self.book.agreement.sla.attempts.count):
            yield RepSays(at, handoff.lead, "tried")
            at = self._after(at, _WORKING_DAY / 2)
        if handoff.hand_raise:
            yield RepSays(self._after(at, 2 * _WORKING_DAY), handoff.lead, "reject", UNREACHABLE)

    def _refuses(self, lead: str, at: datetime, dice: Dice, says: str) -> Iterator[RepSays]:
        """Where the agreement has no reason to refuse for, the handoff stays open."""
        weights = [(reason, self.reasons.get(reason, 0.0)) for reason in self.book.agreement.reject_reasons]
        if any(weight > 0 for _, weight in weights):
            reason = dice.weighed([(one, weight) for one, weight in weights if weight > 0], 8)
            yield RepSays(at, lead, "lost" if says == "lost" else "reject", reason)

    def _after(self, at: datetime, minutes: float) -> datetime:
        """So many working minutes later."""
        return deadline(self.book.agreement.sla.hours, at, Duration(max(1, round(minutes)), "minute"))


def usual_reasons(book: Rulebook) -> dict[str, float]:
    """Why sales refuses where nobody says: four times as often for now (back to nurture) as for good."""
    return {code: 4.0 if one.then == "nurture" else 1.0 for code, one in book.agreement.reject_reasons.items()}


def awake(at: datetime, zone: str) -> datetime:
    """The same instant, or the next morning's first look where it is night there."""
    local = at.astimezone(calendar.zone_info(zone))
    clock = local.time()
    if FIRST_LOOK <= clock <= LAST_LOOK:
        return at
    day = local.date() if clock < FIRST_LOOK else local.date() + calendar.DAY
    return calendar.first_instant(day, FIRST_LOOK, zone)


def _visit(thing: Thing, lead: str, at: datetime) -> Visit:
    return Visit(at, lead, thing.kind, thing.name, thing.properties)
