"""Sales answers: it moves a handoff on, or refuses the lead, and the reason picks what comes next."""

from dataclasses import replace
from datetime import datetime, timedelta

from nurture.agreement import BUILT_IN_REASONS, RejectReason
from nurture.facts import HandoffFact, Stage
from nurture.rules.assignment import whom
from nurture.rules.book import Rulebook
from nurture.rules.draft import Draft
from nurture.rules.effects import CycleBegan, HandoffMoved, Suppressed
from nurture.rules.enrolling import ask_who_takes, leave
from nurture.rules.evolving import evolve
from nurture.rules.happenings import Progressed, Refused
from nurture.rules.offering import grade_again
from nurture.rules.suppressing import is_stricter

_BUILT_IN = {code: RejectReason(label=code.replace("_", " ").capitalize(), then="nurture") for code in BUILT_IN_REASONS}

_STAGE_OF: dict[str, Stage] = {"contacted": "sal", "qualified": "sql"}


def reason_of(book: Rulebook, code: str) -> RejectReason | None:
    """What the agreement says of a reject reason; None for one it does not know."""
    return book.agreement.reject_reasons.get(code) or _BUILT_IN.get(code)


def progress(draft: Draft, happening: Progressed) -> None:
    """Sales accepted, contacted, qualified or won the lead."""
    handoff = draft.state.handoff
    if handoff is None:
        return
    if handoff.state == "offered":  # whoever works a lead has taken it
        handoff = _accepted(draft, handoff, happening.by)
    if happening.to == "accepted":
        return
    draft.add(HandoffMoved(happening.to, happening.by, note=happening.note))
    if happening.to == "won":
        _won(draft)
    else:
        draft.state = evolve(draft.state, handoff=replace(handoff, state=happening.to))
        draft.move(_STAGE_OF[happening.to], f"sales: {happening.to}")


def _won(draft: Draft) -> None:
    """What the lead was refused for before is over, and what made it buy sells nothing more to it."""
    draft.state = evolve(draft.state, handoff=None, reason=None, won_at=draft.now)
    draft.move("customer", "sales: won")
    ask_who_takes(draft)


def _accepted(draft: Draft, handoff: HandoffFact, by: str) -> HandoffFact:
    """Who accepts owns the lead from then on."""
    owner = _owner(draft, handoff, by)
    new = owner if owner != handoff.owner else None
    draft.add(HandoffMoved("accepted", by, owner=new))
    given_at = handoff.given_at if new is None else draft.now
    accepted = replace(handoff, state="accepted", owner=owner, accepted_at=draft.now, given_at=given_at)
    draft.state = evolve(draft.state, handoff=accepted)
    draft.move("sal", "sales: accepted")
    return accepted


def _owner(draft: Draft, handoff: HandoffFact, by: str) -> str | None:
    """Whose a handoff is that was accepted by this: a rep's address, or the name that a stranger signs with.

    A program that speaks for somebody whom the agreement does not know takes the lead from nobody.
    """
    name = by.partition(": ")[2] if speaks_for_somebody(by) else by
    known = whom(draft.book.agreement, name)
    if known is not None or not name:
        return known or handoff.owner
    return (handoff.owner or name) if speaks_for_somebody(by) else name


def speaks_for_somebody(by: str) -> bool:
    """Whether this names a program and whom it speaks for, as `hubspot: Ada Lovelace`, and not a rep of its own."""
    return ": " in by


def refuse(draft: Draft, happening: Refused) -> None:
    """Begin the next cycle; then nurture (after the reason's wait), sales keeps it, or it is over."""
    grade_again(draft)
    said = reason_of(draft.book, happening.reason)
    then = "nurture" if said is None else said.then
    was_customer = draft.state.stage == "customer" or (
        draft.state.handoff is not None and draft.state.handoff.was_customer
    )
    if draft.state.handoff is not None:
        if happening.how == "lost" and draft.state.handoff.state == "offered":
            _accepted(draft, draft.state.handoff, happening.by)
        draft.add(HandoffMoved(happening.how, happening.by, happening.reason, happening.note))
        draft.state = evolve(draft.state, handoff=None)
    leave(draft, "moved")
    _next_cycle(draft, happening)
    if then in ("disqualify", "suppress"):
        _over(draft, happening, suppress=then == "suppress")
    elif then == "sales":
        draft.move("sal", f"sales keeps it: {happening.reason}")
        draft.wait(mail_from=None, ask_at=None)
    else:
        draft.move("customer" if was_customer else "nurture", f"refused: {happening.reason}")
        _wait_then_ask(draft, happening.at, said)


def _next_cycle(draft: Draft, happening: Refused) -> None:
    """Raise the cycle, except at the first refusal of a lead never handed over: then what came before is cycle 0."""
    state = draft.state
    rewound = not state.handed_over and not state.refused
    began = happening.at if rewound else draft.now
    if rewound:
        cycles: tuple[tuple[int, datetime], ...] = ((0, min(state.cycles[0][1], began)), (state.cycle, began))
        n = state.cycle
    else:
        n = state.cycle + 1
        cycles = (*state.cycles, (n, began))
    draft.add(CycleBegan(n, began, happening.reason, happening.note, happening.by, rewound))
    draft.state = evolve(state, cycle=n, cycles=cycles, counts=(), refused=True, reason=happening.reason, won_at=None)


def _over(draft: Draft, happening: Refused, *, suppress: bool) -> None:
    draft.move("disqualified", f"refused: {happening.reason}")
    draft.wait(mail_from=None, ask_at=None)
    if suppress and is_stricter("suppressed", draft.state.suppressed):  # else the list has a stricter reason already
        draft.add(Suppressed(happening.reason))
        draft.state = evolve(draft.state, suppressed="suppressed")


def _wait_then_ask(draft: Draft, at: datetime, said: RejectReason | None) -> None:
    if said is not None and said.wait is not None:
        until = at + timedelta(days=said.wait.days)
        if until > draft.now:
            draft.wait(mail_from=until, ask_at=until)
            return
    draft.wait(mail_from=None, ask_at=None)
    ask_who_takes(draft)
