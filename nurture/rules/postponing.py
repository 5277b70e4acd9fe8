"""Mail that waits for the lead's own sake: an absence, a pause that it chose."""

from datetime import datetime

from nurture.facts import ON_THE_WAY, LeadState
from nurture.rules.draft import Draft
from nurture.rules.effects import Cancelled, PutOff
from nurture.rules.enrolling import replan
from nurture.rules.evolving import evolve, in_state
from nurture.rules.happenings import Postponed

CANCELLED = "postponed"
"""The rule of a mail that was on its way and does not go, for it is planned anew."""


def postpone(draft: Draft, happening: Postponed) -> None:
    """Keep the reason with its time, and plan what is to come by it."""
    state = draft.state
    others = {because: until for because, until in state.postponed if until > draft.now}
    others.pop(happening.because, None)
    postponed = dict(others)
    if happening.until > draft.now:
        postponed[happening.because] = happening.until
    now_so = tuple(sorted(postponed.items()))
    if now_so == state.postponed:
        return
    draft.add(PutOff(happening.because, happening.until))
    own = _own_wait(state)
    draft.state = evolve(state, postponed=now_so)
    draft.wait(mail_from=own, ask_at=state.ask_at)
    if draft.state.mail_from != state.mail_from:
        _call_back(draft)
        replan(draft)


def _own_wait(state: LeadState) -> datetime | None:
    """What a refusal asks to wait for, which a later time may have covered; then the lead is asked for when it ends."""
    covered = any(until == state.mail_from for _, until in state.postponed)
    return state.ask_at if covered else state.mail_from


def _call_back(draft: Draft) -> None:
    """Mails on their way before the time do not go."""
    on_the_way = [mail for mail in draft.state.deliveries if mail.state in ON_THE_WAY]
    mail_from = draft.state.mail_from
    if mail_from is None or not any(mail.at < mail_from for mail in on_the_way):
        return
    draft.add(Cancelled(CANCELLED))
    deliveries = tuple(
        in_state(mail, "cancelled") if mail.state in ON_THE_WAY else mail for mail in draft.state.deliveries
    )
    draft.state = evolve(draft.state, deliveries=deliveries)
